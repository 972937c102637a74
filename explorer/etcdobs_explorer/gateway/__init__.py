"""The cluster behind the library's asyncio client: the only user of it, a file a room."""

from .cluster import ClusterCalls
from .history import HistoryCalls
from .keys import KeyCalls
from .leases import LeaseCalls
from .members import MemberCalls
from .traffic import TrafficCalls
from .watch import WatchCalls
from .writes import WriteCalls


class EtcdGateway(
    ClusterCalls,
    KeyCalls,
    HistoryCalls,
    LeaseCalls,
    MemberCalls,
    WatchCalls,
    WriteCalls,
    TrafficCalls,
):
    """An etcd cluster behind an AsyncClient, which it owns."""


__all__ = ["EtcdGateway"]
