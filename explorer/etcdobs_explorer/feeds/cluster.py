"""Waits for the cluster's status."""

from etcdobs_explorer.model import changes
from etcdobs_explorer.model.records import GatewayError

from .feed import Feed


class ClusterFeed(Feed):
    """What the cluster says of itself."""

    async def status(self) -> GatewayError | None:
        """One look at the cluster; answers what went wrong."""
        try:
            self._post(changes.StatusArrived(await self._gateway.status()))
        except GatewayError as error:
            self._post(changes.StatusFailed(error.reason, error.kind))
            return error
        return None
