"""Decides how the reader gets to a key, from wherever they are: by its name, a bookmark, a hit, or back."""

from typing import Any

from etcdobs_explorer.model.changes import Sought
from etcdobs_explorer.model.visits import Goal, toggled
from etcdobs_explorer.model.writes.draft import DraftError, draft

from .messages import Changed, RootChosen, Tell, ViewChosen, Where, Work
from .screens.bookmarks import BookmarksScreen
from .screens.search import SearchScreen
from .screens.target import TargetScreen


def go_to(where: Where, key: bytes, *, is_branch: bool | None = None, is_return: bool = False) -> None:
    """Show the key tree with the cursor on a key; without `is_branch`, what ends with the separator is a directory."""
    separator = where.state.separator
    is_directory = bool(separator) and key.endswith(separator) if is_branch is None else is_branch
    where.post_message(Changed(Sought(key, is_directory, is_return)))
    where.post_message(ViewChosen("keys"))


def go_to_typed(where: Where, text: str) -> None:
    """The same for a key as typed: bytes that are no text are escapes, such as \\xff."""
    try:
        key = draft(b"\xff" if "\\" in text else b"").read(text)
    except DraftError:
        key = text.encode("utf-8", "surrogateescape")
    if key:
        go_to(where, key)
    else:
        where.post_message(Tell("a key is wanted: :goto KEY", "warning"))


def ask_where(view: Any) -> None:
    """Ask for a key to go to; what is typed begins as the directory under the cursor. A whole key may be pasted behind
    that: what begins with the separator is taken as it is."""
    row, tree, separator = view.current(), view.state.tree, view.state.separator
    near: bytes = tree.directory_of(row.key) if row is not None else tree.root

    def named(key: bytes | None) -> None:
        if not key:
            return
        added = key.removeprefix(near)
        is_whole = bool(separator) and near.endswith(separator) and added != key and added.startswith(separator)
        go_to(view, added if is_whole else key)

    view.app.push_screen(TargetScreen("go to key", b"", near), named)


def step_toward(where: Where, goal: Goal) -> tuple[bytes, Any] | None:
    """What leads on to a key is read; answers the row where the way ends, once it is there."""
    tree, separator = where.state.tree, where.state.separator
    if not goal.key.startswith(tree.root):
        where.post_message(RootChosen(b""))
        return None
    step = tree.step_to(goal.key, is_branch=goal.is_branch, tried=goal.tried)
    if step.root is not None:
        where.post_message(RootChosen(step.root))
    elif step.load is not None:
        prefix, around = step.load, step.around
        tree.began(prefix)
        if around:
            goal.tried.add(prefix)
            where.post_message(
                Work(f"load {prefix!r}", lambda feeds: feeds.keys.load_around(prefix, separator, around))
            )
        else:
            where.post_message(Work(f"load {prefix!r}", lambda feeds: feeds.keys.load(prefix, separator)))
    elif step.row is not None and not step.is_there:
        where.post_message(Tell(b"no key " + goal.key + b": here is what comes before it", "warning"))
    return step.row


# -- visits and bookmarks ----------------------------------------------------------------------------------------


def go_back(view: Any, step: int) -> None:
    """To the key before (-1) or after (1) among those looked at."""
    row = view.current()
    if row is not None and row.is_key and step < 0:
        view.visited()
    place = view.state.visits.move(step)
    if place is None:
        view.post_message(Tell("no key was looked at " + ("before this" if step < 0 else "after this"), "warning"))
    else:
        go_to(view, place[0], is_branch=place[1], is_return=True)


def bookmark(view: Any) -> None:
    """Mark the key or directory under the cursor, or no more."""
    row = view.current()
    if row is None or not row.is_key:
        view.post_message(Tell("no key is under the cursor", "warning"))
        return
    done = b"bookmarked " if toggled(view.state.bookmarks, row.key) else b"no bookmark any more: "
    view.post_message(Tell(done + row.key))
    view.marked()


def show_bookmarks(view: Any) -> None:
    """List the bookmarks, to go to one."""

    def chosen(key: bytes | None) -> None:
        view.marked()
        if key is not None:
            go_to(view, key)

    if view.state.bookmarks:
        view.app.push_screen(BookmarksScreen(view.state.bookmarks), chosen)
    else:
        view.post_message(Tell("no bookmarks: b marks the key under the cursor", "warning"))


# -- search ------------------------------------------------------------------------------------------------------


def search(view: Any, text: str = "") -> None:
    """Search all keys on the server; with a text, at once."""
    row, tree = view.current(), view.state.tree
    below = tree.root
    if row is not None:
        below = (
            row.key if row.is_key and row.key.endswith(view.state.separator or b"\0") else tree.directory_of(row.key)
        )

    def chosen(key: bytes | None) -> None:
        view.post_message(Work("search", lambda feeds: feeds.keys.stop_search()))
        if key is not None:
            go_to(view, key, is_branch=False)

    view.app.push_screen(SearchScreen(view.state, tree.root, below, text), chosen)
