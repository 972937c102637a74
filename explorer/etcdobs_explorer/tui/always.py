"""Decides what is read again and again, whatever is in sight."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from etcdobs_explorer.feeds import Feeds
from etcdobs_explorer.model.directory import Loading
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.trouble import Trouble

from .resources import Reading


def _unsure(feeds: Feeds, state: State, rows: Sequence[Any], now: float) -> Callable[[], Awaitable[object]] | None:
    """A few of the directories that may have become empty."""
    few = sorted(state.unsure)[:20]
    state.unsure -= set(few)
    return partial(feeds.keys.verify, few) if few else None


def _refused(feeds: Feeds, state: State, rows: Sequence[Any], now: float) -> Callable[[], Awaitable[object]] | None:
    """While the password is not taken, one look whether it is by now: it may have been put right on the server."""
    tree = state.tree
    top = tree.directory(tree.root)
    if Trouble.REFUSED not in state.connection.troubles or top.loading is Loading.RUNNING:
        return None
    return partial(feeds.keys.load, tree.root, tree.separator, len(top.children), top.start)


ALWAYS = (
    Reading("status", 2.0, lambda feeds, state, rows, now: feeds.cluster.status),
    Reading("verify", 1.0, _unsure),
    Reading("refused", 5.0, _refused),
    Reading("traffic", 1.0, lambda feeds, state, rows, now: feeds.traffic.sample),
)
