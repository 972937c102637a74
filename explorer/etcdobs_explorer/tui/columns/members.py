"""Decides how the cells of the member table are made from model rows; what is not known is a question mark, not 0."""

from etcdobs_explorer.model import units
from etcdobs_explorer.model.members import MemberRow
from etcdobs_explorer.model.records import Role
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.tui.widgets.sparkline import sparkline
from etcdobs_explorer.tui.widgets.strips import Span, Spans

from .column import Column

ROLES = {
    Role.LEADER: "good",
    Role.FOLLOWER: "text",
    Role.LEARNER: "accent",
    Role.DENIED: "warn",
    Role.UNKNOWN: "bad",
}
_SLOW = 0.1
_LAGS = 1_000  # entries of the log
_FRAGMENTED = 0.5
_FULL = 0.8
_SPARK = 12


def known(row: MemberRow, text: str | None, role: str = "text") -> Spans:
    """A value; `-` of a member that did not answer, `?` where it answered and does not report it."""
    if text is not None:
        return [(text, role)]
    return [("-" if row.record.role in (Role.UNKNOWN, Role.DENIED) else "?", "muted")]


def _name(row: MemberRow, now: float) -> Spans:
    dot = ("● ", ROLES[row.record.role] if row.record.role is not Role.FOLLOWER else "good")
    return [dot, (inert(row.name, 60) if row.name else "(unnamed)", "strong" if row.name else "muted")]


def _role(row: MemberRow, now: float) -> Spans:
    return [(row.record.role.value, ROLES[row.record.role])]


def _size(row: MemberRow, size: int | None) -> Spans:
    return known(row, None if size is None else units.size(size))


def share(row: MemberRow, part: float | None, limit: float) -> Spans:
    """A share as a percentage, striking from `limit` on."""
    return known(row, None if part is None else f"{part:.0%}", "warn" if part is not None and part >= limit else "text")


def _raft(row: MemberRow, now: float) -> Spans:
    if row.record.raft_term is None or row.record.raft_index is None:
        return known(row, None)
    return [(f"{row.record.raft_term}/", "muted"), (units.count(row.record.raft_index), "text")]


def behind(row: MemberRow) -> Spans:
    """How far it is behind the leader; of the leader itself there is nothing to say."""
    if row.record.role is Role.LEADER:
        return [("-", "muted")]
    lag = row.behind
    return known(row, None if lag is None else units.count(lag), "warn" if lag is not None and lag >= _LAGS else "text")


def _quota(row: MemberRow, now: float) -> Spans:
    if row.record.quota is None:
        return known(row, None)
    is_full = row.quota_used is not None and row.quota_used >= _FULL
    return [(units.size(row.record.quota), "bad" if is_full else "text")]


def _rtt(row: MemberRow, now: float) -> Spans:
    rtt = row.record.rtt
    return known(
        row, None if rtt is None else units.latency(rtt), "warn" if rtt is not None and rtt > _SLOW else "text"
    )


def _latencies(row: MemberRow, now: float) -> Spans:
    return sparkline(list(row.latencies), _SPARK, top=0.001)


def note(row: MemberRow, now: float) -> Spans:
    """Since when it is down, its alarms, what it complains of, and where it is."""
    spans: list[Span] = []
    if row.down_since is not None:
        spans.append((f"down {units.duration(now - row.down_since)}: ", "bad"))
    spans += [(f" {alarm} ", "badge-warn") for alarm in row.alarms]
    if row.record.errors:
        spans.append((inert(b"; ".join(row.record.errors), 400), "warn" if row.record.role is Role.DENIED else "bad"))
    return [*spans, (" " if spans else "", "text"), (inert(row.record.endpoint, 100), "muted")]


MEMBERS: tuple[Column[MemberRow], ...] = (
    Column("NAME", 11, _name),
    Column("ID", 16, lambda row, now: [(units.hex_id(row.id), "accent")], rank=4),
    Column("ROLE", 8, _role),
    Column("VERSION", 7, lambda row, now: known(row, inert(row.record.version, 20).plain or None), rank=3),
    Column("DB SIZE", 8, lambda row, now: _size(row, row.record.db_size), "right"),
    Column("IN USE", 8, lambda row, now: _size(row, row.record.db_in_use), "right", rank=6),
    Column("FRAG", 5, lambda row, now: share(row, row.fragmentation, _FRAGMENTED), "right", rank=2),
    Column("QUOTA", 8, _quota, "right", rank=5),
    Column("TERM/INDEX", 12, _raft, "right", rank=5),
    Column("BEHIND", 6, lambda row, now: behind(row), "right"),
    Column("RTT", 7, _rtt, "right"),
    Column("LATELY", _SPARK, _latencies, rank=3),
    Column("ENDPOINT, ERRORS", 0, note, least=20),
)
