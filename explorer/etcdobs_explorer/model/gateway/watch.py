"""Decides what the explorer asks about changes."""

from collections.abc import AsyncIterator
from typing import Protocol

from etcdobs_explorer.model.records import EventBatch


class WatchGateway(Protocol):
    """What is asked about changes. Every call raises GatewayError and nothing else."""

    def watch(self, prefix: bytes) -> AsyncIterator[EventBatch]:
        """Changes below `prefix` from now on. The first batch is empty: it says that the watch is in place."""
        ...
