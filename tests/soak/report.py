"""Decides how a run is told: what was done, what came of it, and first of all what was wrong."""

from collections import Counter

from tests.soak.checks import lateness
from tests.soak.journal import Journal, Outcome
from tests.soak.resources import Measured

_SHOWN = 20


def print_report(journal: Journal, faults: Counter[str], measured: Measured, wrong: list[str], what: str) -> None:
    """On the standard output."""
    print(f"seed {journal.seed}: {what}")
    print("faults: " + _counts(faults))
    for kind in sorted({operation.kind for operation in journal.operations}):
        print(f"  {kind:<11} {_outcomes(journal, kind)}")
    print("errors: " + _counts(Counter(operation.error for operation in journal.operations if operation.error)))
    late = max(map(lateness, journal.operations))
    stall = max((end - begin for begin, end in journal.stalls), default=0.0)
    print(f"latest call: {late:+.2f} s after its deadline; the longest stall of a thread that sleeps: {stall:.2f} s")
    print(f"revisions: {len(journal.log)}, seen by {len(journal.views)} watchers; locks held: {len(journal.holdings)}")
    gaps = sum(len(view.gaps) for view in journal.views)
    print(f"compactions: {len(journal.compactions)}, which ended a watcher {gaps} times")
    print(f"held before: {measured.before}; opened: {measured.opened}; at work: {measured.at_work}")
    print(f"held at the end: {measured.at_end}; after closing: {measured.after}")
    print(f"the journal: {measured.journal:.1f} MiB; besides it memory grew by {measured.grown:+.1f} MiB, ", end="")
    print(f"of which closing left {measured.left:+.1f} MiB")
    _print_verdict(journal.seed, wrong)


def _print_verdict(seed: int, wrong: list[str]) -> None:
    for line in wrong[:_SHOWN]:
        print(f"WRONG: {line}")
    if wrong:
        print(f"{len(wrong)} checks failed; again with --seed {seed}")
    else:
        print("all checks passed")


def _outcomes(journal: Journal, kind: str) -> str:
    outcomes = Counter(operation.outcome for operation in journal.operations if operation.kind == kind)
    return ", ".join(f"{outcomes[outcome]} {outcome}" for outcome in Outcome if outcomes[outcome])


def _counts(counted: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counted.most_common()) or "none"
