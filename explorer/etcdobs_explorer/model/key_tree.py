"""Decides which rows the key tree shows: directories read lazily, spliced into one flat list, kept live by events."""

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from typing import NamedTuple

from .directory import Directory, Loading
from .filter import Filter
from .records import ChildRecord, EventRecord


class RowKind(Enum):
    """What a row stands for; the last three speak of their directory."""

    BRANCH = "directory"
    LEAF = "key"
    LOADING = "loading"
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


class KeyTree:
    """The keys below `root`. Rows appear through `rows`; the caller loads what `expand` asks for."""

    def __init__(self, separator: bytes = b"/", root: bytes = b"") -> None:
        self.separator = separator
        self.root = root
        self.filter = Filter()
        self.rows: list[Row] = []
        self._directories: dict[bytes, Directory] = {}
        self.directory(root).expanded = True
        self.rebuild()

    def directory(self, prefix: bytes) -> Directory:
        """The directory of `prefix`, made where it is not known yet."""
        return self._directories.setdefault(prefix, Directory(prefix))

    def expanded(self) -> list[Directory]:
        """The directories that are open, the root first."""
        return [directory for directory in self._directories.values() if directory.expanded]

    @property
    def key_count(self) -> int:
        """How many names have been loaded, in open and closed directories."""
        return sum(len(directory.children) for directory in self._directories.values())

    # -- what the reader does ------------------------------------------------------------------------------

    def expand(self, prefix: bytes) -> bool:
        """Open a directory; True where its children have yet to be loaded."""
        directory = self.directory(prefix)
        directory.expanded = True
        self._splice(prefix)
        return directory.loading in (Loading.NOT, Loading.FAILED)

    def collapse(self, prefix: bytes) -> None:
        """Close a directory; what was loaded stays."""
        self.directory(prefix).expanded = False
        self._splice(prefix)

    def set_filter(self, text: str) -> None:
        """Show only keys that pass, in every loaded directory, with the directories that lead to them."""
        self.filter = Filter(text)
        self.rebuild()

    # -- what the server says ------------------------------------------------------------------------------

    def began(self, prefix: bytes) -> None:
        """The children of `prefix` are on their way."""
        self.directory(prefix).began()
        self._splice(prefix)

    def received(self, prefix: bytes, children: Iterable[ChildRecord], *, fresh: bool) -> None:
        """Children arrived in key order; `fresh` ones replace what was held, others continue it."""
        self.directory(prefix).received(children, fresh=fresh)
        self._splice(prefix)

    def finished(self, prefix: bytes, *, more: bool, total: int | None = None) -> None:
        """The load of `prefix` ended; `more` where it stopped at the cap, `total` keys being below."""
        directory = self.directory(prefix)
        directory.loading, directory.more, directory.total = Loading.DONE, more, total
        self._splice(prefix)

    def failed(self, prefix: bytes, reason: bytes) -> None:
        """The load of `prefix` failed; what was held before stays."""
        directory = self.directory(prefix)
        directory.loading, directory.reason = Loading.FAILED, reason
        self._splice(prefix)

    def apply(self, events: Iterable[EventRecord]) -> set[bytes]:
        """Follow changes on the server. Answers the directories that may have become empty without the tree
        being able to tell; the caller asks the server and calls `vanished`."""
        unsure: set[bytes] = set()
        changed = False
        for event in events:
            if event.is_delete:
                changed |= self._deleted(event.key, unsure)
            else:
                changed |= self._put(event.key)
        if changed:
            self.rebuild()
        return unsure

    def vanished(self, prefix: bytes) -> None:
        """Nothing is left below `prefix`: take the directory out, and those above it that this empties."""
        if self._remove_branch(prefix):
            self.rebuild()

    # -- where things are ----------------------------------------------------------------------------------

    def index_of(self, identity: tuple[bytes, RowKind]) -> int | None:
        """The place of a row, None where it is not visible."""
        for index, row in enumerate(self.rows):
            if row[2] == identity[0] and row[1] is identity[1]:
                return index
        return None

    def parent_index(self, index: int) -> int | None:
        """The row of the directory that holds a row, None at the top."""
        depth = self.rows[index].depth
        for above in range(index - 1, -1, -1):
            if self.rows[above].depth < depth:
                return above
        return None

    def segments(self, key: bytes) -> Sequence[bytes]:
        """A key cut at its separators, for a breadcrumb."""
        return key.split(self.separator) if self.separator else [key]

    def way_down(self) -> bytes | None:
        """The directory at the root that is worth opening unasked: the only one, or that of the keys that start
        with the separator. None where it was opened before."""
        branches = [child.key for child in self.directory(self.root).children if child.is_branch]
        whole = self.root + self.separator
        way = whole if whole in branches else branches[0] if len(branches) == 1 else None
        if way is None or self.directory(way).loading is not Loading.NOT or self.directory(way).expanded:
            return None
        return way

    # -- the flat list -------------------------------------------------------------------------------------

    def rebuild(self) -> None:
        """Make the flat list anew."""
        self.rows = list(self._below(self.directory(self.root), 0))

    def _splice(self, prefix: bytes) -> None:
        if prefix == self.root or self.filter:
            self.rebuild()
            return
        at = self.index_of((prefix, RowKind.BRANCH))
        if at is None:
            return
        depth = self.rows[at].depth
        end = at + 1
        while end < len(self.rows) and self.rows[end].depth > depth:
            end += 1
        directory = self.directory(prefix)
        self.rows[at + 1 : end] = self._below(directory, depth + 1) if directory.expanded else ()

    def _below(self, directory: Directory, depth: int) -> Iterator[Row]:
        keeps = self.filter.keeps if self.filter else None
        for child in directory.children:
            row = self._row(child, directory, depth)
            if child.is_branch:
                below = self._below_branch(child.key, depth + 1)
                if keeps is None or below or keeps(child.key):
                    yield row
                    yield from below
            elif keeps is None or keeps(child.key):
                yield row
        yield from self._notes(directory, depth)

    def _below_branch(self, prefix: bytes, depth: int) -> list[Row]:
        directory = self._directories.get(prefix)
        if directory is None or not (directory.expanded or (self.filter and directory.children)):
            return []
        return list(self._below(directory, depth))

    def _row(self, child: ChildRecord, directory: Directory, depth: int) -> Row:
        name = child.key[len(directory.prefix) :]
        if child.is_branch:
            return Row(depth, RowKind.BRANCH, child.key, name.removesuffix(self.separator))
        return Row(depth, RowKind.LEAF, child.key, name)

    def _notes(self, directory: Directory, depth: int) -> Iterator[Row]:
        if directory.loading is Loading.FAILED:
            yield Row(depth, RowKind.FAILED, directory.prefix, directory.reason)
        elif directory.loading is Loading.RUNNING and not directory.children:
            yield Row(depth, RowKind.LOADING, directory.prefix, b"")
        elif directory.more and not self.filter:
            yield Row(depth, RowKind.MORE, directory.prefix, b"")

    # -- events --------------------------------------------------------------------------------------------

    def _path(self, key: bytes) -> Iterator[tuple[Directory, ChildRecord]]:
        """The loaded directories on the way to `key`, each with the child that leads on."""
        prefix = self.root
        while (directory := self._directories.get(prefix)) is not None and directory.loading is not Loading.NOT:
            cut = key.find(self.separator, len(prefix)) if self.separator else -1
            if cut < 0:
                yield directory, ChildRecord(key, False)
                return
            prefix = key[: cut + len(self.separator)]
            yield directory, ChildRecord(prefix, True)

    def _put(self, key: bytes) -> bool:
        if not key.startswith(self.root):
            return False
        added = [directory.add(child) for directory, child in self._path(key)]  # every one of them, not the first
        return any(added)

    def _deleted(self, key: bytes, unsure: set[bytes]) -> bool:
        if not key.startswith(self.root):
            return False
        path = list(self._path(key))
        if not path:
            return False
        directory, child = path[-1]
        if child.is_branch:
            unsure.add(child.key)
            return False
        changed = directory.remove(child)
        if directory.is_known_empty:
            self._remove_branch(directory.prefix)
        return changed

    def _remove_branch(self, prefix: bytes) -> bool:
        changed = False
        while prefix != self.root:
            self._directories.pop(prefix, None)
            parent = self._directories.get(self._parent(prefix))
            if parent is None or not parent.remove(ChildRecord(prefix, True)):
                break
            changed = True
            if not parent.is_known_empty:
                break
            prefix = parent.prefix
        return changed

    def _parent(self, prefix: bytes) -> bytes:
        above = prefix.removesuffix(self.separator)
        cut = above.rfind(self.separator, len(self.root)) if self.separator else -1
        return self.root if cut < 0 else above[: cut + len(self.separator)]
