"""Waits for changes, and hands them on at the rate of screen updates."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import astuple

from etcdobs_explorer.model import changes
from etcdobs_explorer.model.changes import Change
from etcdobs_explorer.model.diff import diff
from etcdobs_explorer.model.gateway import Gateway
from etcdobs_explorer.model.history import RevisionError
from etcdobs_explorer.model.inspection import Inspection, held
from etcdobs_explorer.model.records import EventBatch, EventRecord, FailureKind, GatewayError
from etcdobs_explorer.model.watch_log import LoggedEvent
from etcdobs_explorer.model.watches import BUILTIN, WatchSpec

from .feed import Feed
from .recorder import Recorder

_RETRY_AFTER = 2.0  # seconds
_PENDING = 4_000  # events of a watch between two screen updates, which wait for no other; one with more waits for it
_AT_A_STRETCH = 500  # events taken before others have a turn
_AT_ONCE = 1_000  # events that are shown in one step
_FLOOD = 100  # events since the last screen update, from which on nobody reads them as they pass
_SELDOM = 3  # screen updates that share one drawing then: to draw is most of the work


class _Gathered:
    """The events of one watch since the last screen update."""

    def __init__(self) -> None:
        self.events: list[EventRecord] = []
        self.revision = 0
        self.taken = asyncio.Event()

    def take(self) -> list[EventRecord]:
        events, self.events = self.events, []
        self.taken.set()
        return events


class WatchFeed(Feed):
    """The changes on the server, gathered between two screen updates."""

    def __init__(self, gateway: Gateway, post: Callable[[Change], object]) -> None:
        super().__init__(gateway, post)
        self._gathered: dict[int, _Gathered] = {}
        self._recorders: dict[int, Recorder] = {}
        self._skipped = 0

    async def watch(self, prefix: bytes) -> None:
        """Follow the changes below a prefix for the key tree."""
        await self.follow(BUILTIN, WatchSpec(prefix))

    async def follow(self, watch: int, spec: WatchSpec) -> None:
        """Follow the changes that a watch asks for, for ever: a loss of the connection is waited out, and nothing is
        missed. Without the right to watch, or the history that it needs, say so and stop."""
        gathered = self._gathered[watch] = _Gathered()
        while True:
            try:
                async with aclosing(self._gateway.watch(spec)) as batches:
                    await self._take_all(watch, gathered, batches)
            except GatewayError as error:
                start = error.floor if isinstance(error, RevisionError) else 0
                self._post_events()
                self._post(changes.WatchFailed(error.kind, error.reason, watch, start))
                if error.kind is FailureKind.DENIED or (start and watch != BUILTIN):
                    return
            await asyncio.sleep(_RETRY_AFTER)
            if watch != BUILTIN:  # which begins anew: the tree is read again then
                spec = spec.after(gathered.revision)

    async def _take_all(self, watch: int, gathered: _Gathered, batches: AsyncGenerator[EventBatch]) -> None:
        stretch = 0
        async for batch in batches:
            gathered.revision = max(gathered.revision, batch.revision)
            if not batch.events:
                self._post(changes.WatchBegan(watch, batch.revision))
                continue
            if recorder := self._recorders.get(watch):
                recorder.put(batch, time.time())
            gathered.events += batch.events
            stretch += len(batch.events)
            if stretch >= _AT_A_STRETCH:
                stretch = 0
                await self._give_way(gathered)

    async def _give_way(self, gathered: _Gathered) -> None:
        """Let others run; where a screen update is due first, wait for it, and with it the server."""
        gathered.taken.clear()
        if len(gathered.events) < _PENDING:
            await asyncio.sleep(0)
        else:
            await gathered.taken.wait()

    def flush(self) -> None:
        """Post the events that came since the last time, if any: called at the rate of screen updates. In a flood not
        every call posts them."""
        most = max((len(each.events) for each in self._gathered.values()), default=0)
        if _FLOOD <= most < _PENDING and self._skipped < _SELDOM - 1:
            self._skipped += 1
        else:
            self._post_events()

    def _post_events(self) -> None:
        """In parts: each is one step of the screen's, and keys are pressed between them."""
        self._skipped, at = 0, time.time()
        for watch, gathered in self._gathered.items():
            events = gathered.take() if gathered.events else []
            for end in range(_AT_ONCE, len(events) + _AT_ONCE, _AT_ONCE):
                revision = events[end].mod_revision - 1 if end < len(events) else gathered.revision
                self._post(changes.EventsArrived(events[end - _AT_ONCE : end], revision, at, watch))

    async def end(self, watch: int) -> None:
        """Forget a watch; in the group of its `follow`, whose place it takes."""
        self._gathered.pop(watch, None)
        await self.stop_recording(watch)

    # -- one event -----------------------------------------------------------------------------------------

    async def inspect(self, row: LoggedEvent, earlier: LoggedEvent | None) -> None:
        """Read what an event changed: the server has whole values, the log has `earlier`, the event before it."""
        self._post(changes.Inspected(await self._inspection(row, earlier)))

    async def _inspection(self, row: LoggedEvent, earlier: LoggedEvent | None) -> Inspection:
        event, note = row.event, ""
        try:
            before, after = await self._values(event)
        except RevisionError as error:
            before, after, note = astuple(held(event, earlier.event if earlier else None, error.floor))
        except GatewayError as error:
            return Inspection(row, reason=error.reason)
        return Inspection(row, await asyncio.to_thread(diff, before, after), note)

    async def _values(self, event: EventRecord) -> tuple[bytes | None, bytes | None]:
        after = None if event.is_delete else await self._gateway.value_at(event.key, event.mod_revision)
        before = None if event.is_create else await self._gateway.value_at(event.key, event.mod_revision - 1)
        return before, after

    # -- recording -----------------------------------------------------------------------------------------

    async def record(self, watch: int, path: bytes) -> None:
        """Append what a watch brings from now on to a file, until it is stopped."""
        recorder = self._recorders[watch] = Recorder(path)
        try:
            await recorder.run(lambda recording: self._post(changes.RecordingChanged(watch, recording)))
        finally:
            if self._recorders.get(watch) is recorder:
                del self._recorders[watch]

    async def stop_recording(self, watch: int) -> None:
        """End a recording; what it was given is still written."""
        if recorder := self._recorders.pop(watch, None):
            recorder.stop()
