"""Decides where the lines of a value break at a given width, without drawing any of them."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len, chop_cells

from etcdobs_explorer.model.syntax import Piece
from etcdobs_explorer.model.text import inert

from .strips import Span

_NOT_PLAIN = re.compile(rb"[^\x20-\x7e]")


class WrappedRow(NamedTuple):
    """A row of the screen: a line of the value, and the characters of it that the row shows."""

    line: int
    start: int
    end: int


def wrapped(lines: Sequence[bytes], width: int) -> list[WrappedRow]:
    """The rows of all lines at `width` cells."""
    rows: list[WrappedRow] = []
    for number, line in enumerate(lines):
        if len(line) <= width and not _NOT_PLAIN.search(line):
            rows.append(WrappedRow(number, 0, len(line)))
        else:
            rows.extend(WrappedRow(number, start, end) for start, end in _breaks(line, width))
    return rows


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
