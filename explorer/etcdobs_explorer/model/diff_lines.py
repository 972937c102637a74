"""Decides which line of a difference stands where, however many there are: none is made before it is looked at."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias, cast, overload

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


class DiffLines(Sequence[DiffLine]):
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

    @overload
    def __getitem__(self, index: int) -> DiffLine: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[DiffLine]: ...
    def __getitem__(self, index: int | slice) -> DiffLine | Sequence[DiffLine]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(self._count))]
        at = index + self._count if index < 0 else index
        if not 0 <= at < self._count:
            raise IndexError("no such line")
        number = bisect_right(self._starts, at) - 1
        part = self._parts[number]
        return DiffLine(part.kind, part.lines[part.start + at - self._starts[number]])

    def __iter__(self) -> Iterator[DiffLine]:
        for kind, lines, start, end in self._parts:
            for at in range(start, end):
                yield DiffLine(kind, lines[at])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(cast("Sequence[object]", other))

    __hash__ = None  # type: ignore[assignment]  # as a list


class Texts(Sequence[bytes]):
    """The texts of a difference's lines."""

    def __init__(self, lines: Sequence[DiffLine]) -> None:
        self._lines = lines

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[bytes]: ...
    def __getitem__(self, index: int | slice) -> bytes | Sequence[bytes]:
        if isinstance(index, slice):
            return [each.text for each in self._lines[index]]
        return self._lines[index].text
