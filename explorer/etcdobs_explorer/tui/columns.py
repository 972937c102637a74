"""Decides how the cells of each table are made from model rows."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from etcdobs_explorer.model import units
from etcdobs_explorer.model.calls import MethodCalls
from etcdobs_explorer.model.leases import LeaseRow
from etcdobs_explorer.model.records import MemberRecord, Role
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.model.watch_log import LoggedEvent

from .widgets.strips import Spans

R = TypeVar("R")
_BAR = 10
_EIGHTHS = " ▏▎▍▌▋▊▉"
_ROLES = {Role.LEADER: "good", Role.FOLLOWER: "text", Role.LEARNER: "accent", Role.UNKNOWN: "bad"}


@dataclass(frozen=True)
class Column(Generic[R]):
    """A column: width in cells (0: a share of what the others leave, `least` of them at least). Where it is narrow,
    those of the highest rank are left out first; what they say is then in the line below the table."""

    title: str
    width: int
    cell: Callable[[R, float], Spans]
    align: str = "left"
    rank: int = 0
    share: int = 1
    least: int = 14


def picked(columns: Sequence[Column[R]], widths: Mapping[str, int]) -> tuple[Column[R], ...]:
    """Some of a table's columns by their titles, with other widths, for a narrow pane; there none is left out."""
    named = {column.title: column for column in columns}
    return tuple(replace(named[title], width=width, rank=0) for title, width in widths.items())


def meter(fraction: float, width: int = _BAR) -> str:
    """A bar of `width` cells, filled to `fraction` in steps of an eighth of a cell."""
    eighths = round(max(0.0, min(1.0, fraction)) * width * 8)
    whole, part = divmod(eighths, 8)
    return ("█" * whole + (_EIGHTHS[part] if part else "")).ljust(width)


def _number(value: int | None) -> Spans:
    return [("-", "muted")] if value is None else [(units.count(value), "text")]


def _size(value: int | None) -> Spans:
    return [("-", "muted")] if value is None else [(units.size(value), "text")]


def _granted(row: LeaseRow, now: float) -> Spans:
    return [(f"{row.record.granted_ttl}s", "text")] if row.record else [("…", "muted")]


def _urgency(row: LeaseRow, now: float) -> str:
    left = row.remaining(now) or 0.0
    if left <= 0:
        return "bad"
    return "warn" if left < 10 or row.fraction(now) < 0.2 else "good"


def _remaining(row: LeaseRow, now: float) -> Spans:
    left = row.remaining(now)
    if left is None:
        return [("…", "muted")]
    return [(units.duration(left) if left > 0 else "expired", _urgency(row, now))]


def _countdown(row: LeaseRow, now: float) -> Spans:
    return [(meter(row.fraction(now)), _urgency(row, now))]


def _lease_keys(row: LeaseRow, now: float) -> Spans:
    return _number(row.record.key_count if row.record else None)


def _first_key(row: LeaseRow, now: float) -> Spans:
    if row.record is None:
        return [("…", "muted")]
    if row.record.first_key is None:
        return [("no keys", "muted")]
    return [(inert(row.record.first_key, 400), "text")]


LEASES: tuple[Column[LeaseRow], ...] = (
    Column("LEASE", 16, lambda row, now: [(units.hex_id(row.id), "accent")]),
    Column("GRANTED", 7, _granted, "right", rank=2),
    Column("REMAINING", 9, _remaining, "right"),
    Column("", _BAR, _countdown, rank=1),
    Column("KEYS", 5, _lease_keys, "right"),
    Column("FIRST KEY", 0, _first_key, least=28),
)


def _member_name(row: MemberRecord, now: float) -> Spans:
    dot = ("● ", _ROLES[row.role] if row.role is not Role.FOLLOWER else "good")
    return [dot, (inert(row.name, 60) if row.name else "(unstarted)", "strong" if row.name else "muted")]


def _raft(row: MemberRecord, now: float) -> Spans:
    if row.raft_term is None:
        return [("-", "muted")]
    return [(f"{row.raft_term}/", "muted"), (units.count(row.raft_index or 0), "text")]


def _rtt(row: MemberRecord, now: float) -> Spans:
    slow = row.rtt is not None and row.rtt > 0.1
    return [(units.latency(row.rtt), "warn" if slow else "text" if row.rtt is not None else "muted")]


def _member_note(row: MemberRecord, now: float) -> Spans:
    if row.errors:
        return [(inert(b"; ".join(row.errors), 400), "bad")]
    return [(inert(row.endpoint, 100), "muted")]


MEMBERS: tuple[Column[MemberRecord], ...] = (
    Column("NAME", 11, _member_name),
    Column("ID", 16, lambda row, now: [(units.hex_id(row.id), "accent")], rank=1),
    Column("ROLE", 8, lambda row, now: [(row.role.value, _ROLES[row.role])]),
    Column("VERSION", 8, lambda row, now: [(inert(row.version, 20) if row.version else "-", "text")], rank=3),
    Column("DB SIZE", 9, lambda row, now: _size(row.db_size), "right"),
    Column("IN USE", 9, lambda row, now: _size(row.db_in_use), "right", rank=2),
    Column("TERM/INDEX", 13, _raft, "right", rank=2),
    Column("RTT", 7, _rtt, "right"),
    Column("ENDPOINT, ERRORS", 0, _member_note, least=16),
)


def _clock(row: LoggedEvent, now: float) -> Spans:
    whole = time.strftime("%H:%M:%S", time.localtime(row.at))
    return [(whole, "text"), (f".{int(row.at % 1 * 1000):03d}", "muted")]


def _event_type(row: LoggedEvent, now: float) -> Spans:
    if row.event.is_delete:
        return [("DELETE", "bad")]
    return [("CREATE", "good")] if row.event.is_create else [("PUT", "accent")]


def _event_value(row: LoggedEvent, now: float) -> Spans:
    return [] if row.event.is_delete else [(inert(row.event.head, 200), "muted")]


def _event_size(row: LoggedEvent, now: float) -> Spans:
    return [] if row.event.is_delete else _size(row.event.size)


EVENTS: tuple[Column[LoggedEvent], ...] = (
    Column("TIME", 12, _clock),
    Column("TYPE", 6, _event_type),
    Column("REVISION", 10, lambda row, now: _number(row.event.mod_revision), "right"),
    Column("KEY", 0, lambda row, now: [(inert(row.event.key, 400), "text")], share=3, least=24),
    Column("SIZE", 8, _event_size, "right", rank=2),
    Column("VALUE", 0, _event_value, rank=1, share=2),
)


def _codes(row: MethodCalls, now: float) -> Spans:
    bad = [f"{code} {units.count(number)}" for code, number in sorted(row.codes.items()) if code != "OK"]
    return [(", ".join(bad), "warn")] if bad else [("-", "muted")]


def _open(row: MethodCalls, now: float) -> Spans:
    return [(units.count(row.running), "text" if row.running else "muted")]


def _errors(row: MethodCalls, now: float) -> Spans:
    return [(units.count(row.errors), "bad" if row.errors else "muted")]


def _method(row: MethodCalls, now: float) -> Spans:
    service = row.service.rpartition(".")[2]
    return [(f"{service}/", "muted"), (row.method, "accent")]


CALLS: tuple[Column[MethodCalls], ...] = (
    Column("METHOD", 24, _method),
    Column("TYPE", 11, lambda row, now: [(row.type, "muted")], rank=2),
    Column("CALLS", 8, lambda row, now: _number(row.started), "right"),
    Column("PER SEC", 7, lambda row, now: [(f"{row.rate:.1f}", "text")], "right", rank=1),
    Column("OPEN", 5, _open, "right", rank=1),
    Column("ERRORS", 6, _errors, "right"),
    Column("P50", 8, lambda row, now: [(units.latency(row.quantile(0.5)), "text")], "right"),
    Column("P99", 8, lambda row, now: [(units.latency(row.quantile(0.99)), "text")], "right"),
    Column("CODES", 0, _codes),
)
