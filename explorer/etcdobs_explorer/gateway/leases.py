"""Waits for leases."""

from collections.abc import Sequence

from etcdobs_explorer.model.records import LeaseRecord

from .calls import Calls
from .failures import failures


class LeaseCalls(Calls):
    """Leases and their keys."""

    async def lease_ids(self) -> Sequence[int]:
        """The ids of all leases."""
        with failures():
            return await self._client.lease.list()

    async def lease(self, id: int) -> LeaseRecord:
        """One lease with its keys."""
        with failures():
            found = await self._client.lease.time_to_live(id, True)
        return LeaseRecord(id, found.granted_ttl, found.ttl, len(found.keys), min(found.keys, default=None))
