"""Decides how the view of the client's own traffic is listed, and what is said of it."""

from etcdobs_explorer.model import units
from etcdobs_explorer.model.changes import Topic
from etcdobs_explorer.model.state import State
from etcdobs_explorer.tui.columns import TRAFFIC as TRAFFIC_COLUMNS
from etcdobs_explorer.tui.widgets.strips import Spans

from .resource import Resource


def _title(state: State, now: float) -> Spans:
    everything = state.traffic.all
    errors: Spans = [(" · ", "muted"), (units.plural(everything.failed, "error"), "bad")] if everything.failed else []
    window = f"last {min(state.traffic.window, state.traffic.seconds):.0f} s · "
    return [(window, "muted"), (units.plural(everything.total, "call") + " in all", "muted"), *errors]


def _served(state: State) -> Spans:
    return [("  ", "text"), (state.metrics_url, "accent")] if state.metrics_url else []


TRAFFIC = Resource(
    name="traffic",
    key="5",
    aliases=("metrics",),
    help="this explorer's own calls by member and method: rate, errors, latency",
    topic=Topic.TRAFFIC,
    columns=TRAFFIC_COLUMNS,
    source=lambda state: state.traffic,
    identity=lambda row: row.identity,
    title=_title,
    empty=lambda state: [("  no calls yet" if not state.traffic.filter else "  nothing matches the filter", "muted")],
    copy=lambda row: (row.method or row.endpoint).encode(),
    subtitle=_served,
)
