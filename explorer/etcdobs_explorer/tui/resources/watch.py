"""Decides how the watches and the events of one are listed, and what is said of them."""

from dataclasses import replace

from etcdobs_explorer.model import units
from etcdobs_explorer.model.changes import Topic
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.watch_log import Kinds, LoggedEvent, WatchLog
from etcdobs_explorer.model.watches import Phase, Watch
from etcdobs_explorer.tui.columns import EVENTS as EVENT_COLUMNS
from etcdobs_explorer.tui.columns import WATCHES as WATCH_COLUMNS
from etcdobs_explorer.tui.columns import picked
from etcdobs_explorer.tui.columns.watch import watched
from etcdobs_explorer.tui.widgets.strips import Span, Spans

from .resource import Resource, empty_spans


def _log_title(log: WatchLog) -> Spans:
    spans: list[Span] = []
    if log.paused:
        lost = f", {units.count(log.missed)} lost" if log.missed else ""
        spans += [(f" paused · {units.count(log.waiting)} waiting{lost} ", "badge"), (" ", "text")]
        if log.missed:
            return spans
    elif log.is_filtered:
        spans.append((f"{units.count(len(log.rows))} shown of ", "muted"))
    if not log.paused:
        spans.append((units.plural(log.total, "event"), "muted"))
    if log.dropped:
        spans.append((f" · {units.count(log.dropped)} dropped", "warn"))
    return spans


def _subtitle(state: State) -> Spans:
    watch = state.watches.chosen
    kinds: Spans = [(f"  {watch.log.kinds.value} only", "strong")] if watch.log.kinds is not Kinds.ALL else []
    return [("  ", "text"), *watched(watch.spec), *kinds]


def _empty(watch: Watch) -> Spans:
    if watch.phase is Phase.COMPACTED:
        start = units.count(watch.history_start)
        return [(f"  history starts at revision {start} · R watches from there", "warn")]
    if watch.reason:
        return empty_spans(watch.reason, True, "")
    if watch.log.is_filtered and watch.log.total:
        return [("  no event matches the filter", "muted")]
    return empty_spans(b"", watch.phase is Phase.LIVE, "no changes yet: they appear here as they happen")


def _watches_title(state: State, now: float) -> Spans:
    over = sum(watch.phase.is_over for watch in state.watches.rows)
    ended: Spans = [(" · ", "muted"), (f"{over} ended", "bad")] if over else []
    return [(units.plural(len(state.watches.rows), "watch", "watches"), "muted"), *ended]


def _feed(state: State) -> WatchLog:
    return state.log


def _feed_title(state: State, now: float) -> Spans:
    return [*_log_title(state.log), (f" · {state.log.rate(now):.0f}/s", "muted")]


def _feed_empty(state: State) -> Spans:
    return _empty(state.watches.builtin)


def _no_subtitle(state: State) -> Spans:
    return ()


WATCH: Resource[LoggedEvent] = Resource(
    name="watch",
    key="4",
    aliases=("w", "events"),
    help="changes as they happen, of several watches",
    topic=Topic.LOG,
    columns=EVENT_COLUMNS,
    source=lambda state: state.watches.chosen.log,
    identity=lambda row: row.number,
    title=lambda state, now: _log_title(state.watches.chosen.log),
    empty=lambda state: _empty(state.watches.chosen),
    copy=lambda row: row.event.key,
    brief=picked(EVENT_COLUMNS, {"TIME": 12, "TYPE": 6, "KEY": 0, "VALUE": 0}),
    subtitle=_subtitle,
)

FEED = replace(WATCH, source=_feed, title=_feed_title, empty=_feed_empty, subtitle=_no_subtitle)

WATCHES: Resource[Watch] = Resource(
    name="watches",
    key="",
    aliases=(),
    help="the watches",
    topic=Topic.LOG,
    columns=WATCH_COLUMNS,
    source=lambda state: state.watches,
    identity=lambda row: row.id,
    title=_watches_title,
    empty=lambda state: (),
    copy=lambda row: row.spec.key,
)
