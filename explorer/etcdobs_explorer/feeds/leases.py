"""Waits for leases, a few at a time."""

import asyncio
from collections.abc import Iterable

from etcdobs_explorer.model import changes
from etcdobs_explorer.model.records import GatewayError, LeaseRecord

from .feed import Feed

_AT_ONCE = 8  # leases asked for side by side


class LeaseFeed(Feed):
    """The leases, and details of those in sight."""

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
