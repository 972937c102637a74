"""Decides how the library's own values are shown in a notebook: they hold no HTML, it is registered for them."""

from collections.abc import Callable, Iterable
from typing import Any

from etcdobs import (
    CompactResponse,
    DeleteResponse,
    EndpointHealth,
    Event,
    Health,
    KeyValue,
    Lease,
    LeaseTimeToLive,
    Member,
    PutResponse,
    RangeResponse,
    Role,
    StatusResponse,
    TxnResponse,
    User,
    WatchResponse,
)

from .as_html import html
from .as_text import plain
from .blocks import Block, Table
from .limits import Limits
from .results import cluster, keys, written
from .results.cluster import EndpointStatus
from .results.past import changed, kind_of

Draw = Callable[[Any, Limits], Iterable[Block]]


def _event(event: Event, limits: Limits) -> Iterable[Block]:
    return _events((event,), limits)


def _batch(batch: WatchResponse, limits: Limits) -> Iterable[Block]:
    return _events(batch.events[: limits.window(len(batch.events))], limits)


def _events(events: Iterable[Event], limits: Limits) -> Iterable[Block]:
    rows = [
        [
            event.kv.mod_revision,
            kind_of(event),
            event.kv.key,
            changed(event.prev_kv.value if event.prev_kv else None, event.kv.value, limits),
        ]
        for event in events
    ]
    return (Table(["revision", "", "key", "value"], rows, frozenset({"revision"})),)


def _status(status: StatusResponse, limits: Limits) -> Iterable[Block]:
    return cluster.endpoint_status((EndpointStatus("", status, "", 0.0),), limits).blocks()


DRAWN: dict[type, Draw] = {
    KeyValue: keys.kv_blocks,
    RangeResponse: keys.range_blocks,
    PutResponse: written.put_blocks,
    DeleteResponse: written.delete_blocks,
    CompactResponse: written.compact_blocks,
    TxnResponse: written.txn_blocks,
    Lease: written.lease_blocks,
    LeaseTimeToLive: written.time_to_live_blocks,
    Event: _event,
    WatchResponse: _batch,
    Member: lambda member, limits: cluster.members((member,), limits).blocks(),
    StatusResponse: _status,
    Health: lambda health, limits: cluster.health(health, limits).blocks(),
    EndpointHealth: cluster.endpoint_health_blocks,
    User: cluster.user_blocks,
    Role: cluster.role_blocks,
}


def register(shell: Any, limits: Limits) -> None:
    """Show them in this shell."""
    formatters = shell.display_formatter.formatters
    for kind, draw in DRAWN.items():
        formatters["text/html"].for_type(kind, _as_html(draw, limits))
        formatters["text/plain"].for_type(kind, _as_text(draw, limits))


def unregister(shell: Any) -> None:
    """Show them as any other value again."""
    for name in ("text/html", "text/plain"):
        for kind in DRAWN:
            shell.display_formatter.formatters[name].pop(kind, None)


def _as_html(draw: Draw, limits: Limits) -> Callable[[Any], str]:
    return lambda value: str(html(draw(value, limits)))


def _as_text(draw: Draw, limits: Limits) -> Callable[[Any, Any, bool], None]:
    def drawn(value: Any, printer: Any, _cycle: bool) -> None:
        # Within a list or a dict one line each.
        printer.text(repr(value) if len(printer.stack) > 1 else plain(draw(value, limits)))

    return drawn
