"""Decides how the cells of the table of calls are made from model rows."""

from etcdobs_explorer.model import units
from etcdobs_explorer.model.calls import MethodCalls
from etcdobs_explorer.tui.widgets.strips import Spans

from .column import Column, number


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
    Column("CALLS", 8, lambda row, now: number(row.started), "right"),
    Column("PER SEC", 7, lambda row, now: [(f"{row.rate:.1f}", "text")], "right", rank=1),
    Column("OPEN", 5, _open, "right", rank=1),
    Column("ERRORS", 6, _errors, "right"),
    Column("P50", 8, lambda row, now: [(units.latency(row.quantile(0.5)), "text")], "right"),
    Column("P99", 8, lambda row, now: [(units.latency(row.quantile(0.99)), "text")], "right"),
    Column("CODES", 0, _codes),
)
