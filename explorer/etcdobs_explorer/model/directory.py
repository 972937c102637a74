"""Decides what is known of one directory: a window of its children in key order, and how far they have been loaded."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from .records import ChildRecord

MOST = 200_000
"""Children of one directory that are held at once; where more are loaded, the first ones are let go."""


class Loading(Enum):
    """How far a directory has been read."""

    NOT = "not loaded"
    RUNNING = "loading"
    DONE = "loaded"
    FAILED = "failed"


def place_in(children: Sequence[ChildRecord], child: ChildRecord) -> int | None:
    """Where a child stands among some in key order; None where it is not among them."""
    at = bisect_left(children, child)
    return at if at < len(children) and children[at] == child else None


@dataclass(slots=True)
class Directory:
    """The children of one prefix. Those held begin at `start` (empty: with the first), and `more` says that the server
    has others after the last. `counts` are the keys below those that are branches, as far as they are known; `reason`
    says why it could not be read, `is_lost` that the cluster did not answer;
    `restricted` says that the directory may not be listed, and these are the parts of it that may be read."""

    prefix: bytes
    children: list[ChildRecord] = field(default_factory=list[ChildRecord])
    counts: dict[bytes, int] = field(default_factory=dict[bytes, int])
    loading: Loading = Loading.NOT
    expanded: bool = False
    start: bytes = b""
    more: bool = False
    total: int | None = None
    reason: bytes = b""
    is_lost: bool = False
    restricted: bool = False
    # What events said while a read was under way: the read may be older than they are, so they count again.
    _meanwhile: list[tuple[ChildRecord, bool]] = field(default_factory=list[tuple[ChildRecord, bool]])

    def began(self) -> None:
        """A read of the children is under way."""
        self.loading = Loading.RUNNING
        self._meanwhile.clear()

    def received(self, children: Sequence[ChildRecord], *, fresh: bool, start: bytes | None = None) -> bool:
        """Children arrived from a read that began at `start` (None: within what is held); `fresh` ones replace what
        was held, others continue it. Answers whether they are all that is new, and come after what was held."""
        if fresh:
            self.children, self.counts = [], {}
            self.restricted = False
        if start is not None:
            self.start = min(start, children[0].key) if start and children else start
        self.counts.update([(child.key, child.below) for child in children if child.below is not None])
        is_after = not fresh and not self._meanwhile
        is_after &= self._merge([child if child.below is None else child.bare for child in children])
        self._let_go()
        for child, appeared in self._meanwhile:
            if appeared:
                self._insert(child)
            else:
                self._delete(child)
        return is_after

    def offered(self, children: Iterable[ChildRecord]) -> None:
        """The directory may not be listed, but these parts of it may."""
        self.children, self.counts = sorted(child.bare for child in children), {}
        self.restricted, self.start, self.more = True, b"", False

    def add(self, child: ChildRecord) -> bool:
        """A child appeared on the server; False where it is known, or lies beyond what was loaded."""
        if self.loading is Loading.RUNNING:
            self._meanwhile.append((child, True))
        return self._insert(child)

    def remove(self, child: ChildRecord) -> bool:
        """A child is gone from the server; False where it is not held."""
        if self.loading is Loading.RUNNING:
            self._meanwhile.append((child, False))
        return self._delete(child)

    def changed_below(self, child: ChildRecord, by: int) -> None:
        """A key appeared below a branch, or went."""
        if child.key in self.counts:
            self.counts[child.key] = max(0, self.counts[child.key] + by)

    @property
    def is_known_empty(self) -> bool:
        """Whether all of it was loaded and nothing is left."""
        return self.loading is Loading.DONE and not self.more and not self.start and not self.children

    def place_of(self, child: ChildRecord) -> int | None:
        """Where a child stands among those held; None where it is not held."""
        return place_in(self.children, child)

    def before(self, child: ChildRecord) -> ChildRecord | None:
        """The child held that comes before one that is not, else the first."""
        at = bisect_left(self.children, child)
        return self.children[max(0, at - 1)] if self.children else None

    def is_beyond(self, child: ChildRecord) -> bool:
        """Whether a child may exist outside of what is held."""
        if self.start and child.key < self.start:
            return True
        return self.more and (not self.children or child > self.children[-1])

    def _merge(self, children: list[ChildRecord]) -> bool:
        """Answers whether they come after those held."""
        if not self.children or (children and children[0] > self.children[-1]):
            self.children += children
            return True
        if children and children[-1] < self.children[0]:
            self.children[:0] = children
        else:
            self.children = sorted({*self.children, *children})
        return not children

    def _let_go(self) -> None:
        """Of the first ones, where there are too many."""
        if len(self.children) > MOST:
            for child in self.children[:-MOST]:
                self.counts.pop(child.key, None)
            del self.children[:-MOST]
            self.start = self.children[0].key

    def _insert(self, child: ChildRecord) -> bool:
        if self.place_of(child) is not None or self.is_beyond(child):
            return False
        self.children.insert(bisect_left(self.children, child), child)
        if child.is_branch and self.loading is Loading.DONE:
            self.counts[child.key] = 0
        return True

    def _delete(self, child: ChildRecord) -> bool:
        at = self.place_of(child)
        if at is None:
            return False
        del self.children[at]
        self.counts.pop(child.key, None)
        return True
