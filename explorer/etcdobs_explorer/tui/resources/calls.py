"""Decides how the log of the client's own calls is listed, and what is said of it."""

from typing import Any

from etcdobs_explorer.model import units
from etcdobs_explorer.model.changes import Topic
from etcdobs_explorer.model.state import State
from etcdobs_explorer.tui.columns import CALLS as CALL_COLUMNS
from etcdobs_explorer.tui.widgets.strips import Spans

from .resource import Reading, Resource


def _title(state: State, now: float) -> Spans:
    log = state.calls
    spans: list[tuple[Any, str]] = []
    if log.paused:
        spans += [(f" paused · {units.count(log.waiting)} waiting ", "badge"), (" ", "text")]
    shown = f"{units.count(len(log.rows))} of " if log.filter else ""
    spans.append((shown + units.plural(log.held, "call"), "muted"))
    if log.total > log.held:
        spans.append((f" · {units.count(log.total - log.held)} older let go", "muted"))
    if log.errors:
        spans += [(" · ", "muted"), (units.plural(log.errors, "error"), "bad")]
    return spans


def _empty(state: State) -> Spans:
    return [("  no call matches the filter" if state.calls.filter else "  no calls yet", "muted")]


CALLS = Resource(
    name="calls",
    key="6",
    aliases=("c", "rpcs"),
    help="every call of this explorer, with its etcdctl line",
    topic=Topic.CALLS,
    columns=CALL_COLUMNS,
    source=lambda state: state.calls,
    identity=lambda row: row.number,
    title=_title,
    empty=_empty,
    copy=lambda row: (row.last.line or row.name).encode(),
    readings=(Reading("calls", 0.25, lambda feeds, state, rows, now: feeds.traffic.calls),),
)
