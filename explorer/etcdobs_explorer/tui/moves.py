"""Decides by which keys lists and values are moved through, each by a name by which the configuration remaps it."""

from dataclasses import dataclass

from textual.binding import Binding, BindingType


@dataclass(frozen=True)
class Move:
    """A movement: its name in the configuration, the keys it comes with, what it does, and the action behind it (""
    where each widget has its own)."""

    id: str
    keys: str
    help: str
    action: str = ""

    def binding(self, action: str = "") -> Binding:
        """What a widget listens to."""
        return Binding(self.keys, action or self.action, self.help, show=False, id=self.id)


_LEFT = Move("move.left", "left,h", "close a directory or a part, or out of it")
_RIGHT = Move("move.right", "right,l", "open a directory or a part, or into it")
_LINES = (
    Move("move.up", "up,k", "a line up", "move(-1)"),
    Move("move.down", "down,j", "a line down", "move(1)"),
    Move("move.half-up", "ctrl+u", "half a screen up", "page(-0.5)"),
    Move("move.half-down", "ctrl+d", "half a screen down", "page(0.5)"),
    Move("move.page-up", "pageup,ctrl+b", "a screen up", "page(-1)"),
    Move("move.page-down", "pagedown,ctrl+f,space", "a screen down", "page(1)"),
    Move("move.first", "home,g", "to the top", "jump(0)"),
    Move("move.last", "end,G", "to the bottom", "jump(-1)"),
)
MOVES = (*_LINES, _LEFT, _RIGHT)
IN_VALUE = (
    Move("value.search", "slash", "search within the value", "search"),
    Move("value.next", "n", "the next match", "find(1)"),
    Move("value.previous", "N", "the match before", "find(-1)"),
    Move("value.fold", "enter", "fold the part under the cursor", "fold"),
)
"""What holds in a value that has the focus, whatever else its keys are for."""

FIXED = frozenset(["enter", "tab", "shift+tab"])
"""Keys that every list and pane listens to, and that nothing else can have."""


def up_and_down() -> list[BindingType]:
    """The bindings of a widget with the actions `move`, `page` and `jump`."""
    return [move.binding() for move in _LINES]


def across(left: str, right: str) -> list[BindingType]:
    """The bindings of a widget with something to the left and to the right."""
    return [_LEFT.binding(left), _RIGHT.binding(right)]


def rows_of(screens: float, height: int) -> int:
    """How many rows so many screens are, where `height` are in sight: one of them stays so."""
    return int(screens * max(2, height - 1))
