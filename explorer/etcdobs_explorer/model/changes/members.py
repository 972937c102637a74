"""Decides what news of the members does to the state."""

from collections.abc import Sequence
from dataclasses import dataclass

from etcdobs_explorer.model.records import AlarmRecord, MemberRecord, Role
from etcdobs_explorer.model.state import State

from .change import Topic, topics


@dataclass(frozen=True, slots=True)
class MembersArrived:
    """Every member with its status."""

    members: Sequence[MemberRecord]

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Show them."""
        state.members.received(self.members, now)
        voting = [member for member in self.members if member.role is not Role.LEARNER]
        state.connection.members(sum(member.is_down for member in voting), len(voting))
        return topics(Topic.MEMBERS, Topic.STATUS)


@dataclass(frozen=True, slots=True)
class MembersFailed:
    """The members could not be read."""

    reason: bytes

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Say so above what was known."""
        state.members.failed(self.reason)
        return topics(Topic.MEMBERS)


@dataclass(frozen=True, slots=True)
class AlarmsArrived:
    """The alarms that are raised."""

    alarms: Sequence[AlarmRecord]

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Show them at their members."""
        state.members.alarmed(self.alarms)
        return topics(Topic.MEMBERS)


@dataclass(frozen=True, slots=True)
class AlarmsFailed:
    """The alarms could not be read."""

    reason: bytes

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Say so; what was known stays."""
        state.members.alarms_failed(self.reason)
        return topics(Topic.MEMBERS)
