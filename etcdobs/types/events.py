"""Decides what a watch hands out."""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from etcdobs.types.key_value import KeyValue, few


class EventType(Enum):
    """What happened to a key."""

    PUT = 0
    DELETE = 1


class Event(NamedTuple):
    """One change of one key.

    Attributes:
        type: `EventType.PUT` or `EventType.DELETE`.
        kv: the key after the change; for a deletion its key and mod_revision only.
        prev_kv: the key before it, when the watch asked for it and the server still had it.
    """

    type: EventType
    kv: KeyValue
    prev_kv: KeyValue | None = None

    @property
    def is_create(self) -> bool:
        """True when the key did not exist before."""
        return self.type is EventType.PUT and self.kv.create_revision == self.kv.mod_revision

    @property
    def is_modify(self) -> bool:
        """True when the key existed and was put again."""
        return self.type is EventType.PUT and self.kv.create_revision != self.kv.mod_revision


@dataclass(frozen=True, slots=True, repr=False)
class WatchResponse:
    """A batch of events that belong together: all events of the revisions it covers, never a part.

    Attributes:
        events: in the order of their revisions; none in a progress notification.
        revision: the watcher has now seen everything up to here.
    """

    events: tuple[Event, ...]
    revision: int

    def __repr__(self) -> str:
        return f"WatchResponse(revision={self.revision}, events={few(self.events)})"

    @property
    def is_progress(self) -> bool:
        """True when nothing happened: the server only said how far it is."""
        return not self.events
