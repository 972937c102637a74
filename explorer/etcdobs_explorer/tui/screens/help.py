"""Decides what the help says: the keys that hold in the view it was called from, out of the registry of verbs."""

from collections.abc import Sequence
from textwrap import wrap
from typing import ClassVar, TypeAlias

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from etcdobs_explorer.tui.keymap import Keymap, keymap_of
from etcdobs_explorer.tui.verbs import VERBS, Verb
from etcdobs_explorer.tui.widgets.sheet import Sheet
from etcdobs_explorer.tui.widgets.strips import Spans, caption

from .dialog import Dialog

_WIDEST, _FRAME = 96, 5  # cells of the sheet, and those of its frame and scroll bar
_NAMES = 26  # cells of keys and names
Pairs: TypeAlias = Sequence[tuple[str, str]]

_MOVING = (
    (("move.up", "move.down"), "move"),
    (("move.half-up", "move.half-down"), "move by half a screen"),
    (("move.page-up", "move.page-down"), "move by screens"),
    (("move.first", "move.last"), "first, last"),
)
_TREE = (("Enter", "open or close a directory, show a value"),)
_ASIDE = ("move.left", "move.right")
_IN_VALUE = (
    (("value.search",), "search"),
    (("value.next", "value.previous"), "next match, the one before"),
    (("value.fold",), "fold or open a part"),
)


class HelpScreen(Dialog[None]):
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
        width = min(_WIDEST, self.app.size.width * 96 // 100) - _FRAME
        lines = [*_sheet(self._view, keymap_of(self.app), width), *_metrics(self._metrics_url)]
        sheet = Sheet(lines)
        sheet.styles.height = len(lines)
        frame = Vertical(sheet, id="help")
        frame.border_title = caption(f"help: {self._view}")
        frame.border_subtitle = "Esc closes"
        yield frame


def _sheet(view: str, keymap: Keymap, width: int) -> list[Spans]:
    here = [verb for verb in VERBS if verb.scope == view]
    everywhere = [verb for verb in VERBS if not verb.scope and _has_its_key(verb, view, keymap)]
    lines = list(_pairs("Moving", _moving(view, keymap), width))
    if here:
        lines += [(), *_section(f"In {view}", here, keymap, width)]
    if view == "keys":
        lines += [(), *_pairs("In the value, once it has the focus", _named(_IN_VALUE, keymap), width)]
    return [*lines, (), *_section("Everywhere", everywhere, keymap, width)]


def _moving(view: str, keymap: Keymap) -> Pairs:
    held = [*_named(_MOVING, keymap), ("Tab", "next pane")]
    if view != "keys":
        return held
    return [*held, *_TREE, (keymap.shown_moves(*_ASIDE), "close or go up, open or step in")]


def _named(moves: Sequence[tuple[tuple[str, ...], str]], keymap: Keymap) -> Pairs:
    return [(keymap.shown_moves(*ids), text) for ids, text in moves]


def _metrics(url: str) -> list[Spans]:
    if not url:
        return []
    return [(), _heading("Metrics of this explorer's own calls"), [("  ", "text"), (url, "accent")]]


def _has_its_key(verb: Verb, view: str, keymap: Keymap) -> bool:
    """Whether the view leaves the verb its key, where it has one."""
    keys = keymap.keys_of(verb)
    return not keys or any(keymap.verb_of(key, view) is verb for key in keys)


def _section(title: str, verbs: list[Verb], keymap: Keymap, width: int) -> list[Spans]:
    return [_heading(title), *(line for verb in verbs for line in _entry(_names(verb, keymap), verb.help, width))]


def _pairs(title: str, pairs: Pairs, width: int) -> list[Spans]:
    return [_heading(title), *(line for keys, text in pairs for line in _entry([(keys, "key")], text, width))]


def _heading(title: str) -> Spans:
    return [(title, "title")]


def _names(verb: Verb, keymap: Keymap) -> Spans:
    key = keymap.shown(verb)
    argument = f" {verb.argument}" if verb.argument else ""
    return [(f"{key} ".ljust(5), "key"), (f":{verb.name}{argument}", "accent")]


def _entry(names: Spans, text: str, width: int) -> list[Spans]:
    """Names and what they do; what is long goes on in another line."""
    used = sum(len(str(part)) for part, _ in names)
    first, *others = wrap(text, max(20, width - _NAMES - 2))
    rest: list[Spans] = [[(" " * (_NAMES + 2) + each, "text")] for each in others]
    if used + 2 > _NAMES:
        return [[("  ", "text"), *names], [(" " * (_NAMES + 2) + first, "text")], *rest]
    return [[("  ", "text"), *names, (" " * (_NAMES - used) + first, "text")], *rest]
