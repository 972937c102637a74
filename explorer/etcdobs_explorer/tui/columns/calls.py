"""Decides how the cells of the log of calls are made from model rows."""

import time

from etcdobs_explorer.model import units
from etcdobs_explorer.model.call_log import SLOW
from etcdobs_explorer.model.calls import OPEN, LoggedCall
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.tui.widgets.strips import Spans

from .column import Column


def _clock(row: LoggedCall, now: float) -> Spans:
    at = row.first.at
    role = "muted" if row.first.is_poll else "text"
    return [(time.strftime("%H:%M:%S", time.localtime(at)), role), (f".{int(at % 1 * 1000):03d}", "muted")]


def _method(row: LoggedCall, now: float) -> Spans:
    service, _, method = row.name.partition("/")
    return [(f"{service}/", "muted"), (method, "muted" if row.first.is_poll else "accent")]


def _keys(row: LoggedCall, now: float) -> Spans:
    return [(inert(row.last.keys, 400), "muted" if row.first.is_poll else "text")]


def _latency(row: LoggedCall, now: float) -> Spans:
    seconds = row.seconds
    if seconds is None:
        return [(units.duration(time.time() - row.first.at), "muted")]
    if row.last.is_stream:
        return [(units.duration(seconds), "muted")]
    return [(units.latency(seconds), "warn" if seconds >= SLOW else "text")]


def _code(row: LoggedCall, now: float) -> Spans:
    code = row.last.code
    role = "bad" if row.last.is_error else "accent" if code == OPEN else "good" if code == "OK" else "muted"
    return [(code, role)]


def _attempts(row: LoggedCall, now: float) -> Spans:
    count = len(row.attempts)
    return [(str(count), "warn" if count > 1 else "muted")]


def _revision(row: LoggedCall, now: float) -> Spans:
    return [(units.count(row.last.revision), "text")] if row.last.revision else [("-", "muted")]


def _member(row: LoggedCall, now: float) -> Spans:
    last = row.last
    if last.member:
        return [(inert(last.member, 40), "text")]
    return [(inert(last.endpoint, 60), "text")] if last.endpoint else [("-", "muted")]


def _bytes(number: int) -> Spans:
    return [(units.size(number), "text" if number else "muted")]


def _line(row: LoggedCall, now: float) -> Spans:
    return [(row.last.line or "-", "muted")]


CALLS: tuple[Column[LoggedCall], ...] = (
    Column("TIME", 12, _clock),
    Column("METHOD", 22, _method),
    Column("KEYS", 0, _keys, share=2, least=16),
    Column("LATENCY", 8, _latency, "right"),
    Column("CODE", 12, _code),
    Column("OUT", 8, lambda row, now: _bytes(row.last.bytes_out), "right", rank=3),
    Column("IN", 8, lambda row, now: _bytes(row.last.bytes_in), "right", rank=2),
    Column("REVISION", 10, _revision, "right", rank=4),
    Column("MEMBER", 12, _member, rank=1),
    Column("TRIES", 5, _attempts, "right", rank=2),
    Column("TRACE", 8, lambda row, now: [(row.last.trace_id[:8] or "-", "muted")], rank=6),
    Column("EQUIVALENT", 0, _line, rank=5, share=3, least=20),
)
