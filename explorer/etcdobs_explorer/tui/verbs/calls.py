"""Decides what can be done in the log of the client's own calls."""

from .verb import Verb

VERBS = (
    Verb("pause", "hold the calls still, and let them run again", lambda view, _: view.pause(), "p",
         scope="calls", hint="pause"),
    Verb("follow", "keep the newest call in sight", lambda view, _: view.follow(), "f", scope="calls", hint="follow"),
    Verb("slow", "calls from 50 ms on, or all; in a filter slow:200ms too", lambda view, _: view.toggle_word("slow"),
         "s", scope="calls", hint="slow"),
    Verb("errors", "calls of which an attempt failed, or all", lambda view, _: view.toggle_word("errors"), "e",
         scope="calls", hint="errors"),
    Verb("polls", "without what the explorer repeats by itself, or with it", lambda view, _: view.toggle_word("!poll"),
         "o", scope="calls", hint="polls"),
    Verb("clear", "forget the calls seen so far", lambda view, _: view.clear(), "c", scope="calls", hint="clear"),
)  # fmt: skip
