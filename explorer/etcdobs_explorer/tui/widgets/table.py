"""Decides how a resource's rows become a table: column widths, those left out where it is narrow, and the head."""

import time
from collections.abc import Hashable, Sequence
from typing import Any

from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

from etcdobs_explorer.model.state import State
from etcdobs_explorer.tui.columns import Column
from etcdobs_explorer.tui.resources import Resource

from .palette import Painted, PaintedScroll
from .strips import Spans, row
from .virtual_list import VirtualList

_GAP = 2
_MARGIN = 1


def layout(columns: Sequence[Column[Any]], width: int) -> list[tuple[Column[Any], int]]:
    """The columns that fit into `width` cells, each with its width; those of highest rank are left out first."""
    kept = list(columns)
    while len(kept) > 1 and _needed(kept) > width:
        least = max(column.rank for column in kept)
        if least == 0:
            break
        kept.remove(next(column for column in reversed(kept) if column.rank == least))
    room = max(0, width - sum(column.width for column in kept) - _GAP * (len(kept) - 1) - 2 * _MARGIN)
    shares = sum(column.share for column in kept if column.width == 0) or 1
    return [(column, column.width or room * column.share // shares) for column in kept]


def _needed(columns: Sequence[Column[Any]]) -> int:
    return sum(column.width or column.least for column in columns) + _GAP * (len(columns) - 1) + 2 * _MARGIN


class TableHead(Painted):
    """The titles of a table's columns."""

    def __init__(self, resource: Resource[Any]) -> None:
        super().__init__()
        self._resource = resource

    def render_line(self, y: int) -> Strip:
        """The only line."""
        cells: list[tuple[Spans, int, str]] = [
            ([(column.title, "muted")], width, column.align)
            for column, width in layout(self._resource.columns, self.size.width)
        ]
        return joined(cells, self.size.width, self, self.rich_style)


class Table(VirtualList):
    """The rows of a resource, in columns: all of the resource's, or the `columns` given."""

    def __init__(
        self,
        resource: Resource[Any],
        state: State,
        *,
        columns: Sequence[Column[Any]] | None = None,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.resource = resource
        self._columns = resource.columns if columns is None else columns
        self._state = state
        self._laid: list[tuple[Column[Any], int]] = []

    @property
    def rows(self) -> Sequence[Any]:
        """The resource's rows."""
        return self.resource.source(self._state).rows

    @property
    def current(self) -> Any:
        """The row under the cursor, None where there is none."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    def visible_rows(self) -> Sequence[Any]:
        """The rows in sight."""
        return [self.rows[index] for index in self.visible_range()]

    def row_count(self) -> int:
        return len(self.rows)

    def identity(self, index: int) -> Hashable:
        return self.resource.identity(self.rows[index])

    def find(self, identity: Hashable) -> int | None:
        return self.resource.source(self._state).index_of(identity)

    def empty_spans(self) -> Spans:
        if self.resource.source(self._state).filter:
            return [("  nothing passes the filter: Esc takes it away", "muted")]
        return self.resource.empty(self._state)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of a region."""
        self._laid = layout(self._columns, self.size.width)
        return super().render_lines(crop)

    def row_strip(self, index: int, base: Style) -> Strip:
        """A row as a line: each cell cut to its column."""
        now, row = time.monotonic(), self.rows[index]
        cells = [(column.cell(row, now), width, column.align) for column, width in self._laid]
        return joined(cells, self._width, self, base)


def joined(cells: Sequence[tuple[Spans, int, str]], width: int, painted: Painted | PaintedScroll, base: Style) -> Strip:
    """Cells side by side, `width` in all."""
    return row(cells, width, _GAP, _MARGIN, painted.role, base)
