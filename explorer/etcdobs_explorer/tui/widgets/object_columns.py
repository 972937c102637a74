"""Decides which columns stand beside the keys of Kubernetes objects, as many as leave room for them, and the head."""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from rich.style import Style
from textual.strip import Strip

from etcdobs_explorer.model import units
from etcdobs_explorer.model.kubernetes import ObjectFacts
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.text import Inert, inert

from .palette import Painted
from .strips import Palette, Spans, cell

_LEAST = 20  # cells for the key
_LONGEST = 40  # characters of what the columns cut to their width


class ObjectColumn(NamedTuple):
    """What is shown of an object, in so many cells."""

    title: str
    width: int
    align: str
    text: Callable[[ObjectFacts], Inert | str]


def _age(facts: ObjectFacts) -> str:
    return "" if facts.created is None else units.duration(time.time() - facts.created)


def _kind(facts: ObjectFacts) -> Inert:
    return inert(facts.kind, _LONGEST)


def _namespace(facts: ObjectFacts) -> Inert:
    return inert(facts.namespace, _LONGEST)


def _name(facts: ObjectFacts) -> Inert:
    return inert(facts.name, _LONGEST)


# The first of them goes to the right end, and is the last to be left out.
_COLUMNS = (
    ObjectColumn("AGE", 6, "right", _age),
    ObjectColumn("KIND", 14, "left", _kind),
    ObjectColumn("NAMESPACE", 14, "left", _namespace),
    ObjectColumn("NAME", 28, "left", _name),
)


def columned(
    named: Callable[[int], Spans],
    text: Callable[[ObjectColumn], Inert | str],
    width: int,
    palette: Palette,
    base: Style,
) -> Strip:
    """A line of `width` cells: what `named` makes of the room that is left, then the `text` of the columns."""
    room, strips = width - 1, [Strip.blank(1, base)]
    for column in _COLUMNS:
        if room - column.width - 1 < _LEAST:
            break
        room -= column.width + 1
        made = cell([(text(column), "muted")], column.width, column.align, palette, base)
        strips[:0] = [Strip.blank(1, base), made]
    return Strip.join([cell(named(room), room, "left", palette, base), *strips])


def holds_objects(state: State) -> bool:
    """Whether objects are among the keys of the directories that are open."""
    prefixes = [directory.prefix for directory in state.tree.expanded()]
    return any(map(state.objects.are_in, [*prefixes, state.tree.directory_of(state.tree.root)]))


class ObjectHead(Painted):
    """The titles of the columns, above a list of keys whose lines are as wide as `width` says."""

    def __init__(self, width: Callable[[], int]) -> None:
        super().__init__()
        self._line_width = width
        self.display = False

    def render_line(self, y: int) -> Strip:
        """The only line."""
        key: Sequence[tuple[str, str]] = [("  KEY", "muted")]
        drawn = columned(lambda _: key, lambda column: column.title, self._line_width(), self.role, self.rich_style)
        return drawn.adjust_cell_length(self.size.width, self.rich_style)
