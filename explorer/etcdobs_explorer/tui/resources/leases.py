"""Decides how the view of leases is listed, and what is said of it."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from etcdobs_explorer.feeds import Feeds
from etcdobs_explorer.model import units
from etcdobs_explorer.model.changes import Topic
from etcdobs_explorer.model.leases import LeaseTable, Order
from etcdobs_explorer.model.state import State
from etcdobs_explorer.tui.columns import LEASES as LEASE_COLUMNS
from etcdobs_explorer.tui.columns import picked
from etcdobs_explorer.tui.widgets.strips import Spans

from .resource import Reading, Resource, empty_spans, reason_spans


def _leases_title(state: State, now: float) -> Spans:
    table = state.leases
    kept: Spans = [(" · ", "muted"), (f"♥ {units.count(len(table.kept))} kept alive", "good")] if table.kept else []
    expiring = sum(1 for row in table.rows if (left := row.remaining(now)) is not None and left < 10)
    soon: Spans = [(" · ", "muted"), (f"{expiring} within 10s", "warn")] if expiring else []
    return [
        *reason_spans(table.reason),
        (units.plural(len(table.rows), "lease"), "muted"),
        *_order(table),
        *soon,
        *kept,
    ]


def _order(table: LeaseTable) -> Spans:
    """What they are sorted by, and of how many that is known: details are read of those in sight only."""
    if table.order is Order.ID:
        return ()
    unread = table.looked_at < len(table.rows)
    among = f" among the {units.count(table.looked_at)} looked at" if unread else ""
    return [(f" · by {table.order.value}{among}", "muted")]


def _details(feeds: Feeds, state: State, rows: Sequence[Any], now: float) -> Callable[[], Awaitable[object]] | None:
    due = state.leases.due(rows, now)
    return partial(feeds.leases.leases, due) if due else None


LEASES = Resource(
    name="leases",
    key="2",
    aliases=("l", "lease"),
    help="leases with their countdown and keys",
    topic=Topic.LEASES,
    columns=LEASE_COLUMNS,
    source=lambda state: state.leases,
    identity=lambda row: row.id,
    title=_leases_title,
    empty=lambda state: empty_spans(state.leases.reason, state.leases.loaded, "no leases"),
    copy=lambda row: units.hex_id(row.id).encode(),
    brief=picked(LEASE_COLUMNS, {"FIRST KEY": 0, "REMAINING": 7, "": 10}),
    readings=(
        Reading("lease_ids", 10.0, lambda feeds, state, rows, now: feeds.leases.lease_ids),
        Reading("leases", 0.5, _details),
    ),
)
