"""Decides what the explorer asks about the past."""

from collections.abc import AsyncIterator
from typing import Protocol

from etcdobs_explorer.model.history import HistoryPage

from .keys import KeysGateway


class HistoryGateway(Protocol):
    """What is asked about the past. Every call raises GatewayError and nothing else."""

    def history(self, key: bytes, page: int) -> AsyncIterator[HistoryPage]:
        """What happened to a key, newest first, in pages; the last one says that no more follows."""
        ...

    async def value_at(self, key: bytes, revision: int) -> bytes | None:
        """A key's value as of a revision, None where it was not there. RevisionError where that was compacted."""
        ...

    async def count_at(self, prefix: bytes, revision: int) -> int:
        """How many keys started with a prefix at a revision. RevisionError where it cannot be read."""
        ...

    def look_back(self, revision: int) -> KeysGateway:
        """The keys as of a revision, 0 for what is there now. While one looks back, every write is refused."""
        ...
