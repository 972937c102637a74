"""Decides what the explorer asks about leases."""

from collections.abc import Collection, Sequence
from typing import Protocol

from etcdobs_explorer.model.records import LeaseRecord


class LeasesGateway(Protocol):
    """What is asked about leases. Every call raises GatewayError and nothing else; those that change something raise
    RefusedError where the context forbids it, and nothing was sent then."""

    async def lease_ids(self) -> Sequence[int]:
        """The ids of all leases."""
        ...

    async def lease(self, id: int) -> LeaseRecord:
        """One lease, with some of its keys."""
        ...

    async def lease_keys(self, id: int) -> tuple[LeaseRecord, tuple[bytes, ...]]:
        """One lease, and all its keys in order."""
        ...

    async def grant_lease(self, ttl: int) -> int:
        """A new lease of so many seconds; answers its id."""
        ...

    async def revoke_lease(self, id: int, keys: Collection[bytes]) -> None:
        """End a lease and delete its keys. RefusedError where these are others than `keys`, which were shown."""
        ...

    async def keep_lease(self, id: int) -> None:
        """Renew a lease until it is lost, or this is cancelled."""
        ...
