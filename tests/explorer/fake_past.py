"""The half of a gateway in memory that has no past and changes no lease: those are tested on servers."""

from collections.abc import AsyncGenerator, Collection
from typing import Any

from etcdobs_explorer.model.history import HistoryPage, RevisionError
from etcdobs_explorer.model.records import LeaseRecord
from etcdobs_explorer.model.writes import RefusedError


class FakePast:
    """Of now only, and without changes of leases."""

    async def history(self, key: bytes, page: int) -> AsyncGenerator[HistoryPage]:
        yield HistoryPage((), 0, more=False)

    async def value_at(self, key: bytes, revision: int) -> bytes | None:
        raise RevisionError(b"a cluster in memory has no past")

    async def count_at(self, prefix: bytes, revision: int) -> int:
        raise RevisionError(b"a cluster in memory has no past")

    def look_back(self, revision: int) -> Any:
        return self

    async def lease_keys(self, id: int) -> tuple[LeaseRecord, tuple[bytes, ...]]:
        return LeaseRecord(id, 0, -1, 0), ()

    async def grant_lease(self, ttl: int) -> int:
        raise RefusedError(b"a cluster in memory is not written")

    async def revoke_lease(self, id: int, keys: Collection[bytes]) -> None:
        raise RefusedError(b"a cluster in memory is not written")

    async def keep_lease(self, id: int) -> None:
        raise RefusedError(b"a cluster in memory is not written")
