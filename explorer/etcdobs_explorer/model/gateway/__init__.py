"""Decides what the explorer asks of a cluster; `etcdobs_explorer.gateway` answers it with the client."""

from typing import Protocol

from .cluster import ClusterGateway
from .history import HistoryGateway
from .keys import KeysGateway
from .leases import LeasesGateway
from .members import MembersGateway
from .traffic import TrafficGateway
from .watch import WatchGateway
from .writes import WritesGateway


class Gateway(
    ClusterGateway,
    KeysGateway,
    HistoryGateway,
    LeasesGateway,
    MembersGateway,
    WatchGateway,
    WritesGateway,
    TrafficGateway,
    Protocol,
):
    """A cluster, seen by the explorer. Every call raises GatewayError and nothing else."""
