"""The writing half of a gateway that answers from memory: it refuses whoever wants to write."""

from collections.abc import AsyncIterator, Collection

from etcdobs_explorer.model.records import Entry
from etcdobs_explorer.model.writes import OPEN, Chunk, Committed, Conflict, RefusedError, Span


class FakeWrites:
    """Refuses every write: writing is tested on real servers."""

    protection = OPEN

    async def newest_revision(self) -> int:
        return 12_345

    async def entries(self, span: Span, revision: int, *, keys_only: bool = False) -> AsyncIterator[Entry]:
        none: tuple[Entry, ...] = ()
        for entry in none:
            yield entry

    async def living(self, leases: Collection[int]) -> set[int]:
        return set(leases)

    async def commit(self, chunk: Chunk) -> Committed | Conflict:
        raise RefusedError(b"a cluster in memory is not written")
