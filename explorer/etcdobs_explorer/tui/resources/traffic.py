"""Decides how the view of this process's own calls is listed, and what is said of it."""

from etcdobs_explorer.model import units
from etcdobs_explorer.model.changes import Topic
from etcdobs_explorer.model.state import State
from etcdobs_explorer.tui.columns import CALLS as CALL_COLUMNS
from etcdobs_explorer.tui.widgets.strips import Spans

from .resource import Reading, Resource


def _calls_title(state: State, now: float) -> Spans:
    started, failed = state.calls.totals
    errors: Spans = [(" · ", "muted"), (units.plural(failed, "error"), "bad")] if failed else []
    return [(units.plural(started, "call") + " by this process", "muted"), *errors]


def _served(state: State) -> Spans:
    return [("  ", "text"), (state.metrics_url, "accent")] if state.metrics_url else []


CALLS = Resource(
    name="calls",
    key="5",
    aliases=("c", "metrics"),
    help="this explorer's own calls: count, errors, latency",
    topic=Topic.CALLS,
    columns=CALL_COLUMNS,
    source=lambda state: state.calls,
    identity=lambda row: row.identity,
    title=_calls_title,
    empty=lambda state: [("  no calls yet", "muted")],
    copy=lambda row: f"/{row.service}/{row.method}".encode(),
    subtitle=_served,
    readings=(Reading("calls", 1.0, lambda feeds, state, rows, now: feeds.traffic.calls),),
)
