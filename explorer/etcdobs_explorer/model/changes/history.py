"""Decides what news of the past does to the state: of one key's revisions, and of the tree as of one."""

from dataclasses import dataclass

from etcdobs_explorer.model.history import Comparison, HistoryPage
from etcdobs_explorer.model.records import GatewayError
from etcdobs_explorer.model.state import Selection, State

from .change import Topic, topics


@dataclass(frozen=True, slots=True)
class HistoryOpened:
    """The reader wants the history of a key."""

    key: bytes

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Forget that of another one; this one is being read."""
        state.history.open(self.key)
        state.history.began()
        return topics(Topic.HISTORY)


@dataclass(frozen=True, slots=True)
class HistoryBegan:
    """Revisions of a key are being read."""

    key: bytes

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Say so."""
        if state.history.key == self.key:
            state.history.began()
        return topics(Topic.HISTORY)


@dataclass(frozen=True, slots=True)
class HistoryArrived:
    """Some revisions of a key, newest first; `fresh` where they start a new reading."""

    key: bytes
    page: HistoryPage
    fresh: bool

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Show them if the key is still the one looked at."""
        if state.history.key == self.key:
            state.history.received(self.page, now, fresh=self.fresh)
        return topics(Topic.HISTORY)


@dataclass(frozen=True, slots=True)
class HistoryFailed:
    """The revisions of a key could not be read."""

    key: bytes
    error: GatewayError

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Say so above what was known."""
        if state.history.key == self.key:
            state.history.failed(self.error)
        return topics(Topic.HISTORY)


@dataclass(frozen=True, slots=True)
class Compared:
    """How a key's value differs between two revisions."""

    comparison: Comparison

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Show it if the key is still the one looked at."""
        if state.history.key == self.comparison.key:
            state.history.compared(self.comparison)
        return topics(Topic.HISTORY)


@dataclass(frozen=True, slots=True)
class Travelled:
    """The keys are read as of `revision` from here on, 0: as they are now."""

    revision: int

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Another tree, whose open directories are to be read; the key looked at is read again."""
        past, selection = state.past, state.selection
        state.tree = past.go(self.revision, state.tree) if self.revision else past.leave(state.tree)
        state.wanted.update(directory.prefix for directory in state.tree.expanded())
        state.unsure.clear()
        state.touched.clear()
        state.selection = Selection(selection.key, selection.is_branch, outdated=bool(selection.key))
        return frozenset(Topic)
