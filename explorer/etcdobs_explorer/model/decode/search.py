"""Decides where a text occurs in the lines of a value, or in its bytes; step by step, for large values."""

import re
import time
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

MOST = 10_000
_STEP = 200  # lines between two looks at the clock
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}\s*)+")


class Match(NamedTuple):
    """A place: a line, and the bytes of it."""

    line: int
    start: int
    end: int


class Search:
    """The places of a text, at most MOST of them. Case counts where the text has a capital letter; in bytes (one
    line, `is_dump`) digits are looked for as bytes, too."""

    def __init__(self, text: str, lines: Sequence[bytes], *, is_dump: bool = False) -> None:
        self.text = text
        self.matches: list[Match] = []
        self._lines = lines
        self._next = 0
        self._pattern = _pattern(text, is_dump)

    @property
    def is_done(self) -> bool:
        """Whether all lines were looked through, or as many as MOST places needed."""
        return self._next >= len(self._lines) or self.is_full

    @property
    def is_full(self) -> bool:
        """Whether there may be more places."""
        return len(self.matches) >= MOST

    def advance(self, seconds: float) -> None:
        """Look through more lines, for about that long."""
        end = time.monotonic() + seconds
        while not self.is_done and time.monotonic() < end:
            for line in range(self._next, min(len(self._lines), self._next + _STEP)):
                self._look(line)
            self._next += _STEP

    def _look(self, line: int) -> None:
        for found in self._pattern.finditer(self._lines[line]):
            if self.is_full:
                return
            self.matches.append(Match(line, found.start(), found.end()))

    def at_or_after(self, line: int, start: int = 0) -> int | None:
        """The index of the first place from there on; round the end, the very first."""
        if not self.matches:
            return None
        return bisect_left(self.matches, (line, start)) % len(self.matches)

    def within(self, line: int, start: int, end: int) -> Sequence[Match]:
        """The places that have some of these bytes of a line."""
        first = bisect_left(self.matches, (line, start))
        while first and self.matches[first - 1].line == line and self.matches[first - 1].end > start:
            first -= 1
        return self.matches[first : bisect_left(self.matches, (line, end))]


def _pattern(text: str, is_dump: bool) -> re.Pattern[bytes]:
    escaped = re.escape(text.encode("utf-8", "surrogateescape"))
    if is_dump and _HEX.fullmatch(text):
        escaped = re.escape(bytes.fromhex(text)) + b"|" + escaped
    return re.compile(escaped, re.IGNORECASE if text.islower() or text.lower() == text else 0)
