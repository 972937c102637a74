"""Decides what a watch hands out. The events of a large batch are made when they are reached."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

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


class Unmade(Protocol):
    """The events of one batch before they are made: put, kept and taken, they are no work for a garbage collector."""

    def begin(self) -> tuple[Iterator[Event], Iterator[object]]:
        """Each event, made when it is reached; and what advances with it, and hints how many are left."""
        ...


class _Unread:
    """Holds the events in the message that they came in until all of them are asked for together."""

    __slots__ = ("_revisions", "_unread")
    _revisions: list[int]
    _unread: Unmade | None


@dataclass(frozen=True, slots=True, repr=False)
class WatchResponse(_Unread):
    """A batch of events that belong together: all events of the revisions it covers, never a part.

    Attributes:
        events: in the order of their revisions; none in a progress notification.
        revision: the watcher has now seen everything up to here.
    """

    events: tuple[Event, ...]
    revision: int

    if not TYPE_CHECKING:  # to a type checker any name would be an attribute

        def __getattr__(self, name: str) -> Any:
            # What is not there: `events` where it was received and nobody looked, the others where it was made whole.
            if name == "_unread":
                return None
            if name == "_revisions":
                object.__setattr__(self, name, [*map(_revision_of, self.events)])
                return self._revisions
            if name != "events":
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
            unread = self._unread
            if unread is not None:  # else another thread was faster
                object.__setattr__(self, name, tuple(unread.begin()[0]))
                object.__setattr__(self, "_unread", None)
            return self.events

    def __repr__(self) -> str:
        return f"WatchResponse(revision={self.revision}, events={few(self.events)})"

    @property
    def is_progress(self) -> bool:
        """True when nothing happened: the server only said how far it is."""
        return self._unread is None and not self.events


_revision_of = attrgetter("kv.mod_revision")

revisions_of: Callable[[WatchResponse], list[int]] = attrgetter("_revisions")
"""The revision of each event of a batch, which need not be made for that."""


# Past what keeps it from being changed, which it is not: one is made for each message.
_set_events, _set_revision, _set_unread, _set_revisions = (
    member.__set__
    for member in (
        *map(vars(WatchResponse).__getitem__, ("events", "revision")),
        *map(vars(_Unread).__getitem__, ("_unread", "_revisions")),
    )
)

_unread_of: Callable[[WatchResponse], Unmade | None] = attrgetter("_unread")


def received_events(events: "tuple[Event, ...] | Unmade", revisions: list[int]) -> WatchResponse:
    """A batch of events that have these revisions, in order."""
    response = object.__new__(WatchResponse)
    if isinstance(events, tuple):
        _set_events(response, events)
        _set_unread(response, None)
    else:
        _set_unread(response, events)
    _set_revision(response, revisions[-1])
    _set_revisions(response, revisions)
    return response


def begin(batch: WatchResponse) -> tuple[Iterator[Event], Iterator[object]]:
    """Its events, one by one, without keeping them; and what advances with them, and hints how many are left."""
    unread = _unread_of(batch)
    if unread is not None:
        return unread.begin()
    events = iter(batch.events)
    return events, events
