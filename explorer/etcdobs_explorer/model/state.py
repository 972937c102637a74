"""Decides what belongs together: everything one explorer knows of one cluster."""

from dataclasses import dataclass, field

from .calls import CallTable
from .key_tree import KeyTree
from .leases import LeaseTable
from .members import MemberTable
from .records import Entry
from .status import Connection
from .value import Decoded, decode
from .watch_log import WatchLog


@dataclass(slots=True)
class Selection:
    """The key under the cursor: what was read of it, how many keys are below it, or why nothing was read."""

    key: bytes = b""
    is_branch: bool = False
    entry: Entry | None = None
    decoded: Decoded | None = None
    below: int | None = None
    missing: bool = False
    reason: bytes = b""
    read_at: float = 0.0
    outdated: bool = False

    def received(self, entry: Entry | None, now: float) -> None:
        """The key was read; None says that it is gone."""
        if entry is None:
            self.missing = True
        elif self.entry is None or self.entry.value != entry.value:
            self.decoded = decode(entry.value)
        if entry is not None:
            self.entry, self.missing, self.reason = entry, False, b""
        self.read_at = now


@dataclass(slots=True)
class State:
    """The model behind the views. `metrics_url` is where this process serves its metrics, "" for nowhere; `watching`
    says whether changes arrive, `watch_reason` why not; `wanted` are directories that ought to be read, `unsure` those
    that may have become empty, `touched` says when (on a monotonic clock) a key last changed."""

    context: str
    read_only: bool = False
    separator: bytes = b"/"
    metrics_url: str = ""
    connection: Connection = field(default_factory=Connection)
    tree: KeyTree = field(init=False)
    selection: Selection = field(default_factory=Selection)
    leases: LeaseTable = field(default_factory=LeaseTable)
    members: MemberTable = field(default_factory=MemberTable)
    log: WatchLog = field(default_factory=WatchLog)
    calls: CallTable = field(default_factory=CallTable)
    watching: bool = False
    watch_reason: bytes = b""
    wanted: set[bytes] = field(default_factory=set[bytes])
    unsure: set[bytes] = field(default_factory=set[bytes])
    touched: dict[bytes, float] = field(default_factory=dict[bytes, float])

    def __post_init__(self) -> None:
        self.tree = KeyTree(self.separator)

    def rooted(self, prefix: bytes) -> None:
        """Show another part of the keyspace."""
        self.tree = KeyTree(self.separator, prefix)
        self.selection = Selection()

    def select(self, key: bytes, is_branch: bool) -> None:
        """Look at another key."""
        if (self.selection.key, self.selection.is_branch) != (key, is_branch):
            self.selection = Selection(key, is_branch)

    def forget_touched(self, before: float) -> None:
        """Let go of changes older than `before`."""
        self.touched = {key: at for key, at in self.touched.items() if at >= before}
