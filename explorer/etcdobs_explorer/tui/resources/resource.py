"""Decides what a view of the cluster is: one declaration of name, key, rows, columns and what it says about itself."""

from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from etcdobs_explorer.feeds import Feeds
from etcdobs_explorer.model.changes import Topic
from etcdobs_explorer.model.filter import Filter
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.tui.columns import Column
from etcdobs_explorer.tui.widgets.strips import Spans

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
class Reading:
    """Something that is read again every `period` seconds while it is in sight. `work` says what to wait for, given
    the rows in sight and the monotonic time; None: nothing this time."""

    name: str
    period: float
    work: Callable[[Feeds, State, Sequence[Any], float], Callable[[], Awaitable[object]] | None]


@dataclass(frozen=True)
class Resource(Generic[R]):
    """A view of the cluster.

    `source` holds the rows, `identity` tells one from another; `title` says what the list amounts to, `empty` why
    there is nothing in it; `copy` is what goes to the clipboard; `brief` are the columns in the overview, if any;
    `subtitle` follows the name; `readings` are repeated
    while the view is in sight."""

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
    readings: tuple[Reading, ...] = ()


def reason_spans(reason: bytes) -> Spans:
    """Why the list could not be read, before what the title says."""
    return [("✗ ", "bad"), (inert(reason, 60), "bad"), (" · ", "muted")] if reason else []


def empty_spans(reason: bytes, loaded: bool, text: str) -> Spans:
    """Why there are no rows: the reason of a failure, still loading, or `text`."""
    if reason:
        return [("  ✗ ", "bad"), (inert(reason, 1000), "bad")]
    return [(f"  {text}" if loaded else "  loading…", "muted")]
