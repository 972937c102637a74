"""Decides what belongs together: everything one explorer knows of one cluster."""

from dataclasses import dataclass, field, replace

from .call_log import CallLog
from .decode.choices import choice_for, choose
from .decode.schema import Schema
from .history import HistoryTable, Past
from .key_tree import KeyTree
from .leases import LeaseTable
from .members import MemberTable
from .object_table import ObjectTable
from .records import Entry
from .search import Search
from .status import Connection
from .survey import Survey
from .traffic import Traffic
from .value import AUTO, Asked, Decoded, Reading, is_quick, read
from .visits import Goal, Visits
from .watch_log import WatchLog
from .watches import Phase, Watches
from .writes import Journal, Writing


@dataclass(slots=True)
class Selection:
    """The key under the cursor: what was read of it, how many keys are below it, or why nothing was read; `is_lost`
    says that this is because the cluster did not answer."""

    key: bytes = b""
    is_branch: bool = False
    entry: Entry | None = None
    decoded: Decoded | None = None
    below: int | None = None
    survey: Survey | None = None
    missing: bool = False
    reason: bytes = b""
    read_at: float = 0.0
    outdated: bool = False
    is_lost: bool = False
    asked: Asked = field(default_factory=Asked)
    forms: tuple[str, ...] = ()
    is_read: bool = True

    def received(self, entry: Entry | None, now: float) -> None:
        """The key was read; None says that it is gone."""
        if entry is None:
            self.missing = True
        elif self.entry is None or self.entry.value != entry.value:
            self._read(entry.value)
        if entry is not None:
            self.entry, self.missing = entry, False
        self.reason, self.is_lost = b"", False
        self.read_at = now

    def counted(self, below: int) -> None:
        """The keys below the directory were counted."""
        self.below, self.reason, self.is_lost = below, b"", False

    def failed(self, reason: bytes, *, is_lost: bool) -> None:
        """It could not be read; what was read before stays."""
        self.reason, self.is_lost = reason, is_lost

    def ask(self, asked: Asked) -> None:
        """Read the value in another way."""
        self.asked = asked
        if self.entry is not None:
            self._read(self.entry.value)

    def _read(self, value: bytes) -> None:
        """Read a value at once where that is quick, else let it wait for a worker, who tells `was_read`."""
        self.is_read = False
        if is_quick(value):
            self.was_read(read(value, self.asked))

    def was_read(self, reading: Reading) -> None:
        """The value is read."""
        self.decoded, self.forms, self.is_read = reading.decoded, reading.forms, True


@dataclass(slots=True)
class State:
    """The model behind the views. `metrics_url` is where this process serves its metrics, "" for nowhere;
    `colour` marks the context, "" for none; `wanted` are directories that ought to be read, `unsure` those
    that may have become empty, `touched` says when (on a monotonic clock) a key last changed."""

    context: str
    read_only: bool = False
    separator: bytes = b"/"
    metrics_url: str = ""
    colour: str = ""
    connection: Connection = field(default_factory=Connection)
    tree: KeyTree = field(init=False)
    selection: Selection = field(default_factory=Selection)
    leases: LeaseTable = field(default_factory=LeaseTable)
    members: MemberTable = field(default_factory=MemberTable)
    watches: Watches = field(default_factory=Watches)
    traffic: Traffic = field(default_factory=Traffic)
    calls: CallLog = field(default_factory=CallLog)
    journal: Journal = field(default_factory=Journal)
    writing: Writing = field(default_factory=Writing)
    history: HistoryTable = field(default_factory=HistoryTable)
    past: Past = field(default_factory=Past)
    marked: Entry | None = None  # to be compared with another key
    search: Search = field(default_factory=Search)
    objects: ObjectTable = field(default_factory=ObjectTable)
    visits: Visits = field(default_factory=Visits)
    bookmarks: list[bytes] = field(default_factory=list[bytes])
    goal: Goal | None = None
    wanted: set[bytes] = field(default_factory=set[bytes])
    unsure: set[bytes] = field(default_factory=set[bytes])
    touched: dict[bytes, float] = field(default_factory=dict[bytes, float])
    forms: dict[bytes, str] = field(default_factory=dict[bytes, str])
    schemas: dict[bytes, Schema] = field(default_factory=dict[bytes, Schema])
    wraps: bool = True

    def __post_init__(self) -> None:
        self.tree = KeyTree(self.separator)

    def rooted(self, prefix: bytes) -> None:
        """Show another part of the keyspace."""
        self.tree = self.past.tree(self.separator, prefix)
        self.watches.rooted(prefix)
        self.selection = Selection()

    def ask_again(self) -> None:
        """Read what is open and could not be read, for want of an answer or of a password that is taken."""
        self.wanted.update(self.tree.lost())
        self.selection.outdated |= self.selection.is_lost

    @property
    def log(self) -> WatchLog:
        """What the watch brought that feeds the key tree."""
        return self.watches.builtin.log

    @property
    def watching(self) -> bool:
        """Whether the key tree is told of changes."""
        return self.watches.builtin.phase is Phase.LIVE

    @property
    def watch_reason(self) -> bytes:
        """Why the key tree is not told of changes."""
        return self.watches.builtin.reason

    def select(self, key: bytes, is_branch: bool) -> None:
        """Look at another key."""
        if (self.selection.key, self.selection.is_branch) != (key, is_branch):
            self.selection = Selection(key, is_branch, asked=self.asked(key))

    def asked(self, key: bytes) -> Asked:
        """How the reader wants the value of a key read."""
        return Asked(choice_for(key, self.forms) or AUTO, choice_for(key, self.schemas))

    def choose_form(self, name: str) -> None:
        """Read the value looked at, and the others of its directory, in a form; AUTO: in the one that fits."""
        choose(self.forms, self.selection.key, self.separator, name)
        self.selection.ask(replace(self.asked(self.selection.key), reveal=self.selection.asked.reveal))

    def forget_touched(self, before: float) -> None:
        """Let go of changes older than `before`."""
        self.touched = {key: at for key, at in self.touched.items() if at >= before}
