"""Waits for leases, a few at a time, and while one is kept alive."""

import asyncio
from collections.abc import Collection, Iterable

from etcdobs_explorer.model import changes
from etcdobs_explorer.model.leases import LeaseKeys
from etcdobs_explorer.model.records import GatewayError, LeaseRecord

from .feed import Feed

_AT_ONCE = 8  # leases asked for side by side


class LeaseFeed(Feed):
    """The leases, details of those in sight, and what is done with one."""

    async def lease_ids(self) -> None:
        """List the leases."""
        try:
            self._post(changes.LeasesListed(await self._gateway.lease_ids()))
        except GatewayError as error:
            self._post(changes.LeasesFailed(error.reason))

    async def leases(self, ids: Iterable[int]) -> None:
        """Read details of some leases, a few at a time; those that cannot be read stay unknown."""
        limit = asyncio.Semaphore(_AT_ONCE)

        async def one(id: int) -> LeaseRecord | None:
            async with limit:
                try:
                    return await self._gateway.lease(id)
                except GatewayError:
                    return None

        records = await asyncio.gather(*map(one, ids))
        self._post(changes.LeasesArrived([record for record in records if record is not None]))

    async def open(self, id: int) -> None:
        """Read all keys of one lease."""
        try:
            record, keys = await self._gateway.lease_keys(id)
        except GatewayError as error:
            self._post(changes.LeaseOpened(LeaseKeys(id, reason=error.reason)))
        else:
            self._post(changes.LeaseOpened(LeaseKeys(id, keys, record)))

    async def grant(self, ttl: int) -> int | GatewayError:
        """Make a lease; answers its id, or what went wrong."""
        try:
            id = await self._gateway.grant_lease(ttl)
        except GatewayError as error:
            return error
        await self.lease_ids()
        return id

    async def revoke(self, id: int, keys: Collection[bytes]) -> None:
        """End a lease that was looked into, with the keys that were shown."""
        try:
            await self._gateway.revoke_lease(id, keys)
        except GatewayError as error:
            self._post(changes.LeaseOpened(LeaseKeys(id, reason=error.reason)))
        else:
            self._post(changes.LeaseOpened(LeaseKeys(id, revoked=True)))
            await self.lease_ids()

    async def keep(self, id: int) -> GatewayError | None:
        """Renew a lease until it is lost or this is cancelled; answers what went wrong."""
        self._post(changes.LeaseKept(id, kept=True))
        try:
            await self._gateway.keep_lease(id)
        except GatewayError as error:
            return error
        finally:
            self._post(changes.LeaseKept(id, kept=False))
        return None

    async def let_go(self, id: int) -> None:
        """Renew a lease no more: this takes the place of what keeps it."""
        self._post(changes.LeaseKept(id, kept=False))
