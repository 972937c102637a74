"""Waits for changes, and hands them on at the rate of screen updates."""

import asyncio
import time
from collections import deque
from collections.abc import Callable

from etcdobs_explorer.model import changes
from etcdobs_explorer.model.changes import Change
from etcdobs_explorer.model.gateway import Gateway
from etcdobs_explorer.model.records import EventBatch, EventRecord, FailureKind, GatewayError

from .feed import Feed

_RETRY_AFTER = 2.0  # seconds
_PENDING = 10_000  # events kept between two screen updates


class WatchFeed(Feed):
    """The changes on the server, gathered between two screen updates."""

    def __init__(self, gateway: Gateway, post: Callable[[Change], object]) -> None:
        super().__init__(gateway, post)
        self._pending: deque[EventRecord] = deque(maxlen=_PENDING)
        self._skipped = 0
        self._revision = 0

    async def watch(self, prefix: bytes) -> None:
        """Follow the changes below a prefix for ever; without the right to do so, say so and stop."""
        while True:
            try:
                async for batch in self._gateway.watch(prefix):
                    self._take(batch)
            except GatewayError as error:
                self._post(changes.WatchFailed(error.kind, error.reason))
                if error.kind is FailureKind.DENIED:
                    return
            await asyncio.sleep(_RETRY_AFTER)

    def _take(self, batch: EventBatch) -> None:
        if not batch.events:
            self._post(changes.WatchBegan())
        overflow = len(self._pending) + len(batch.events) - _PENDING
        self._skipped += max(0, overflow)
        self._pending.extend(batch.events)
        self._revision = batch.revision

    def flush(self) -> None:
        """Post the events that came since the last flush, if any: called at the rate of screen updates."""
        if not self._pending and not self._skipped:
            return
        events, skipped = tuple(self._pending), self._skipped
        self._pending.clear()
        self._skipped = 0
        self._post(changes.EventsArrived(events, self._revision, skipped, time.time()))
