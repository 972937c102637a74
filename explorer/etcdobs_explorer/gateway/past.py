"""Decides how the client reads as of one revision: what `KeyCalls` asks of a client, and nothing that writes."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from etcdobs import AsyncClient, Child, Keys, KeyValue, RangeResponse

_PAGE = 5_000  # keys of a directory in one read


class ClientAt:
    """The reads of an AsyncClient, each as of `revision`."""

    def __init__(self, client: AsyncClient, revision: int) -> None:
        self._client = client
        self._as_of: dict[str, Any] = {"revision": revision}
        self.endpoints = client.endpoints
        self.lease = client.lease
        self.auth = client.auth

    async def get(self, key: bytes, **options: Any) -> KeyValue | None:
        """A key as it was."""
        return await self._client.get(key, **{**options, **self._as_of})

    async def range(self, keys: bytes | Keys, **options: Any) -> RangeResponse:
        """Keys as they were."""
        return await self._client.range(keys, **{**options, **self._as_of})

    async def count(self, keys: bytes | Keys, **options: Any) -> int:
        """How many keys there were."""
        return (await self.range(keys, count_only=True, **options)).count

    def scan(self, keys: bytes | Keys, **options: Any) -> AsyncIterator[KeyValue]:
        """All keys as they were."""
        return self._client.scan(keys, **{**options, **self._as_of})

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
