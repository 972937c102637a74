"""Waits for keys, and hands on what arrives of a long list step by step."""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import aclosing

from etcdobs_explorer.model import changes
from etcdobs_explorer.model.approach import Approach, approach
from etcdobs_explorer.model.changes import Change
from etcdobs_explorer.model.gateway import Gateway
from etcdobs_explorer.model.records import ChildRecord, FailureKind, GatewayError
from etcdobs_explorer.model.search import Phase, Query

from .feed import Feed

PAGE = 5_000  # children of a directory that are loaded at once
_PAINT_EVERY = 0.1  # seconds between two steps of a long load
_AT_A_STRETCH = 500  # children taken before others have a turn


class KeyFeed(Feed):
    """The key tree, the key looked at, and the search through all keys."""

    def read_from(self, gateway: Gateway) -> None:
        """Read from another gateway from here on: the same keys as of another revision."""
        self._gateway = gateway

    # -- directories ---------------------------------------------------------------------------------------

    async def load(self, prefix: bytes, separator: bytes, held: int = 0, start: bytes = b"") -> None:
        """Read a directory from `start` (empty: its beginning), up to PAGE children; where `held` children are on the
        screen already, at least as many, and in one step, so that none of them goes and comes back."""
        self._post(changes.LoadBegan(prefix))
        await self._load(prefix, separator, start, max(PAGE, held), paint_every=0 if held else _PAINT_EVERY)

    async def load_more(self, prefix: bytes, separator: bytes, last: ChildRecord, held: int) -> None:
        """Read on after the last child that is held, as many again: who wants all of a large directory has it soon."""
        self._post(changes.LoadBegan(prefix))
        await self._load(prefix, separator, after(last), max(PAGE, held), paint_every=_PAINT_EVERY, goes_on=True)

    async def load_around(self, prefix: bytes, separator: bytes, key: bytes) -> None:
        """Read the part of a large directory that a key is in, or would be in."""
        self._post(changes.LoadBegan(prefix))
        try:
            start = await self._start(approach(prefix, key), key)
        except GatewayError as error:
            self._post(changes.LoadFailed(prefix, error.reason, error.kind))
            return
        await self._load(prefix, separator, start, PAGE, paint_every=0)

    async def load_earlier(self, prefix: bytes, separator: bytes, first: ChildRecord) -> None:
        """Read what comes before the first child that is held."""
        self._post(changes.LoadBegan(prefix))
        try:
            start = await self._start(approach(prefix, first.key, PAGE // 4, PAGE), first.key)
            found = await self._taken(prefix, separator, start, first)
        except GatewayError as error:
            self._post(changes.LoadFailed(prefix, error.reason, error.kind))
            return
        self._post(changes.ChildrenArrived(prefix, found, fresh=False, start=start))
        self._post(changes.LoadEnded(prefix, None, None))

    async def _start(self, starts: Approach, key: bytes) -> bytes:
        """Where to begin to read, so that the key has some others before it."""
        try:
            start = next(starts)
            while True:
                start = starts.send(await self._gateway.count_between(start, key) if start < key else 0)
        except StopIteration as found:
            return bytes(found.value)

    async def _taken(self, prefix: bytes, separator: bytes, start: bytes, end: ChildRecord) -> list[ChildRecord]:
        found: list[ChildRecord] = []
        async with aclosing(self._gateway.children(prefix, separator, start)) as children:
            async for child in children:
                if child.key >= end.key:
                    break
                found.append(child)
        return found

    async def _load(
        self, prefix: bytes, separator: bytes, start: bytes, limit: int, *, paint_every: float, goes_on: bool = False
    ) -> None:
        try:
            more = await self._page(prefix, separator, start, limit, paint_every, goes_on)
            total = await self._gateway.count(prefix) if more else None
        except GatewayError as error:
            self._post(changes.LoadFailed(prefix, error.reason, error.kind))
            if error.kind is FailureKind.DENIED:
                await self._offer(prefix)
            return
        self._post(changes.LoadEnded(prefix, more, total))

    async def _page(
        self, prefix: bytes, separator: bytes, start: bytes, limit: int, paint_every: float, goes_on: bool
    ) -> bool:
        """Post up to `limit` children; True where there may be more."""
        arrived = _Arrived(
            lambda found, first: self._post(_children(prefix, found, start, first, goes_on)), paint_every
        )
        try:
            async with aclosing(self._gateway.children(prefix, separator, start)) as children:
                async for child in children:
                    if arrived.count >= limit:
                        return True
                    arrived.add(child)
                    if arrived.count % _AT_A_STRETCH == 0:
                        await asyncio.sleep(0)
        except (asyncio.CancelledError, GatewayError):
            arrived.drop()
            raise
        finally:
            arrived.end()
        return False

    async def _offer(self, prefix: bytes) -> None:
        """What the user may read instead."""
        try:
            permitted = await self._gateway.permitted()
        except GatewayError:
            return
        self._post(changes.Offered(prefix, permitted))

    # -- keys ----------------------------------------------------------------------------------------------

    async def entry(self, key: bytes) -> None:
        """Read one key."""
        try:
            self._post(changes.EntryArrived(key, await self._gateway.entry(key)))
        except GatewayError as error:
            self._post(changes.EntryFailed(key, error.reason, error.kind))

    async def below(self, prefix: bytes) -> None:
        """Count the keys of a directory, and look at the first of them."""
        try:
            sample = await self._gateway.sample(prefix)
            self._post(changes.BelowCounted(prefix, sample.count))
            self._post(changes.Surveyed(prefix, sample))
        except GatewayError as error:
            self._post(changes.EntryFailed(prefix, error.reason, error.kind))

    async def verify(self, prefixes: Iterable[bytes]) -> None:
        """Look whether directories are still there, after keys in them were deleted."""
        for prefix in prefixes:
            try:
                if await self._gateway.count(prefix) == 0:
                    self._post(changes.Vanished(prefix))
            except GatewayError:
                return

    async def objects(self, keys: Sequence[bytes]) -> None:
        """Read which Kubernetes objects are behind some keys; where they cannot be read, there are none to be shown."""
        try:
            found = await self._gateway.values(keys)
        except GatewayError:
            found = ()
        self._post(changes.ObjectsArrived(keys, found))

    # -- search --------------------------------------------------------------------------------------------

    async def search(self, query: Query) -> None:
        """Look through all keys of a prefix; when it is cancelled, it was stopped."""
        self._post(changes.SearchBegan(query))
        try:
            await self._search(query)
        except GatewayError as error:
            self._post(changes.SearchEnded(Phase.FAILED, error.reason))
        except asyncio.CancelledError:
            self._post(changes.SearchEnded(Phase.STOPPED))
            raise
        else:
            self._post(changes.SearchEnded(Phase.DONE))

    async def _search(self, query: Query) -> None:
        self._post(changes.SearchCounted(await self._gateway.count(query.prefix)))
        async with aclosing(self._gateway.pages(query.prefix, values=query.values)) as pages:
            async for page in pages:
                self._post(changes.SearchFound(query.hits(page), len(page)))
                await asyncio.sleep(0)

    async def stop_search(self) -> None:
        """Nothing: as work of the same group it takes the place of the search, which ends that."""


class _Arrived:
    """Children on their way to the screen: those that came are posted while the next ones are waited for, every
    `paint_every` seconds; with 0, all of them at the end."""

    def __init__(self, post: Callable[[list[ChildRecord], bool], object], paint_every: float) -> None:
        self.count = 0
        self._post = post
        self._every = paint_every
        self._batch: list[ChildRecord] = []
        self._is_first = True
        self._painted = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def add(self, child: ChildRecord) -> None:
        self._batch.append(child)
        self.count += 1
        if self._every and self._timer is None:
            wait = max(0.0, self._painted + self._every - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(wait, self._flush)

    def drop(self) -> None:
        """Nobody wants what has not been posted."""
        self._batch, self._is_first = [], False

    def end(self) -> None:
        """All have come; also where there are none, this is said."""
        if self._timer is not None:
            self._timer.cancel()
        if self._batch or self._is_first:
            self._flush()

    def _flush(self) -> None:
        self._post(self._batch, self._is_first)
        self._batch, self._is_first, self._timer, self._painted = [], False, None, time.monotonic()


def _children(prefix: bytes, found: list[ChildRecord], start: bytes, first: bool, goes_on: bool) -> Change:
    begins = first and not goes_on
    return changes.ChildrenArrived(prefix, found, begins, start if begins else None)


def after(child: ChildRecord) -> bytes:
    """The first key that comes after a child, and after all that lies in it where it is a branch."""
    if not child.is_branch:
        return child.key + b"\0"
    kept = child.key.rstrip(b"\xff")
    return kept[:-1] + bytes([kept[-1] + 1]) if kept else child.key + b"\xff" * 8
