"""Decides which row of the key tree stands where: a long list of which no row is made before it is looked at."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from .directory import Directory, Loading, place_in
from .made_rows import MadeRows
from .records import ChildRecord


class RowKind(Enum):
    """What a row stands for; the last four speak of their directory."""

    BRANCH = "directory"
    LEAF = "key"
    LOADING = "loading"
    EARLIER = "earlier"
    MORE = "more"
    FAILED = "failed"


class Row(NamedTuple):
    """A visible row. `name` is the part of the key after its directory, without the separator."""

    depth: int
    kind: RowKind
    key: bytes
    name: bytes

    @property
    def identity(self) -> tuple[bytes, RowKind]:
        """What the row is, wherever it stands."""
        return self.key, self.kind

    @property
    def is_key(self) -> bool:
        """Whether the row is a key or a directory, not something that is said of one."""
        return self.kind in (RowKind.BRANCH, RowKind.LEAF)


@dataclass(slots=True)
class Block:
    """The rows of one open directory: perhaps a first that says that others come before, the children, each branch
    that is open followed by the block of its own, and perhaps a last row that says something of the directory."""

    directory: Directory
    depth: int
    children: Sequence[ChildRecord]
    separator: bytes
    opened: Sequence["Opened"]
    first: RowKind | None
    last: RowKind | None

    @property
    def head(self) -> int:
        """How many rows come before the children."""
        return 0 if self.first is None else 1

    @property
    def inner(self) -> int:
        """The rows of the open branches."""
        return self.opened[-1].end - self.opened[-1].at - 1 if self.opened else 0

    @property
    def size(self) -> int:
        """All rows."""
        return self.head + len(self.children) + self.inner + (0 if self.last is None else 1)

    def row(self, index: int) -> Row:
        """The row at a place."""
        at = index - self.head
        if at < 0:
            return self._note(self.first)
        number = bisect_right(self.opened, at, key=_start) - 1
        if number >= 0:
            found = self.opened[number]
            if at < found.end:
                return found.block.row(at - found.start)
            at = found.at + 1 + at - found.end
        return self._child(self.children[at]) if at < len(self.children) else self._note(self.last)

    def place(self, at: int) -> int:
        """The row of a child."""
        number = bisect_right(self.opened, at - 1, key=_at) - 1
        before = self.opened[number].end - self.opened[number].at - 1 if number >= 0 else 0
        return self.head + at + before

    def place_of(self, child: ChildRecord) -> int | None:
        """Where a child stands among those shown."""
        return place_in(self.children, child)

    def _child(self, child: ChildRecord) -> Row:
        name = child.key[len(self.directory.prefix) :]
        if child.is_branch:
            return Row(self.depth, RowKind.BRANCH, child.key, name.removesuffix(self.separator))
        return Row(self.depth, RowKind.LEAF, child.key, name)

    def _note(self, kind: RowKind | None) -> Row:
        if kind is None:
            raise IndexError("no such row")
        name = self.directory.reason if kind is RowKind.FAILED else b""
        return Row(self.depth, kind, self.directory.prefix, name)


class Opened(NamedTuple):
    """An open branch: its place among the children, and the rows of its block, counted from the first child's."""

    at: int
    start: int
    end: int
    block: Block


def _start(opened: Opened) -> int:
    return opened.start


def _at(opened: Opened) -> int:
    return opened.at


def block(
    directory: Directory,
    depth: int,
    children: Sequence[ChildRecord],
    separator: bytes,
    branches: Sequence[tuple[int, Block]],
    *,
    is_filtered: bool = False,
) -> Block:
    """The rows of a directory; `branches` are the open ones among its children, in order, by their places."""
    opened: list[Opened] = []
    inner = 0
    for at, below in branches:
        start = at + 1 + inner
        inner += below.size
        opened.append(Opened(at, start, start + below.size, below))
    first, last = _first(directory, is_filtered), _last(directory, is_filtered)
    return Block(directory, depth, children, separator, opened, first, last)


def _first(directory: Directory, is_filtered: bool) -> RowKind | None:
    if directory.restricted:
        return RowKind.FAILED
    return RowKind.EARLIER if directory.start and not is_filtered else None


def _last(directory: Directory, is_filtered: bool) -> RowKind | None:
    if directory.restricted:
        return None
    if directory.loading is Loading.FAILED:
        return RowKind.FAILED
    if directory.loading is Loading.RUNNING and not directory.children:
        return RowKind.LOADING
    return RowKind.MORE if directory.more and not is_filtered else None


class Rows(MadeRows[Row]):
    """The rows of a tree as they are now."""

    def __init__(self, layout: Callable[[], Block]) -> None:
        self._layout = layout

    def __len__(self) -> int:
        return self._layout().size

    def row(self, index: int) -> Row:
        return self._layout().row(index)
