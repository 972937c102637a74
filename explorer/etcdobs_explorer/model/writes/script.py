"""Decides how a plan or a session's writes read as etcdctl lines that do the same elsewhere."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace

from etcdobs_explorer.model import etcdctl, units
from etcdobs_explorer.model.secrets import is_secret
from etcdobs_explorer.model.text import inert

from .applying import Ending
from .journal import Step
from .operations import Chunk, Delete, Put
from .plan import Kind, Plan
from .protection import Span

_HEAD = """\
#!/usr/bin/env bash
# What was written in a session of etcdobs-explorer, as etcdctl does it; the cluster is that of ETCDCTL_ENDPOINTS.
# The conditions under which it was written (revisions seen) are left out: they hold on no other cluster.
set -eu
[ "$(printf %s $'\\x41')" = A ] || { echo "this is for bash or zsh, which read \\$'\\x41'" >&2; exit 2; }
"""
_LEFT_OUT = "a transaction that writes a Secret"


def plan_lines(plan: Plan, limit: int = 20) -> list[str]:
    """The etcdctl lines of a plan, at most `limit` of them and then how many more there are. Transactions have their
    conditions where etcdctl can state them: not for ranges. What a Secret holds is not in them."""
    if plan.kind is Kind.DELETE and plan.subject.end:
        return [etcdctl.delete(*plan.subject)]
    lines = [line for chunk in plan.chunks[:limit] for line in _guarded(_covered(chunk)).split("\n")]
    more = len(lines) - limit
    return lines if more <= 0 else [*lines[:limit], f"# and {units.count(more)} more lines"]


def script(steps: Iterable[Step], *, with_secrets: bool = False) -> str:
    """A shell script that does the steps again. What cannot be done again is a comment: leases, members, what may or
    may not have been applied, and unless it is asked for, each transaction that writes a Secret."""
    held = list(steps)
    lines = [line for step in held for line in _step(step, with_secrets)]
    return "\n".join([_HEAD, *_leases(held), *([] if with_secrets else _warning(held)), *lines]) + "\n"


def left_out(steps: Iterable[Step]) -> int:
    """How many transactions of the steps a script does not do again, since they write Secrets."""
    return sum(_writes_secret(each.chunk) for step in steps if step.report for each in step.report.committed)


def _warning(steps: Iterable[Step]) -> Iterator[str]:
    if number := left_out(steps):
        yield f"# left out: {units.plural(number, _LEFT_OUT, 'transactions that write Secrets')}"


def _writes_secret(chunk: Chunk) -> bool:
    return any(isinstance(each, Put) and is_secret(each.value) for each in chunk.operations)


def _leases(steps: Iterable[Step]) -> Iterator[str]:
    puts = (each for step in steps for each in _operations(step) if isinstance(each, Put))
    for lease in sorted({put.lease for put in puts if put.lease}):
        yield f"# the lease {units.hex_id(lease)} has to live: put the id of another one in its place"


def _operations(step: Step) -> Iterator[Put | Delete]:
    for each in step.report.committed if step.report else ():
        yield from each.chunk.operations


def _step(step: Step, with_secrets: bool) -> Iterator[str]:
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(step.at))
    yield f"\n# {step.number}. {step.kind} {_shown(step.subject, step.target)}, {when}, {step.state}"
    if step.note:
        yield from _comment(step.note)
    if step.report is None:
        return
    if step.report.plan.kind is Kind.DELETE and step.report.ending is Ending.DONE:
        yield etcdctl.delete(*step.subject)
    else:
        for each in step.report.committed:
            yield from _done(each.chunk, with_secrets)
    chunk = step.report.stopped_at
    if chunk is not None and step.report.ending is Ending.UNKNOWN:
        yield "# it is not known whether this was applied:"
        yield from _comment(_plain(chunk if with_secrets else _covered(chunk)))


def _done(chunk: Chunk, with_secrets: bool) -> Iterator[str]:
    """What a chunk did; as a whole or not at all, for what it deleted may be what it put elsewhere."""
    if with_secrets or not _writes_secret(chunk):
        yield _plain(chunk)
    else:
        yield f"# left out: {_LEFT_OUT}, here covered:"
        yield from _comment(_plain(_covered(chunk)))


def _covered(chunk: Chunk) -> Chunk:
    """The same without what is secret: a plan is read on a screen, and its lines go to a clipboard."""
    return replace(chunk, operations=tuple(map(_covered_operation, chunk.operations)))


def _covered_operation(operation: Put | Delete) -> Put | Delete:
    if isinstance(operation, Delete) or not is_secret(operation.value):
        return operation
    return operation._replace(value=b"Secret-of-%d-bytes-covered" % len(operation.value))


def _plain(chunk: Chunk) -> str:
    """A chunk without its guards: a line where it is one operation, else a transaction."""
    requests = [operation.request for operation in chunk.operations]
    return etcdctl.line(requests[0]) if len(requests) == 1 else etcdctl.txn((), requests)


def _guarded(chunk: Chunk) -> str:
    if any(guard.end for guard in chunk.guards):
        return _plain(chunk)
    compares = [etcdctl.compare("mod", guard.key, "=", guard.mod_revision) for guard in chunk.guards]
    return etcdctl.txn(compares, [operation.request for operation in chunk.operations])


def _comment(text: str) -> Iterator[str]:
    return (f"# {line}" for line in text.split("\n"))


def _shown(subject: Span, target: Span | None) -> str:
    to = f" to {inert(target.start, 300).plain}" if target else ""
    return inert(subject.start, 300).plain + to
