"""Waits for keys; where there is no quorum, for one member's word on them."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from etcdobs import AsyncClient, DeadlineExceededError, EtcdError, Get, Keys, RangeResponse, UnavailableError
from etcdobs_explorer.model.records import ChildRecord, Entry, KeyRevision, Permitted, Sampled, Valued

from .calls import GLANCE, Calls
from .failures import failures
from .forms import below

_PAGE = 5_000  # keys that are decoded in one go: more would be felt
_VALUES_PAGE = 200  # with their values, which may be long
_SAMPLE = 1_000  # keys that tell what is in a directory
_NO_END = b"\0"


class KeyCalls(Calls):
    """Keys and their values."""

    async def children(self, prefix: bytes, separator: bytes, start: bytes = b"") -> AsyncGenerator[ChildRecord]:
        """The names below a prefix, from that of a key on; where there is no quorum, as one member knows them."""
        began = False
        listed = self._children_from if start else self._children
        with failures():
            for serializable in (False, True):
                try:
                    async with aclosing(listed(prefix, separator, start, serializable)) as children:
                        async for child in children:
                            began = True
                            yield child
                    return
                except (UnavailableError, DeadlineExceededError):
                    if began or serializable:
                        raise

    async def _children(
        self, prefix: bytes, separator: bytes, _: bytes, serializable: bool
    ) -> AsyncGenerator[ChildRecord]:
        counts = isinstance(self._client, AsyncClient)  # of the past, each would be a request of its own
        found = self._client.children(prefix, separator=separator, counts=counts, serializable=serializable)
        async for child in found:
            yield ChildRecord(child.key, child.is_branch, child.count if child.is_branch else None)

    async def _children_from(
        self, prefix: bytes, separator: bytes, start: bytes, serializable: bool
    ) -> AsyncGenerator[ChildRecord]:
        """Page by page, with a jump past the last directory of each: the client lists whole directories only."""
        end = below(prefix).end
        while end == _NO_END or start < end:
            keys = Keys(start, end)
            page = await self._client.range(keys, limit=_PAGE, keys_only=True, serializable=serializable)
            last = b""
            for kv in page.kvs:
                child = _child(kv.key, prefix, separator)
                if child.key != last:
                    last = child.key
                    yield child
            if not page.more or not page.kvs:
                return
            start = Keys.prefix(last).end if last != page.kvs[-1].key else last + b"\0"
            if start == _NO_END:
                return

    async def count(self, prefix: bytes) -> int:
        """How many keys start with a prefix."""
        with failures():
            return await self._client.count(below(prefix))

    async def sample(self, prefix: bytes) -> Sampled:
        """How many keys start with a prefix, and the first of them, in one request."""
        with failures():
            page = await self._client.range(below(prefix), limit=_SAMPLE, keys_only=True)
        return Sampled(page.count, tuple(KeyRevision(kv.key, kv.mod_revision) for kv in page.kvs))

    async def count_between(self, start: bytes, end: bytes) -> int:
        """How many keys there are from `start` up to but not including `end`."""
        with failures():
            return await self._client.count(Keys.between(start, end))

    async def entry(self, key: bytes) -> Entry | None:
        """A key with its value; where there is no quorum, as one member knows it, and marked so."""
        with failures():
            serializable = False
            try:
                kv = await self._client.get(key, timeout=GLANCE)
            except (UnavailableError, DeadlineExceededError):
                serializable = True
                kv = await self._client.get(key, serializable=True)
        if kv is None:
            return None
        ttl = await self._ttl(kv.lease) if kv.lease else None
        return Entry(kv.key, kv.value, kv.create_revision, kv.mod_revision, kv.version, kv.lease, ttl, serializable)

    async def _ttl(self, lease: int) -> int | None:
        try:
            return (await self._client.lease.time_to_live(lease, timeout=GLANCE)).ttl
        except EtcdError:
            return None

    async def values(self, keys: Sequence[bytes]) -> Sequence[Valued]:
        """The values of some keys in one request."""
        with failures():
            answer = await self._client.txn().then(*map(Get, keys)).commit()
        ranges = [each for each in answer.responses if isinstance(each, RangeResponse)]
        return [Valued(kv.key, kv.value) for each in ranges for kv in each.kvs]

    async def pages(self, prefix: bytes, *, values: bool) -> AsyncGenerator[Sequence[Valued]]:
        """All keys that start with a prefix, in pages."""
        size = _VALUES_PAGE if values else _PAGE
        page: list[Valued] = []
        with failures():
            async for kv in self._client.scan(below(prefix), page_size=size, keys_only=not values):
                page.append(Valued(kv.key, kv.value))
                if len(page) == size:
                    yield page
                    page = []
        yield page

    async def permitted(self) -> Sequence[Permitted]:
        """What the user's roles let them read."""
        if self._user is None:
            return ()
        with failures():
            roles = (await self._client.auth.user_get(self._user)).roles
            granted = [each for role in roles for each in (await self._client.auth.role_get(role)).permissions]
        return sorted({Permitted(each.keys.start, each.keys.end) for each in granted if each.access != "write"})


def _child(key: bytes, prefix: bytes, separator: bytes) -> ChildRecord:
    cut = key.find(separator, len(prefix)) if separator else -1
    return ChildRecord(key, False) if cut < 0 else ChildRecord(key[: cut + len(separator)], True)
