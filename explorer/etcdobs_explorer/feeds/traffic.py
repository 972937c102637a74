"""Decides when the client's own metrics are looked at: whenever asked."""

from etcdobs_explorer.model import changes

from .feed import Feed


class TrafficFeed(Feed):
    """The client's own calls."""

    async def calls(self) -> None:
        """Read the client's own metrics."""
        self._post(changes.CallsSampled(self._gateway.calls()))
