"""Decides how the view of a key's history is listed, and what is said of it."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from etcdobs_explorer.feeds import Feeds
from etcdobs_explorer.model import units
from etcdobs_explorer.model.changes import Topic
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.model.trouble import Trouble
from etcdobs_explorer.tui.columns import HISTORY as HISTORY_COLUMNS
from etcdobs_explorer.tui.widgets.strips import Span, Spans

from .resource import Reading, Resource, empty_spans, reason_spans


def _subtitle(state: State) -> Spans:
    return [("  ", "text"), (inert(state.history.key, 300), "strong")] if state.history.key else ()


def _title(state: State, now: float) -> Spans:
    table = state.history
    if table.key is None:
        return ()
    spans: list[Span] = [*reason_spans(table.reason)]
    if table.outdated:
        spans += [(" changed since: r reads again ", "badge-warn"), (" ", "text")]
    if table.loaded:
        spans.append((units.plural(table.count, "revision"), "muted"))
        spans.append((f" · compacted up to {units.count(table.floor)}" if table.floor else " · complete", "muted"))
    return spans


def _empty(state: State) -> Spans:
    if state.history.key is None:
        return [("  H on a key shows its history; so does :history KEY", "muted")]
    return empty_spans(state.history.reason, state.history.loaded, "of this key no revision is kept")


def past_spans(state: State) -> Spans:
    """As of when the keys are shown, where that is not now."""
    revision = state.past.revision
    return [(f" as of revision {units.count(revision)} ", "badge-warn"), (" ", "text")] if revision else ()


def _again(feeds: Feeds, state: State, rows: Sequence[Any], now: float) -> Callable[[], Awaitable[object]] | None:
    table = state.history
    if table.key is None or Trouble.REFUSED in state.connection.troubles or not table.due(state.touched):
        return None
    return partial(feeds.history.read, table.key, table.count)


def _whole(feeds: Feeds, state: State, rows: Sequence[Any], now: float) -> Callable[[], Awaitable[object]] | None:
    table = state.history
    if table.key is None or table.loading:
        return None
    return partial(feeds.history.read, table.key, table.count)


HISTORY = Resource(
    name="history",
    key="7",
    aliases=("hist", "revisions"),
    help="what happened to a key, revision by revision",
    topic=Topic.HISTORY,
    columns=HISTORY_COLUMNS,
    source=lambda state: state.history,
    identity=lambda row: (row.kind, row.record.revision),
    title=_title,
    empty=_empty,
    copy=lambda row: b"%d" % row.record.revision,
    subtitle=_subtitle,
    # The second is due when the view is shown, and when the reader asks for it.
    readings=(Reading("history", 1.0, _again), Reading("history again", 1e9, _whole)),
)
