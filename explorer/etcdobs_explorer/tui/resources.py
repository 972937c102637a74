"""Decides which views there are: each one declaration of name, key, rows, columns and what it says about itself."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from etcdobs_explorer.model import units
from etcdobs_explorer.model.changes import Topic
from etcdobs_explorer.model.filter import Filter
from etcdobs_explorer.model.key_tree import Row
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.text import inert

from . import columns
from .columns import Column
from .widgets.strips import Spans

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Source(Protocol[R_co]):
    """The part of the state that a view lists."""

    filter: Filter

    @property
    def rows(self) -> Sequence[R_co]: ...
    def set_filter(self, text: str) -> None: ...
    def index_of(self, identity: Any, /) -> int | None: ...


@dataclass(frozen=True)
class Resource(Generic[R]):
    """A view of the cluster.

    `source` holds the rows, `identity` tells one from another; `title` says what the list amounts to, `empty` why
    there is nothing in it; `copy` is what goes to the clipboard; `brief` are the columns in the overview, if any;
    `subtitle` follows the name."""

    name: str
    key: str
    aliases: tuple[str, ...]
    help: str
    topic: Topic
    columns: tuple[Column[R], ...]
    source: Callable[[State], Source[R]]
    identity: Callable[[R], Hashable]
    title: Callable[[State, float], Spans]
    empty: Callable[[State], Spans]
    copy: Callable[[R], bytes]
    brief: tuple[Column[R], ...] = ()
    subtitle: Callable[[State], Spans] = lambda state: ()


def _keys_title(state: State, now: float) -> Spans:
    live = ("live", "good") if state.watching else ("not live", "warn")
    return [(units.plural(state.tree.key_count, "name") + " loaded · ", "muted"), live]


def _leases_title(state: State, now: float) -> Spans:
    table = state.leases
    expiring = sum(1 for row in table.rows if (left := row.remaining(now)) is not None and left < 10)
    soon: Spans = [(" · ", "muted"), (f"{expiring} within 10s", "warn")] if expiring else []
    return [*_reason(table.reason), (units.plural(len(table.rows), "lease"), "muted"), *soon]


def _members_title(state: State, now: float) -> Spans:
    table = state.members
    down: Spans = [(" · ", "muted"), (f"{table.down} down", "bad")] if table.down else []
    return [*_reason(table.reason), (units.plural(len(table.rows), "member"), "muted"), *down]


def _watch_title(state: State, now: float) -> Spans:
    log = state.log
    spans: list[tuple[Any, str]] = []
    if log.paused:
        spans += [(f" paused · {units.count(log.waiting)} waiting ", "badge"), (" ", "text")]
    spans.append((f"{units.plural(log.total, 'event')} · {log.rate(now):.0f}/s", "muted"))
    if log.dropped:
        spans.append((f" · {units.count(log.dropped)} dropped", "warn"))
    return spans


def _calls_title(state: State, now: float) -> Spans:
    started, failed = state.calls.totals
    errors: Spans = [(" · ", "muted"), (units.plural(failed, "error"), "bad")] if failed else []
    return [(units.plural(started, "call") + " by this process", "muted"), *errors]


def _served(state: State) -> Spans:
    return [("  ", "text"), (state.metrics_url, "accent")] if state.metrics_url else []


def _reason(reason: bytes) -> Spans:
    return [("✗ ", "bad"), (inert(reason, 60), "bad"), (" · ", "muted")] if reason else []


def _empty(reason: bytes, loaded: bool, text: str) -> Spans:
    if reason:
        return [("  ✗ ", "bad"), (inert(reason, 1000), "bad")]
    return [(f"  {text}" if loaded else "  loading…", "muted")]


def _watch_empty(state: State) -> Spans:
    if state.watch_reason:
        return _empty(state.watch_reason, True, "")
    if state.log.filter and state.log.total:
        return [("  no event matches the filter", "muted")]
    return _empty(b"", state.watching, "no changes yet: they appear here as they happen")


KEYS: Resource[Row] = Resource(
    name="keys",
    key="1",
    aliases=("k", "tree"),
    help="the key tree and the value under the cursor",
    topic=Topic.TREE,
    columns=(),
    source=lambda state: state.tree,
    identity=lambda row: row.identity,
    title=_keys_title,
    empty=lambda state: (),
    copy=lambda row: row.key,
)
LEASES = Resource(
    name="leases",
    key="2",
    aliases=("l", "lease"),
    help="leases with their countdown and keys",
    topic=Topic.LEASES,
    columns=columns.LEASES,
    source=lambda state: state.leases,
    identity=lambda row: row.id,
    title=_leases_title,
    empty=lambda state: _empty(state.leases.reason, state.leases.loaded, "no leases"),
    copy=lambda row: units.hex_id(row.id).encode(),
    brief=columns.picked(columns.LEASES, {"FIRST KEY": 0, "REMAINING": 7, "": 10}),
)
MEMBERS = Resource(
    name="members",
    key="3",
    aliases=("m", "member", "endpoints"),
    help="members: role, size, raft position, errors",
    topic=Topic.MEMBERS,
    columns=columns.MEMBERS,
    source=lambda state: state.members,
    identity=lambda row: row.id,
    title=_members_title,
    empty=lambda state: _empty(state.members.reason, state.members.loaded, "no members"),
    copy=lambda row: units.hex_id(row.id).encode(),
    brief=columns.picked(columns.MEMBERS, {"NAME": 11, "ROLE": 8, "DB SIZE": 8, "RTT": 7, "ENDPOINT, ERRORS": 0}),
)
WATCH = Resource(
    name="watch",
    key="4",
    aliases=("w", "events"),
    help="changes as they happen",
    topic=Topic.LOG,
    columns=columns.EVENTS,
    source=lambda state: state.log,
    identity=lambda row: row.number,
    title=_watch_title,
    empty=_watch_empty,
    copy=lambda row: row.event.key,
    brief=columns.picked(columns.EVENTS, {"TIME": 12, "TYPE": 6, "KEY": 0, "VALUE": 0}),
)
CALLS = Resource(
    name="calls",
    key="5",
    aliases=("c", "metrics"),
    help="this explorer's own calls: count, errors, latency",
    topic=Topic.CALLS,
    columns=columns.CALLS,
    source=lambda state: state.calls,
    identity=lambda row: row.identity,
    title=_calls_title,
    empty=lambda state: [("  no calls yet", "muted")],
    copy=lambda row: f"/{row.service}/{row.method}".encode(),
    subtitle=_served,
)
RESOURCES: tuple[Resource[Any], ...] = (KEYS, LEASES, MEMBERS, WATCH, CALLS)
