"""Decides what the explorer asks about leases."""

from collections.abc import Sequence
from typing import Protocol

from etcdobs_explorer.model.records import LeaseRecord


class LeasesGateway(Protocol):
    """What is asked about leases. Every call raises GatewayError and nothing else."""

    async def lease_ids(self) -> Sequence[int]:
        """The ids of all leases."""
        ...

    async def lease(self, id: int) -> LeaseRecord:
        """One lease with its keys."""
        ...
