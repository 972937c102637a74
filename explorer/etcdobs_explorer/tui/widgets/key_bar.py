"""Decides which keys the bottom line names: those that hold in the view, as many as fit, help and quit always."""

from etcdobs_explorer.tui.keymap import keymap_of
from etcdobs_explorer.tui.verbs import VERBS

from .bar import Bar
from .strips import Spans, cells_of

_ALWAYS = ("help", "quit")
_FIRST = {
    "keys": (("Enter", "open"), ("Tab", "pane")),
    **dict.fromkeys(("members", "traffic", "calls"), (("Enter", "open"),)),
}


class KeyBar(Bar):
    """The keys that hold here."""

    def __init__(self, view: str, *, may_write: bool = True) -> None:
        super().__init__()
        self._view = view
        self._may_write = may_write

    def spans(self) -> tuple[Spans, Spans]:
        keymap = keymap_of(self.app)
        here = [verb for verb in VERBS if verb.hint and verb.holds_in(self._view) and keymap.shown(verb)]
        verbs = [verb for verb in here if self._may_write or not verb.writes]
        right = _hints([(keymap.shown(verb), verb.hint) for verb in verbs if verb.name in _ALWAYS])
        hints = [*_FIRST.get(self._view, ())]
        hints += [(keymap.shown(verb), verb.hint) for verb in verbs if verb.name not in _ALWAYS]
        while hints and cells_of(_hints(hints)) + cells_of(right) >= self.size.width:
            hints.pop()
        return _hints(hints), right


def _hints(pairs: list[tuple[str, str]]) -> Spans:
    spans: list[tuple[str, str]] = [(" ", "text")]
    for key, text in pairs:
        spans += [(key, "key"), (f" {text}  ", "muted")]
    return spans
