"""Decides what news of changes on the server does to the state."""

from collections.abc import Sequence
from dataclasses import dataclass

from etcdobs_explorer.model.directory import Loading
from etcdobs_explorer.model.records import EventRecord, FailureKind
from etcdobs_explorer.model.state import State

from .change import Topic, topics


@dataclass(frozen=True, slots=True)
class WatchBegan:
    """Changes arrive from now on."""

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """The tree is live; what changed before was not seen, so what is open is read now."""
        state.watching, state.watch_reason = True, b""
        state.wanted.update(directory.prefix for directory in state.tree.expanded())
        return topics(Topic.LOG, Topic.TREE)


@dataclass(frozen=True, slots=True)
class WatchFailed:
    """Changes do not arrive."""

    kind: FailureKind
    reason: bytes

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Say so; the tree stays as it was read, or is read once."""
        state.watching, state.watch_reason = False, self.reason
        state.wanted.update(d.prefix for d in state.tree.expanded() if d.loading is Loading.NOT)
        return topics(Topic.LOG, Topic.TREE)


@dataclass(frozen=True, slots=True)
class EventsArrived:
    """Changes since the last screen update; `skipped` were left out before them, `at` is the wall-clock time."""

    events: Sequence[EventRecord]
    revision: int
    skipped: int
    at: float

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Into the log and the tree. A tree that missed events is read again."""
        state.connection.seen(self.revision)
        state.log.add(self.events, now, self.skipped, at=self.at)
        state.unsure |= state.tree.apply(self.events)
        if self.skipped:
            state.wanted.update(directory.prefix for directory in state.tree.expanded())
        state.touched.update({event.key: now for event in self.events})
        state.selection.outdated |= state.touched.get(state.selection.key) == now
        return topics(Topic.LOG, Topic.TREE, Topic.STATUS)
