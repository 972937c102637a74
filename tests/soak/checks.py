"""Decides whether what was remembered of a run may have happened: each check yields what must not be."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

from tests.soak.actors import ACCOUNTS, BALANCE, COUNTER, FENCED, WRITERS
from tests.soak.journal import Holding, Journal, Operation, Outcome, View
from tests.soak.resources import Measured

# Seconds that a call may go on after its deadline, besides those in which the machine did not let anybody run.
LATENESS = 1.0
# Those that gRPC keeps for a while.
_MORE_THREADS = 4
# Seconds after a frozen leader woke in which leases that live may be revoked (docs/soak.md).
_WAKING = 4.0
# MiB at once and a minute: what is there once, in connections and caches, and what a leak of 1 KiB a call exceeds.
_GROWN, _LEFT = (6.0, 0.5), (2.5, 0.25)


def watchers_agree(journal: Journal) -> Iterator[str]:
    """Each watcher came to the end, and has every revision that another one has."""
    for view in journal.views:
        if not view.is_complete:
            yield f"{view.name} did not come to the end: it is at revision {view.last}"
        missing = sorted({*_covered(view, journal)} - {*view.revisions})
        if missing:
            yield f"{view.name} lacks {len(missing)} revisions: {missing[:5]}"


def _covered(view: View, journal: Journal) -> list[int]:
    seen = [revision for revision in journal.log if view.start <= revision <= view.last]
    return [revision for revision in seen if not any(first <= revision <= last for first, last in view.gaps)]


def acknowledged_writes_are_seen(journal: Journal) -> Iterator[str]:
    """What was acknowledged is in the log, at the revision that was told."""
    for operation in _writes(journal, Outcome.OK):
        there = journal.log.get(operation.revision, ())
        if operation.kind == "delete" and operation.writes[0] not in there:
            continue  # there was nothing to delete
        for write in operation.writes:
            if write not in there:
                yield f"{operation} was acknowledged, and is not in the log: {there}"


def every_put_was_asked_for(journal: Journal) -> Iterator[str]:
    """Nothing is in the log that surely failed, or that nobody wrote; and no number is there twice."""
    asked = {
        write for outcome in (Outcome.OK, Outcome.UNKNOWN) for op in _writes(journal, outcome) for write in op.writes
    }
    times = Counter((key, value) for writes in journal.log.values() for key, value in writes if key.startswith(WRITERS))
    for write, count in times.items():
        if write not in asked:
            yield f"{write} is in the log, and nobody wrote it, or it had surely failed"
        if count > 1:
            yield f"{write} is in the log {count} times"


def answers_are_in_order(journal: Journal) -> Iterator[str]:
    """An operation that began after another's answer is not answered with an older revision."""
    answered = [operation for operation in journal.operations if operation.outcome is Outcome.OK and operation.revision]
    by_end = iter(sorted(answered, key=lambda operation: operation.ended))
    ended, newest = next(by_end, None), 0
    for operation in sorted(answered, key=lambda operation: operation.began):
        while ended is not None and ended.ended < operation.began:
            newest, ended = max(newest, ended.revision), next(by_end, None)
        if operation.revision < newest:
            yield f"{operation} was answered at a revision before {newest}, which was known"


def reads_are_right(journal: Journal) -> Iterator[str]:
    """A read finds the last change of its key up to the revision it was answered at."""
    changes: defaultdict[bytes, list[int]] = defaultdict(list)
    for revision in sorted(journal.log):
        for key, _ in journal.log[revision]:
            changes[key].append(revision)
    for operation in journal.operations:
        if operation.key and operation.outcome is Outcome.OK:
            known = changes[operation.key]
            place = bisect_right(known, operation.revision)
            right = known[place - 1] if place else 0
            if operation.found != right:
                yield f"{operation} should have found revision {right}"


def versions_fit(journal: Journal) -> Iterator[str]:
    """A key was changed at least as often as was acknowledged, and at most as often as was tried."""
    sure = Counter(key for op in _writes(journal, Outcome.OK) for key, _ in op.writes)
    perhaps = Counter(key for op in _writes(journal, Outcome.UNKNOWN) for key, _ in op.writes)
    for key, (version, _) in journal.versions.items():
        if not sure[key] <= version <= sure[key] + perhaps[key]:
            yield f"{key!r} has version {version}: {sure[key]} writes were acknowledged, {perhaps[key]} are unknown"


def the_counter_counts(journal: Journal) -> Iterator[str]:
    """The shared number is how often it was written."""
    version, value = journal.versions[COUNTER]
    if int(value) != version:
        yield f"the counter is {int(value)} at version {version}"


def money_is_conserved(journal: Journal) -> Iterator[str]:
    """In every audit, and after every revision."""
    whole = BALANCE * len(ACCOUNTS)
    for revision, balance in journal.balances:
        if balance != whole:
            yield f"the bank had {balance} at revision {revision}, not {whole}"
    accounts: dict[bytes, int] = {}
    for revision in sorted(journal.log):
        changed = {key: int(value) for key, value in journal.log[revision] if key in ACCOUNTS and value is not None}
        accounts |= changed
        if changed and sum(accounts.values()) != whole:
            yield f"the bank has {sum(accounts.values())} after revision {revision}, not {whole}"


def locks_exclude(journal: Journal) -> Iterator[str]:
    """No two hold the lock at a time, each has a greater fence than the one before, and so has what they wrote."""
    before: Holding | None = None
    for holding in sorted(journal.holdings, key=lambda holding: holding.acquired):
        overlaps = before is not None and before.held_until >= holding.acquired
        if overlaps and not _after_a_wake(journal, holding.acquired):
            yield f"{holding} overlaps {before}"
        if before is not None and before.fence >= holding.fence:
            yield f"{holding} has no greater fence than {before}"
        before = holding
    greatest = b""
    for revision in sorted(journal.log):
        for key, value in journal.log[revision]:
            if key == FENCED and value is not None:
                if value < greatest:
                    yield f"fence {value!r} was written at revision {revision}, after {greatest!r}"
                greatest = max(greatest, value)


def _after_a_wake(journal: Journal, moment: float) -> bool:
    """Whether a leader that had been frozen woke just before: it may revoke leases that live, and nobody can know."""
    return any(woke <= moment <= woke + _WAKING for woke in journal.wakes)


def leases_are_lost_in_time(journal: Journal) -> Iterator[str]:
    """No heartbeat says that its lease lives once the server has let it go."""
    for key, alive in journal.last_alive.items():
        gone = journal.deleted_at.get(key)
        if gone is not None and alive > gone and not _after_a_wake(journal, gone):
            yield f"the lease of {key!r} was not lost {alive - gone:.3f} s after its key was deleted"


def calls_keep_their_deadlines(journal: Journal) -> Iterator[str]:
    """No call goes on for more than a second after its deadline."""
    for operation in journal.operations:
        late = lateness(operation)
        if late > LATENESS and late - stalled(operation, journal) > LATENESS:
            yield f"{operation} was {late:.2f} s late, of which the machine stalled {stalled(operation, journal):.2f} s"


def nothing_grew(held: Measured, minutes: float) -> Iterator[str]:
    """Neither threads nor memory add up while the clients work, and no thread outlives them."""
    if held.after.threads > held.before.threads:
        yield f"threads were left behind: {held.before.names}; closed: {held.after.names}"
    if held.at_end.threads > held.at_work.threads + _MORE_THREADS:
        yield f"threads grew: {held.at_work.names}; then {held.at_end.names}"
    if held.at_end.native > held.at_work.native + _MORE_THREADS:
        yield f"gRPC's threads grew: {held.at_work}; then {held.at_end}"
    if held.grown > _GROWN[0] + _GROWN[1] * minutes:
        yield f"memory grew by {held.grown:.1f} MiB besides the journal: {held.opened}; then {held.at_end}"
    if held.left > _LEFT[0] + _LEFT[1] * minutes:
        yield f"closing left {held.left:.1f} MiB besides the journal: {held.before}; closed: {held.after}"


def lateness(operation: Operation) -> float:
    """Seconds after the deadline; negative: before it."""
    return operation.ended - operation.began - operation.timeout


def stalled(operation: Operation, journal: Journal) -> float:
    """Seconds of the operation in which what only sleeps did not run either, a thread or a task of the event loop."""
    seconds, counted = 0.0, operation.began
    for begin, end in sorted(journal.stalls):
        until = min(end, operation.ended)
        seconds += max(0.0, until - max(begin, counted))
        counted = max(counted, until)
    return seconds


def _writes(journal: Journal, outcome: Outcome) -> Iterator[Operation]:
    return (operation for operation in journal.operations if operation.writes and operation.outcome is outcome)


CHECKS: tuple[Callable[[Journal], Iterator[str]], ...] = (
    watchers_agree,
    acknowledged_writes_are_seen,
    every_put_was_asked_for,
    answers_are_in_order,
    reads_are_right,
    versions_fit,
    the_counter_counts,
    money_is_conserved,
    locks_exclude,
    leases_are_lost_in_time,
    calls_keep_their_deadlines,
)
