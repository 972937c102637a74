"""Decides where the lines of a value break at a given width, without drawing any of them."""

import re
import time
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len, chop_cells

from etcdobs_explorer.model.syntax import Piece
from etcdobs_explorer.model.text import inert

from .strips import Span

_STEP = 50  # lines between two looks at the clock
_NOT_PLAIN = re.compile(rb"[^\x20-\x7e]")


class WrappedRow(NamedTuple):
    """A row of the screen: a line of the value, and the characters of it that the row shows."""

    line: int
    start: int
    end: int
    is_last: bool = True


class Wrapping:
    """The rows of some lines at a width, worked out step by step: a large value must not hold up the screen. `visible`
    are the lines to show (all of them, if it is None); where nothing `wraps` each has one row."""

    def __init__(
        self, lines: Sequence[bytes], width: int, visible: Sequence[int] | None = None, *, wraps: bool = True
    ) -> None:
        self._lines = lines
        self._width = width
        self._visible: Sequence[int] = range(len(lines)) if visible is None else visible
        self._wraps = wraps
        self._ends = array("L")  # for each visible line that is measured, the row after its last

    @property
    def is_done(self) -> bool:
        """Whether all lines are broken."""
        return not self._wraps or len(self._ends) >= len(self._visible)

    @property
    def height(self) -> int:
        """How many rows there are, or at least: each line that is left has one."""
        measured = self._ends[-1] if self._ends else 0
        return measured + len(self._visible) - len(self._ends)

    def advance(self, seconds: float) -> None:
        """Break more lines, for about that long."""
        until = time.monotonic() + seconds
        end = self._ends[-1] if self._ends else 0
        while not self.is_done and time.monotonic() < until:
            at = len(self._ends)
            for line in self._visible[at : at + _STEP]:
                end += _rows_of(self._lines[line], self._width)
                self._ends.append(end)

    def row(self, row: int) -> WrappedRow | None:
        """What a row shows, None where that is not known yet."""
        if not self._wraps:
            return WrappedRow(self._visible[row], 0, -1) if row < len(self._visible) else None
        index = bisect_right(self._ends, row)
        if index >= len(self._ends):
            return None
        line = self._visible[index]
        within = row - (self._ends[index - 1] if index else 0)
        breaks = _breaks(self._lines[line], self._width)
        return WrappedRow(line, *breaks[within], within == len(breaks) - 1)

    def row_of(self, line: int, character: int = 0) -> int | None:
        """The row that shows a character of a line; None where that is not known yet, or the line is out of sight."""
        index = bisect_left(self._visible, line)
        if index >= len(self._visible) or self._visible[index] != line:
            return None
        if not self._wraps:
            return index
        if index >= len(self._ends):
            return None
        breaks = _breaks(self._lines[line], self._width)
        within = next((number for number, (_, end) in enumerate(breaks) if character < end), len(breaks) - 1)
        return (self._ends[index - 1] if index else 0) + within


def _rows_of(line: bytes, width: int) -> int:
    if _NOT_PLAIN.search(line):
        return len(_breaks(line, width))
    return 1 if len(line) <= width else -(-len(line) // width)


@lru_cache(maxsize=256)
def _breaks(line: bytes, width: int) -> Sequence[tuple[int, int]]:
    if not _NOT_PLAIN.search(line):
        return [(start, min(len(line), start + width)) for start in range(0, len(line), width)] or [(0, 0)]
    text = inert(line).plain
    if cell_len(text) <= width:
        return [(0, len(text))]
    return list(_chopped(text, width))


def _chopped(text: str, width: int) -> Iterator[tuple[int, int]]:
    start = 0
    for part in chop_cells(text, width):
        yield start, start + len(part)
        start += len(part)


def sliced(pieces: Sequence[Piece], start: int, end: int) -> Iterator[Span]:
    """The characters `start` to `end` of a line's pieces, as spans; all from `start` on where `end` is -1."""
    at = 0
    for piece in pieces:
        for run in piece.text.runs:
            text = run.text[max(0, start - at) : max(0, end - at) if end >= 0 else None]
            if text:
                yield text, "escape" if run.escaped else piece.token.value
            at += len(run.text)
