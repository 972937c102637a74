"""Decides what news of the leases does to the state."""

from collections.abc import Sequence
from dataclasses import dataclass

from etcdobs_explorer.model.leases import LeaseKeys
from etcdobs_explorer.model.records import LeaseRecord
from etcdobs_explorer.model.state import State

from .change import Topic, topics


@dataclass(frozen=True, slots=True)
class LeasesListed:
    """The ids of all leases."""

    ids: Sequence[int]

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Show them, details to follow for those in sight."""
        state.leases.listed(self.ids)
        return topics(Topic.LEASES)


@dataclass(frozen=True, slots=True)
class LeasesArrived:
    """Details of some leases."""

    records: Sequence[LeaseRecord]

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Start their countdowns."""
        state.leases.received(self.records, now)
        return topics(Topic.LEASES)


@dataclass(frozen=True, slots=True)
class LeasesFailed:
    """The leases could not be read."""

    reason: bytes

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Say so above what was known."""
        state.leases.failed(self.reason)
        return topics(Topic.LEASES)


@dataclass(frozen=True, slots=True)
class LeaseOpened:
    """One lease was looked into, or ended."""

    found: LeaseKeys

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """For the dialog that waits for it."""
        state.leases.opened = self.found
        if self.found.record is not None:
            state.leases.received([self.found.record], now)
        return topics(Topic.LEASES)


@dataclass(frozen=True, slots=True)
class LeaseKept:
    """A lease is kept alive from now on, or no more."""

    id: int
    kept: bool

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Mark it."""
        state.leases.keep(self.id, kept=self.kept)
        return topics(Topic.LEASES)
