"""Waits for writes with the blocking client, for notebooks and scripts: the plans and their rules are the same."""

from collections.abc import Callable, Collection, Iterator

from etcdobs import Client
from etcdobs_explorer.model.records import Entry, FailureKind, GatewayError
from etcdobs_explorer.model.writes import (
    OPEN,
    Application,
    Chunk,
    Committed,
    Conflict,
    Deletion,
    Plan,
    Protection,
    Report,
    Span,
    Step,
    Transfer,
    leases_of,
    transfer,
    undo,
)

from .failures import failures
from .writes import compares, entry_of, keys_of, otherwise, outcome, outcomes, then


def read(client: Client, key: bytes) -> Entry | None:
    """A key to start a plan from; None where it does not exist. Raises GatewayError, as all of these."""
    with failures():
        kv = client.get(key)
    return entry_of(kv) if kv is not None else None


def plan_deletion(client: Client, prefix: bytes, separator: bytes = b"/") -> Plan:
    """Plan to delete a directory."""
    planner = Deletion(prefix, separator)
    return planner.plan(_taken(client, planner))


def plan_directory_transfer(
    client: Client, source: bytes, target: bytes, separator: bytes = b"/", *, move: bool
) -> Plan:
    """Plan to rename a directory (`move`), or to copy it."""
    planner = Transfer(source, target, separator, move=move)
    return planner.plan(_taken(client, planner))


def _taken(client: Client, planner: Deletion | Transfer) -> int:
    """All keys of a directory, with values while an undo can hold them; answers the revision they are of."""
    with failures():
        revision = client.range(b"\0", count_only=True).revision
        if isinstance(planner, Transfer):
            for kv in client.scan(keys_of(planner.target), revision=revision, keys_only=True):
                planner.there(entry_of(kv))
        start: bytes | None = planner.subject.start
        keys_only = False
        while start is not None:
            found = client.scan(keys_of(Span(start, planner.subject.end)), revision=revision, keys_only=keys_only)
            start, keys_only = _taken_of(planner, map(entry_of, found), keys_only), True
    return revision


def _taken_of(planner: Deletion | Transfer, entries: Iterator[Entry], keys_only: bool) -> bytes | None:
    """Answers where to go on without values; None where all was taken."""
    for entry in entries:
        planner.take(entry)
        if not keys_only and not planner.holds_values:
            return entry.key + b"\0"
    return None


def plan_transfer(client: Client, entry: Entry, target: bytes, *, move: bool) -> Plan:
    """Plan to rename a key (`move`), or to copy it."""
    return transfer(entry, target, read(client, target) if target else None, move=move)


def plan_undo(client: Client, step: Step) -> Plan:
    """Plan to take a step of a journal back."""
    return undo(step, living(client, leases_of(step)))


def living(client: Client, leases: Collection[int]) -> set[int]:
    """Those of some leases that have not expired."""
    with failures():
        return {id for id in leases if client.lease.time_to_live(id).ttl > 0}


def apply(
    client: Client, plan: Plan, protection: Protection = OPEN, told: Callable[[int], object] = lambda done: None
) -> Report:
    """Commit a plan chunk after chunk until one is not applied; `told` hears how many keys are done. An interrupt ends
    it with a report, in which the chunk under way has an unknown outcome.

    Raises:
        RefusedError: the protection forbids it; nothing was sent.
    """
    running = Application(plan, protection)
    while running.chunk is not None:
        try:
            running.answered(commit(client, running.chunk, protection))
        except GatewayError as error:
            running.failed(error)
        except KeyboardInterrupt:
            running.failed(GatewayError(FailureKind.OUTCOME_UNKNOWN, b"interrupted"))
        told(running.done)
    return running.report


def commit(client: Client, chunk: Chunk, protection: Protection = OPEN) -> Committed | Conflict:
    """Apply a chunk in one transaction, if all its guards hold."""
    protection.check(chunk.spans)
    with failures(), outcomes():
        answer = client.txn().when(*compares(chunk)).then(*then(chunk)).otherwise(*otherwise(chunk)).commit()
    return outcome(chunk, answer)
