"""Decides which line of a difference stands where, however many there are: none is made before it is looked at."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias

from .made_rows import MadeRows

Kind: TypeAlias = Literal[" ", "-", "+", "@"]


class DiffLine(NamedTuple):
    """A line of a difference: " " in both, "-" before only, "+" after only, "@" the head of what follows."""

    kind: Kind
    text: bytes


class Part(NamedTuple):
    """Lines `start` to `end` of some, all of one kind."""

    kind: Kind
    lines: Sequence[bytes]
    start: int
    end: int


class DiffLines(MadeRows[DiffLine]):
    """The lines of some parts, one after the other. `changes` are the places where lines of one value only begin."""

    def __init__(self, parts: Iterable[Part]) -> None:
        self._parts = [part for part in parts if part.end > part.start]
        self._starts: list[int] = []
        self._count = 0
        for part in self._parts:
            self._starts.append(self._count)
            self._count += part.end - part.start
        kinds = [part.kind for part in self._parts]
        changed = [kind in "-+" for kind in kinds]
        self.changes = [
            self._starts[at] for at, is_changed in enumerate(changed) if is_changed and not (at and changed[at - 1])
        ]

    def __len__(self) -> int:
        return self._count

    def row(self, index: int) -> DiffLine:
        number = bisect_right(self._starts, index) - 1
        part = self._parts[number]
        return DiffLine(part.kind, part.lines[part.start + index - self._starts[number]])

    def __iter__(self) -> Iterator[DiffLine]:
        for kind, lines, start, end in self._parts:
            for at in range(start, end):
                yield DiffLine(kind, lines[at])


class Texts(MadeRows[bytes]):
    """The texts of a difference's lines."""

    def __init__(self, lines: Sequence[DiffLine]) -> None:
        self._lines = lines

    def __len__(self) -> int:
        return len(self._lines)

    def row(self, index: int) -> bytes:
        return self._lines[index].text
