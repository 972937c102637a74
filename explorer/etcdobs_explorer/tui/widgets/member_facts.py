"""Decides what is told of a member in full, in lines, and what of it stands below the table on a tall screen."""

import time
from itertools import zip_longest

from textual.strip import Strip

from etcdobs_explorer.model import units
from etcdobs_explorer.model.members import MemberRow
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.tui.columns.members import ROLES, behind, known, note, share

from .fact_lines import fact, heading, wrapped
from .palette import Painted
from .sparkline import sparkline
from .strips import Spans, cell
from .table import Table


class MemberFacts(Painted):
    """The member under the cursor of a table, in two columns."""

    def __init__(self, table: Table) -> None:
        super().__init__()
        self._table = table

    def render_line(self, y: int) -> Strip:
        """A line of either column."""
        row: MemberRow | None = self._table.current
        left, right = _pair(row, self.size.width // 2, y) if row is not None else ((), ())
        width = self.size.width // 2
        style = self.rich_style
        strips = (
            cell(left, width, "left", self.role, style),
            cell(right, self.size.width - width, "left", self.role, style),
        )
        return Strip.join(strips)


def _pair(row: MemberRow, width: int, y: int) -> tuple[Spans, Spans]:
    left = [heading(" Member"), *identity(row), (), heading(" Answers to this client"), *latency(row, width)]
    right = [heading(" Raft"), *raft(row), (), heading(" Database"), *database(row)]
    lines = list(zip_longest(left, right, fillvalue=()))
    return lines[y] if y < len(lines) else ((), ())


def _of(row: MemberRow, name: str, value: Spans) -> Spans:
    return [*fact(name, ""), *value]


def _number(row: MemberRow, name: str, value: int | None) -> Spans:
    return _of(row, name, known(row, None if value is None else units.count(value)))


def identity(row: MemberRow) -> list[Spans]:
    """Who it is, and where."""
    record = row.record
    version = inert(record.version, 40).plain or None
    storage = inert(record.storage_version, 40).plain or None
    return [
        fact("name", inert(record.name, 100) if record.name else "(unnamed)", "strong"),
        fact("id", f"{units.hex_id(row.id)}  ({row.id})", "accent"),
        fact("role", record.role.value, ROLES[record.role]),
        _of(row, "version", [*known(row, version), ("   storage ", "muted"), *known(row, storage)]),
        fact("asked at", inert(record.endpoint, 200)),
        fact("client URLs", inert(b", ".join(record.client_urls) or b"-", 400)),
        fact("peer URLs", inert(b", ".join(record.peer_urls) or b"-", 400)),
    ]


def raft(row: MemberRow) -> list[Spans]:
    """Where its log is."""
    record = row.record
    leader = units.hex_id(record.leader_id) if record.leader_id else "none" if record.raft_term is not None else None
    if record.leader_id and record.leader_id == record.id:
        leader = "itself, it leads"
    return [
        _number(row, "term", record.raft_term),
        _of(row, "follows", known(row, leader, "text" if record.leader_id else "bad")),
        _number(row, "index", record.raft_index),
        _number(row, "applied", record.raft_applied),
        _number(row, "to be applied", row.unapplied),
        _of(row, "behind leader", behind(row)),
        _number(row, "revision", record.revision),
    ]


def database(row: MemberRow) -> list[Spans]:
    """What its database takes."""
    record = row.record
    return [
        _bytes(row, "size", record.db_size),
        _bytes(row, "in use", record.db_in_use),
        _of(row, "fragmentation", share(row, row.fragmentation, 0.5)),
        _bytes(row, "quota", record.quota),
        _of(row, "of the quota", share(row, row.quota_used, 0.8)),
    ]


def _bytes(row: MemberRow, name: str, size: int | None) -> Spans:
    text = None if size is None else f"{units.size(size)}  ({units.count(size)} bytes)"
    return _of(row, name, known(row, text))


def latency(row: MemberRow, width: int) -> list[Spans]:
    """How it answers this client."""
    answered = sorted(value for value in row.latencies if value == value)  # noqa: PLR0124 - NaN is none
    lost = len(row.latencies) - len(answered)
    middle = answered[len(answered) // 2] if answered else None
    return [
        _of(row, "lately", sparkline(list(row.latencies), min(24, width - 18), top=0.001)),
        fact("last", units.latency(row.record.rtt)),
        fact("median", units.latency(middle)),
        fact("slowest", units.latency(answered[-1] if answered else None)),
        fact("unanswered", f"{lost} of {len(row.latencies)}", "bad" if lost else "text"),
    ]


def errors(row: MemberRow, width: int) -> list[Spans]:
    """What is wrong with it."""
    if row.down_since is None and not row.alarms and not row.record.errors:
        return [fact("", "none", "good")]
    text = "".join(part.plain if not isinstance(part, str) else part for part, _ in note(row, time.monotonic()))
    return wrapped(text, width - 2, "bad")
