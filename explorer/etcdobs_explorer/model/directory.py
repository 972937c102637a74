"""Decides what is known of one directory: its children in key order, and how far they have been loaded."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from .records import ChildRecord


class Loading(Enum):
    """How far a directory has been read."""

    NOT = "not loaded"
    RUNNING = "loading"
    DONE = "loaded"
    FAILED = "failed"


@dataclass(slots=True)
class Directory:
    """The children of one prefix. `more` says that the server has others after the last one held here."""

    prefix: bytes
    children: list[ChildRecord] = field(default_factory=list[ChildRecord])
    loading: Loading = Loading.NOT
    expanded: bool = False
    more: bool = False
    total: int | None = None
    reason: bytes = b""
    # What events said while a read was under way: the read may be older than they are, so they count again.
    _meanwhile: list[tuple[ChildRecord, bool]] = field(default_factory=list[tuple[ChildRecord, bool]])

    def began(self) -> None:
        """A read of the children is under way."""
        self.loading = Loading.RUNNING
        self._meanwhile.clear()

    def received(self, children: Iterable[ChildRecord], *, fresh: bool) -> None:
        """Children arrived from a read; `fresh` ones replace what was held, others continue it."""
        self.children = list(children) if fresh else sorted({*self.children, *children})
        for child, appeared in self._meanwhile:
            if appeared:
                self._insert(child)
            else:
                self._delete(child)

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

    @property
    def is_known_empty(self) -> bool:
        """Whether all of it was loaded and nothing is left."""
        return self.loading is Loading.DONE and not self.more and not self.children

    def _insert(self, child: ChildRecord) -> bool:
        at = bisect_left(self.children, child)
        known = at < len(self.children) and self.children[at] == child
        if known or (self.more and at == len(self.children)):
            return False
        self.children.insert(at, child)
        return True

    def _delete(self, child: ChildRecord) -> bool:
        at = bisect_left(self.children, child)
        if at == len(self.children) or self.children[at] != child:
            return False
        del self.children[at]
        return True
