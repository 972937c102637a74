"""Decides what can be done in the view of the client's own traffic."""

from .verb import Verb

VERBS = (
    Verb(
        "window",
        "rates, errors and latencies of the last 10, 30 or 60 seconds",
        lambda view, _: view.next_window(),
        "w",
        scope="traffic",
        hint="window",
    ),
    Verb(
        "parts",
        "each member's methods and each method's members, or not",
        lambda view, _: view.toggle_all(),
        "x",
        scope="traffic",
        hint="parts",
    ),
)
