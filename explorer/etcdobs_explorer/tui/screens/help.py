"""Decides what the help says: the keys that hold in the view it was called from, out of the registry of verbs."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from etcdobs_explorer.tui.keymap import Keymap, keymap_of
from etcdobs_explorer.tui.verbs import VERBS, Verb
from etcdobs_explorer.tui.widgets.sheet import Sheet
from etcdobs_explorer.tui.widgets.strips import Spans

_MOVING = (
    ("↑ ↓ j k", "move"),
    ("PgUp PgDn Space", "move by screens"),
    ("Home End g G", "first, last"),
    ("Tab", "next pane"),
)
_TREE = (
    ("Enter", "open or close a directory, show a value"),
    ("← → h l", "close or go up, open or step in"),
)


class HelpScreen(ModalScreen[None]):
    """The keys that hold here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,enter", "dismiss", "close", show=False),
    ]

    def __init__(self, view: str, metrics_url: str = "") -> None:
        super().__init__()
        self._view = view
        self._metrics_url = metrics_url

    def compose(self) -> ComposeResult:
        """One sheet in a frame."""
        lines = [*_sheet(self._view, keymap_of(self.app)), *_metrics(self._metrics_url)]
        sheet = Sheet(lines)
        sheet.styles.height = len(lines)
        frame = Vertical(sheet, id="help")
        frame.border_title = f"help: {self._view}"
        frame.border_subtitle = "Esc closes"
        yield frame


def _sheet(view: str, keymap: Keymap) -> list[Spans]:
    here = [verb for verb in VERBS if verb.scope == view]
    everywhere = [verb for verb in VERBS if not verb.scope and _has_its_key(verb, view, keymap)]
    lines: list[Spans] = [*_pairs("Moving", (*_MOVING, *(_TREE if view == "keys" else ())))]
    if here:
        lines += [(), *_section(f"In {view}", here, keymap)]
    return [*lines, (), *_section("Everywhere", everywhere, keymap)]


def _metrics(url: str) -> list[Spans]:
    if not url:
        return []
    return [(), _heading("Metrics of this explorer's own calls"), [("  ", "text"), (url, "accent")]]


def _has_its_key(verb: Verb, view: str, keymap: Keymap) -> bool:
    """Whether the view leaves the verb its key, where it has one."""
    keys = keymap.keys_of(verb)
    return not keys or any(keymap.verb_of(key, view) is verb for key in keys)


def _section(title: str, verbs: list[Verb], keymap: Keymap) -> list[Spans]:
    return [_heading(title), *(_entry(_names(verb, keymap), verb.help) for verb in verbs)]


def _pairs(title: str, pairs: tuple[tuple[str, str], ...]) -> list[Spans]:
    return [_heading(title), *(_entry([(keys, "key")], text) for keys, text in pairs)]


def _heading(title: str) -> Spans:
    return [(title, "title")]


def _names(verb: Verb, keymap: Keymap) -> Spans:
    key = keymap.shown(verb)
    argument = f" {verb.argument}" if verb.argument else ""
    return [(f"{key} ".ljust(5), "key"), (f":{verb.name}{argument}", "accent")]


def _entry(names: Spans, text: str) -> Spans:
    used = sum(len(str(part)) for part, _ in names)
    return [("  ", "text"), *names, (" " * max(2, 24 - used), "text"), (text, "text")]
