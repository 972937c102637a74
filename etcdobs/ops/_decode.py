"""Decides how etcd's messages become the public types that several services share."""

from collections.abc import Callable, Sequence
from functools import partial
from operator import attrgetter
from typing import Any, cast

from etcdobs._wire import mvccpb
from etcdobs.types import Event, EventType, KeyValue, Member, RangeResponse, ResponseHeader
from etcdobs.types.key_value import key_value, key_values
from etcdobs.types.responses import received_range

__all__ = ["event", "events", "header", "key_value", "key_values", "member", "previous", "range_response"]

_PUT, _DELETE = EventType.PUT, EventType.DELETE

# In C, as with keys: events come by the thousand.
_kv_of = attrgetter("kv")
_event: Callable[[tuple[EventType, KeyValue, KeyValue | None]], Event] = partial(cast(Any, tuple).__new__, Event)


def header(message: Any) -> ResponseHeader:
    """The header of a reply; all zeros where the server sent none."""
    return ResponseHeader(message.cluster_id, message.member_id, message.revision, message.raft_term)


def range_response(reply: Any) -> RangeResponse:
    """A `RangeResponse` as the public type, which holds the message until its keys are asked for."""
    return received_range(header(reply.header), reply.kvs, reply.count, reply.more)


def previous(reply: Any) -> KeyValue | None:
    """The `prev_kv` of a message, where it has one."""
    return key_value(reply.prev_kv) if reply.HasField("prev_kv") else None


def event(message: "mvccpb.Event") -> Event:
    """A `mvccpb.Event` as the public type."""
    return events([message])[0]


def events(messages: "Sequence[mvccpb.Event]") -> list[Event]:
    """Each `mvccpb.Event` as the public type."""
    kvs = key_values(map(_kv_of, messages))
    return [
        _event(
            (_DELETE if message.type else _PUT, kv, key_value(message.prev_kv) if message.HasField("prev_kv") else None)
        )
        for message, kv in zip(messages, kvs, strict=True)
    ]


def member(message: Any) -> Member:
    """An `etcdserverpb.Member` as the public type."""
    return Member(message.ID, message.name, tuple(message.peerURLs), tuple(message.clientURLs), message.isLearner)
