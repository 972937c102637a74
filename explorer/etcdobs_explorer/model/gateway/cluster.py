"""Decides what the explorer asks about the cluster as a whole."""

from typing import Protocol

from etcdobs_explorer.model.records import ClusterStatus


class ClusterGateway(Protocol):
    """What is asked about the cluster as a whole. Every call raises GatewayError and nothing else."""

    @property
    def endpoints(self) -> tuple[str, ...]:
        """The endpoints as the user gave them."""
        ...

    async def status(self) -> ClusterStatus:
        """The status of the first endpoint that answers; the one that answered last is asked first."""
        ...

    async def close(self) -> None:
        """Let go of the cluster."""
        ...
