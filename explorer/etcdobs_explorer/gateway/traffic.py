"""Decides which of this process's metrics are shown."""

from collections.abc import Sequence

from prometheus_client import REGISTRY

from etcdobs_explorer.model.records import Sample

from .calls import Calls


class TrafficCalls(Calls):
    """What this process measured of its own calls."""

    def calls(self) -> Sequence[Sample]:
        """The samples of this process's own gRPC metrics."""
        families = (family for family in REGISTRY.collect() if family.name.startswith("grpc_client_"))
        return [Sample(s.name, s.labels, s.value) for family in families for s in family.samples]
