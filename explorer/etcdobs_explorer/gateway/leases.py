"""Waits for leases; asks first whether it may change one."""

from collections.abc import Collection, Sequence

from etcdobs_explorer.model.records import LeaseRecord
from etcdobs_explorer.model.writes import RefusedError, Span

from .calls import Calls
from .failures import failures
from .writes import outcomes

_SAMPLE = 4  # keys of a lease that tell whose it is


class LeaseCalls(Calls):
    """Leases and their keys."""

    async def lease_ids(self) -> Sequence[int]:
        """The ids of all leases."""
        with failures():
            return await self._client.lease.list()

    async def lease(self, id: int) -> LeaseRecord:
        """One lease, with some of its keys."""
        return (await self.lease_keys(id))[0]

    async def lease_keys(self, id: int) -> tuple[LeaseRecord, tuple[bytes, ...]]:
        """One lease, and all its keys in order."""
        with failures():
            found = await self._client.lease.time_to_live(id, True)
        keys = tuple(sorted(found.keys))
        first = keys[0] if keys else None
        return LeaseRecord(id, found.granted_ttl, found.ttl, len(keys), first, keys[:_SAMPLE]), keys

    async def grant_lease(self, ttl: int) -> int:
        """A new lease."""
        self._protection.check()
        with failures(), outcomes():
            return (await self._client.lease.grant(ttl)).id

    async def revoke_lease(self, id: int, keys: Collection[bytes]) -> None:
        """End a lease and delete its keys, if they are those that were shown."""
        self._protection.check(map(Span, keys))
        _, now = await self.lease_keys(id)
        if set(now) != set(keys):
            raise RefusedError(b"the keys of the lease are others by now: look at them again")
        with failures(), outcomes():
            await self._client.lease.revoke(id)

    async def keep_lease(self, id: int) -> None:
        """Renew a lease until it is lost, or this is cancelled."""
        self._protection.check()
        with failures():
            async with self._client.lease.keep_alive(id) as heartbeat:
                await heartbeat.wait_lost()
