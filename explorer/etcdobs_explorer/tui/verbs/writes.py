"""Decides what can be changed from the view of keys: each of these shows a plan before anything is written."""

from etcdobs_explorer.tui.screens import changing

from .verb import Verb

VERBS = (
    Verb(
        "new", "a new key", lambda view, _: changing.new_key(view), "n", ("create", "put"), "keys", "new", writes=True
    ),
    Verb("edit", "edit the value here", lambda view, _: changing.edit_here(view), "e", (), "keys", "edit", writes=True),
    Verb(
        "editor",
        "edit the value with $EDITOR",
        lambda view, _: changing.edit_outside(view),
        "E",
        scope="keys",
        writes=True,
    ),
    Verb(
        "delete",
        "delete the key, or all keys of the directory",
        lambda view, _: changing.delete(view),
        "d",
        ("del",),
        "keys",
        "delete",
        writes=True,
    ),
    Verb(
        "rename",
        "rename the key or the directory",
        lambda view, name: changing.transfer(view, name, move=True),
        "R",
        ("mv", "move"),
        "keys",
        argument="TARGET",
        writes=True,
    ),
    Verb(
        "copy-to",
        "copy the key or the directory",
        lambda view, name: changing.transfer(view, name, move=False),
        "c",
        ("cp",),
        "keys",
        argument="TARGET",
        writes=True,
    ),
    Verb(
        "undo",
        "take the last write of this session back",
        lambda view, _: changing.undo(view, view.state.journal.last_to_undo()),
        "u",
        scope="keys",
        writes=True,
    ),
)
