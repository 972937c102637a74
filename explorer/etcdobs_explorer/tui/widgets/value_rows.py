"""Decides what each row of a value shows: text in lines that break, fold and are searched, or a dump of bytes."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple, Protocol

from etcdobs_explorer.model import units
from etcdobs_explorer.model.decode.folding import Folds
from etcdobs_explorer.model.decode.search import Match, Search
from etcdobs_explorer.model.syntax import Piece, Syntax, pieces
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.model.value import Hex, Lines, hex_row

from .strips import Span, Spans
from .wrapping import Wrapping, sliced

FOUND, FOUND_HERE = "chip-on", "badge-warn"
_WIDE_DUMP = 78  # cells that sixteen bytes a row need
_FOLDING = (Syntax.JSON, Syntax.YAML)


class Mark(NamedTuple):
    """Characters of a row that stand out."""

    start: int
    end: int
    role: str

    def moved(self, by: int) -> "Mark":
        """The same for text that starts elsewhere."""
        return Mark(self.start + by, self.end + by, self.role)


class Rows(Protocol):
    """The rows of a value. `left` is how many characters at the start of each are scrolled out of sight."""

    left: int

    @property
    def height(self) -> int:
        """How many there are, or at least."""
        ...

    @property
    def is_done(self) -> bool:
        """Whether that is known."""
        ...

    def advance(self, seconds: float) -> None:
        """Work out more of them, for about that long."""
        ...

    def spans(self, row: int, search: Search | None, here: Match | None) -> Spans:
        """How a row looks, with the places of a search, of which the reader is `here`."""
        ...

    def search(self, text: str) -> Search:
        """Look for a text."""
        ...

    def place(self, row: int) -> tuple[int, int]:
        """Where a row is, as a line and a byte of it, to search on from."""
        ...

    def row_of(self, match: Match) -> int | None:
        """The row of a place, None where that is not known yet. What hides it is opened."""
        ...

    def fold(self, row: int) -> int | None:
        """Open or close the part that a row begins; answers the row where it is then, None where it begins none."""
        ...

    def leave(self, row: int) -> int | None:
        """Close the part that a row begins, or go to the one around it; answers the row to go to."""
        ...

    def enter(self, row: int) -> int | None:
        """Open the part that a row begins; answers the row to go to."""
        ...


class TextRows:
    """The rows of a text."""

    def __init__(self, body: Lines, width: int, wraps: bool) -> None:
        self.left = 0
        self._lines = body.lines
        self._syntax = body.syntax
        self._folds = Folds(body.lines, body.folded) if body.syntax in _FOLDING else None
        self._width = max(1, width - (2 if self._folds else 0))
        self._wraps = wraps
        self._wrapping = self._lay_out()

    def _lay_out(self) -> Wrapping:
        visible = self._folds.visible() if self._folds else None
        self._wrapping = Wrapping(self._lines, self._width, visible, wraps=self._wraps)
        return self._wrapping

    @property
    def height(self) -> int:
        return self._wrapping.height

    @property
    def is_done(self) -> bool:
        return self._wrapping.is_done

    def advance(self, seconds: float) -> None:
        self._wrapping.advance(seconds)

    def spans(self, row: int, search: Search | None, here: Match | None) -> Spans:
        where = self._wrapping.row(row)
        if where is None:
            return [("…", "muted")]
        line = self._lines[where.line]
        start = where.start + self.left
        shown: Iterable[Span] = sliced(_pieces(line, self._syntax), start, where.end)
        if search is not None:
            shown = marked(shown, [mark.moved(-start) for mark in _marks(line, where.line, search, here)])
        if self._folds is None:
            return list(shown)
        return [self._handle(where.line, where.start), *shown, *(self._hidden(where.line) if where.is_last else ())]

    def _handle(self, line: int, start: int) -> Span:
        if start or self._folds is None or not self._folds.is_foldable(line):
            return ("  ", "muted")
        return ("▸ ", "accent") if self._folds.is_closed(line) else ("▾ ", "muted")

    def _hidden(self, line: int) -> Spans:
        if self._folds is None or not self._folds.is_closed(line):
            return ()
        number = self._folds.hidden(line)
        last = self._lines[line + number].strip()
        is_bracket = last[:1] in (b"}", b"]")
        said = f" … {units.plural(number - is_bracket, 'line')} "
        return [(said, "muted"), (inert(last) if is_bracket else "", "punctuation")]

    def search(self, text: str) -> Search:
        return Search(text, self._lines)

    def place(self, row: int) -> tuple[int, int]:
        where = self._wrapping.row(row)
        return (where.line, where.start) if where else (0, 0)

    def row_of(self, match: Match) -> int | None:
        if self._folds is not None and self._folds.reveal(match.line):
            self._lay_out()
        return self._wrapping.row_of(match.line, _characters(self._lines[match.line], match.start))

    def fold(self, row: int) -> int | None:
        where = self._wrapping.row(row)
        if where is None or self._folds is None or not self._folds.toggle(where.line):
            return None
        self._lay_out()
        return self._reach(where.line)

    def _reach(self, line: int) -> int:
        while (at := self._wrapping.row_of(line)) is None:
            self._wrapping.advance(0.01)
        return at

    def leave(self, row: int) -> int | None:
        where = self._wrapping.row(row)
        if where is None or self._folds is None:
            return None
        if self._folds.is_foldable(where.line) and not self._folds.is_closed(where.line):
            return self.fold(row)
        around = self._folds.part_around(where.line)
        return self._reach(around) if around is not None else None

    def enter(self, row: int) -> int | None:
        where = self._wrapping.row(row)
        is_closed = where is not None and self._folds is not None and self._folds.is_closed(where.line)
        return self.fold(row) if is_closed else None


class DumpRows:
    """The rows of bytes: offset, digits, and what of them is ASCII."""

    is_done = True

    def __init__(self, body: Hex, width: int) -> None:
        self.left = 0
        self._data = body.data
        self._width = 16 if width >= _WIDE_DUMP else 8

    @property
    def height(self) -> int:
        return -(-len(self._data) // self._width)

    def advance(self, seconds: float) -> None:
        pass

    def spans(self, row: int, search: Search | None, here: Match | None) -> Spans:
        offset, digits, printable = hex_row(self._data, row, self._width)
        first, shown, ascii_ = (f"{offset}  ", "muted"), [(f"{digits}  ", "text")], [(printable, "string")]
        if search is None:
            return [first, *shown, *ascii_]
        found = list(self._found(row, search, here))
        return [first, *marked(shown, [_digits(mark) for mark in found]), *marked(ascii_, found)]

    def _found(self, row: int, search: Search, here: Match | None) -> Iterator[Mark]:
        start = row * self._width
        for match in search.within(0, start, start + self._width):
            role = FOUND_HERE if match == here else FOUND
            yield Mark(max(0, match.start - start), min(self._width, match.end - start), role)

    def search(self, text: str) -> Search:
        return Search(text, (self._data,), is_dump=True)

    def place(self, row: int) -> tuple[int, int]:
        return 0, row * self._width

    def row_of(self, match: Match) -> int | None:
        return match.start // self._width

    def fold(self, row: int) -> int | None:
        return None

    leave = enter = fold


def marked(spans: Iterable[Span], marks: Sequence[Mark]) -> Iterator[Span]:
    """Spans of plain text, with some characters in other roles."""
    at = 0
    for text, role in spans:
        assert isinstance(text, str)
        yield from _cut(text, role, [mark.moved(-at) for mark in marks])
        at += len(text)


def _cut(text: str, role: str, marks: Sequence[Mark]) -> Iterator[Span]:
    done = 0
    for mark in marks:
        start, end = max(done, mark.start), min(len(text), mark.end)
        if start >= end:
            continue
        if start > done:
            yield text[done:start], role
        yield text[start:end], mark.role
        done = end
    if done < len(text):
        yield text[done:], role


def _marks(line: bytes, number: int, search: Search, here: Match | None) -> Iterator[Mark]:
    for match in search.within(number, 0, len(line) + 1):
        start, end = _characters(line, match.start), _characters(line, match.end)
        yield Mark(start, end, FOUND_HERE if match == here else FOUND)


def _characters(line: bytes, end: int) -> int:
    """How many characters stand on the screen for the bytes of a line up to `end`."""
    return len(inert(line[:end]).plain)


def _digits(mark: Mark) -> Mark:
    """Where the digits of some bytes of a row stand."""
    first, last = mark.start, mark.end - 1
    return Mark(first * 3 + (first >= 8), last * 3 + (last >= 8) + 2, mark.role)


@lru_cache(maxsize=512)
def _pieces(raw: bytes, syntax: Syntax) -> list[Piece]:
    return pieces(raw, syntax)
