"""Decides which lines belong to which, by their indent, and which are out of sight because their part is closed."""

from array import array
from collections.abc import Iterable, Sequence
from itertools import islice

_CLOSING = (b"}", b"]")


class Folds:
    """The parts of some lines: a line and those after it that are indented further, with the bracket that ends them."""

    def __init__(self, lines: Sequence[bytes], closed: Iterable[int] = ()) -> None:
        self._lines = lines
        self._closed: dict[int, int] = {line: self._end(line) for line in closed if self.is_foldable(line)}

    def is_foldable(self, line: int) -> bool:
        """Whether a line has others below it."""
        text = self._lines[line]
        return line + 1 < len(self._lines) and bool(text) and _indent(self._lines[line + 1]) > _indent(text)

    def is_closed(self, line: int) -> bool:
        """Whether those below a line are out of sight."""
        return line in self._closed

    def hidden(self, line: int) -> int:
        """How many lines are out of sight below one that is closed."""
        return self._closed[line] - line - 1

    def toggle(self, line: int) -> bool:
        """Close the part that a line begins, or open it; False where it begins none."""
        if self._closed.pop(line, None) is not None:
            return True
        if not self.is_foldable(line):
            return False
        self._closed[line] = self._end(line)
        return True

    def part_around(self, line: int) -> int | None:
        """The line that begins the part which a line belongs to."""
        indent = _indent(self._lines[line])
        for above in range(line - 1, -1, -1):
            if self._lines[above] and _indent(self._lines[above]) < indent:
                return above
        return None

    def reveal(self, line: int) -> bool:
        """Open whatever hides a line; False where nothing does."""
        hiding = [start for start, end in self._closed.items() if start < line < end]
        for start in hiding:
            del self._closed[start]
        return bool(hiding)

    def visible(self) -> Sequence[int]:
        """The lines in sight, in order."""
        if not self._closed:
            return range(len(self._lines))
        shown = array("L")
        start = 0
        for line in sorted(self._closed):
            if line >= start:
                shown.extend(range(start, line + 1))
                start = self._closed[line]
        shown.extend(range(start, len(self._lines)))
        return shown

    def _end(self, line: int) -> int:
        """The line after the part that a line begins."""
        indent = _indent(self._lines[line])
        deeper, last = b" " * (indent + 1), line + 1
        for at, text in enumerate(islice(self._lines, line + 1, None), line + 2):
            if text.startswith(deeper):
                last = at
            elif text:
                break
        closes = last < len(self._lines) and self._lines[last].lstrip()[:1] in _CLOSING
        return last + 1 if closes and _indent(self._lines[last]) == indent else last


def _indent(line: bytes) -> int:
    return len(line) - len(line.lstrip(b" "))
