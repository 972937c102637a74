"""Decides where in a range so many keys may end, from those already seen. It only guesses, and learns from the outcome.

A key is read as a number whose digits are its bytes, in the base of the bytes that keys were seen to consist of: so
decimal, hexadecimal and binary names all lie evenly. A guess may be wrong by any factor: what it costs is a request.
"""

from bisect import bisect_left
from collections.abc import Sequence

# Digits behind the first in which two keys differ.
_PRECISION = 12
# Keys of a page whose bytes are looked at.
_SAMPLE = 256
# How much further the next guess is at most, where one had too few keys.
_MOST = 8
_DIGITS = frozenset(b"0123456789")


class Density:
    """How far apart the keys of a range lie, as far as is known; they all begin with `prefix`.

    Where a guess was empty, the next is further: so many times only twice as far, as long as a count costs more than
    a guess, and then faster and faster.
    """

    def __init__(self, prefix: bytes = b"", *, doubled: int = 0) -> None:
        self._prefix = prefix
        self._bytes = b""
        self._ranks: list[int] = []
        self._digits = 0
        self._distance = 0
        self._doubled = doubled
        self._empty = 0

    @property
    def is_known(self) -> bool:
        """True once some keys were seen."""
        return self._distance > 0

    def learn(self, before: bytes, keys: Sequence[bytes], wanted: int) -> None:
        """After `before` came `keys`, and then more; the next guess is for `wanted` of them."""
        first = self._rest(keys[0] if len(keys) > 1 else before)
        last = self._rest(keys[-1])
        self._see([self._rest(key) for key in (*keys[:: max(1, len(keys) // _SAMPLE)], keys[-1])])
        self._digits = len(common(first, last)) + _PRECISION
        self._empty = 0
        gap = max(1, self._number(last) - self._number(first))
        self._distance = max(1, gap * wanted // max(1, len(keys) - 1))

    def learn_short(self, found: int, wanted: int) -> None:
        """In the last guess lay only `found` keys."""
        if found:
            self._empty = 0
            self._distance *= max(1, min(_MOST, wanted // found))
        else:
            # Faster and faster, so that the widest gap takes a few steps, but no faster than that: a step costs little,
            # and to count what lies far behind the gap costs much.
            self._empty += 1
            self._distance <<= max(1, self._empty + 1 - self._doubled)

    def end(self, start: bytes, origin: bytes | None = None) -> bytes | None:
        """A key behind which so many keys from `start` on may have come; None for the end of the range.

        `origin` is what their distance counts from, where that is another key, which comes before.
        """
        base, number = len(self._bytes), self._number(self._rest(start if origin is None else origin))
        while (end := number + self._distance) < base**self._digits:
            key = self._prefix + self._key(end)
            if key > start:
                return key
            self._distance *= 2
        return None

    def _rest(self, key: bytes) -> bytes:
        return key[len(self._prefix) :]

    def _see(self, keys: Sequence[bytes]) -> None:
        # Two at least, or there would be no number but 0.
        seen = {*self._bytes, *b"".join(keys), 0}
        if seen & _DIGITS:
            # Numbers grow: the greater digits come later.
            seen |= _DIGITS
        if len(seen) > len(self._bytes):
            self._bytes = bytes(sorted(seen))
            self._ranks = [min(bisect_left(self._bytes, byte), len(seen) - 1) for byte in range(256)]

    def _number(self, key: bytes) -> int:
        number, base = 0, len(self._bytes)
        for byte in key[: self._digits].ljust(self._digits, b"\0"):
            number = number * base + self._ranks[byte]
        return number

    def _key(self, number: int) -> bytes:
        digits = bytearray()
        for _ in range(self._digits):
            number, digit = divmod(number, len(self._bytes))
            digits.append(self._bytes[digit])
        digits.reverse()
        return bytes(digits)


def common(one: bytes, other: bytes) -> bytes:
    """What two keys begin with alike."""
    least = min(len(one), len(other))
    return one[: next((at for at in range(least) if one[at] != other[at]), least)]
