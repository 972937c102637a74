"""Decides what can be done in the view of changes, and how a key is watched from where it is seen."""

from collections.abc import Callable
from typing import Any

from etcdobs_explorer.model.key_tree import RowKind
from etcdobs_explorer.model.watches import WatchSpec
from etcdobs_explorer.tui.messages import Tell
from etcdobs_explorer.tui.watching import begin_and_show

from .verb import Verb


def _watch_this(view: Any, _: str) -> None:
    """The key or directory under the cursor; of a tree of the past, what happened since."""
    row = view.current()
    if row is None or row.kind not in (RowKind.BRANCH, RowKind.LEAF):
        view.post_message(Tell("nothing to watch here", "warning"))
        return
    past = view.state.past.revision
    begin_and_show(view, WatchSpec(row.key, row.kind is RowKind.BRANCH, past + 1 if past else 0))


def _watch(name: str, help: str, run: Callable[[Any, str], object], key: str = "", **more: Any) -> Verb:
    return Verb(name, help, run, key, scope="watch", **more)


VERBS = (
    Verb("watch-this", "watch the key, or all keys below the directory", _watch_this, "w", scope="keys", hint="watch"),
    _watch(
        "new", "another watch, of a key or a prefix", lambda view, key: view.new(key), "n", argument="KEY", hint="new"
    ),
    _watch("remove", "end the watch and forget it", lambda view, _: view.forget(), "d", hint="remove"),
    _watch("pause", "hold the events still, and let them run again", lambda view, _: view.pause(), "p", hint="pause"),
    _watch("go-to-key", "the event's key, in the key tree", lambda view, _: view.go_to_key(), "o", hint="go to key"),
    _watch("follow", "keep the newest event in sight", lambda view, _: view.follow(), "f", hint="follow"),
    _watch(
        "record",
        "append the events to a file, or stop that",
        lambda view, path: view.record(path),
        "s",
        argument="FILE",
        hint="record",
    ),
    _watch("clear", "forget the events seen so far", lambda view, _: view.clear(), "c", hint="clear"),
    _watch(
        "only",
        "puts only, deletes only, all again",
        lambda view, kinds: view.kinds(kinds),
        "t",
        argument="puts|deletes|all",
        hint="type",
    ),
    _watch("restart", "go on with a watch that has ended", lambda view, _: view.restart(), "R"),
    _watch("difference", "what the event changed", lambda view, _: view.inspect(), aliases=("diff",)),
)
