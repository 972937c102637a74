"""Decides what is remembered of a session's writes, and how each is undone: only where nothing changed since."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from etcdobs_explorer.model import units
from etcdobs_explorer.model.filter import Filter
from etcdobs_explorer.model.records import Entry

from .applying import Ending, Report
from .many import UNDO_BYTES
from .operations import Delete, Guard, Piece, Put, chunked
from .plan import SAMPLE, Kind, Plan, Sample, Values
from .protection import RefusedError, Span

JOURNAL_BYTES = 4 * UNDO_BYTES  # kept for undoing, over all steps; the oldest give way


@dataclass
class Step:
    """One write of the session. `at` is wall-clock time; `undoes` is the number of the step that it took back,
    `undone_by` that of the one that took it back. A `note` is a write of another kind, told by its etcdctl line."""

    number: int
    at: float
    kind: str
    subject: Span
    target: Span | None = None
    report: Report | None = None
    note: str = ""
    size: int = 0
    undoes: int = 0
    undone_by: int = 0
    forgotten: bool = False

    @property
    def keys(self) -> int:
        """How many keys it changed."""
        return self.report.keys if self.report else 0

    @property
    def state(self) -> str:
        """What became of it, in a word or two."""
        if self.undone_by:
            return f"undone by {self.undone_by}"
        if self.report is None or self.report.ending is Ending.DONE:
            return "applied"
        return f"in part: {self.report.ending.value}" if self.report.committed else self.report.ending.value

    @property
    def why_not_undoable(self) -> str:
        """Why it cannot be undone; "" where it can be tried."""
        if self.report is None:
            return "it is no write of keys"
        if self.undone_by:
            return f"step {self.undone_by} has undone it"
        if not self.report.committed:
            return "nothing of it is known to be applied"
        if self.forgotten:
            return "later steps took the memory that its undo needs"
        return "" if self.report.plan.undoable else "it was too much to be kept"


class Journal:
    """The writes of a session, oldest first."""

    def __init__(self) -> None:
        self.filter = Filter()
        self.rows: list[Step] = []
        self.steps: list[Step] = []

    def record(self, report: Report, at: float) -> Step | None:
        """Enter what was applied, or may have been; None where nothing was."""
        if not report.committed and report.ending is not Ending.UNKNOWN:
            return None
        plan = report.plan
        step = Step(len(self.steps) + 1, at, plan.kind.value, plan.subject, plan.target, report, size=_size(report))
        step.undoes = plan.undoes
        if step.undoes and report.committed:
            self.steps[step.undoes - 1].undone_by = step.number
        self._enter(step)
        return step

    def noted(self, kind: str, subject: bytes, line: str, at: float) -> Step:
        """Enter a write that is none of keys: a lease, a member; `line` is its etcdctl line."""
        step = Step(len(self.steps) + 1, at, kind, Span(subject), note=line)
        self._enter(step)
        return step

    def last_to_undo(self) -> Step | None:
        """The newest step that can be undone and is no undo itself."""
        open_steps = (step for step in reversed(self.steps) if not step.why_not_undoable and not step.undoes)
        return next(open_steps, None)

    def set_filter(self, text: str) -> None:
        """Show only steps whose key passes."""
        self.filter = Filter(text)
        self._arrange()

    def index_of(self, identity: int) -> int | None:
        """The place of a step."""
        return next((index for index, step in enumerate(self.rows) if step.number == identity), None)

    def _enter(self, step: Step) -> None:
        self.steps.append(step)
        held = 0
        for each in reversed(self.steps):
            held += each.size
            if held > JOURNAL_BYTES and not each.forgotten and each.report is not None:
                _forget(each)
        self._arrange()

    def _arrange(self) -> None:
        self.rows = [step for step in self.steps if self.filter.keeps(step.subject.start)]


def leases_of(step: Step) -> set[int]:
    """The leases that the keys had before a step: those that an undo asks for."""
    return {entry.lease for entry in _before(step).values() if entry is not None and entry.lease}


def undo(step: Step, living: Collection[int]) -> Plan:
    """A plan that takes a step back, each key only where it is as the step left it. Keys return to their leases where
    these are among the `living`, and else without one.

    Raises:
        RefusedError: the step cannot be undone; the reason says why.
    """
    if step.report is None or step.why_not_undoable:
        raise RefusedError(step.why_not_undoable.encode())
    before, left = _before(step), _left(step)
    pieces = [_taken_back(key, before[key], left.get(key, 0), living) for key in sorted(before)]
    lost = [entry for entry in before.values() if entry is not None and entry.lease and entry.lease not in living]
    return Plan(
        Kind.UNDO,
        step.subject,
        tuple(chunked(pieces)),
        keys=len(pieces),
        revision=step.report.committed[-1].revision,
        target=step.target,
        sample=tuple(Sample(key) for key in sorted(before)[:SAMPLE]),
        values=_values(step),
        size=step.size,
        warnings=_lost(len(lost)),
        undoes=step.number,
    )


def _lost(keys: int) -> tuple[str, ...]:
    if not keys:
        return ()
    return (
        units.plural(keys, "key had a lease that is gone, and returns", "keys had leases that are gone, and return")
        + " without one",
    )


def _values(step: Step) -> Values | None:
    values = step.report.plan.values if step.report else None
    return Values(values.after, values.before) if values and step.target is None else None


def _before(step: Step) -> dict[bytes, Entry | None]:
    """Each changed key as it was before the step."""
    committed = step.report.committed if step.report else ()
    return {key: entry for each in committed for key, entry in each.before}


def _left(step: Step) -> dict[bytes, int]:
    """The mod_revision with which the step left each key that it did not delete."""
    committed = step.report.committed if step.report else ()
    return {
        operation.key: each.revision
        for each in committed
        for operation in each.chunk.operations
        if isinstance(operation, Put)
    }


def _taken_back(key: bytes, entry: Entry | None, left: int, living: Collection[int]) -> Piece:
    guard = (Guard(key, left),)
    if entry is None:
        return Piece(guard, (Delete(key),))
    return Piece(guard, (Put(key, entry.value, entry.lease if entry.lease in living else 0),))


def _size(report: Report) -> int:
    held = (entry for each in report.committed for _, entry in each.before)
    return sum(len(entry.key) + len(entry.value) + 100 for entry in held if entry is not None)


def _forget(step: Step) -> None:
    """Let go of the values: the step stays in the list, and in the script as far as it can."""
    assert step.report is not None
    committed = tuple(replace(each, before=()) for each in step.report.committed)
    step.report, step.size, step.forgotten = replace(step.report, committed=committed), 0, True
