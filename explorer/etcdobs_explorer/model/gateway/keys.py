"""Decides what the explorer asks about keys."""

from collections.abc import AsyncIterator
from typing import Protocol

from etcdobs_explorer.model.records import ChildRecord, Entry


class KeysGateway(Protocol):
    """What is asked about keys. Every call raises GatewayError and nothing else."""

    def children(self, prefix: bytes, separator: bytes) -> AsyncIterator[ChildRecord]:
        """The names below `prefix`, in key order; an empty separator means that there are no branches."""
        ...

    async def count(self, prefix: bytes) -> int:
        """How many keys start with `prefix`."""
        ...

    async def entry(self, key: bytes) -> Entry | None:
        """A key with its value and the seconds its lease has left; None where there is no such key."""
        ...
