"""Decides how etcd's messages become the public types that several services share."""

from typing import Any

from etcdobs._wire import mvccpb
from etcdobs.types import Event, EventType, KeyValue, Member, ResponseHeader


def header(message: Any) -> ResponseHeader:
    """The header of a reply; all zeros where the server sent none."""
    return ResponseHeader(message.cluster_id, message.member_id, message.revision, message.raft_term)


def key_value(kv: "mvccpb.KeyValue") -> KeyValue:
    """A `mvccpb.KeyValue` as the public type."""
    return KeyValue(kv.key, kv.value, kv.create_revision, kv.mod_revision, kv.version, kv.lease)


def previous(reply: Any) -> KeyValue | None:
    """The `prev_kv` of a message, where it has one."""
    return key_value(reply.prev_kv) if reply.HasField("prev_kv") else None


def event(message: "mvccpb.Event") -> Event:
    """A `mvccpb.Event` as the public type."""
    kind = EventType.DELETE if message.type else EventType.PUT
    return Event(kind, key_value(message.kv), previous(message))


def member(message: Any) -> Member:
    """An `etcdserverpb.Member` as the public type."""
    return Member(message.ID, message.name, tuple(message.peerURLs), tuple(message.clientURLs), message.isLearner)
