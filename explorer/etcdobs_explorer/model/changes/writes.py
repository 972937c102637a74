"""Decides what news of a write does to the state: where it stands, and what the journal keeps of it."""

from dataclasses import dataclass

from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.writes import Plan, Report

from .change import Topic, topics


@dataclass(frozen=True, slots=True)
class WriteBegan:
    """The keys of a plan are being read."""

    title: str

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """The dialog says so."""
        state.writing.began(self.title)
        return topics()


@dataclass(frozen=True, slots=True)
class WriteRead:
    """So many keys have been read for a plan."""

    seen: int

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """The dialog counts."""
        state.writing.read(self.seen)
        return topics()


@dataclass(frozen=True, slots=True)
class WritePlanned:
    """A plan to be confirmed."""

    plan: Plan

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """The dialog shows it."""
        state.writing.planned(self.plan)
        return topics()


@dataclass(frozen=True, slots=True)
class WriteRefused:
    """There is no plan, or it may not be applied: nothing was written."""

    reason: bytes

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """The dialog says why."""
        state.writing.failed(self.reason)
        return topics()


@dataclass(frozen=True, slots=True)
class WriteApplying:
    """The chunks of a plan are being committed; those done hold so many keys."""

    done: int

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """The dialog counts."""
        state.writing.applying(self.done)
        return topics()


@dataclass(frozen=True, slots=True)
class WriteEnded:
    """A plan was applied, wholly, in part or not; `at` is wall-clock time."""

    report: Report
    at: float

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """The dialog reports, and the journal keeps what was applied."""
        state.writing.ended(self.report)
        state.journal.record(self.report, self.at)
        state.selection.outdated = True
        return topics(Topic.JOURNAL)


@dataclass(frozen=True, slots=True)
class WriteNoted:
    """A write that is none of keys was done: of a lease, of a member. `line` is its etcdctl line."""

    kind: str
    subject: bytes
    line: str
    at: float

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """The journal keeps it."""
        state.journal.noted(self.kind, self.subject, self.line, self.at)
        return topics(Topic.JOURNAL)
