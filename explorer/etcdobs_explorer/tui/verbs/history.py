"""Decides what can be done with a key's history, and how the keys are seen as they were."""

from typing import Any

from etcdobs_explorer.feeds import Feeds
from etcdobs_explorer.model import units
from etcdobs_explorer.model.changes import HistoryOpened, Sought
from etcdobs_explorer.model.history import revision_of
from etcdobs_explorer.model.key_tree import RowKind
from etcdobs_explorer.tui.messages import Changed, Tell, ViewChosen, Where, Work
from etcdobs_explorer.tui.screens.diff import DiffScreen

from .verb import Verb


def open_history(where: Where, key: bytes) -> None:
    """Go to the history of a key."""
    where.post_message(Changed(HistoryOpened(key)))
    where.post_message(Work("history", lambda feeds: feeds.history.read(key)))
    where.post_message(ViewChosen("history"))


def travel(where: Where, revision: int, key: bytes = b"") -> None:
    """Show the keys as of a revision, once it is known that they can be read; with a `key`, where that is."""
    root = where.state.tree.root

    async def went(feeds: Feeds) -> None:
        error = await feeds.history.travel(root, revision)
        if error is not None:
            where.app.post_message(Tell(error.reason, "warning"))
            return
        where.app.post_message(ViewChosen("keys"))
        if key:
            where.app.post_message(Changed(Sought(key, False)))

    where.post_message(Work("travel", went))


def travel_to(where: Where, text: str) -> None:
    """Show the keys as of a revision that was typed: `1234`, or `-10` for ten revisions ago."""
    try:
        revision = revision_of(text, where.state.connection.revision)
    except ValueError as error:
        where.post_message(Tell(str(error), "warning"))
    else:
        selection = where.state.selection
        travel(where, revision, b"" if selection.is_branch else selection.key)


def _come_back(where: Where, _: str) -> None:
    """Show the keys as they are."""
    if where.state.past.revision:
        where.post_message(Work("travel", lambda feeds: feeds.history.come_back()))
    else:
        where.post_message(Tell(f"the keys are as of now, revision {units.count(where.state.connection.revision)}"))


def _of_key(view: Any, typed: str) -> None:
    row = view.current()
    if typed:
        open_history(view, typed.encode("utf-8", "surrogateescape"))
    elif row is not None and row.kind is RowKind.LEAF:
        open_history(view, row.key)


def _of_event(view: Any, _: str) -> None:
    row = view.current()
    if row is not None:
        open_history(view, row.event.key)


def _mark(view: Any, _: str) -> None:
    selection = view.state.selection
    view.state.marked = None if selection.missing else selection.entry
    if view.state.marked is None:
        view.post_message(Tell("no value is here to be marked", "warning"))
    else:
        view.post_message(Tell(b"marked %s: D on another key compares with it" % selection.key))


def _compare(view: Any, _: str) -> None:
    marked, entry = view.state.marked, view.state.selection.entry
    if marked is None:
        view.post_message(Tell("m marks the key to compare with first", "warning"))
    elif entry is not None:
        view.app.push_screen(DiffScreen((marked.key, marked.value), (entry.key, entry.value)))


def _ask(view: Any, _: str) -> None:
    view.ask(":")
    view.prompt.ask(":", "at ")


VERBS = (
    Verb("key-history", "the history of the key", _of_key, "H", scope="keys", hint="history", argument="[KEY]"),
    Verb("key-history", "the history of the key", _of_event, "H", scope="watch"),
    Verb("mark", "mark the key to compare with", _mark, "m", scope="keys"),
    Verb("diff", "the difference to the marked key", _compare, "D", scope="keys"),
    Verb("tree-at", "the tree as of a revision: N, or -N for N revisions ago", _ask, "t", scope="keys"),
    Verb("now", "the keys as they are now, not as of a revision", _come_back, "T"),
    Verb(
        "at",
        "the keys as of a revision: N, or -N for N revisions ago",
        travel_to,
        argument="REVISION",
    ),
    Verb("mark", "mark the revision to compare with", lambda view, _: view.mark(), "m", scope="history", hint="mark"),
    Verb(
        "diff",
        "the difference to the marked revision",
        lambda view, _: view.compare_with_mark(),
        "D",
        scope="history",
        hint="diff with mark",
    ),
    Verb(
        "restore",
        "write the value of the revision under the cursor again",
        lambda view, _: view.restore(),
        "R",
        scope="history",
        hint="restore",
        writes=True,
    ),
    Verb(
        "tree",
        "all keys as of the revision under the cursor",
        lambda view, _: view.travel(),
        "t",
        scope="history",
        hint="tree then",
    ),
)
