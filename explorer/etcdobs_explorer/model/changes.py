"""Decides what each piece of news does to the state: the one way in which the model changes after a call."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from .directory import Loading
from .key_tree import RowKind
from .records import (
    ChildRecord,
    ClusterStatus,
    Entry,
    EventRecord,
    FailureKind,
    LeaseRecord,
    MemberRecord,
    Sample,
)
from .state import State


class Topic(Enum):
    """What a view may have to draw again."""

    STATUS = "status"
    TREE = "tree"
    VALUE = "value"
    LEASES = "leases"
    MEMBERS = "members"
    LOG = "watch"
    CALLS = "calls"


class Change(Protocol):
    """News from the gateway. `now` is on a monotonic clock, `at` below is wall-clock time."""

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Enter it into the state; answers what has to be drawn again."""
        ...


def _topics(*topics: Topic) -> frozenset[Topic]:
    return frozenset(topics)


@dataclass(frozen=True, slots=True)
class StatusArrived:
    """An endpoint answered."""

    status: ClusterStatus

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Up, and where the connection had been lost, every open directory wants to be read again."""
        if state.connection.up(self.status):
            state.wanted.update(directory.prefix for directory in state.tree.expanded())
            return frozenset(Topic)
        return _topics(Topic.STATUS)


@dataclass(frozen=True, slots=True)
class StatusFailed:
    """No endpoint answered."""

    reason: bytes

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Lost: every view is stale."""
        state.connection.lost(self.reason, now)
        return frozenset(Topic)


@dataclass(frozen=True, slots=True)
class LoadBegan:
    """The children of a prefix are being read."""

    prefix: bytes

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Say so in the tree."""
        state.tree.began(self.prefix)
        return _topics(Topic.TREE)


@dataclass(frozen=True, slots=True)
class ChildrenArrived:
    """Some children of a prefix, in key order; `fresh` where they start a new reading."""

    prefix: bytes
    children: Sequence[ChildRecord]
    fresh: bool

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Show them."""
        state.tree.received(self.prefix, self.children, fresh=self.fresh)
        return _topics(Topic.TREE)


@dataclass(frozen=True, slots=True)
class LoadEnded:
    """The children of a prefix are there, or as many as are loaded at once."""

    prefix: bytes
    more: bool
    total: int | None

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Show that; at the root, open the way down where there is one way only, or where most keys lie."""
        state.tree.finished(self.prefix, more=self.more, total=self.total)
        if self.prefix != state.tree.root and state.tree.directory(self.prefix).is_known_empty:
            state.unsure.add(self.prefix)
        way = state.tree.way_down() if self.prefix == state.tree.root else None
        if way is not None and state.tree.expand(way):
            state.wanted.add(way)
        return _topics(Topic.TREE)


@dataclass(frozen=True, slots=True)
class LoadFailed:
    """The children of a prefix could not be read."""

    prefix: bytes
    reason: bytes

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Say so where they would stand."""
        state.tree.failed(self.prefix, self.reason)
        return _topics(Topic.TREE)


@dataclass(frozen=True, slots=True)
class Vanished:
    """No key is left below a prefix."""

    prefix: bytes

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Take the directory out."""
        state.tree.vanished(self.prefix)
        return _topics(Topic.TREE)


@dataclass(frozen=True, slots=True)
class EntryArrived:
    """A key was read; None: there is no such key."""

    key: bytes
    entry: Entry | None

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Show it if it is still the one looked at."""
        if state.selection.key == self.key and not state.selection.is_branch:
            state.selection.received(self.entry, now)
        return _topics(Topic.VALUE)


@dataclass(frozen=True, slots=True)
class BelowCounted:
    """How many keys are below a directory."""

    prefix: bytes
    number: int

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Show it if it is still the one looked at."""
        if state.selection.key == self.prefix and state.selection.is_branch:
            state.selection.below, state.selection.reason = self.number, b""
        return _topics(Topic.VALUE)


@dataclass(frozen=True, slots=True)
class EntryFailed:
    """The key or directory looked at could not be read."""

    key: bytes
    reason: bytes

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Show why; what was read before stays."""
        if state.selection.key == self.key:
            state.selection.reason = self.reason
        return _topics(Topic.VALUE)


@dataclass(frozen=True, slots=True)
class LeasesListed:
    """The ids of all leases."""

    ids: Sequence[int]

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Show them, details to follow for those in sight."""
        state.leases.listed(self.ids)
        return _topics(Topic.LEASES)


@dataclass(frozen=True, slots=True)
class LeasesArrived:
    """Details of some leases."""

    records: Sequence[LeaseRecord]

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Start their countdowns."""
        state.leases.received(self.records, now)
        return _topics(Topic.LEASES)


@dataclass(frozen=True, slots=True)
class LeasesFailed:
    """The leases could not be read."""

    reason: bytes

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Say so above what was known."""
        state.leases.failed(self.reason)
        return _topics(Topic.LEASES)


@dataclass(frozen=True, slots=True)
class MembersArrived:
    """Every member with its status."""

    members: Sequence[MemberRecord]

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Show them."""
        state.members.received(self.members)
        return _topics(Topic.MEMBERS, Topic.STATUS)


@dataclass(frozen=True, slots=True)
class MembersFailed:
    """The members could not be read."""

    reason: bytes

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Say so above what was known."""
        state.members.failed(self.reason)
        return _topics(Topic.MEMBERS)


@dataclass(frozen=True, slots=True)
class WatchBegan:
    """Changes arrive from now on."""

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """The tree is live; what changed before was not seen, so what is open is read now."""
        state.watching, state.watch_reason = True, b""
        state.wanted.update(directory.prefix for directory in state.tree.expanded())
        return _topics(Topic.LOG, Topic.TREE)


@dataclass(frozen=True, slots=True)
class WatchFailed:
    """Changes do not arrive."""

    kind: FailureKind
    reason: bytes

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Say so; the tree stays as it was read, or is read once."""
        state.watching, state.watch_reason = False, self.reason
        state.wanted.update(d.prefix for d in state.tree.expanded() if d.loading is Loading.NOT)
        return _topics(Topic.LOG, Topic.TREE)


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
        return _topics(Topic.LOG, Topic.TREE, Topic.STATUS)


@dataclass(frozen=True, slots=True)
class CallsSampled:
    """The client's own metrics."""

    samples: Sequence[Sample]

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Show them."""
        state.calls.sampled(self.samples, now)
        return _topics(Topic.CALLS)


@dataclass(frozen=True, slots=True)
class Selected:
    """The reader moved to another row."""

    key: bytes
    kind: RowKind

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Forget what was read of the one before."""
        state.select(self.key, self.kind is RowKind.BRANCH)
        return _topics(Topic.VALUE, Topic.TREE)
