"""Decides what news of the key tree and the key looked at does to the state."""

from collections.abc import Sequence
from dataclasses import dataclass

from etcdobs_explorer.model.key_tree import RowKind
from etcdobs_explorer.model.records import NO_ANSWER, ChildRecord, Entry, FailureKind, Permitted, Valued
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.visits import Goal

from .change import Topic, topics


@dataclass(frozen=True, slots=True)
class LoadBegan:
    """The children of a prefix are being read."""

    prefix: bytes

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Say so in the tree."""
        state.tree.began(self.prefix)
        return topics(Topic.TREE)


@dataclass(frozen=True, slots=True)
class ChildrenArrived:
    """Some children of a prefix, in key order; `fresh` where they start a new reading, which began at `start`."""

    prefix: bytes
    children: Sequence[ChildRecord]
    fresh: bool
    start: bytes | None = None

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Show them."""
        state.tree.received(self.prefix, self.children, fresh=self.fresh, start=self.start)
        return topics(Topic.TREE)


@dataclass(frozen=True, slots=True)
class LoadEnded:
    """The children of a prefix are there, or as many as are loaded at once: then `more` follow (None: as before)."""

    prefix: bytes
    more: bool | None
    total: int | None

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Show that; at the root, open the way down where there is one way only, or where most keys lie."""
        state.tree.finished(self.prefix, more=self.more, total=self.total)
        if self.prefix != state.tree.root and state.tree.directory(self.prefix).is_known_empty:
            state.unsure.add(self.prefix)
        way = state.tree.way_down() if self.prefix == state.tree.root else None
        if way is not None and state.tree.expand(way):
            state.wanted.add(way)
        return topics(Topic.TREE)


@dataclass(frozen=True, slots=True)
class LoadFailed:
    """The children of a prefix could not be read."""

    prefix: bytes
    reason: bytes
    kind: FailureKind = FailureKind.OTHER

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Say so where they would stand."""
        state.tree.failed(self.prefix, self.reason, is_lost=self.kind in NO_ANSWER)
        return topics(Topic.TREE)


@dataclass(frozen=True, slots=True)
class Offered:
    """What the user may read of a prefix that they may not list."""

    prefix: bytes
    permitted: Sequence[Permitted]

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Offer it in its place."""
        if self.permitted:
            state.tree.offered(self.prefix, self.permitted)
        return topics(Topic.TREE)


@dataclass(frozen=True, slots=True)
class ObjectsArrived:
    """The values of some keys were read for what Kubernetes objects they hold."""

    keys: Sequence[bytes]
    found: Sequence[Valued]

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Remember what they are, not the values."""
        state.objects.received(self.keys, self.found, state.separator)
        return topics(Topic.TREE)


@dataclass(frozen=True, slots=True)
class Vanished:
    """No key is left below a prefix."""

    prefix: bytes

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Take the directory out."""
        state.tree.vanished(self.prefix)
        return topics(Topic.TREE)


@dataclass(frozen=True, slots=True)
class EntryArrived:
    """A key was read; None: there is no such key."""

    key: bytes
    entry: Entry | None

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Show it if it is still the one looked at."""
        if state.selection.key == self.key and not state.selection.is_branch:
            state.selection.received(self.entry, now)
        return topics(Topic.VALUE)


@dataclass(frozen=True, slots=True)
class BelowCounted:
    """How many keys are below a directory."""

    prefix: bytes
    number: int

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Show it if it is still the one looked at."""
        if state.selection.key == self.prefix and state.selection.is_branch:
            state.selection.counted(self.number)
        return topics(Topic.VALUE)


@dataclass(frozen=True, slots=True)
class EntryFailed:
    """The key or directory looked at could not be read."""

    key: bytes
    reason: bytes
    kind: FailureKind = FailureKind.OTHER

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Show why; what was read before stays."""
        if state.selection.key == self.key:
            state.selection.failed(self.reason, is_lost=self.kind in NO_ANSWER)
        return topics(Topic.VALUE)


@dataclass(frozen=True, slots=True)
class Selected:
    """The reader moved to another row."""

    key: bytes
    kind: RowKind

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Forget what was read of the one before."""
        state.select(self.key, self.kind is RowKind.BRANCH)
        return topics(Topic.VALUE, Topic.TREE)


@dataclass(frozen=True, slots=True)
class Sought:
    """The reader wants to go to a key, or to a directory; `is_return`: to one that they were at before."""

    key: bytes
    is_branch: bool
    is_return: bool = False

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """The view goes there, once it can."""
        if state.selection.key and not self.is_return:
            state.visits.visit(state.selection.key, is_branch=state.selection.is_branch)
        state.goal = Goal(self.key, self.is_branch)
        return topics(Topic.TREE)
