"""Decides what news of the connection does to the state."""

from dataclasses import dataclass

from etcdobs_explorer.model.records import ClusterStatus, FailureKind
from etcdobs_explorer.model.state import State

from .change import Topic, topics


@dataclass(frozen=True, slots=True)
class StatusArrived:
    """An endpoint answered."""

    status: ClusterStatus

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Up, and where the connection had been lost, every open directory wants to be read again."""
        if state.connection.up(self.status, now):
            state.wanted.update(directory.prefix for directory in state.tree.expanded())
            return frozenset(Topic)
        return topics(Topic.STATUS)


@dataclass(frozen=True, slots=True)
class StatusFailed:
    """No endpoint answered, or none would."""

    reason: bytes
    kind: FailureKind = FailureKind.UNREACHABLE

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Lost: every view is stale."""
        state.connection.failed(self.kind, self.reason, now)
        return frozenset(Topic)
