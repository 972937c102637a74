"""Decides how the view of keys and their values is listed, and what is said of it."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from etcdobs_explorer.feeds import Feeds
from etcdobs_explorer.model import units
from etcdobs_explorer.model.changes import Topic
from etcdobs_explorer.model.key_tree import Row
from etcdobs_explorer.model.state import State
from etcdobs_explorer.tui.widgets.strips import Spans

from .history import past_spans
from .resource import Reading, Resource

OBJECTS = "objects"


def _keys_title(state: State, now: float) -> Spans:
    if state.past.revision:
        return past_spans(state)
    live = ("live", "good") if state.watching and not state.connection.is_stale else ("not live", "warn")
    looking: Spans = [("looking… ", "warn")] if state.tree.is_sifting else ()
    return [*looking, (units.plural(state.tree.key_count, "name") + " loaded · ", "muted"), live]


def _objects(feeds: Feeds, state: State, rows: Sequence[Row], now: float) -> Callable[[], Awaitable[object]] | None:
    """The Kubernetes objects of the keys in sight; of the past none are read."""
    keys = [] if state.past.revision else state.objects.wanted(rows, state.separator)
    return partial(feeds.keys.objects, keys) if keys else None


KEYS: Resource[Row] = Resource(
    name="keys",
    key="1",
    aliases=("k",),
    help="the key tree and the value under the cursor",
    topic=Topic.TREE,
    columns=(),
    source=lambda state: state.tree,
    identity=lambda row: row.identity,
    title=_keys_title,
    empty=lambda state: (),
    copy=lambda row: row.key,
    readings=(Reading(OBJECTS, 0.25, _objects),),
)
