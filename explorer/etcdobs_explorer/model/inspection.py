"""Decides what is known of one event and of what was there before it: from the server, or from what the log held."""

from dataclasses import dataclass

from . import units
from .diff import Diff
from .records import EventRecord
from .secrets import COVERED, may_be_secret
from .watch_log import LoggedEvent


@dataclass(frozen=True, slots=True)
class Inspection:
    """An event and how it changed its key, None while that is being read; `note` says what is not shown, `reason` why
    nothing is."""

    row: LoggedEvent
    found: Diff | None = None
    note: str = ""
    reason: bytes = b""

    @property
    def is_read(self) -> bool:
        """Whether there is nothing more to wait for."""
        return self.found is not None or bool(self.reason)


@dataclass(frozen=True, slots=True)
class Held:
    """The value before an event and after it, as far as the log holds them (None: no such key); `note` says so."""

    before: bytes | None
    after: bytes | None
    note: str


def held(event: EventRecord, earlier: EventRecord | None, history_start: int) -> Held:
    """What is left where the server's history starts after the event."""
    start = f"; history starts at revision {units.count(history_start)}" if history_start else ""
    after = None if event.is_delete else _shown(event)
    if event.is_create:
        return Held(None, after, _cut(event, "from the log") + start)
    if earlier is None:
        return Held(None, after, f"the value before is compacted away{start}")
    before = None if earlier.is_delete else _shown(earlier)
    return Held(before, after, (_cut(earlier, "") or _cut(event, "") or "from the log") + start)


def _shown(event: EventRecord) -> bytes:
    """What is held of a value; a part of a Secret would not be told to be one where the difference is made."""
    return COVERED if may_be_secret(event.head, is_cut=event.size > len(event.head)) else event.head


def _cut(event: EventRecord, whole: str) -> str:
    is_whole = event.size <= len(event.head)
    return whole if is_whole else f"only the first {len(event.head)} bytes are in the log"
