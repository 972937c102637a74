"""Waits for the gateway and hands on what arrives as changes: the only coroutines between cluster and screen."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable

from .model import changes
from .model.changes import Change
from .model.gateway import Gateway
from .model.records import (
    ChildRecord,
    EventBatch,
    EventRecord,
    FailureKind,
    GatewayError,
    LeaseRecord,
)

PAGE = 5_000  # children of a directory that are loaded at once
_PAINT_EVERY = 0.1  # seconds between two steps of a long load
_AT_ONCE = 8  # leases asked for side by side
_RETRY_AFTER = 2.0
_PENDING = 10_000  # events kept between two screen updates


class Feeds:
    """Reads a cluster and posts changes. Each coroutine ends by itself or is cancelled; none raises."""

    def __init__(self, gateway: Gateway, post: Callable[[Change], object]) -> None:
        self._gateway = gateway
        self._post = post
        self._open: dict[bytes, AsyncIterator[ChildRecord]] = {}
        self._pending: deque[EventRecord] = deque(maxlen=_PENDING)
        self._skipped = 0
        self._revision = 0

    async def status(self) -> GatewayError | None:
        """One look at the cluster; answers what went wrong."""
        try:
            self._post(changes.StatusArrived(await self._gateway.status()))
        except GatewayError as error:
            self._post(changes.StatusFailed(error.reason))
            return error
        return None

    async def load(self, prefix: bytes, separator: bytes, held: int = 0) -> None:
        """Read a directory from its start, up to PAGE children; where `held` children are on the screen already,
        at least as many, and in one step, so that none of them goes and comes back."""
        await self._let_go(prefix)
        self._open[prefix] = self._gateway.children(prefix, separator)
        self._post(changes.LoadBegan(prefix))
        await self._load(prefix, fresh=True, limit=max(PAGE, held), paint_every=0 if held else _PAINT_EVERY)

    async def load_more(self, prefix: bytes, separator: bytes) -> None:
        """Read on where the last load of the directory stopped."""
        if prefix in self._open:
            await self._load(prefix, fresh=False, limit=PAGE, paint_every=_PAINT_EVERY)
        else:
            await self.load(prefix, separator)

    async def _load(self, prefix: bytes, *, fresh: bool, limit: int, paint_every: float) -> None:
        try:
            more = await self._page(prefix, fresh, limit, paint_every)
            total = await self._gateway.count(prefix) if more else None
        except GatewayError as error:
            self._open.pop(prefix, None)
            self._post(changes.LoadFailed(prefix, error.reason))
            return
        if not more:
            self._open.pop(prefix, None)
        self._post(changes.LoadEnded(prefix, more, total))

    async def _page(self, prefix: bytes, fresh: bool, limit: int, paint_every: float) -> bool:
        """Post up to `limit` children; True where the iterator may have more."""
        batch: list[ChildRecord] = []
        taken, painted = 0, time.monotonic()
        async for child in self._open[prefix]:
            batch.append(child)
            taken += 1
            is_full = taken >= limit
            if is_full or (paint_every and time.monotonic() - painted >= paint_every):
                self._post(changes.ChildrenArrived(prefix, batch, fresh))
                batch, fresh, painted = [], False, time.monotonic()
                await asyncio.sleep(0)
            if is_full:
                return True
        self._post(changes.ChildrenArrived(prefix, batch, fresh))
        return False

    async def _let_go(self, prefix: bytes) -> None:
        iterator = self._open.pop(prefix, None)
        close = getattr(iterator, "aclose", None)
        if close is not None:
            await close()

    async def entry(self, key: bytes) -> None:
        """Read one key."""
        try:
            self._post(changes.EntryArrived(key, await self._gateway.entry(key)))
        except GatewayError as error:
            self._post(changes.EntryFailed(key, error.reason))

    async def below(self, prefix: bytes) -> None:
        """Count the keys of a directory."""
        try:
            self._post(changes.BelowCounted(prefix, await self._gateway.count(prefix)))
        except GatewayError as error:
            self._post(changes.EntryFailed(prefix, error.reason))

    async def verify(self, prefixes: Iterable[bytes]) -> None:
        """Look whether directories are still there, after keys in them were deleted."""
        for prefix in prefixes:
            try:
                if await self._gateway.count(prefix) == 0:
                    self._post(changes.Vanished(prefix))
            except GatewayError:
                return

    async def lease_ids(self) -> None:
        """List the leases."""
        try:
            self._post(changes.LeasesListed(await self._gateway.lease_ids()))
        except GatewayError as error:
            self._post(changes.LeasesFailed(error.reason))

    async def leases(self, ids: Iterable[int]) -> None:
        """Read details of some leases, a few at a time; those that cannot be read stay unknown."""
        limit = asyncio.Semaphore(_AT_ONCE)

        async def one(id: int) -> LeaseRecord | None:
            async with limit:
                try:
                    return await self._gateway.lease(id)
                except GatewayError:
                    return None

        records = await asyncio.gather(*map(one, ids))
        self._post(changes.LeasesArrived([record for record in records if record is not None]))

    async def members(self) -> None:
        """Read the members with their status."""
        try:
            self._post(changes.MembersArrived(await self._gateway.members()))
        except GatewayError as error:
            self._post(changes.MembersFailed(error.reason))

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

    def calls(self) -> None:
        """Read the client's own metrics."""
        self._post(changes.CallsSampled(self._gateway.calls()))
