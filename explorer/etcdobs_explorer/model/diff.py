"""Decides how two values differ: line by line where they are text, row by row where they are bytes, in bounded time."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeAlias

from . import units
from .diff_lines import DiffLine, DiffLines, Kind, Part
from .made_rows import MadeRows
from .value import Asked, Lines, decode, hex_row

__all__ = ["CONTEXT", "MOST_LINES", "Diff", "DiffLine", "DiffLines", "Kind", "diff"]

CONTEXT = 3  # unchanged lines around a change
MOST_LINES = 50_000  # of either value; the rest is not compared
_ROW = 16  # bytes in a row of a dump
_STEPS = 200_000  # of the search for the shortest difference, about a tenth of a second
_MOST_EDITS = 400  # past this a stretch counts as rewritten


class _Stretch(NamedTuple):
    """Lines `a` to `a_end` of one value that stand where `b` to `b_end` of the other do."""

    same: bool
    a: int
    a_end: int
    b: int
    b_end: int


@dataclass(frozen=True)
class Diff:
    """How two values differ.

    `form` names what was compared: "JSON", "text", "hex" or another format that was recognised; `note` says what the
    lines do not show, "" where they show everything. `lines` are the changes with a little around them, each group
    under a head; `whole` is every line and no head.
    """

    form: str
    note: str
    before: Sequence[bytes]
    after: Sequence[bytes]
    stretches: tuple[_Stretch, ...]

    @cached_property
    def lines(self) -> DiffLines:
        """The changes, with CONTEXT unchanged lines around each."""
        parts: list[Part] = []
        for hunk in _hunks(self.stretches):
            parts.append(Part("@", (_head(hunk),), 0, 1))
            parts.extend(self._parts_of(hunk))
        return DiffLines(parts)

    @cached_property
    def whole(self) -> DiffLines:
        """Every line of both values."""
        return DiffLines(self._parts_of(self.stretches))

    @cached_property
    def removed(self) -> int:
        """How many lines only the first value has."""
        return sum(each.a_end - each.a for each in self.stretches if not each.same)

    @cached_property
    def added(self) -> int:
        """How many lines only the second value has."""
        return sum(each.b_end - each.b for each in self.stretches if not each.same)

    @property
    def is_empty(self) -> bool:
        """Whether no line differs."""
        return not self.removed and not self.added

    def _parts_of(self, stretches: Sequence[_Stretch]) -> Iterator[Part]:
        for same, a, a_end, b, b_end in stretches:
            yield Part(" " if same else "-", self.before, a, a_end)
            if not same:
                yield Part("+", self.after, b, b_end)


def diff(before: bytes | None, after: bytes | None, *, reveal: bool = False) -> Diff:
    """How `after` differs from `before`; None stands for a key that is not there.

    Both are compared as they are read: JSON laid out, a Kubernetes object by its fields, text by its lines. Where
    either value is binary, both are compared as rows of hex, each with the row at the same offset. Of a Secret nothing
    is shown unless it is to `reveal`. Values of 1.5 MiB take a second at most, whatever is in them.
    """
    old, new = _read(before, reveal), _read(after, reveal)
    if (old.is_secret or new.is_secret) and not reveal:
        return _covered(before, after)
    if old.lines is None or new.lines is None:
        return _bytes_diff(before, after, "")
    note = _note(before, after, max(len(old.lines), len(new.lines)))
    lines, others = old.lines[:MOST_LINES], new.lines[:MOST_LINES]
    form = new.form if after else old.form
    found = Diff(form, note, lines, others, tuple(_stretches(lines, others)))
    if found.is_empty and (before or b"") != (after or b"") and not note:
        return _bytes_diff(before, after, f"the same as {form}, not in its bytes")
    return found


# -- what is compared ----------------------------------------------------------------------------------------


class _Read(NamedTuple):
    """A value as lines, None where it has none."""

    form: str
    lines: Sequence[bytes] | None
    is_secret: bool = False


def _read(raw: bytes | None, reveal: bool) -> _Read:
    if not raw:
        return _Read("text", ())
    decoded = decode(raw, Asked(reveal=reveal))
    lines = decoded.body.lines if isinstance(decoded.body, Lines) else None
    return _Read(decoded.format, lines, decoded.is_secret)


def _covered(before: bytes | None, after: bytes | None) -> Diff:
    same = "the values are the same" if before == after else "the values differ"
    return Diff("Secret", f"a Secret is covered: {same}", (), (), ())


def _note(before: bytes | None, after: bytes | None, lines: int) -> str:
    if lines > MOST_LINES:
        return f"only the first {units.count(MOST_LINES)} lines are compared"
    if before is None and after is None:
        return "there is no value on either side"
    if before is None:
        return "" if after else "created with an empty value"
    if after is None:
        return "" if before else "deleted; the value was empty"
    return "the values are the same" if before == after else ""


class _Rows(MadeRows[bytes]):
    """A value as rows of hex, each made when it is asked for."""

    def __init__(self, data: bytes) -> None:
        self.data = data[: MOST_LINES * _ROW]

    def __len__(self) -> int:
        return (len(self.data) + _ROW - 1) // _ROW

    def row(self, index: int) -> bytes:
        return "  ".join(hex_row(self.data, index, _ROW)).encode()


def _bytes_diff(before: bytes | None, after: bytes | None, note: str) -> Diff:
    """Rows against rows at the same offset: a byte put in between makes every later row another one."""
    old, new = _Rows(before or b""), _Rows(after or b"")
    longest = -(-max(len(before or b""), len(after or b"")) // _ROW)
    note = note or _note(before, after, 0)
    if longest > MOST_LINES:
        note = f"only the first {units.size(MOST_LINES * _ROW)} are compared"
    both = min(len(old), len(new))
    equal = [old.data[at : at + _ROW] == new.data[at : at + _ROW] for at in range(0, both * _ROW, _ROW)]
    pairs = [(index, index) for index, is_equal in enumerate(equal) if is_equal]
    return Diff("hex", note, old, new, tuple(_joined(pairs, len(old), len(new))))


# -- which lines belong together -----------------------------------------------------------------------------


def _stretches(before: Sequence[bytes], after: Sequence[bytes]) -> Iterator[_Stretch]:
    numbers: dict[bytes, int] = {}
    a = [numbers.setdefault(line, len(numbers)) for line in before]
    b = [numbers.setdefault(line, len(numbers)) for line in after]
    return _joined(_Matching(a, b).pairs(), len(a), len(b))


def _joined(pairs: Sequence[tuple[int, int]], a_end: int, b_end: int) -> Iterator[_Stretch]:
    """Stretches out of pairs of equal lines, in order."""
    a = b = start = 0
    for index, (i, j) in enumerate([*pairs, (a_end, b_end)]):
        if (i, j) == (a, b) and index < len(pairs):
            a, b = i + 1, j + 1
            continue
        same = index - start
        if same:
            yield _Stretch(True, a - same, a, b - same, b)
        if (i, j) != (a, b):
            yield _Stretch(False, a, i, b, j)
        start, a, b = index, i + 1, j + 1


_Middle: TypeAlias = Callable[[int, int, int, int], list[tuple[int, int]] | None]


class _Matching:
    """The equal lines of two lists of numbers, within a number of steps.

    Myers' search finds the shortest difference. Where that is long, lines that occur once in both are anchors, as in
    patience diff, and the search is for what is between them; where that is long too, it counts as rewritten.
    """

    def __init__(self, a: list[int], b: list[int]) -> None:
        self._a = a
        self._b = b
        self._steps = _STEPS

    def pairs(self) -> list[tuple[int, int]]:
        """Pairs of the indexes of equal lines, ascending in both."""
        return self._between(0, len(self._a), 0, len(self._b), self._searched_or_anchored)

    def _between(self, i: int, i_end: int, j: int, j_end: int, middle: _Middle) -> list[tuple[int, int]]:
        """The equal lines of two stretches: those at either end, and what `middle` finds between."""
        found: list[tuple[int, int]] = []
        while i < i_end and j < j_end and self._a[i] == self._b[j]:
            found.append((i, j))
            i, j = i + 1, j + 1
        tail = 0
        while i < i_end and j < j_end and self._a[i_end - 1] == self._b[j_end - 1]:
            i_end, j_end, tail = i_end - 1, j_end - 1, tail + 1
        if i < i_end and j < j_end:
            found += middle(i, i_end, j, j_end) or ()
        return found + [(i_end + index, j_end + index) for index in range(tail)]

    def _searched_or_anchored(self, i: int, i_end: int, j: int, j_end: int) -> list[tuple[int, int]]:
        found = self._search(i, i_end, j, j_end)
        return self._anchored(i, i_end, j, j_end) if found is None else found

    def _anchored(self, i: int, i_end: int, j: int, j_end: int) -> list[tuple[int, int]]:
        self._steps = _STEPS
        found: list[tuple[int, int]] = []
        for next_i, next_j in self._anchors(i, i_end, j, j_end):
            found += self._between(i, next_i, j, next_j, self._search)
            found.append((next_i, next_j))
            i, j = next_i + 1, next_j + 1
        return found + self._between(i, i_end, j, j_end, self._search)

    def _anchors(self, i: int, i_end: int, j: int, j_end: int) -> list[tuple[int, int]]:
        """Lines that occur once in either stretch, as many as can be kept in order."""
        a, b = self._a[i:i_end], self._b[j:j_end]
        once = {line for line, number in Counter(a).items() if number == 1}
        once &= {line for line, number in Counter(b).items() if number == 1}
        places = {line: at for at, line in enumerate(b, j) if line in once}
        return _ascending([(at, places[line]) for at, line in enumerate(a, i) if line in once])

    def _search(self, i: int, i_end: int, j: int, j_end: int) -> list[tuple[int, int]] | None:
        """Myers' greedy search; None where the difference is too long."""
        a, b = self._a[i:i_end], self._b[j:j_end]
        far = {1: 0}
        trace: list[dict[int, int]] = []
        for edits in range(min(len(a) + len(b), _MOST_EDITS) + 1):
            trace.append(dict(far))
            for diagonal in range(-edits, edits + 1, 2):
                x = far[diagonal + 1] if _goes_down(far, diagonal, edits) else far[diagonal - 1] + 1
                start = x
                while x < len(a) and x - diagonal < len(b) and a[x] == b[x - diagonal]:
                    x += 1
                far[diagonal] = x
                self._steps -= 1 + x - start
                if x >= len(a) and x - diagonal >= len(b):
                    return [(i + x, j + y) for x, y in _walked_back(trace, len(a), len(b))]
            if self._steps < 0:
                return None
        return None


def _walked_back(trace: Sequence[dict[int, int]], x: int, y: int) -> list[tuple[int, int]]:
    """The equal lines on the way that Myers' search found, from its end at `x` and `y`."""
    found: list[tuple[int, int]] = []
    for edits in range(len(trace) - 1, -1, -1):
        far, diagonal = trace[edits], x - y
        down = _goes_down(far, diagonal, edits)
        before = diagonal + 1 if down else diagonal - 1
        start = far[before] + (0 if down else 1)
        found += [(each, each - diagonal) for each in range(x - 1, start - 1, -1)]
        x, y = far[before], far[before] - before
    return found[::-1]


def _goes_down(far: dict[int, int], diagonal: int, edits: int) -> bool:
    """Whether the farthest way to a diagonal drops no line of the first list."""
    return diagonal == -edits or (diagonal != edits and far[diagonal - 1] < far[diagonal + 1])


def _ascending(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest choice of pairs, ascending in the first, that ascends in the second as well."""
    tops: list[int] = []
    owners: list[int] = []
    previous: list[int] = []
    for index, (_, j) in enumerate(pairs):
        at = bisect_left(tops, j)
        previous.append(owners[at - 1] if at else -1)
        tops[at : at + 1], owners[at : at + 1] = [j], [index]
    chosen: list[tuple[int, int]] = []
    index = owners[-1] if owners else -1
    while index >= 0:
        chosen.append(pairs[index])
        index = previous[index]
    return chosen[::-1]


# -- what is shown -------------------------------------------------------------------------------------------


def _hunks(stretches: Sequence[_Stretch]) -> Iterator[list[_Stretch]]:
    """Changes with their surroundings; two that are close share theirs."""
    hunk: list[_Stretch] = []
    for index, each in enumerate(stretches):
        if not each.same:
            hunk.append(each)
            continue
        length, is_last = each.a_end - each.a, index == len(stretches) - 1
        if hunk and (length > 2 * CONTEXT or is_last):
            yield [*hunk, _first(each)]
            hunk = [] if is_last else [_last(each)]
        elif not is_last:
            hunk.append(_last(each) if not hunk else each)
    if any(not each.same for each in hunk):
        yield hunk


def _first(each: _Stretch) -> _Stretch:
    return each._replace(a_end=min(each.a_end, each.a + CONTEXT), b_end=min(each.b_end, each.b + CONTEXT))


def _last(each: _Stretch) -> _Stretch:
    return each._replace(a=max(each.a, each.a_end - CONTEXT), b=max(each.b, each.b_end - CONTEXT))


def _head(hunk: Sequence[_Stretch]) -> bytes:
    a, b = hunk[0].a, hunk[0].b
    return b"@@ -%d,%d +%d,%d @@" % (a + 1, hunk[-1].a_end - a, b + 1, hunk[-1].b_end - b)
