"""Decides how the view of changes is listed, and what is said of it."""

from typing import Any

from etcdobs_explorer.model import units
from etcdobs_explorer.model.changes import Topic
from etcdobs_explorer.model.state import State
from etcdobs_explorer.tui.columns import EVENTS as EVENT_COLUMNS
from etcdobs_explorer.tui.columns import picked
from etcdobs_explorer.tui.widgets.strips import Spans

from .resource import Resource, empty_spans


def _watch_title(state: State, now: float) -> Spans:
    log = state.log
    spans: list[tuple[Any, str]] = []
    if log.paused:
        spans += [(f" paused · {units.count(log.waiting)} waiting ", "badge"), (" ", "text")]
    spans.append((f"{units.plural(log.total, 'event')} · {log.rate(now):.0f}/s", "muted"))
    if log.dropped:
        spans.append((f" · {units.count(log.dropped)} dropped", "warn"))
    return spans


def _watch_empty(state: State) -> Spans:
    if state.watch_reason:
        return empty_spans(state.watch_reason, True, "")
    if state.log.filter and state.log.total:
        return [("  no event matches the filter", "muted")]
    return empty_spans(b"", state.watching, "no changes yet: they appear here as they happen")


WATCH = Resource(
    name="watch",
    key="4",
    aliases=("w", "events"),
    help="changes as they happen",
    topic=Topic.LOG,
    columns=EVENT_COLUMNS,
    source=lambda state: state.log,
    identity=lambda row: row.number,
    title=_watch_title,
    empty=_watch_empty,
    copy=lambda row: row.event.key,
    brief=picked(EVENT_COLUMNS, {"TIME": 12, "TYPE": 6, "KEY": 0, "VALUE": 0}),
)
