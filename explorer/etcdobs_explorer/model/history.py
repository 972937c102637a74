"""Decides what the history view knows: one key's revisions, newest first, and where and why they end."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from . import units
from .diff import Diff
from .filter import Filter
from .key_tree import KeyTree
from .records import NO_ANSWER, EventRecord, FailureKind, GatewayError

PAGE = 200  # revisions that are read at once
READ_AGAIN = 400  # revisions held from which on a change is only told, and `r` reads again


class RevisionError(GatewayError):
    """A revision that cannot be read: compacted, or not there yet. `floor` is the oldest that can, 0: unknown."""

    def __init__(self, reason: bytes, floor: int = 0) -> None:
        super().__init__(FailureKind.OTHER, reason)
        self.floor = floor


class HistoryRecord(NamedTuple):
    """What happened to a key at a revision. Of a value only the head is kept: a page of revisions must stay small."""

    revision: int
    is_delete: bool
    version: int = 0
    size: int = 0
    lease: int = 0
    head: bytes = b""


class HistoryPage(NamedTuple):
    """Some revisions of a key. `floor` is the oldest revision of the store that can be read, 0 where nothing was
    compacted; `more` says that older ones of the key follow; `partial` that the key's earlier lives are not read."""

    records: Sequence[HistoryRecord]
    floor: int
    more: bool
    partial: bool = False


class HistoryKind(Enum):
    """What a row stands for: something that happened to the key, or the end of what is listed."""

    CREATE = "CREATE"
    PUT = "PUT"
    DELETE = "DELETE"
    MORE = "more"
    END = "end"


class HistoryRow(NamedTuple):
    """A row; `text` is what the last one says, `mark` that the row is one side of the next difference."""

    kind: HistoryKind
    record: HistoryRecord
    text: str = ""
    mark: bool = False

    @property
    def is_event(self) -> bool:
        """Whether something happened to the key here."""
        return self.kind not in (HistoryKind.MORE, HistoryKind.END)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A key as of two revisions, and how its value differs; `reason` says what could not be read. Where that is the
    value before, `found` shows all of the value after as new; where it is all, `failure` is why."""

    key: bytes
    before: int
    after: int
    found: Diff | None = None
    reason: bytes = b""
    failure: GatewayError | None = None

    @property
    def is_lost(self) -> bool:
        """Whether it could not be read because the cluster did not answer."""
        return self.failure is not None and self.failure.kind in NO_ANSWER


class HistoryTable:
    """The revisions of one key. `outdated` says that the key was written since they were read, `is_cut` that some of
    them were compacted."""

    def __init__(self) -> None:
        self.filter = Filter()
        self.rows: list[HistoryRow] = []
        self.key: bytes | None = None
        self.loading = False
        self.loaded = False
        self.outdated = False
        self.is_cut = False
        self.failure: FailureKind | None = None
        self.reason = b""
        self.floor = 0
        self.marked = 0
        self.comparison: Comparison | None = None
        self.read_at = 0.0
        self._records: list[HistoryRecord] = []
        self._page = HistoryPage((), 0, False)

    def open(self, key: bytes) -> None:
        """Look at another key; the same one keeps what is known of it, and the reader's mark."""
        if key != self.key:
            self.__init__()  # type: ignore[misc]
            self.key = key

    def began(self) -> None:
        """Revisions are on their way."""
        self.loading = True
        self._arrange()

    def received(self, page: HistoryPage, now: float, *, fresh: bool) -> None:
        """Revisions arrived, newest first; `fresh` ones replace what was held, others continue it."""
        self.read_at = now if fresh else self.read_at
        self._records = list(page.records) if fresh else [*self._records, *page.records]
        self._page = page
        self.floor = max(self.floor, page.floor)
        self.loading, self.loaded, self.failure, self.reason = False, True, None, b""
        self.outdated, self.is_cut = self.outdated and not fresh, self.is_cut and not fresh
        self._arrange()

    def due(self, touched: Mapping[bytes, float]) -> bool:
        """Whether to read again: once etcd can be reached, or because the key was written since, `touched` saying when
        keys were; but not where that is much."""
        if self.key is None or self.loading:
            return False
        changed = touched.get(self.key, 0.0)
        self.outdated = self.outdated or (self.loaded and changed >= self.read_at > 0.0)
        if self.failure is not None:
            return self.failure in NO_ANSWER or self.is_cut
        return self.outdated and (self.count <= READ_AGAIN or self.is_cut)

    def failed(self, error: GatewayError) -> None:
        """The revisions could not be read; what was held stays."""
        self.loading, self.failure, self.reason = False, error.kind, error.reason
        self.cut(error)
        self._arrange()

    def compared(self, found: Comparison) -> None:
        """Two revisions were compared, or could not be."""
        self.comparison = found
        if found.failure is not None:
            self.cut(found.failure)

    def cut(self, error: GatewayError) -> None:
        """Where a read met a compaction that the revisions which are held do not know, they are to be read again."""
        if isinstance(error, RevisionError) and error.floor > self.floor:
            self.outdated = self.is_cut = True

    @property
    def count(self) -> int:
        """How many revisions are held."""
        return len(self._records)

    @property
    def has_more(self) -> bool:
        """Whether the server has older revisions of the key."""
        return self._page.more

    @property
    def newest(self) -> HistoryRecord | None:
        """What happened to the key last."""
        return self._records[0] if self._records else None

    def mark(self, revision: int) -> None:
        """Make a revision one side of the next difference, or no more."""
        self.marked = 0 if self.marked == revision else revision
        self._arrange()

    def before(self, record: HistoryRecord) -> HistoryRecord | None:
        """What happened to the key before: None where nothing did, or it is not held."""
        at = next((index for index, each in enumerate(self._records) if each.revision == record.revision), -1)
        return self._records[at + 1] if 0 <= at < len(self._records) - 1 else None

    def record(self, revision: int) -> HistoryRecord | None:
        """What happened at a revision."""
        return next((each for each in self._records if each.revision == revision), None)

    def set_filter(self, text: str) -> None:
        """Show only revisions whose type or value's head passes."""
        self.filter = Filter(text)
        self._arrange()

    def index_of(self, identity: tuple[HistoryKind, int]) -> int | None:
        """The place of a row."""
        found = (index for index, row in enumerate(self.rows) if (row.kind, row.record.revision) == identity)
        return next(found, None)

    def _arrange(self) -> None:
        rows = [HistoryRow(_kind(each), each, mark=each.revision == self.marked) for each in self._records]
        self.rows = [row for row in rows if self.filter.keeps(_searchable(row))]
        if self.loaded:
            end = HistoryKind.MORE if self.has_more else HistoryKind.END
            self.rows.append(HistoryRow(end, HistoryRecord(0, False), self._ending()))

    def _ending(self) -> str:
        if self.loading:
            return "loading…"
        if self.has_more:
            return f"{units.count(self.count)} shown: Enter loads older ones"
        return ending(self._records, self.floor, partial=self._page.partial)


def ending(records: Sequence[HistoryRecord], floor: int, *, partial: bool = False) -> str:
    """Why nothing older is listed: the compaction, or the beginning of the key."""
    if partial:
        return "created here; whether it was there before was not read: its history is too large"
    if not floor:
        return "the beginning: nothing was compacted" if records else "the key was never there: nothing was compacted"
    oldest = records[-1] if records else None
    cut = f"compacted up to {units.count(floor)}"
    if oldest is None:
        return f"{cut}: nothing happened to the key since"
    if oldest.version > 1:
        return f"{cut}: {units.plural(oldest.version - 1, 'older version')} gone"
    return f"{cut}: what was before is gone"


def revision_of(text: str, now: int) -> int:
    """A revision as typed: `1234`, `1,234`, or `-10` for ten before `now`. ValueError says what is wrong with it."""
    digits = text.strip().replace(",", "").replace("_", "")
    if not digits.removeprefix("-").isascii() or not digits.removeprefix("-").isdecimal():
        raise ValueError(f"{text.strip()!r} is no revision: a number, or -N for N revisions ago")
    revision = int(digits)
    found = now + revision if digits.startswith("-") else revision
    if found < 1:
        raise ValueError(f"there is no revision {units.count(found)}: the first is 1")
    if found > now:
        raise ValueError(f"revision {units.count(found)} is not there yet: the newest is {units.count(now)}")
    return found


def _kind(record: HistoryRecord) -> HistoryKind:
    if record.is_delete:
        return HistoryKind.DELETE
    return HistoryKind.CREATE if record.version == 1 else HistoryKind.PUT


def _searchable(row: HistoryRow) -> bytes:
    return row.kind.value.encode() + b" %d " % row.record.revision + row.record.head


class PastTree(KeyTree):
    """The tree as of a revision: what happens now does not reach it."""

    def apply(self, events: Iterable[EventRecord]) -> set[bytes]:
        """Nothing changes in the past."""
        return set()


@dataclass(slots=True)
class Past:
    """The revision that the keys are shown at, 0 for now; `present` is the tree to go back to."""

    revision: int = 0
    present: KeyTree | None = None

    def tree(self, separator: bytes, root: bytes) -> KeyTree:
        """A tree of the keys at that revision, nothing of it loaded yet."""
        return PastTree(separator, root) if self.revision else KeyTree(separator, root)

    def go(self, revision: int, shown: KeyTree) -> KeyTree:
        """To another revision; answers the tree as of then, in which the same directories are open as in `shown`."""
        self.present = self.present or shown
        self.revision = revision
        tree = self.tree(shown.separator, shown.root)
        for directory in shown.expanded():
            tree.expand(directory.prefix)
        return tree

    def leave(self, shown: KeyTree) -> KeyTree:
        """Back to now; answers the tree that was left, unless another part of the keyspace is shown by now."""
        present, self.present, self.revision = self.present, None, 0
        is_same = present is not None and present.root == shown.root
        return present if present is not None and is_same else self.tree(shown.separator, shown.root)
