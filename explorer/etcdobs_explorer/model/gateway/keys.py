"""Decides what the explorer asks about keys."""

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from etcdobs_explorer.model.records import ChildRecord, Entry, Permitted, Sampled, Valued


class KeysGateway(Protocol):
    """What is asked about keys. Every call raises GatewayError and nothing else."""

    def children(self, prefix: bytes, separator: bytes, start: bytes = b"") -> AsyncGenerator[ChildRecord]:
        """The names below `prefix`, in key order, from that of the key `start` on (empty: from the first); an empty
        separator means that there are no branches."""
        ...

    async def count(self, prefix: bytes) -> int:
        """How many keys start with `prefix`."""
        ...

    async def sample(self, prefix: bytes) -> Sampled:
        """How many keys start with `prefix`, and the first thousand of them."""
        ...

    async def count_between(self, start: bytes, end: bytes) -> int:
        """How many keys there are from `start` up to but not including `end`."""
        ...

    async def entry(self, key: bytes) -> Entry | None:
        """A key with its value and the seconds its lease has left; None where there is no such key."""
        ...

    async def values(self, keys: Sequence[bytes]) -> Sequence[Valued]:
        """The values of some keys, as one moment; those that are not there are left out."""
        ...

    def pages(self, prefix: bytes, *, values: bool) -> AsyncGenerator[Sequence[Valued]]:
        """All keys that start with `prefix`, in key order, in pages; with their values where these are wanted."""
        ...

    async def permitted(self) -> Sequence[Permitted]:
        """What the user's roles let them read, in key order; nothing where there is no user."""
        ...
