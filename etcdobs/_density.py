"""Decides where in a range so many keys may end, from those already seen. It only guesses, and learns from the outcome.

A key is read as a number whose digits are its bytes, in the base of the bytes that keys were seen to consist of: so
decimal, hexadecimal and binary names all lie evenly. A guess may be wrong by any factor: what it costs is a request.
`Density` serves a listing, whose keys lie far apart with much between them, and `Spacing` a scan, which reads them all.
"""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise, zip_longest
from typing import NamedTuple

# Digits behind the first in which two keys differ.
_PRECISION = 12
# Keys of a page whose bytes are looked at.
_SAMPLE = 256
# How much further the next guess is at most, where one had too few keys.
_MOST = 8
# How many times the usual gap is still even, as a fraction; the part of it that is tried where gaps are not.
_EVEN = 5, 4
_PARTS = 2
# Bits by which a guess grows at most, where several in a row were empty.
_LEAP = 3
_DIGITS = frozenset(b"0123456789")
# Of a page, read for what consists of digits, and those of its end, which are alike.
_READ = 64
_LATEST = 16
# Keys that are enough to tell how far apart they lie, and how often the keys of a page are halved to find out.
_ENOUGH = 64
_HALVINGS = 4
# Gaps that are remembered.
_GAPS = 3
# Bits by which a guess goes further when there was no key, and how often, before it goes further and further.
_BITS = 2
_STEADY = 6


def common(one: bytes, other: bytes) -> bytes:
    """What two keys begin with alike."""
    least = min(len(one), len(other))
    return one[: next((at for at in range(least) if one[at] != other[at]), least)]


class _Alphabet(NamedTuple):
    """The bytes that a place of a key may hold, in their order, and the rank that any byte has among them."""

    letters: bytes
    ranks: list[int]


def _alphabet(letters: bytes) -> _Alphabet:
    return _Alphabet(letters, [min(bisect_left(letters, byte), len(letters) - 1) for byte in range(256)])


_DECIMAL = _alphabet(bytes(sorted(_DIGITS)))


class _Numbered:
    """Keys as numbers: what comes behind `prefix`, with which they all begin, place by place a digit of an alphabet."""

    def __init__(self, prefix: bytes, seen: frozenset[int] = frozenset()) -> None:
        self._prefix = prefix
        # The bytes that keys hold anywhere.
        self._seen = seen
        self._any = _alphabet(b"\0\xff")
        self._places: list[_Alphabet] = []
        self._distance = 0

    @property
    def is_known(self) -> bool:
        """True once some keys were seen."""
        return self._distance > 0

    def _see(self, rests: Sequence[bytes]) -> None:
        seen = self._seen.union(b"".join(rests))
        # Numbers grow: the greater digits come later.
        seen = seen if seen.isdisjoint(_DIGITS) else seen | _DIGITS
        if seen != self._seen:
            self._seen = seen
            # Two at least, or there would be no number but 0.
            self._any = _alphabet(bytes(sorted(seen | {0, 255} if len(seen) < 2 else seen)))

    def _rest(self, key: bytes) -> bytes:
        return key[len(self._prefix) :]

    def _top(self) -> int:
        number = 1
        for place in self._places:
            number *= len(place.letters)
        return number

    def _number(self, key: bytes) -> int:
        number, digits = 0, self._rest(key)[: len(self._places)].ljust(len(self._places), b"\0")
        for digit, (letters, ranks) in zip(digits, self._places, strict=True):
            number = number * len(letters) + ranks[digit]
        return number

    def _key(self, number: int) -> bytes | None:
        digits = bytearray()
        for letters, _ in reversed(self._places):
            number, digit = divmod(number, len(letters))
            digits.append(letters[digit])
        digits.reverse()
        return None if number else self._prefix + bytes(digits)


class Density(_Numbered):
    """How far apart the keys of a range lie, as far as is known; they all begin with `prefix`.

    Where a guess was empty, the next is further: so many times only a little, as long as a count costs more than a
    guess, and then up to eight times as far.
    """

    def __init__(self, prefix: bytes = b"", *, slowly: int) -> None:
        super().__init__(prefix, frozenset((0,)))
        self._slowly = slowly
        self._empty = 0
        self._is_even = True

    def learn(self, keys: Sequence[bytes], wanted: int) -> None:
        """`keys`, two at least, came one after another, and then more; the next guess is for `wanted` of them."""
        self._place((*keys[:: max(1, len(keys) // _SAMPLE)], keys[-1]))
        self._empty = 0
        gap = max(1, self._number(keys[-1]) - self._number(keys[0]))
        self._distance = max(1, gap * wanted // (len(keys) - 1))

    def learn_apart(self, keys: Sequence[bytes]) -> None:
        """`keys` came one after another, with much between them that was not looked at; the next guess is for one more.

        Where most lie evenly, it is as far as those are apart. Elsewhere it is nearer, and grows slowly where
        it was empty: one that is too far has all counted that lies before it.
        """
        self._place(keys)
        numbers = [self._number(key) for key in keys]
        gaps = [max(1, after - before) for before, after in pairwise(numbers)]
        usual = sorted(gaps)[len(gaps) // 2]
        most, least = _EVEN  # of whole numbers: they are larger than any float
        even = [gap for gap in gaps if least * max(gap, usual) <= most * min(gap, usual)]
        self._is_even = len(even) > len(gaps) // 2
        self._distance = usual if self._is_even else max(1, usual // _PARTS)
        self._empty = 0

    def learn_short(self, found: int, wanted: int) -> None:
        """In the last guess lay only `found` keys."""
        if not found and not self._is_even and self._empty < self._slowly:
            self._empty += 1
            self._distance += self._distance // 2 + 1
        elif found:
            self._empty = 0
            self._distance *= max(1, min(_MOST, wanted // found))
        else:
            # Faster, or the widest gap would take a step for each digit; but not too fast: a step costs little, and to
            # count what lies far behind the gap costs much.
            self._empty += 1
            self._distance <<= min(_LEAP, max(1, self._empty + 1 - self._slowly))

    def end(self, start: bytes, origin: bytes | None = None) -> bytes | None:
        """A key behind which so many keys from `start` on may have come; None for the end of the range.

        `origin` is what their distance counts from, where that is another key, which comes before.
        """
        number = self._number(start if origin is None else origin)
        while (key := self._key(number + self._distance)) is not None and key <= start:
            self._distance *= 2
        return key

    def _place(self, keys: Sequence[bytes]) -> None:
        rests = [self._rest(key) for key in keys]
        self._see(rests)
        self._places = [self._any] * (len(common(rests[0], rests[-1])) + _PRECISION)


class Spacing(_Numbered):
    """How far apart the keys of a range lie where it was read last; they all begin with `prefix`.

    Each place of a key has the bytes that it was seen to hold: digits only, or whatever keys hold anywhere, so that
    numbers have no gap where they carry.
    """

    def __init__(self, prefix: bytes = b"") -> None:
        super().__init__(prefix)
        self._keys = 1
        self._gaps: list[tuple[bytes, bytes]] = []
        self._group: tuple[bytes, bytes, int] = (b"", b"", 0)

    def learn(self, keys: Sequence[bytes]) -> None:
        """`keys`, two at least, came one after another."""
        spans = [span for span in ((len(keys) - 1) >> halved for halved in range(_HALVINGS)) if span >= _ENOUGH]
        spans = spans or [len(keys) - 1]
        alike = common(self._rest(keys[-1 - spans[-1]]), self._rest(keys[-1]))
        read = [self._rest(key) for key in (*keys[:: max(1, len(keys) // _READ)], keys[-1])]
        self._place(read, len(alike) + _PRECISION)
        last = self._number(keys[-1])
        # By those that lie closest: a gap within the page says nothing of what comes next, and a guess that is too
        # near costs a request, one that is too far a count of all before it.
        distances = [(max(1, last - self._number(keys[-1 - span])), span) for span in spans]
        self._distance, self._keys = min(distances, key=lambda each: each[0] * spans[0] // each[1])

    def learn_gap(self, before: bytes, first: bytes, last: bytes, found: int) -> None:
        """Behind `before` nothing lies but these."""
        self._gaps = [*self._gaps[1 - _GAPS :], (before, first)]
        self._group = (before, last, found)

    def _place(self, keys: Sequence[bytes], digits: int) -> None:
        self._see(keys)
        columns = zip_longest(*(key[:digits] for key in keys[-_LATEST:]), fillvalue=min(_DIGITS))
        self._places = [_DECIMAL if _DIGITS.issuperset(column) else self._any for column in columns]
        self._places += [self._any] * (digits - len(self._places))

    def end(self, start: bytes, wanted: int) -> bytes | None:
        """A key behind which so many keys from `start` on may have come; None for the end of the range."""
        return self._at(start, self._distance * wanted // self._keys)

    def end_within(self, start: bytes, end: bytes | None, wanted: int, count: int) -> bytes | None:
        """The same, where so many keys lie in all before `end`."""
        inside = end is not None and end.startswith(self._prefix)
        room = (self._number(end) if inside and end is not None else self._top()) - self._number(start)
        return self._at(start, min(self._distance * wanted // self._keys, room * wanted // count))

    def end_beyond(self, last: bytes, start: bytes, wanted: int, guesses: int) -> bytes | None:
        """The same behind `last`, where so many guesses found that nothing lies between it and `start`."""
        empty, distance = self._number(start) - self._number(last), self._distance * wanted // self._keys
        if guesses > 1:
            return self._at(start, max(distance, empty << (_BITS + max(0, guesses - _STEADY))))
        before, end, found = self._group
        if end == last and 2 * found < wanted:
            # Small groups with gaps between them: several at once.
            group = self._number(last) - self._number(before)
            return self._at(start, group * min(wanted, _MOST * found) // found - empty)
        # As wide as others were, and then as many keys as wanted.
        gaps = [self._number(after) - self._number(before) for before, after in self._gaps]
        return self._at(start, distance + min((gap - empty for gap in gaps if gap > empty), default=0))

    def _at(self, start: bytes, distance: int) -> bytes | None:
        number, distance = self._number(start), max(1, distance)
        while (key := self._key(number + distance)) is not None and key <= start:
            distance *= 2
        return key
