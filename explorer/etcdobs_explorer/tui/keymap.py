"""Decides which keys do what: those that the verbs and the movements come with, changed by the configuration's."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from textual.app import App
from textual.binding import Binding

from .moves import FIXED, IN_VALUE, MOVES
from .resources import RESOURCES
from .verbs import VERBS, Verb, shown_key

_HELD_BY_WIDGETS = (*MOVES, *IN_VALUE)
_NO_KEY = "unassigned"  # by no name of a key: to say nothing would leave the keys that it comes with


def id_of(verb: Verb) -> str:
    """By which name the configuration calls a verb."""
    return f"{verb.scope or 'app'}.{verb.name}"


class Keymap:
    """The keys of verbs and movements. What is wrong with the chosen ones is in `problems`; the rest of them holds."""

    def __init__(self, chosen: Mapping[str, str] | None = None) -> None:
        self.problems: list[str] = []
        self._keys = {id_of(verb): _named(verb.key) for verb in VERBS}
        self._keys |= {move.id: _named(move.keys) for move in _HELD_BY_WIDGETS}
        self._come_with = dict(self._keys)
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

    def shown_moves(self, *ids: str) -> str:
        """All keys of some movements, as they are printed on a keyboard."""
        keys = [self._keys[id] for id in ids]
        most = max(map(len, keys))
        return " ".join(shown_key(each[n]) for n in range(most) for each in keys if n < len(each))

    @property
    def moved(self) -> dict[str, str]:
        """The movements that have other keys than they come with, as Textual takes them."""
        ids = [move.id for move in _HELD_BY_WIDGETS]
        others = [id for id in ids if self._keys[id] != self._come_with[id]]
        return {id: ",".join(self._keys[id]) or _NO_KEY for id in others}

    @property
    def only_moves(self) -> frozenset[str]:
        """The keys that do nothing anywhere but move."""
        return frozenset(key for move in MOVES for key in self._keys[move.id]).difference(self.all_keys())

    def verb_of(self, key: str, view: str) -> Verb | None:
        """The verb that a key stands for in a view."""
        return next((verb for verb in VERBS if verb.holds_in(view) and key in self.keys_of(verb)), None)

    def all_keys(self) -> Iterable[str]:
        """Every key that does something anywhere, but move."""
        return dict.fromkeys(key for verb in VERBS for key in self.keys_of(verb))

    def _choose(self, id: str, keys: str) -> None:
        if id not in self._keys:
            near = ", ".join(known for known in self._keys if known.endswith(f".{id.rpartition('.')[2]}"))
            self.problems.append(f"keymap: there is no {id!r}" + (f"; there is {near}" if near else ""))
            return
        wanted = _named(keys)
        held = FIXED.intersection(wanted).difference(self._come_with[id])
        self.problems += [f"keymap: {id} cannot have {key!r}: every list and dialog listens to it" for key in held]
        self._keys[id] = tuple(key for key in wanted if key not in held)

    def _settle(self, view: str) -> None:
        """Where a key was chosen that something else has in the view, the chosen one keeps it."""
        holders: defaultdict[str, list[str]] = defaultdict(list)
        for id in (*(move.id for move in MOVES), *(id_of(verb) for verb in VERBS if verb.holds_in(view))):
            for key in self._keys[id]:
                holders[key].append(id)
        for key, ids in holders.items():
            if len(ids) < 2 or not self._chosen.intersection(ids):
                continue  # as they come: what holds in the view goes before what holds everywhere
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
