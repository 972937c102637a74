"""Decides what can be done in the view of keys."""

from .verb import Verb

VERBS = (
    Verb(
        "zoom",
        "give the focused pane all the room, and back",
        lambda view, _: view.zoom(),
        "z",
        scope="keys",
        hint="zoom",
    ),
    Verb(
        "overview",
        "leases, members and events below the keys, or not",
        lambda view, _: view.overview(),
        "o",
        scope="keys",
        hint="overview",
    ),
)
