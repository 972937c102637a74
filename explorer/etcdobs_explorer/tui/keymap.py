"""Decides which keys do what: those that the verbs come with, changed by the configuration's keymap."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from textual.app import App
from textual.binding import Binding

from .resources import RESOURCES
from .verbs import VERBS, Verb, shown_key

# What every list and pane listens to before any verb does.
_MOVING = frozenset(
    [
        *"jkhlgG",
        "up",
        "down",
        "left",
        "right",
        "pageup",
        "pagedown",
        "home",
        "end",
        "enter",
        "tab",
        "shift+tab",
        "space",
    ]
)


def id_of(verb: Verb) -> str:
    """By which name the configuration calls a verb."""
    return f"{verb.scope or 'app'}.{verb.name}"


class Keymap:
    """The keys of verbs. What is wrong with the configuration's is in `problems`; the rest of it holds."""

    def __init__(self, chosen: Mapping[str, str] | None = None) -> None:
        self.problems: list[str] = []
        self._keys = {id_of(verb): _named(verb.key) for verb in VERBS}
        self._chosen = frozenset(chosen or ())
        for id, keys in (chosen or {}).items():
            self._choose(id, keys)
        for name in (resource.name for resource in RESOURCES):
            self._settle(name)

    def keys_of(self, verb: Verb) -> tuple[str, ...]:
        """The keys that do it."""
        return self._keys[id_of(verb)]

    def shown(self, verb: Verb) -> str:
        """Its first key, as it is printed on a keyboard; "" where it has none."""
        return shown_key(self.keys_of(verb)[0]) if self.keys_of(verb) else ""

    def verb_of(self, key: str, view: str) -> Verb | None:
        """The verb that a key stands for in a view."""
        return next((verb for verb in VERBS if verb.holds_in(view) and key in self.keys_of(verb)), None)

    def all_keys(self) -> Iterable[str]:
        """Every key that does something anywhere."""
        return dict.fromkeys(key for keys in self._keys.values() for key in keys)

    def _choose(self, id: str, keys: str) -> None:
        if id not in self._keys:
            near = ", ".join(known for known in self._keys if known.endswith(f".{id.rpartition('.')[2]}"))
            self.problems.append(f"keymap: there is no {id!r}" + (f"; there is {near}" if near else ""))
            return
        wanted = _named(keys)
        for key in _MOVING.intersection(wanted):
            self.problems.append(f"keymap: {id} cannot have {key!r}: it moves the cursor")
        self._keys[id] = tuple(key for key in wanted if key not in _MOVING)

    def _settle(self, view: str) -> None:
        """Where a key was chosen that another verb has in the view, the chosen one keeps it."""
        holders: defaultdict[str, list[str]] = defaultdict(list)
        for verb in VERBS:
            for key in self.keys_of(verb) if verb.holds_in(view) else ():
                holders[key].append(id_of(verb))
        for key, ids in holders.items():
            if not self._chosen.intersection(ids):
                continue  # as the verbs come: what holds in the view goes before what holds everywhere
            kept, *others = sorted(ids, key=self._chosen.__contains__, reverse=True)
            for id in others:
                self.problems.append(f"keymap: {kept} and {id} both have {key!r}; {kept} keeps it")
                self._keys[id] = tuple(other for other in self._keys[id] if other != key)


def keymap_of(app: App[Any]) -> Keymap:
    """The keymap of an app; that of the verbs, where it has none of its own."""
    held = getattr(app, "keymap", None)
    return held if isinstance(held, Keymap) else Keymap()


def _named(keys: str) -> tuple[str, ...]:
    """Keys by Textual's names; a character stands for itself."""
    wanted = ",".join(key.strip() for key in keys.split(",") if key.strip())
    return tuple(each.key for each in Binding.make_bindings([Binding(wanted, "")])) if wanted else ()
