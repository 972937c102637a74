"""Decides how the view of keys and their values is listed, and what is said of it."""

from etcdobs_explorer.model import units
from etcdobs_explorer.model.changes import Topic
from etcdobs_explorer.model.key_tree import Row
from etcdobs_explorer.model.state import State
from etcdobs_explorer.tui.widgets.strips import Spans

from .resource import Resource


def _keys_title(state: State, now: float) -> Spans:
    live = ("live", "good") if state.watching else ("not live", "warn")
    return [(units.plural(state.tree.key_count, "name") + " loaded · ", "muted"), live]


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
