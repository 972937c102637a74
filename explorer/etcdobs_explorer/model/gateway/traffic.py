"""Decides what the explorer asks about the client's own calls."""

from collections.abc import Sequence
from typing import Protocol

from etcdobs_explorer.model.records import Sample


class TrafficGateway(Protocol):
    """What is asked about the client's own calls. Every call raises GatewayError and nothing else."""

    def calls(self) -> Sequence[Sample]:
        """The samples of this process's own `grpc_client_*` metrics."""
        ...
