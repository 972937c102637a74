"""Decides how a plan is applied: chunk after chunk until one is not, and what is known of each afterwards."""

from dataclasses import dataclass
from enum import Enum

from etcdobs_explorer.model import units
from etcdobs_explorer.model.records import Entry, FailureKind, GatewayError

from .operations import Chunk, Committed, Conflict
from .plan import Plan
from .protection import OPEN, Protection


class Ending(Enum):
    """Why an application ended."""

    DONE = "done"
    CONFLICT = "conflict"
    FAILED = "failed"
    UNKNOWN = "outcome unknown"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Report:
    """What was applied and what was not. Chunks are applied in order, each wholly or not at all: those in `committed`
    were. After UNKNOWN it is not known whether the next one was; all others were not. `theirs` is what a conflict
    found."""

    plan: Plan
    committed: tuple[Committed, ...]
    ending: Ending
    reason: bytes = b""
    theirs: tuple[tuple[bytes, Entry | None], ...] = ()

    @property
    def keys(self) -> int:
        """How many keys were changed."""
        return sum(each.changed for each in self.committed)

    @property
    def stopped_at(self) -> Chunk | None:
        """The chunk that was not applied, or of which it is not known."""
        at = len(self.committed)
        return self.plan.chunks[at] if at < len(self.plan.chunks) else None

    @property
    def missed(self) -> int:
        """Keys that were planned to be changed and had gone by themselves."""
        return sum(each.chunk.keys - each.changed for each in self.committed)

    @property
    def lines(self) -> tuple[str, ...]:
        """What happened, exactly, in sentences."""
        total = len(self.plan.chunks)
        said = [f"{units.count(self.keys)} of {units.plural(self.plan.keys, 'key')} written" + self._revisions()]
        if self.missed:
            said.append(f"{units.plural(self.missed, 'key')} had gone before")
        chunk = self.stopped_at
        if chunk is not None and self.ending is not Ending.STOPPED:
            what = f"transaction {len(self.committed) + 1} of {total}, {units.plural(chunk.keys, 'key')}"
            is_unknown = self.ending is Ending.UNKNOWN
            said.append(f"{what}: {'it may or may not have been applied' if is_unknown else 'not applied'}")
        unsent = self.plan.chunks[len(self.committed) + (self.ending is not Ending.STOPPED) :]
        if unsent:
            keys = sum(each.keys for each in unsent)
            said.append(f"{units.plural(len(unsent), 'transaction')} of {units.plural(keys, 'key')} not sent")
        return tuple(said)

    def _revisions(self) -> str:
        if not self.committed:
            return ""
        first, last = self.committed[0].revision, self.committed[-1].revision
        if first == last:
            return f", at revision {units.count(first)}"
        return f", at revisions {units.count(first)} to {units.count(last)}"


class Application:
    """A plan on its way. The caller commits `chunk` and tells what became of it, until `chunk` is None; `report` then
    says it all. It waits for nothing itself: a blocking caller and an asynchronous one use it alike."""

    def __init__(self, plan: Plan, protection: Protection = OPEN) -> None:
        protection.check(span for chunk in plan.chunks for span in chunk.spans)
        self.plan = plan
        self._committed: list[Committed] = []
        self._report: Report | None = None
        self._is_stopping = False

    @property
    def chunk(self) -> Chunk | None:
        """What is to be committed next; None where nothing is left to be done."""
        return None if self._report or self._is_stopping else self._next

    @property
    def done(self) -> int:
        """Keys of the chunks that were applied."""
        return sum(each.chunk.keys for each in self._committed)

    def answered(self, answer: Committed | Conflict) -> None:
        """The chunk was applied, or its guards did not hold."""
        if isinstance(answer, Committed):
            self._committed.append(answer)
        else:
            self._end(Ending.CONFLICT, b"changed since it was planned", answer.theirs)

    def failed(self, error: GatewayError) -> None:
        """The chunk was not applied, or nobody knows."""
        is_unknown = error.kind is FailureKind.OUTCOME_UNKNOWN
        self._end(Ending.UNKNOWN if is_unknown else Ending.FAILED, error.reason)

    def stop(self) -> None:
        """Go no further than the chunk that is under way, if one is: what was applied stays."""
        self._is_stopping = True

    @property
    def report(self) -> Report:
        """What was applied and what was not."""
        if self._report is None and self._next is not None:
            self._end(Ending.STOPPED, b"stopped before the end")
        return self._report or Report(self.plan, tuple(self._committed), Ending.DONE)

    @property
    def _next(self) -> Chunk | None:
        at = len(self._committed)
        return self.plan.chunks[at] if at < len(self.plan.chunks) else None

    def _end(self, ending: Ending, reason: bytes, theirs: tuple[tuple[bytes, Entry | None], ...] = ()) -> None:
        self._report = Report(self.plan, tuple(self._committed), ending, reason, theirs)
