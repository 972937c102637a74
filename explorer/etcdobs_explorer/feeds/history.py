"""Waits for the past: pages of a key's revisions, two values to compare, the keys as of a revision."""

from collections.abc import AsyncIterator, Callable
from typing import cast

from etcdobs_explorer.model import changes
from etcdobs_explorer.model.changes import Change
from etcdobs_explorer.model.gateway import Gateway
from etcdobs_explorer.model.history import PAGE, Comparison, HistoryPage, RevisionError
from etcdobs_explorer.model.records import GatewayError
from etcdobs_explorer.model.writes import RefusedError, restore

from .difference import compared
from .feed import Feed
from .keys import KeyFeed


class HistoryFeed(Feed):
    """The revisions of one key, and the way to the keys as of a revision and back."""

    def __init__(self, gateway: Gateway, post: Callable[[Change], object], keys: KeyFeed) -> None:
        super().__init__(gateway, post)
        self._keys = keys
        self._open: AsyncIterator[HistoryPage] | None = None

    async def read(self, key: bytes, held: int = 0) -> None:
        """Read a key's revisions from the newest; where `held` are on the screen already, at least as many."""
        await self._let_go()
        self._open = self._gateway.history(key, max(PAGE, held))
        self._post(changes.HistoryBegan(key))
        await self._page(key, fresh=True)

    async def read_more(self, key: bytes, held: int) -> None:
        """Read on where the last page ended."""
        if self._open is None:
            await self.read(key, held + PAGE)
        else:
            self._post(changes.HistoryBegan(key))
            await self._page(key, fresh=False)

    async def _page(self, key: bytes, *, fresh: bool) -> None:
        pages, self._open = self._open, None  # a reading that is cancelled cannot be gone on with
        if pages is None:
            return
        try:
            page = await anext(pages)
        except GatewayError as error:
            self._post(changes.HistoryFailed(key, error))
            return
        self._post(changes.HistoryArrived(key, page, fresh))
        self._open = pages
        if not page.more:
            await self._let_go()

    async def _let_go(self) -> None:
        pages, self._open = self._open, None
        close = getattr(pages, "aclose", None)
        if close is not None:
            await close()

    async def compare(self, key: bytes, before: int, after: int) -> None:
        """How a key's value differs between two revisions; where the earlier one is compacted, from nothing."""
        reason = b""
        try:
            new = await self._gateway.value_at(key, after)
            try:
                old = await self._gateway.value_at(key, before)
            except RevisionError as error:
                old, reason = None, error.reason
        except GatewayError as error:
            self._post(changes.Compared(Comparison(key, before, after, reason=error.reason, failure=error)))
            return
        self._post(changes.Compared(Comparison(key, before, after, await compared(old, new), reason)))

    async def plan_restore(self, key: bytes, revision: int) -> None:
        """Plan to write the value that a key had at a revision again."""
        try:
            value = await self._gateway.value_at(key, revision)
            if value is None:
                raise RefusedError(b"the key was deleted here: a revision with a value is wanted")
            plan = restore(await self._gateway.entry(key), key, value)
            if plan.is_empty:
                raise RefusedError(b"this is the value that the key has now")
        except GatewayError as error:
            self._post(changes.WriteRefused(error.reason))
        else:
            self._post(changes.WritePlanned(plan))

    async def travel(self, prefix: bytes, revision: int) -> GatewayError | None:
        """Read the keys as of a revision from here on; answers why that cannot be."""
        try:
            await self._gateway.count_at(prefix, revision)
        except GatewayError as error:
            return error
        self._keys.read_from(cast("Gateway", self._gateway.look_back(revision)))  # of which it reads keys only
        self._post(changes.Travelled(revision))
        return None

    async def come_back(self) -> None:
        """Read the keys as they are from here on."""
        self._gateway.look_back(0)
        self._keys.read_from(self._gateway)
        self._post(changes.Travelled(0))
