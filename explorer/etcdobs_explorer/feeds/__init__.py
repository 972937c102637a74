"""Wait for the gateway and hand on what arrives as changes: the only coroutines between cluster and screen."""

from collections.abc import Callable

from etcdobs_explorer.model.changes import Change
from etcdobs_explorer.model.gateway import Gateway

from .cluster import ClusterFeed
from .history import HistoryFeed
from .keys import KeyFeed
from .leases import LeaseFeed
from .members import MemberFeed
from .traffic import TrafficFeed
from .value import ValueFeed
from .watch import WatchFeed
from .writes import WriteFeed


class Feeds:
    """Everything that is read of one cluster, a feed a room."""

    def __init__(self, gateway: Gateway, post: Callable[[Change], object]) -> None:
        self.cluster = ClusterFeed(gateway, post)
        self.keys = KeyFeed(gateway, post)
        self.history = HistoryFeed(gateway, post, self.keys)
        self.leases = LeaseFeed(gateway, post)
        self.members = MemberFeed(gateway, post)
        self.values = ValueFeed(gateway, post)
        self.watch = WatchFeed(gateway, post)
        self.writes = WriteFeed(gateway, post)
        self.traffic = TrafficFeed(gateway, post)


__all__ = ["Feeds"]
