"""Waits for keys; where there is no quorum, for one member's word on them."""

from collections.abc import AsyncIterator

from etcdobs import DeadlineExceededError, EtcdError, UnavailableError
from etcdobs_explorer.model.records import ChildRecord, Entry

from .calls import GLANCE, Calls
from .failures import failures
from .forms import below


class KeyCalls(Calls):
    """Keys and their values."""

    async def children(self, prefix: bytes, separator: bytes) -> AsyncIterator[ChildRecord]:
        """The names below a prefix; where there is no quorum, as one member knows them."""
        began = False
        with failures():
            for serializable in (False, True):
                try:
                    async for child in self._client.children(prefix, separator=separator, serializable=serializable):
                        began = True
                        yield ChildRecord(child.key, child.is_branch)
                    return
                except (UnavailableError, DeadlineExceededError):
                    if began or serializable:
                        raise

    async def count(self, prefix: bytes) -> int:
        """How many keys start with a prefix."""
        with failures():
            return await self._client.count(below(prefix))

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
