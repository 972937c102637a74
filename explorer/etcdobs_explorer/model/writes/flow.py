"""Decides where the one write under way stands, for the dialog that shows it: planned, shown, applied, reported."""

from enum import Enum

from etcdobs_explorer.model.records import Entry

from .applying import Ending, Report
from .plan import Plan, Values, again, can_go_again


class Phase(Enum):
    """What is waited for."""

    IDLE = "idle"
    PLANNING = "planning"
    READY = "ready"
    APPLYING = "applying"
    ENDED = "ended"
    FAILED = "failed"


class Writing:
    """The write under way. `seen` counts the keys read for a plan, `done` those of the chunks applied."""

    def __init__(self) -> None:
        self.phase = Phase.IDLE
        self.title = ""
        self.seen = 0
        self.done = 0
        self.plan: Plan | None = None
        self.report: Report | None = None
        self.reason = b""

    def began(self, title: str) -> None:
        """The keys of a plan are being read."""
        self.__init__()  # type: ignore[misc]
        self.phase, self.title = Phase.PLANNING, title

    def read(self, seen: int) -> None:
        """So many keys have been read."""
        self.seen = seen

    def planned(self, plan: Plan) -> None:
        """It can be shown and confirmed."""
        self.__init__()  # type: ignore[misc]
        self.phase, self.plan, self.title = Phase.READY, plan, plan.kind.value

    def failed(self, reason: bytes) -> None:
        """There is no plan: nothing was written."""
        self.phase, self.reason = Phase.FAILED, reason

    def applying(self, done: int) -> None:
        """It is being applied."""
        self.phase, self.done = Phase.APPLYING, done

    def ended(self, report: Report) -> None:
        """It was applied, or not."""
        self.phase, self.report = Phase.ENDED, report

    # -- a conflict over one key -----------------------------------------------------------------------------

    @property
    def is_conflict(self) -> bool:
        """Whether the value of one key was to be written or deleted, and someone else had changed it."""
        report = self.report
        is_ended = self.phase is Phase.ENDED and report is not None and report.ending is Ending.CONFLICT
        return is_ended and report is not None and can_go_again(report.plan)

    @property
    def can_retry_on_theirs(self) -> bool:
        """Whether theirs can be edited: mine was a text, and theirs is there."""
        return self.is_conflict and self._conflicted.values is not None and None not in (self.mine, self.theirs)

    @property
    def theirs(self) -> Entry | None:
        """What a conflict found at the key."""
        return self.report.theirs[0][1] if self.report is not None and self.report.theirs else None

    @property
    def mine(self) -> bytes | None:
        """The value that was to be written; None where the key was to be deleted."""
        return self._conflicted.values.after if self._conflicted.values else None

    @property
    def differences(self) -> list[Values]:
        """What they did to the value that was seen, and what mine would do to theirs."""
        theirs = self.theirs.value if self.theirs else None
        base = self._conflicted.values.before if self._conflicted.values else None
        return [Values(base, theirs), Values(theirs, self.mine)]

    def mine_again(self) -> Plan:
        """The same write on the revision that the conflict found."""
        return again(self._conflicted, self.theirs)

    @property
    def _conflicted(self) -> Plan:
        if self.report is None:
            raise RuntimeError("there was no conflict")
        return self.report.plan
