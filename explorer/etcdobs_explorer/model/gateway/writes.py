"""Decides what the explorer asks where it writes."""

from collections.abc import AsyncIterator, Collection
from typing import Protocol

from etcdobs_explorer.model.records import Entry
from etcdobs_explorer.model.writes import Chunk, Committed, Conflict, Protection, Span


class WritesGateway(Protocol):
    """What is asked where keys are written. Every call raises GatewayError and nothing else."""

    @property
    def protection(self) -> Protection:
        """What may not be written now: asked of a whole plan before its first transaction, and of each by `commit`."""
        ...

    async def newest_revision(self) -> int:
        """The newest revision, by quorum."""
        ...

    def entries(self, span: Span, revision: int, *, keys_only: bool = False) -> AsyncIterator[Entry]:
        """The keys of a span as of a revision, in key order; with `keys_only`, without values and leases."""
        ...

    async def living(self, leases: Collection[int]) -> set[int]:
        """Those of some leases that have not expired."""
        ...

    async def commit(self, chunk: Chunk) -> Committed | Conflict:
        """Apply a chunk in one transaction, if all its guards hold.

        Raises:
            RefusedError: the context forbids it; nothing was sent.
            GatewayError: of kind OUTCOME_UNKNOWN, where it may have been applied.
        """
        ...
