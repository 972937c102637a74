"""Decides when the client's own calls are looked at: whenever asked. None of it asks the cluster."""

from etcdobs_explorer.model import changes

from .feed import Feed


class TrafficFeed(Feed):
    """The client's own calls."""

    async def sample(self) -> None:
        """Read the client's own metrics."""
        self._post(changes.TrafficSampled(self._gateway.samples(), self._gateway.names()))
        await self.calls()

    async def calls(self) -> None:
        """Take what the recorder holds."""
        if records := self._gateway.take_calls():
            self._post(changes.CallsArrived(records))
