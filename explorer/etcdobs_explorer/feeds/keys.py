"""Waits for keys, and hands on what arrives of a long list step by step."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable

from etcdobs_explorer.model import changes
from etcdobs_explorer.model.changes import Change
from etcdobs_explorer.model.gateway import Gateway
from etcdobs_explorer.model.records import ChildRecord, GatewayError

from .feed import Feed

PAGE = 5_000  # children of a directory that are loaded at once
_PAINT_EVERY = 0.1  # seconds between two steps of a long load


class KeyFeed(Feed):
    """The key tree, and the key looked at."""

    def __init__(self, gateway: Gateway, post: Callable[[Change], object]) -> None:
        super().__init__(gateway, post)
        self._open: dict[bytes, AsyncIterator[ChildRecord]] = {}

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
