"""Decides how the cells of the table of traffic are made from model rows."""

from etcdobs_explorer.model import units
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.model.traffic import TrafficRow
from etcdobs_explorer.tui.widgets.sparkline import sparkline
from etcdobs_explorer.tui.widgets.strips import Span, Spans

from .column import Column

_STATES = {"up": "good", "failing": "warn", "silent": "bad", "unused": "muted"}
_SLOW = 0.05
_SPARK = 8


def _name(row: TrafficRow, now: float) -> Spans:
    fold: list[Span] = [("▾ " if row.is_expanded else "▸ ", "muted")] if row.has_parts else [("  ", "text")]
    if row.depth:
        return [("    ", "text"), *(_member(row) if row.depth == 1 else _method(row))]
    return [*fold, *(_method(row) if row.method else _member(row))]


def _method(row: TrafficRow) -> Spans:
    service, _, method = row.method.partition("/")
    return [(f"{service}/", "muted"), (method, "accent")]


def _member(row: TrafficRow) -> Spans:
    dot: Span = ("● ", _STATES.get(row.state, "muted"))
    if row.member:
        return [dot, (inert(row.member, 40), "strong"), (f" {row.endpoint}", "muted")]
    return [dot, (row.endpoint, "strong")]


def _rate(row: TrafficRow, now: float) -> Spans:
    return [(units.rate(row.rate), "text" if row.rate else "muted")]


def _rates(row: TrafficRow, now: float) -> Spans:
    return sparkline(row.rates, _SPARK)


def _latencies(row: TrafficRow, now: float) -> Spans:
    return [] if row.is_stream else sparkline(row.latencies, _SPARK, top=0.001)


def _errors(row: TrafficRow, now: float) -> Spans:
    return [(units.count(row.errors), "bad" if row.errors else "muted")]


def _latency(seconds: float | None) -> Spans:
    if seconds is None:
        return [("-", "muted")]
    return [(units.latency(seconds), "warn" if seconds >= _SLOW else "text")]


def _open(row: TrafficRow, now: float) -> Spans:
    return [(units.count(row.open), "text" if row.open else "muted")]


def _codes(row: TrafficRow, now: float) -> Spans:
    bad = [f"{code} {units.count(number)}" for code, number in sorted(row.codes.items()) if code != "OK"]
    state: Spans = [(f"{row.state}  ", _STATES.get(row.state, "muted"))] if row.state else []
    return [*state, (", ".join(bad), "warn")] if bad else state or [("-", "muted")]


TRAFFIC: tuple[Column[TrafficRow], ...] = (
    Column("MEMBER, METHOD", 0, _name, share=3, least=20),
    Column("PER SEC", 7, _rate, "right"),
    Column("", _SPARK, _rates, rank=2),
    Column("ERRORS", 6, _errors, "right"),
    Column("P50", 7, lambda row, now: _latency(row.p50), "right"),
    Column("P95", 7, lambda row, now: _latency(row.p95), "right"),
    Column("P99", 7, lambda row, now: _latency(row.p99), "right"),
    Column("P95, LATELY", _SPARK + 1, _latencies, rank=3),
    Column("OPEN", 4, _open, "right", rank=4),
    Column("TOTAL", 8, lambda row, now: [(units.count(row.total), "text")], "right", rank=5),
    Column("SINCE THE START", 0, _codes, rank=6, share=2, least=18),
)
