"""Decides what can be done in the view of keys, and how a key is gone to from everywhere."""

from collections.abc import Callable
from typing import Any

from etcdobs_explorer.tui import going

from .verb import Verb


def _keys(name: str, help: str, run: Callable[[Any, str], object], key: str = "", **more: Any) -> Verb:
    return Verb(name, help, run, key, scope="keys", **more)


VERBS = (
    Verb(
        "goto",
        "go to a key, loaded or not; \\xNN is a byte",
        going.go_to_typed,
        aliases=("g",),
        argument="KEY",
    ),
    _keys("find-key", "go to a key by its name", lambda view, _: going.ask_where(view), "f", hint="go to"),
    _keys(
        "search",
        "search all keys on the server, or values too",
        going.search,
        "S",
        hint="search",
        argument="TEXT",
    ),
    _keys("bookmark", "bookmark the key or directory, or no more", lambda view, _: going.bookmark(view), "b"),
    _keys("bookmarks", "the bookmarks, to go to one", lambda view, _: going.show_bookmarks(view), "B"),
    _keys("go-back", "the key looked at before", lambda view, _: going.go_back(view, -1), "left_square_bracket"),
    _keys("go-on", "the key looked at after", lambda view, _: going.go_back(view, 1), "right_square_bracket"),
    _keys(
        "separator",
        "part keys at another text, such as : or flat for nowhere",
        lambda view, text: view.app.part_at(text),
        argument="TEXT",
    ),
)

PANES = (
    _keys(
        "zoom",
        "give the focused pane all the room, and back",
        lambda view, _: view.zoom(),
        "z",
        hint="zoom",
    ),
    _keys(
        "overview",
        "leases, members and events below the keys, or not",
        lambda view, _: view.overview(),
        "o",
        hint="overview",
    ),
)
