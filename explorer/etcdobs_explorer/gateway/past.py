"""Waits for reads as of one revision, and where that is compacted for the oldest that can be read."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from etcdobs import AsyncClient, Child, CompactedError, Keys, KeyValue, RangeResponse
from etcdobs_explorer.model.history import RevisionError
from etcdobs_explorer.model.records import FailureKind, GatewayError

from .calls import GLANCE

_PAGE = 5_000  # keys of a directory in one read


async def floor_of(client: AsyncClient, key: bytes) -> int:
    """The oldest revision that can be read, 0 where nothing was compacted: only a watch is told."""
    try:
        await client.get(key, revision=1)
    except CompactedError:
        return await _compaction(client, key)
    return 0


async def _compaction(client: AsyncClient, key: bytes) -> int:
    try:
        async with client.watch(key, start_revision=1, put=False) as watcher:
            await watcher.get(timeout=GLANCE)
    except CompactedError as error:
        return error.compact_revision or 0
    except TimeoutError:
        raise GatewayError(FailureKind.UNREACHABLE, b"the server does not say where history starts") from None
    return 0


def compacted(revision: int, floor: int) -> RevisionError:
    """What is said of a revision that is gone."""
    return RevisionError(b"revision %d was compacted: the oldest that can be read is %d" % (revision, floor), floor)


class ClientAt:
    """What `KeyCalls` reads of an AsyncClient, as of `revision`; nothing writes. Raises RevisionError where that is
    compacted."""

    def __init__(self, client: AsyncClient, revision: int) -> None:
        self._client = client
        self._revision = revision
        self._as_of: dict[str, Any] = {"revision": revision}
        self.endpoints = client.endpoints
        self.lease = client.lease
        self.auth = client.auth

    async def get(self, key: bytes, **options: Any) -> KeyValue | None:
        """A key as it was."""
        async with self._told(key):
            return await self._client.get(key, **{**options, **self._as_of})

    async def range(self, keys: bytes | Keys, **options: Any) -> RangeResponse:
        """Keys as they were."""
        async with self._told(keys.start if isinstance(keys, Keys) else keys):
            return await self._client.range(keys, **{**options, **self._as_of})

    async def count(self, keys: bytes | Keys, **options: Any) -> int:
        """How many keys there were."""
        return (await self.range(keys, count_only=True, **options)).count

    async def scan(self, keys: bytes | Keys, **options: Any) -> AsyncIterator[KeyValue]:
        """All keys as they were."""
        async with self._told(keys.start if isinstance(keys, Keys) else keys):
            async for kv in self._client.scan(keys, **{**options, **self._as_of}):
                yield kv

    @asynccontextmanager
    async def _told(self, key: bytes) -> AsyncGenerator[None]:
        """Of a compaction the reader is told where history starts now; who may read a key may ask there."""
        try:
            yield
        except CompactedError as error:
            raise compacted(self._revision, await floor_of(self._client, key or b"\0")) from error

    async def children(self, prefix: bytes, *, separator: bytes, counts: bool = False, **options: Any) -> Any:
        """The entries of a directory as it was: a page of keys, then a jump past the last directory in it."""
        left = Keys.prefix(prefix)
        last = b""
        while True:
            page = await self.range(left, limit=_PAGE, keys_only=True, **options)
            for kv in page.kvs:
                child = _child(kv.key, prefix, separator)
                if child.key != last:
                    last = child.key
                    yield replace(child, count=await self._count(child, options)) if counts else child
            start = _after(page.kvs[-1].key, last) if page.more and page.kvs else left.end
            if start in (left.end, b"\0"):
                return
            left = replace(left, start=start)

    async def _count(self, child: Child, options: dict[str, Any]) -> int | None:
        return await self.count(Keys.prefix(child.key), **options) if child.is_branch else None


def _child(key: bytes, prefix: bytes, separator: bytes) -> Child:
    rest = key[len(prefix) :]
    at = rest.find(separator) if separator else -1
    return Child(rest, key, False) if at < 0 else Child(rest[:at], prefix + rest[:at] + separator, True)


def _after(key: bytes, child: bytes) -> bytes:
    """The first key after a child: after all that lies in it, where it is a directory that `key` is in."""
    return key + b"\0" if key == child else Keys.prefix(child).end
