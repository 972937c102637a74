"""Decides what news of changes on the server does to the state."""

from collections.abc import Sequence
from dataclasses import dataclass

from etcdobs_explorer.model.directory import Loading
from etcdobs_explorer.model.inspection import Inspection
from etcdobs_explorer.model.recording import Recording
from etcdobs_explorer.model.records import EventRecord, FailureKind
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.watches import BUILTIN

from .change import Topic, topics


@dataclass(frozen=True, slots=True)
class WatchBegan:
    """A watch is in place: nothing after `revision` is missed (0: not known)."""

    watch: int = BUILTIN
    revision: int = 0

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """The built-in one makes the tree live; what changed before was not seen, so what is open is read now."""
        found = state.watches.get(self.watch)
        if found is None:
            return topics()
        if not found.spec.start_revision:
            state.connection.seen(self.revision)
        found.began(self.revision, state.connection.revision)
        if not found.is_builtin:
            return topics(Topic.LOG)
        state.wanted.update(directory.prefix for directory in state.tree.expanded())
        return topics(Topic.LOG, Topic.TREE)


@dataclass(frozen=True, slots=True)
class WatchFailed:
    """Changes do not arrive. `history_start` is where the server's history begins, where that is the reason."""

    kind: FailureKind
    reason: bytes
    watch: int = BUILTIN
    history_start: int = 0

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Say so; the tree stays as it was read, or is read once."""
        found = state.watches.get(self.watch)
        if found is None:
            return topics()
        found.failed(self.kind, self.reason, self.history_start)
        if not found.is_builtin:
            return topics(Topic.LOG)
        state.wanted.update(d.prefix for d in state.tree.expanded() if d.loading is Loading.NOT)
        return topics(Topic.LOG, Topic.TREE)


@dataclass(frozen=True, slots=True)
class EventsArrived:
    """Changes since the last screen update, up to `revision`; `at` is the wall-clock time."""

    events: Sequence[EventRecord]
    revision: int
    at: float
    watch: int = BUILTIN

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Into the log, and those of the built-in watch into the tree."""
        found = state.watches.get(self.watch)
        if found is None:
            return topics()
        state.connection.seen(self.revision)
        found.received(self.events, self.revision, now, self.at)
        if not found.is_builtin:
            return topics(Topic.LOG, Topic.STATUS)
        state.watches.heard(self.events)
        state.unsure |= state.tree.apply(self.events)
        state.objects.changed(event.key for event in self.events)
        state.touched.update({event.key: now for event in self.events})
        if state.selection.survey is not None and not state.past.revision:
            state.selection.survey = state.selection.survey.heard(self.events)
        state.selection.outdated |= state.touched.get(state.selection.key) == now
        return topics(Topic.LOG, Topic.TREE, Topic.STATUS)


@dataclass(frozen=True, slots=True)
class Inspected:
    """It is known how an event changed its key, or why not."""

    inspection: Inspection

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Show it if it is still the event looked at."""
        if state.watches.inspection is not None and state.watches.inspection.row is self.inspection.row:
            state.watches.inspection = self.inspection
        return topics(Topic.LOG)


@dataclass(frozen=True, slots=True)
class RecordingChanged:
    """A recording began, went on or ended."""

    watch: int
    recording: Recording

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Say how far it is."""
        found = state.watches.get(self.watch)
        if found is not None:
            found.recording = self.recording
        return topics(Topic.LOG)
