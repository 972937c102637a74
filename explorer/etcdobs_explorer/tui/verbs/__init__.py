"""Decides by which names and keys things are done: one registry feeds the keys, the `:` bar, the palette, the help."""

from . import calls, everywhere, history, journal, keys, leases, traffic, value, watch, writes
from .verb import Verb

VERBS: tuple[Verb, ...] = (
    *everywhere.VIEWS,
    *keys.VERBS,
    *writes.VERBS,
    *value.VERBS,
    *keys.PANES,
    *watch.VERBS,
    *traffic.VERBS,
    *calls.VERBS,
    *history.VERBS,
    *leases.VERBS,
    *journal.VERBS,
    *everywhere.VERBS,
)

_GLYPHS = {
    "slash": "/",
    "comma": ",",
    "semicolon": ";",
    "full_stop": ".",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "colon": ":",
    "question_mark": "?",
    "minus": "-",
    "escape": "Esc",
    "enter": "Enter",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "home": "Home",
    "end": "End",
    "tab": "Tab",
    "space": "Space",
}


def shown_key(keys: str) -> str:
    """A binding's keys as they are printed on a keyboard."""
    names = keys.split(",")
    return " ".join(_GLYPHS.get(name, name.replace("ctrl+", "^")) for name in names)


def find_verb(name: str, view: str) -> Verb | None:
    """The verb of that name or alias; the one that holds in the view comes first."""
    named = [verb for verb in VERBS if name == verb.name or name in verb.aliases]
    return next((verb for verb in named if verb.holds_in(view)), None)


def completions(view: str) -> list[str]:
    """Everything that can follow the `:` in a view."""
    named = [verb for verb in VERBS if verb.holds_in(view)]
    return [verb.name for verb in named] + [alias for verb in named for alias in verb.aliases]


__all__ = ["VERBS", "Verb", "completions", "find_verb", "shown_key"]
