"""Decides where the lines of a value break at a given width, without drawing any of them."""

import re
import time
from collections.abc import Iterator, Sequence
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


class Wrapping:
    """The rows of some lines at a width, worked out step by step: a large value must not hold up the screen."""

    def __init__(self, lines: Sequence[bytes], width: int) -> None:
        self.rows: list[WrappedRow] = []
        self._lines = lines
        self._width = width
        self._next = 0

    @property
    def is_done(self) -> bool:
        """Whether all lines are broken."""
        return self._next >= len(self._lines)

    @property
    def height(self) -> int:
        """How many rows there are, or at least: each line that is left has one."""
        return len(self.rows) + len(self._lines) - self._next

    def advance(self, seconds: float) -> None:
        """Break more lines, for about that long."""
        end = time.monotonic() + seconds
        while not self.is_done and time.monotonic() < end:
            for line in self._lines[self._next : self._next + _STEP]:
                self._break(line)

    def _break(self, line: bytes) -> None:
        if len(line) <= self._width and not _NOT_PLAIN.search(line):
            self.rows.append(WrappedRow(self._next, 0, len(line)))
        else:
            self.rows.extend(WrappedRow(self._next, start, end) for start, end in _breaks(line, self._width))
        self._next += 1


def _breaks(line: bytes, width: int) -> Iterator[tuple[int, int]]:
    if not _NOT_PLAIN.search(line):
        for start in range(0, len(line), width):
            yield start, min(len(line), start + width)
        return
    text = inert(line).plain
    if cell_len(text) <= width:
        yield 0, len(text)
        return
    start = 0
    for part in chop_cells(text, width):
        yield start, start + len(part)
        start += len(part)


def sliced(pieces: Sequence[Piece], start: int, end: int) -> Iterator[Span]:
    """The characters `start` to `end` of a line's pieces, as spans."""
    at = 0
    for piece in pieces:
        for run in piece.text.runs:
            text = run.text[max(0, start - at) : max(0, end - at)]
            if text:
                yield text, "escape" if run.escaped else piece.token.value
            at += len(run.text)
