"""Decides what news of the members does to the state."""

from collections.abc import Sequence
from dataclasses import dataclass

from etcdobs_explorer.model.records import MemberRecord
from etcdobs_explorer.model.state import State

from .change import Topic, topics


@dataclass(frozen=True, slots=True)
class MembersArrived:
    """Every member with its status."""

    members: Sequence[MemberRecord]

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Show them."""
        state.members.received(self.members)
        return topics(Topic.MEMBERS, Topic.STATUS)


@dataclass(frozen=True, slots=True)
class MembersFailed:
    """The members could not be read."""

    reason: bytes

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Say so above what was known."""
        state.members.failed(self.reason)
        return topics(Topic.MEMBERS)
