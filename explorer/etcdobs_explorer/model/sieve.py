"""Decides which children of directories pass a filter, step by step: hundreds of thousands must not hold up a key."""

import time
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Sequence

from .directory import Directory, place_in
from .filter import Test
from .records import ChildRecord

_STEP = 2_000  # children between two looks at the clock: a millisecond's


class Sieve:
    """The children of one directory that pass, of those looked at so far: `kept`, in key order."""

    def __init__(self, directory: Directory, test: Test) -> None:
        self.kept: list[ChildRecord] = []
        self._directory = directory
        self._test = test
        self._last: ChildRecord | None = None

    @property
    def is_done(self) -> bool:
        """Whether all of them were looked at."""
        children = self._directory.children
        return not children or (self._last is not None and self._last >= children[-1])

    def advance(self, seconds: float = 0.0) -> None:
        """Look at more of them, for about that long, but at some in any case."""
        end, children = time.monotonic() + seconds, self._directory.children
        if children and self.kept and self.kept[0] < children[0]:
            del self.kept[: bisect_left(self.kept, children[0])]  # which the directory let go
        while not self.is_done:
            at = 0 if self._last is None else bisect_right(children, self._last)
            part = children[at : at + _STEP]
            self.kept += [child for child in part if self._test(child.key)]
            self._last = part[-1]
            if time.monotonic() >= end:
                return

    def add(self, child: ChildRecord) -> None:
        """It is among the children now."""
        if self._last is not None and child <= self._last and self._test(child.key):
            insort(self.kept, child)

    def remove(self, child: ChildRecord) -> None:
        """It is not any more."""
        if (at := place_in(self.kept, child)) is not None:
            del self.kept[at]


class Sieves:
    """Those of the directories that are shown, by their prefixes."""

    def __init__(self) -> None:
        self._held: dict[bytes, Sieve] = {}

    def clear(self) -> None:
        """There is another filter."""
        self._held.clear()

    def forget(self, prefix: bytes) -> None:
        """The directory is gone, or its children are others."""
        self._held.pop(prefix, None)

    def add(self, directory: Directory, child: ChildRecord) -> bool:
        """A child appeared on the server; False where it is known, or lies beyond what was loaded."""
        is_new = directory.add(child)
        for sieve in self._of(directory) if is_new else ():
            sieve.add(child)
        return is_new

    def remove(self, directory: Directory, child: ChildRecord) -> bool:
        """A child is gone from the server; False where it is not held."""
        was_there = directory.remove(child)
        for sieve in self._of(directory) if was_there else ():
            sieve.remove(child)
        return was_there

    def _of(self, directory: Directory) -> Iterator[Sieve]:
        if (sieve := self._held.get(directory.prefix)) is not None:
            yield sieve

    def passing(
        self, directory: Directory, test: Test, ways: Sequence[ChildRecord]
    ) -> tuple[list[ChildRecord], list[int]]:
        """The children that pass, as far as they were looked at, or are `ways` to some that do, and where those are."""
        if directory.prefix not in self._held:
            self._held[directory.prefix] = Sieve(directory, test)
            self._held[directory.prefix].advance()
        kept = self._held[directory.prefix].kept
        others = [child for child in ways if place_in(kept, child) is None]
        if others:
            kept = list(kept)
            for child in others:
                insort(kept, child)
        return kept, [bisect_left(kept, child) for child in ways]

    @property
    def is_done(self) -> bool:
        """Whether all children were looked at."""
        return all(sieve.is_done for sieve in self._held.values())

    def advance(self, seconds: float) -> None:
        """Look at more of them, for about that long."""
        sieve = next((sieve for sieve in self._held.values() if not sieve.is_done), None)
        if sieve is not None:
            sieve.advance(seconds)
