"""Decides what the explorer asks about changes."""

from collections.abc import AsyncGenerator
from typing import Protocol

from etcdobs_explorer.model.records import EventBatch
from etcdobs_explorer.model.watches import WatchSpec


class WatchGateway(Protocol):
    """What is asked about changes. Every call raises GatewayError and nothing else."""

    def watch(self, spec: WatchSpec) -> AsyncGenerator[EventBatch]:
        """Changes as they happen. The first batch is empty: it says that the watch is in place, and after which
        revision nothing is missed (0: not known). RevisionError where it starts before the server's history does."""
        ...
