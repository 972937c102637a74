"""Decides what can be done and by which names: one registry feeds the keys, the `:` bar, the palette and the help."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from .resources import RESOURCES


class Commands(Protocol):
    """What verbs ask of the app."""

    def show_view(self, name: str, argument: str = "") -> None: ...
    def show_previous(self) -> None: ...
    def ask(self, kind: str) -> None: ...
    def step_back(self) -> None: ...
    def show_help(self) -> None: ...
    def reload(self) -> None: ...
    def copy(self, what: str) -> None: ...
    def zoom(self) -> None: ...
    def overview(self) -> None: ...
    def pause(self) -> None: ...
    def follow(self) -> None: ...
    def clear(self) -> None: ...
    def choose_theme(self, name: str) -> None: ...
    def leave(self) -> None: ...


@dataclass(frozen=True)
class Verb:
    """Something to do. `key` is the key that does it ("" for none), `scope` the view where it holds ("" for all),
    `hint` what the key bar calls it ("" to leave it out), `argument` what may follow it in the `:` bar."""

    name: str
    help: str
    run: Callable[[Commands, str], None]
    key: str = ""
    aliases: tuple[str, ...] = ()
    scope: str = ""
    hint: str = ""
    argument: str = ""
    writes: bool = False

    def holds_in(self, view: str) -> bool:
        """Whether the verb does something in a view."""
        return self.scope in ("", view)


def _view(name: str) -> Callable[[Commands, str], None]:
    return lambda app, argument: app.show_view(name, argument)


_VIEWS = tuple(
    Verb(
        resource.name,
        resource.help,
        _view(resource.name),
        key=resource.key,
        aliases=resource.aliases,
        argument="PREFIX" if resource.name == "keys" else "",
    )
    for resource in RESOURCES
)

VERBS: tuple[Verb, ...] = (
    *_VIEWS,
    Verb(
        "pause",
        "hold the events still, and let them run again",
        lambda app, _: app.pause(),
        "p",
        scope="watch",
        hint="pause",
    ),
    Verb("follow", "keep the newest event in sight", lambda app, _: app.follow(), "f", scope="watch", hint="follow"),
    Verb("clear", "forget the events seen so far", lambda app, _: app.clear(), "c", scope="watch", hint="clear"),
    Verb(
        "filter",
        "rows that contain a text; !text: the others",
        lambda app, _: app.ask("/"),
        "slash",
        hint="filter",
    ),
    Verb("command", "type a command", lambda app, _: app.ask(":"), "colon", hint="command"),
    Verb(
        "zoom",
        "give the focused pane all the room, and back",
        lambda app, _: app.zoom(),
        "z",
        scope="keys",
        hint="zoom",
    ),
    Verb(
        "overview",
        "leases, members and events below the keys, or not",
        lambda app, _: app.overview(),
        "o",
        scope="keys",
        hint="overview",
    ),
    Verb("refresh", "read again what is shown", lambda app, _: app.reload(), "r", ("reload",), hint="refresh"),
    Verb("copy", "copy the key, id or method under the cursor", lambda app, _: app.copy("name"), "y", hint="copy"),
    Verb("copy-value", "copy the value", lambda app, _: app.copy("value"), "Y", scope="keys"),
    Verb("previous", "the view before this one", lambda app, _: app.show_previous(), "minus"),
    Verb("back", "one step back: prompt, filter, zoom, pane, view", lambda app, _: app.step_back(), "escape"),
    Verb(
        "theme",
        "another theme: dark, light, or one of Textual's",
        lambda app, name: app.choose_theme(name),
        argument="NAME",
    ),
    Verb("help", "the keys that hold here", lambda app, _: app.show_help(), "question_mark", ("h",), hint="help"),
    Verb("quit", "leave", lambda app, _: app.leave(), "q", ("q", "exit"), hint="quit"),
)

GLYPHS = {
    "slash": "/",
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
    return " ".join(GLYPHS.get(name, name.replace("ctrl+", "^")) for name in names)


def find_verb(name: str, view: str) -> Verb | None:
    """The verb of that name or alias; the one that holds in the view comes first."""
    named = [verb for verb in VERBS if name == verb.name or name in verb.aliases]
    return next((verb for verb in named if verb.holds_in(view)), None)


def verb_of_key(key: str, view: str) -> Verb | None:
    """The verb that a key stands for in a view."""
    return next((verb for verb in VERBS if verb.key == key and verb.holds_in(view)), None)


def completions(view: str) -> list[str]:
    """Everything that can follow the `:` in a view."""
    named = [verb for verb in VERBS if verb.holds_in(view)]
    return [verb.name for verb in named] + [alias for verb in named for alias in verb.aliases]
