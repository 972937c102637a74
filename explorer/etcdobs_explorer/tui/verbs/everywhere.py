"""Decides what can be done in every view: to go to another one, to ask, to copy, to leave."""

from collections.abc import Callable
from typing import Protocol

from etcdobs_explorer.tui.resources import RESOURCES

from .verb import Verb


class Commands(Protocol):
    """What these verbs ask of the app."""

    def show_view(self, name: str, argument: str = "") -> None: ...
    def show_previous(self) -> None: ...
    def ask(self, kind: str) -> None: ...
    def step_back(self) -> None: ...
    def show_help(self) -> None: ...
    def reload(self) -> None: ...
    def copy(self) -> None: ...
    def choose_theme(self, name: str) -> None: ...
    def choose_context(self, name: str) -> None: ...
    def reread(self) -> None: ...
    def import_context(self, typed: str) -> None: ...
    def ask_password(self) -> None: ...
    def leave(self) -> None: ...


def _view(name: str) -> Callable[[Commands, str], None]:
    return lambda app, argument: app.show_view(name, argument)


VIEWS = tuple(
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

VERBS = (
    Verb(
        "filter",
        "rows that contain a text; !text: the others",
        lambda app, _: app.ask("/"),
        "slash",
        hint="filter",
    ),
    Verb("command", "type a command", lambda app, _: app.ask(":"), "colon", hint="command"),
    Verb("refresh", "read again what is shown", lambda app, _: app.reload(), "r", hint="refresh"),
    Verb("copy", "copy the key, id or method under the cursor", lambda app, _: app.copy(), "y", hint="copy"),
    Verb("previous", "the view before this one", lambda app, _: app.show_previous(), "minus"),
    Verb("back", "one step back: prompt, filter, zoom, pane, view", lambda app, _: app.step_back(), "escape"),
    Verb(
        "theme",
        "another theme: dark, light, ansi, none, or one of Textual's",
        lambda app, name: app.choose_theme(name),
        argument="[NAME]",
    ),
    Verb(
        "context",
        "go to another cluster, by name or from the list",
        lambda app, name: app.choose_context(name),
        "C",
        ("ctx", "contexts"),
        argument="NAME",
    ),
    Verb(
        "reload",
        "read the configuration file again: contexts and keys",
        lambda app, _: app.reread(),
    ),
    Verb(
        "import",
        "add a context to the file: of clientv3's YAML, or of ETCDCTL_* and flags",
        lambda app, typed: app.import_context(typed),
        argument="[FILE [NAME]]",
    ),
    Verb("password", "type another password for this cluster", lambda app, _: app.ask_password()),
    Verb("help", "the keys that hold here", lambda app, _: app.show_help(), "question_mark", ("h",), hint="help"),
    Verb("quit", "leave", lambda app, _: app.leave(), "q", ("q", "exit"), hint="quit"),
)
