"""Decides how etcd's messages become the public types that several services share."""

from collections.abc import Callable, Iterable, Iterator
from itertools import repeat
from operator import attrgetter
from typing import Any, cast

from etcdobs._wire import mvccpb
from etcdobs._wire.columns import EventColumns
from etcdobs.types import Event, EventType, KeyValue, Member, RangeResponse, ResponseHeader
from etcdobs.types.key_value import key_value, key_values
from etcdobs.types.responses import received_range

__all__ = [
    "Unmade",
    "event",
    "events",
    "first",
    "header",
    "key_value",
    "key_values",
    "member",
    "previous",
    "range_response",
]

_PUT, _DELETE = EventType.PUT, EventType.DELETE

# In C, as with keys: events come by the thousand.
_made: Callable[[type[Any], tuple[Any, ...]], Any] = cast(Any, tuple).__new__
_fields: Callable[[Any], tuple[Any, ...]] = attrgetter(*KeyValue._fields)


def header(message: Any) -> ResponseHeader:
    """The header of a reply; all zeros where the server sent none."""
    return ResponseHeader(message.cluster_id, message.member_id, message.revision, message.raft_term)


def range_response(reply: Any) -> RangeResponse:
    """A `RangeResponse` as the public type, which holds the message until its keys are asked for."""
    return received_range(header(reply.header), reply.kvs, reply.count, reply.more)


def first(reply: Any) -> KeyValue | None:
    """The first key of a `RangeResponse`, where it has one."""
    kvs = reply.kvs
    # As `key_value`, without another call: this is what a `get` returns.
    return _made(KeyValue, _fields(kvs[0])) if kvs else None


def previous(reply: Any) -> KeyValue | None:
    """The `prev_kv` of a message, where it has one."""
    return key_value(reply.prev_kv) if reply.HasField("prev_kv") else None


def event(message: "mvccpb.Event") -> Event:
    """A `mvccpb.Event` as the public type."""
    return events([message])[0]


def events(messages: "Iterable[mvccpb.Event] | EventColumns", *, prev_kv: bool = True) -> list[Event]:
    """Each `mvccpb.Event` as the public type; to look for a `prev_kv` that nobody asked for is a tenth of the time."""
    if isinstance(messages, EventColumns):
        return list(Unmade(messages, prev_kv=prev_kv).begin()[0])
    return [
        _made(
            Event,
            (
                _DELETE if message.type else _PUT,
                _made(KeyValue, _fields(message.kv)),
                _made(KeyValue, _fields(message.prev_kv)) if prev_kv and message.HasField("prev_kv") else None,
            ),
        )
        for message in messages
    ]


class Unmade:
    """Events that came by columns: each is made when it is reached, by C alone."""

    __slots__ = ("_columns", "_prev_kv")

    def __init__(self, columns: EventColumns, *, prev_kv: bool) -> None:
        self._columns = columns
        self._prev_kv = prev_kv

    def begin(self) -> tuple[Iterator[Event], Iterator[EventType]]:
        """Each event, and the iterator of their types, which advances with it."""
        before = self._columns.prev_kvs if self._prev_kv else None
        types = iter((_DELETE if self._columns.are_deletions else _PUT,) * len(self._columns))
        parts = zip(
            types, key_values(self._columns.kvs), repeat(None) if before is None else key_values(before), strict=False
        )
        return map(_made, repeat(Event), parts), types


def member(message: Any) -> Member:
    """An `etcdserverpb.Member` as the public type."""
    return Member(message.ID, message.name, tuple(message.peerURLs), tuple(message.clientURLs), message.isLearner)
