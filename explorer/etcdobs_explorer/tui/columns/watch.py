"""Decides how the cells of the watch log are made from model rows."""

import time

from etcdobs_explorer.model.text import inert
from etcdobs_explorer.model.watch_log import LoggedEvent
from etcdobs_explorer.tui.widgets.strips import Spans

from .column import Column, number, size


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
    return [] if row.event.is_delete else size(row.event.size)


EVENTS: tuple[Column[LoggedEvent], ...] = (
    Column("TIME", 12, _clock),
    Column("TYPE", 6, _event_type),
    Column("REVISION", 10, lambda row, now: number(row.event.mod_revision), "right"),
    Column("KEY", 0, lambda row, now: [(inert(row.event.key, 400), "text")], share=3, least=24),
    Column("SIZE", 8, _event_size, "right", rank=2),
    Column("VALUE", 0, _event_value, rank=1, share=2),
)
