"""Decides what the explorer asks of a cluster; `etcdobs_explorer.gateway` answers it with the client."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from .records import ChildRecord, ClusterStatus, Entry, EventBatch, LeaseRecord, MemberRecord, Sample


class Gateway(Protocol):
    """A cluster, seen by the explorer. Every call raises GatewayError and nothing else."""

    @property
    def endpoints(self) -> tuple[str, ...]:
        """The endpoints as the user gave them."""
        ...

    async def status(self) -> ClusterStatus:
        """The status of the first endpoint that answers; the one that answered last is asked first."""
        ...

    def children(self, prefix: bytes, separator: bytes) -> AsyncIterator[ChildRecord]:
        """The names below `prefix`, in key order; an empty separator means that there are no branches."""
        ...

    async def count(self, prefix: bytes) -> int:
        """How many keys start with `prefix`."""
        ...

    async def entry(self, key: bytes) -> Entry | None:
        """A key with its value and the seconds its lease has left; None where there is no such key."""
        ...

    async def lease_ids(self) -> Sequence[int]:
        """The ids of all leases."""
        ...

    async def lease(self, id: int) -> LeaseRecord:
        """One lease with its keys."""
        ...

    async def members(self) -> Sequence[MemberRecord]:
        """Every member with its status; one that does not answer has the role UNKNOWN and its error."""
        ...

    def watch(self, prefix: bytes) -> AsyncIterator[EventBatch]:
        """Changes below `prefix` from now on. The first batch is empty: it says that the watch is in place."""
        ...

    def calls(self) -> Sequence[Sample]:
        """The samples of this process's own `grpc_client_*` metrics."""
        ...

    async def close(self) -> None:
        """Let go of the cluster."""
        ...
