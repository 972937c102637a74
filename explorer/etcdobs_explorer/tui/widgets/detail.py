"""Decides what is said of a table's current row below the table: what no column had room for."""

import time
from typing import Any

from textual.strip import Strip

from .palette import Painted
from .strips import Span, Spans, line
from .table import Table, layout


class Detail(Painted):
    """Two lines about the row under the cursor: the columns left out, and the long ones in full."""

    def __init__(self, table: Table) -> None:
        super().__init__()
        self._table = table

    def render_line(self, y: int) -> Strip:
        """The columns left out, then those that share what is left."""
        row = self._table.current
        spans = self._spans(row, y) if row is not None else ()
        return line([(" ", "text"), *spans], self.size.width, self.role, self.rich_style)

    def _spans(self, row: Any, y: int) -> Spans:
        columns = self._table.resource.columns
        shown = [column for column, _ in layout(columns, self.size.width)]
        if y == 0:
            left_out = [column for column in columns if column not in shown or column is columns[0]]
            named = [column for column in left_out if column.title and column.width]
        else:
            named = [column for column in columns if column.width == 0]
        spans: list[Span] = []
        for column in named:
            cell = column.cell(row, time.monotonic())
            if _says_something(cell):
                spans += [(f"{column.title.lower()} ", "muted"), *cell, ("   ", "text")]
        return spans


def _says_something(cell: Spans) -> bool:
    """Not where it is empty or a dash: a title with nothing behind it is noise."""
    said = "".join(text if isinstance(text, str) else text.plain for text, _ in cell)
    return said.strip() not in ("", "-")
