"""Decides what news of the connection does to the state."""

from dataclasses import dataclass

from etcdobs_explorer.model.records import ClusterStatus, FailureKind
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.trouble import Trouble

from .change import Topic, topics


@dataclass(frozen=True, slots=True)
class StatusArrived:
    """An endpoint answered."""

    status: ClusterStatus

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Up: what was not answered is asked for again; where the connection had been lost, so is all that is open."""
        if state.connection.up(self.status, now):
            state.wanted.update(directory.prefix for directory in state.tree.expanded())
            state.selection.outdated |= bool(state.selection.key)
            return frozenset(Topic)
        if Trouble.REFUSED not in state.connection.troubles:
            state.ask_again()
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
