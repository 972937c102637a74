"""Decides which watches there are, what each asks for, how far each has come, and why one has ended."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from .filter import Filter
from .inspection import Inspection
from .recording import Recording
from .records import EventRecord, FailureKind
from .watch_log import WatchLog

BUILTIN = 0  # the watch that feeds the key tree
MOST = 12  # watches at once
_QUIET = 2.0  # seconds without events after which a watch counts as caught up


@dataclass(frozen=True, slots=True)
class WatchSpec:
    """What a watch asks for: a key or all keys that start with it, from a revision on (0: from now), puts, deletes."""

    key: bytes
    is_prefix: bool = True
    start_revision: int = 0
    puts: bool = True
    deletes: bool = True

    def covers(self, event: EventRecord) -> bool:
        """Whether the watch brings such an event."""
        if not (self.deletes if event.is_delete else self.puts):
            return False
        return event.key.startswith(self.key) if self.is_prefix else event.key == self.key

    def after(self, revision: int) -> "WatchSpec":
        """The same, from the revision after one that was seen; as it is where none was."""
        return replace(self, start_revision=revision + 1) if revision else self


class Phase(Enum):
    """How a watch stands."""

    OPENING = "opening"
    LIVE = "live"
    RETRYING = "retrying"
    COMPACTED = "compacted"
    DENIED = "permission denied"

    @property
    def is_over(self) -> bool:
        """Whether no event comes any more."""
        return self in (Phase.COMPACTED, Phase.DENIED)


class Watch:
    """One watch: what it asks for, its log, and how it stands. Revisions are 0 where they are not known.

    `history_start` is where the server's history begins, where the watch ended because it wanted older revisions.
    """

    def __init__(self, id: int, spec: WatchSpec) -> None:
        self.id = id
        self.spec = spec
        self.log = WatchLog()
        self.phase = Phase.OPENING
        self.reason = b""
        self.history_start = 0
        self.revision = 0
        self.behind = 0
        self.recording: Recording | None = None
        self._opened_at = 0
        self._due = 0
        self._event_at = -1e9

    @property
    def is_builtin(self) -> bool:
        """Whether it feeds the key tree: it cannot be removed."""
        return self.id == BUILTIN

    def restart(self, spec: WatchSpec) -> None:
        """Ask for something else from now on; the log goes on."""
        self.spec = spec
        self.phase, self.reason, self.history_start = Phase.OPENING, b"", 0
        self.revision = self._opened_at = self._due = 0

    def began(self, revision: int, header_revision: int) -> None:
        """The server has it: nothing after `revision` is missed (0: not known). The store is at `header_revision`."""
        self.phase, self.reason, self.history_start = Phase.LIVE, b"", 0
        self.revision = max(self.revision, revision)
        self._opened_at = max(self._opened_at, header_revision)

    def received(self, events: Sequence[EventRecord], revision: int, now: float, at: float) -> None:
        """Events came; with them it has seen everything up to `revision`."""
        self.log.add(events, now, at=at)
        self.revision, self._event_at = max(self.revision, revision), now

    def heard(self, events: Sequence[EventRecord]) -> None:
        """These happened, as the built-in watch says: the last of them that is this one's is due."""
        newest = next((event for event in reversed(events) if self.spec.covers(event)), None)
        if newest is not None:
            self._due = max(self._due, newest.mod_revision)

    def failed(self, kind: FailureKind, reason: bytes, history_start: int = 0) -> None:
        """It ended, or is tried again where waiting may help."""
        ended = Phase.COMPACTED if history_start else Phase.DENIED
        self.phase = ended if history_start or kind is FailureKind.DENIED else Phase.RETRYING
        self.reason, self.history_start = reason, history_start

    def lag(self, header_revision: int, now: float) -> int:
        """How many revisions of the store lie between the last that it brought and the newest.

        0 where it misses none of them: a watch of keys that rest is not behind, whatever happens elsewhere. It is
        behind while events are due of which another watch told, or while it still brings what is older than itself.
        """
        is_catching_up = self.revision < self._opened_at and now - self._event_at < _QUIET
        is_behind = self._due > self.revision or is_catching_up
        return max(0, header_revision - self.revision) if is_behind and self.revision else 0

    @property
    def again(self) -> WatchSpec:
        """What to ask for to go on: after what was seen, or from where history begins now."""
        if self.history_start:
            return replace(self.spec, start_revision=self.history_start)
        return self.spec.after(self.revision)


class TooManyWatchesError(Exception):
    """There are as many watches as are kept at once."""


class Watches:
    """The watches, the built-in one first; `chosen` is the one whose log is shown, `inspection` an event looked at."""

    def __init__(self, root: bytes = b"") -> None:
        self.filter = Filter()
        self.builtin = Watch(BUILTIN, WatchSpec(root))
        self.rows: list[Watch] = [self.builtin]
        self.chosen = self.builtin
        self.inspection: Inspection | None = None
        self._last_id = BUILTIN

    def set_filter(self, text: str) -> None:
        """The list is short and always whole: the filter is that of the chosen watch's log."""
        self.chosen.log.set_filter(text)

    def index_of(self, id: int) -> int | None:
        """The place of a watch by its id."""
        return next((index for index, watch in enumerate(self.rows) if watch.id == id), None)

    def get(self, id: int) -> Watch | None:
        """A watch by its id; None where it was removed."""
        index = self.index_of(id)
        return None if index is None else self.rows[index]

    def add(self, spec: WatchSpec) -> Watch:
        """Another watch, which is the chosen one now. Raises TooManyWatchesError."""
        if len(self.rows) >= MOST:
            raise TooManyWatchesError
        self._last_id += 1
        watch = Watch(self._last_id, spec)
        self.rows.append(watch)
        self.chosen = watch
        return watch

    def remove(self, id: int) -> None:
        """One watch less; its neighbour is chosen where it was. The built-in one stays."""
        index = self.index_of(id)
        if index is None or self.rows[index].is_builtin:
            return
        gone = self.rows.pop(index)
        if self.chosen is gone:
            self.chosen = self.rows[min(index, len(self.rows) - 1)]

    def heard(self, events: Sequence[EventRecord]) -> None:
        """What the built-in watch brought is told to the others, so that they know what they lack."""
        for watch in self.rows[1:]:
            watch.heard(events)

    def reckon(self, header_revision: int, now: float) -> None:
        """Work out how far each is behind the store's revision."""
        for watch in self.rows:
            watch.behind = watch.lag(header_revision, now)

    def alike(self, spec: WatchSpec) -> Watch | None:
        """The watch of the reader's that asks for the same already, if it has not ended."""
        return next((watch for watch in self.rows[1:] if watch.spec == spec and not watch.phase.is_over), None)

    def rooted(self, prefix: bytes) -> None:
        """The key tree shows another part of the keyspace: its watch begins anew."""
        self.builtin.restart(WatchSpec(prefix))
