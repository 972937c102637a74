"""Decides what the key tree shows: directories read lazily, kept live by events, and the way to a key in them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from .directory import Directory, Loading
from .filter import Filter
from .records import ChildRecord, EventRecord, Permitted
from .rows import Block, Row, RowKind, Rows, block
from .sieve import Sieves

DEEPEST = 100
"""Directories that are open within each other; those further down are shown with one of them as the root."""


class Step(NamedTuple):
    """What leads on to a key: a directory to be read first, around a name where not all of it is held, or the row
    where the way ends, or another root where it is too long. None of them: a read that is under way has to end."""

    root: bytes | None = None
    load: bytes | None = None
    around: bytes = b""
    row: tuple[bytes, RowKind] | None = None
    is_there: bool = True


class KeyTree:
    """The keys below `root`. Rows appear through `rows`; the caller loads what `expand` asks for. `stirred` are the
    directories in whose depths something changed: who shows them takes them out."""

    def __init__(self, separator: bytes = b"/", root: bytes = b"") -> None:
        self.separator = separator
        self.root = root
        self.filter = Filter()
        self.stirred: set[bytes] = set()
        self._directories: dict[bytes, Directory] = {}
        self._sieves = Sieves()
        self._blocks: dict[bytes, Block] = {}
        self._layout: Block | None = None
        self.rows = Rows(self._laid_out)
        self.directory(root).expanded = True

    def directory(self, prefix: bytes) -> Directory:
        """The directory of `prefix`, made where it is not known yet."""
        return self._directories.setdefault(prefix, Directory(prefix))

    def expanded(self) -> list[Directory]:
        """The directories that are open, the root first."""
        return [directory for directory in self._directories.values() if directory.expanded]

    def lost(self) -> list[bytes]:
        """The open directories that could not be read because the cluster did not answer."""
        return [each.prefix for each in self.expanded() if each.loading is Loading.FAILED and each.is_lost]

    @property
    def key_count(self) -> int:
        """How many names have been loaded, in open and closed directories."""
        return sum(len(directory.children) for directory in self._directories.values())

    def count_below(self, branch: bytes) -> int | None:
        """How many keys are below a directory, as far as that was told; at least, where it ends with `more`."""
        held = self._holder(ChildRecord(branch, True))
        return None if held is None else held.counts.get(branch)

    # -- what the reader does ------------------------------------------------------------------------------

    def expand(self, prefix: bytes) -> bool:
        """Open a directory; True where its children have yet to be loaded."""
        directory = self.directory(prefix)
        directory.expanded = True
        self.rebuild()
        return directory.loading in (Loading.NOT, Loading.FAILED)

    def collapse(self, prefix: bytes) -> None:
        """Close a directory; what was loaded stays."""
        self.directory(prefix).expanded = False
        self.rebuild()

    def set_filter(self, text: str) -> None:
        """Show only keys that pass, in every loaded directory, with the directories that lead to them: in a large one
        those among the first children, and the others as `sift` comes to them."""
        self.filter = Filter(text)
        self._sieves.clear()
        self.rebuild()

    @property
    def is_sifting(self) -> bool:
        """Whether there are loaded children that the filter has not looked at yet."""
        return not self._sieves.is_done

    def sift(self, seconds: float) -> None:
        """Have the filter look at more of the loaded children, for about that long."""
        self._sieves.advance(seconds)
        self.rebuild()

    # -- what the server says ------------------------------------------------------------------------------

    def began(self, prefix: bytes) -> None:
        """The children of `prefix` are on their way."""
        self.directory(prefix).began()
        self.rebuild()

    def received(
        self, prefix: bytes, children: Sequence[ChildRecord], *, fresh: bool, start: bytes | None = None
    ) -> None:
        """Children arrived in key order; `fresh` ones replace what was held, others continue it. `start` is where the
        read began, None where it went on."""
        began = b"" if fresh and start is None else start
        if not self.directory(prefix).received(children, fresh=fresh, start=began):
            self._sieves.forget(prefix)
        self.rebuild()

    def finished(self, prefix: bytes, *, more: bool | None, total: int | None = None) -> None:
        """The load of `prefix` ended; `more` where it stopped at the cap (None: as before), `total` being below."""
        directory = self.directory(prefix)
        directory.loading, directory.total = Loading.DONE, directory.total if total is None else total
        directory.more = directory.more if more is None else more
        self.rebuild()

    def failed(self, prefix: bytes, reason: bytes, *, is_lost: bool = False) -> None:
        """The load of `prefix` failed; what was held before stays. `is_lost`: because the cluster did not answer."""
        directory = self.directory(prefix)
        directory.loading, directory.reason, directory.is_lost = Loading.FAILED, reason, is_lost
        self.rebuild()

    def offered(self, prefix: bytes, permitted: Iterable[Permitted]) -> None:
        """A directory may not be listed, but these parts of it may be read."""
        within = [each for each in permitted if each.key.startswith(prefix)]
        self.directory(prefix).offered(ChildRecord(each.key, bool(each.end)) for each in within)
        self._sieves.forget(prefix)
        self.rebuild()

    def apply(self, events: Iterable[EventRecord]) -> set[bytes]:
        """Follow changes on the server. Answers the directories that may have become empty without the tree
        being able to tell; the caller asks the server and calls `vanished`."""
        unsure: set[bytes] = set()
        changed = False
        for event in events:
            if event.key.startswith(self.root):
                changed |= self._deleted(event.key, unsure) if event.is_delete else self._put(event)
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
        key, kind = identity
        if kind not in (RowKind.BRANCH, RowKind.LEAF):
            return self._index_of_note(key, kind)
        child = ChildRecord(key, kind is RowKind.BRANCH)
        held = self._holder(child)
        found = self._blocks_laid_out().get(held.prefix) if held is not None else None
        start = self._start_of(found) if found is not None else None
        at = found.place_of(child) if found is not None else None
        return None if found is None or start is None or at is None else start + found.place(at)

    def parent_index(self, index: int) -> int | None:
        """The row of the directory that holds a row, None at the top."""
        row = self.rows[index]
        if not row.is_key:
            return self.index_of((row.key, RowKind.BRANCH))
        held = self._holder(ChildRecord(row.key, row.kind is RowKind.BRANCH))
        return self.index_of((held.prefix, RowKind.BRANCH)) if held is not None else None

    def segments(self, key: bytes) -> Sequence[bytes]:
        """A key cut at its separators, for a breadcrumb."""
        return key.split(self.separator) if self.separator else [key]

    def directory_of(self, key: bytes) -> bytes:
        """The prefix of the directory that a key lies in."""
        cut = key.rfind(self.separator, len(self.root)) if self.separator else -1
        return self.root if cut < 0 else key[: cut + len(self.separator)]

    def way_down(self) -> bytes | None:
        """The directory at the root that is worth opening unasked: the only one, or that of the keys that start
        with the separator. None where it was opened before."""
        top = self.directory(self.root)
        whole = ChildRecord(self.root + self.separator, True)
        branches = [whole] if top.place_of(whole) is not None else _first_two_branches(top.children)
        if len(branches) != 1 or top.restricted:
            return None
        way = self.directory(branches[0].key)
        return None if way.loading is not Loading.NOT or way.expanded else way.prefix

    # -- the way to a key ----------------------------------------------------------------------------------

    def step_to(self, key: bytes, *, is_branch: bool, tried: set[bytes]) -> Step:
        """What leads on to a key, with the directories on the way opened; `tried` are those that were read for it."""
        directory = self.directory(self.root)
        for _ in range(DEEPEST):
            self.expand(directory.prefix)
            child = self._toward(directory, key)
            if directory.place_of(child) is None:
                return self._not_held(directory, child, tried)
            if child == ChildRecord(key, is_branch):
                break
            if not child.is_branch:
                return self._not_held(directory, ChildRecord(key, is_branch), tried)
            directory = self.directory(child.key)
        else:
            return Step(root=directory.prefix)
        return Step(row=(child.key, RowKind.BRANCH if child.is_branch else RowKind.LEAF))

    def _toward(self, directory: Directory, key: bytes) -> ChildRecord:
        """The child that leads to a key, or is it."""
        if directory.restricted:
            ways = [child for child in directory.children if child.is_branch and key.startswith(child.key)]
            return max(ways, key=_length, default=ChildRecord(key, False))
        cut = key.find(self.separator, len(directory.prefix)) if self.separator else -1
        return ChildRecord(key, False) if cut < 0 else ChildRecord(key[: cut + len(self.separator)], True)

    def _not_held(self, directory: Directory, child: ChildRecord, tried: set[bytes]) -> Step:
        if directory.loading is Loading.RUNNING:
            return Step()
        if directory.loading is Loading.NOT:
            return Step(load=directory.prefix)
        if directory.loading is Loading.FAILED and not directory.restricted:
            return Step(row=(directory.prefix, RowKind.FAILED))
        if directory.is_beyond(child) and directory.prefix not in tried:
            return Step(load=directory.prefix, around=child.key)
        return self._nearest(directory, child)

    def _nearest(self, directory: Directory, child: ChildRecord) -> Step:
        """Where a child would be: at the directory of that name, else at what comes before."""
        beside = ChildRecord(child.key + self.separator, True)
        is_there = bool(self.separator) and not child.is_branch and directory.place_of(beside) is not None
        near = beside if is_there else directory.before(child) or ChildRecord(directory.prefix, True)
        return Step(row=(near.key, RowKind.BRANCH if near.is_branch else RowKind.LEAF), is_there=is_there)

    # -- the rows ------------------------------------------------------------------------------------------

    def rebuild(self) -> None:
        """Lay the rows out anew when they are looked at next."""
        self._layout = None

    def _laid_out(self) -> Block:
        if self._layout is None:
            self._blocks = {}
            self._layout = self._block(self.directory(self.root), 0, self._open_branches())
        return self._layout

    def _blocks_laid_out(self) -> dict[bytes, Block]:
        self._laid_out()
        return self._blocks

    def _open_branches(self) -> dict[bytes, list[tuple[int, Directory]]]:
        """By the directory that holds them, those whose content is shown: by a filter also in closed ones."""
        found: dict[bytes, list[tuple[int, Directory]]] = {}
        for each in self._directories.values():
            if each.prefix == self.root or not (each.expanded or (self.filter and each.children)):
                continue
            child = ChildRecord(each.prefix, True)
            held = self._holder(child)
            at = held.place_of(child) if held is not None else None
            if held is not None and at is not None:
                found.setdefault(held.prefix, []).append((at, each))
        return found

    def _block(self, directory: Directory, depth: int, open_: dict[bytes, list[tuple[int, Directory]]]) -> Block:
        below = [
            (at, self._block(each, depth + 1, open_)) for at, each in sorted(open_.get(directory.prefix, ()), key=_at)
        ]
        children: Sequence[ChildRecord] = directory.children
        if self.filter:
            children, below = self._passing(directory, below)
        found = block(directory, depth, children, self.separator, below, is_filtered=bool(self.filter))
        self._blocks[directory.prefix] = found
        return found

    def _passing(
        self, directory: Directory, below: Sequence[tuple[int, Block]]
    ) -> tuple[list[ChildRecord], list[tuple[int, Block]]]:
        """The children that pass the filter or lead to some that do, and the blocks of the latter."""
        shown = [(at, each) for at, each in below if each.size]
        kept, places = self._sieves.passing(directory, self.filter.test, [directory.children[at] for at, _ in shown])
        return kept, [(place, each) for place, (_, each) in zip(places, shown, strict=True)]

    def _start_of(self, found: Block) -> int | None:
        """Where the rows of a block begin; None where they are not shown."""
        prefix = found.directory.prefix
        if prefix == self.root:
            return 0
        above = self.index_of((prefix, RowKind.BRANCH))
        return None if above is None else above + 1

    def _index_of_note(self, prefix: bytes, kind: RowKind) -> int | None:
        found = self._blocks_laid_out().get(prefix)
        start = self._start_of(found) if found is not None else None
        if found is None or start is None or kind not in (found.first, found.last):
            return None
        return start if kind is found.first else start + found.size - 1

    def _holder(self, child: ChildRecord) -> Directory | None:
        """The directory that holds a child: the nearest, or one above it that is restricted."""
        prefix = self._parent(child.key) if child.is_branch else self.directory_of(child.key)
        while True:
            directory = self._directories.get(prefix)
            if directory is not None and directory.place_of(child) is not None:
                return directory
            if prefix == self.root:
                return self._permitted_holder(child)
            prefix = self._parent(prefix)

    def _permitted_holder(self, child: ChildRecord) -> Directory | None:
        """A permitted prefix need not end with the separator: what lies below it does not say so by its name."""
        top = self.directory(self.root)
        ways = [each for each in top.children if each.is_branch and each != child] if top.restricted else []
        known = [self._directories.get(each.key) for each in ways if child.key.startswith(each.key)]
        return next((each for each in known if each is not None and each.place_of(child) is not None), None)

    # -- events --------------------------------------------------------------------------------------------

    def _path(self, key: bytes) -> Iterator[tuple[Directory, ChildRecord]]:
        """The loaded directories on the way to `key`, each with the child that leads on."""
        prefix = self.root
        while (directory := self._directories.get(prefix)) is not None and directory.loading is not Loading.NOT:
            child = self._toward(directory, key)
            yield directory, child
            if not child.is_branch:
                return
            prefix = child.key

    def _put(self, event: EventRecord) -> bool:
        changed = False
        for directory, child in self._path(event.key):
            changed |= not directory.restricted and self._sieves.add(directory, child)
            if child.is_branch:
                self._stir(directory, child, 1 if event.is_create else 0)
        return changed

    def _deleted(self, key: bytes, unsure: set[bytes]) -> bool:
        path = list(self._path(key))
        for directory, child in path:
            if child.is_branch:
                self._stir(directory, child, -1)
        if not path:
            return False
        directory, child = path[-1]
        if child.is_branch:
            unsure.add(child.key)
            return False
        changed = self._sieves.remove(directory, child)
        if directory.is_known_empty:
            self._remove_branch(directory.prefix)
        return changed

    def _stir(self, directory: Directory, child: ChildRecord, by: int) -> None:
        directory.changed_below(child, by)
        self.stirred.add(child.key)

    def _remove_branch(self, prefix: bytes) -> bool:
        changed = False
        while prefix != self.root:
            self._directories.pop(prefix, None)
            self._sieves.forget(prefix)
            parent = self._directories.get(self._parent(prefix))
            if parent is None or not self._sieves.remove(parent, ChildRecord(prefix, True)):
                break
            changed = True
            if not parent.is_known_empty:
                break
            prefix = parent.prefix
        return changed

    def _parent(self, prefix: bytes) -> bytes:
        return self.directory_of(prefix[: -len(self.separator)]) if self.separator else self.root


def _length(child: ChildRecord) -> int:
    return len(child.key)


def _at(branch: tuple[int, Directory]) -> int:
    return branch[0]


def _first_two_branches(children: Iterable[ChildRecord]) -> list[ChildRecord]:
    found: list[ChildRecord] = []
    for child in children:
        if child.is_branch:
            found.append(child)
            if len(found) == 2:
                break
    return found


__all__ = ["DEEPEST", "KeyTree", "Row", "RowKind", "Rows", "Step"]
