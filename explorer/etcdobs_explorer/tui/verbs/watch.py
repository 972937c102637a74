"""Decides what can be done in the view of changes."""

from .verb import Verb

VERBS = (
    Verb(
        "pause",
        "hold the events still, and let them run again",
        lambda view, _: view.pause(),
        "p",
        scope="watch",
        hint="pause",
    ),
    Verb("follow", "keep the newest event in sight", lambda view, _: view.follow(), "f", scope="watch", hint="follow"),
    Verb("clear", "forget the events seen so far", lambda view, _: view.clear(), "c", scope="watch", hint="clear"),
)
