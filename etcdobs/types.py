"""Decides what comes out of a call: frozen values, bytes for keys and values, ints for revisions and ids."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, NamedTuple, TypeAlias, overload

from etcdobs.keys import Keys

__all__ = [
    "Alarm",
    "AlarmType",
    "AuthStatus",
    "Child",
    "CompactResponse",
    "DeleteResponse",
    "EndpointHealth",
    "Event",
    "EventType",
    "HashKVResponse",
    "Health",
    "KeyValue",
    "LeaseTimeToLive",
    "Member",
    "OperationResponse",
    "Permission",
    "PutResponse",
    "RangeResponse",
    "ResponseHeader",
    "Role",
    "StatusResponse",
    "TxnResponse",
    "User",
    "WatchResponse",
]


_SHOWN_BYTES = 80
_SHOWN_ITEMS = 5


def _short(data: bytes) -> str:
    """Bytes for a repr, which must stay readable whatever is stored."""
    return repr(data) if len(data) <= _SHOWN_BYTES else f"<{len(data)} bytes {data[:_SHOWN_BYTES]!r}...>"


def _few(items: Sequence[object]) -> str:
    """Items for a repr, the first few of many."""
    shown = ", ".join(map(repr, items[:_SHOWN_ITEMS]))
    return f"[{shown}, ... {len(items)} in all]" if len(items) > _SHOWN_ITEMS else f"[{shown}]"


class KeyValue(NamedTuple):
    """A key with its value and what etcd keeps beside it (made by the million, so a tuple underneath).

    Attributes:
        key, value: as stored.
        create_revision: revision of the cluster at which the key was last created.
        mod_revision: revision of its last change.
        version: number of changes since it was created, from 1; 0 in the event of its deletion.
        lease: id of the lease it hangs on; 0 for none.
    """

    key: bytes
    value: bytes
    create_revision: int
    mod_revision: int
    version: int
    lease: int

    def __repr__(self) -> str:
        return (
            f"KeyValue(key={_short(self.key)}, value={_short(self.value)}, create_revision={self.create_revision}, "
            f"mod_revision={self.mod_revision}, version={self.version}, lease={self.lease})"
        )

    @property
    def text(self) -> str:
        """The value as UTF-8; raises UnicodeDecodeError where it is not."""
        return self.value.decode()

    def json(self) -> Any:
        """The value parsed as JSON; raises ValueError where it is not."""
        return json.loads(self.value)


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


@dataclass(frozen=True, slots=True)
class ResponseHeader:
    """Who answered, and at which revision of the store."""

    cluster_id: int
    member_id: int
    revision: int
    raft_term: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Response:
    header: ResponseHeader

    @property
    def revision(self) -> int:
        """The cluster's revision when it answered."""
        return self.header.revision


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RangeResponse(_Response, Sequence[KeyValue]):
    """The keys of a range: a sequence of `KeyValue`.

    Attributes:
        kvs: the keys, none with `count_only`.
        count: number of keys in the whole range, whatever the limit.
        more: True when the limit left some out.
    """

    kvs: tuple[KeyValue, ...]
    count: int  # type: ignore[assignment]  # etcd's name for it wins over the sequence's method
    more: bool

    def __repr__(self) -> str:
        return f"RangeResponse(count={self.count}, more={self.more}, revision={self.revision}, kvs={_few(self.kvs)})"

    def __len__(self) -> int:
        return len(self.kvs)

    def __iter__(self) -> Iterator[KeyValue]:
        return iter(self.kvs)

    @overload
    def __getitem__(self, index: int) -> KeyValue: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[KeyValue, ...]: ...
    def __getitem__(self, index: int | slice) -> KeyValue | tuple[KeyValue, ...]:
        return self.kvs[index]


@dataclass(frozen=True, slots=True, kw_only=True)
class PutResponse(_Response):
    """The answer to a put; `prev_kv` is what it replaced, when that was asked for."""

    prev_kv: KeyValue | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DeleteResponse(_Response):
    """The answer to a delete: how many keys went, and which, when that was asked for. False where there was none."""

    deleted: int
    prev_kvs: tuple[KeyValue, ...] = ()

    def __bool__(self) -> bool:
        return self.deleted > 0

    def __repr__(self) -> str:
        return f"DeleteResponse(deleted={self.deleted}, revision={self.revision}, prev_kvs={_few(self.prev_kvs)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompactResponse(_Response):
    """The answer to a compaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TxnResponse(_Response):
    """The answer to a transaction; as a condition it is `succeeded`.

    Attributes:
        succeeded: True when every compare held and `then` ran, False when `otherwise` ran.
        responses: one typed response for each operation of the branch that ran, in its order.
    """

    succeeded: bool
    responses: tuple["OperationResponse", ...]

    def __bool__(self) -> bool:
        return self.succeeded


OperationResponse: TypeAlias = RangeResponse | PutResponse | DeleteResponse | TxnResponse


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
        return f"WatchResponse(revision={self.revision}, events={_few(self.events)})"

    @property
    def is_progress(self) -> bool:
        """True when nothing happened: the server only said how far it is."""
        return not self.events


@dataclass(frozen=True, slots=True)
class Child:
    """One entry of a directory.

    Attributes:
        name: the part after the prefix, without the separator.
        key: the whole, prefix included; a branch's ends with the separator.
        is_branch: True for a directory, False for a key. One name may be both: it is then listed twice.
    """

    name: bytes
    key: bytes
    is_branch: bool


@dataclass(frozen=True, slots=True)
class LeaseTimeToLive:
    """What is left of a lease.

    Attributes:
        id: the lease.
        ttl: seconds left; -1 when there is no such lease (etcd answers so, not with an error).
        granted_ttl: seconds it was granted for.
        keys: the keys that hang on it, when that was asked for.
    """

    id: int
    ttl: int
    granted_ttl: int
    keys: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Member:
    """A member of the cluster; a member that never started has no name and no client URLs."""

    id: int
    name: str
    peer_urls: tuple[str, ...]
    client_urls: tuple[str, ...]
    is_learner: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusResponse(_Response):
    """What one member says of itself. What its version does not report is None.

    Attributes:
        version: of the server, like "3.5.1".
        db_size, db_size_in_use: bytes allocated, and bytes that hold data.
        leader: id of the member it follows; 0 when it knows none.
        raft_term, raft_index, raft_applied_index: where its log is.
        is_learner: True for a member without a vote.
        errors: what it complains of: alarms, no leader.
        storage_version, db_size_quota: from 3.6 on.
    """

    version: str
    db_size: int
    db_size_in_use: int | None
    leader: int
    raft_term: int
    raft_index: int
    raft_applied_index: int | None
    is_learner: bool
    errors: tuple[str, ...]
    storage_version: str | None = None
    db_size_quota: int | None = None


@dataclass(frozen=True, slots=True)
class AuthStatus:
    """Whether authentication is on, and the revision of users and roles."""

    enabled: bool
    auth_revision: int


@dataclass(frozen=True, slots=True)
class User:
    """A user with its roles."""

    name: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Permission:
    """What a role may do with one key or a range."""

    access: Literal["read", "write", "readwrite"]
    keys: Keys


@dataclass(frozen=True, slots=True)
class Role:
    """A role with what it permits."""

    name: str
    permissions: tuple[Permission, ...]


class AlarmType(Enum):
    """What a member complains of so loudly that the cluster refuses writes."""

    NOSPACE = 1
    CORRUPT = 2


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm that is raised, and by which member."""

    member_id: int
    type: AlarmType


@dataclass(frozen=True, slots=True, kw_only=True)
class HashKVResponse(_Response):
    """A hash over all keys up to a revision: equal on members that hold the same.

    Attributes:
        hash: the hash.
        compact_revision: where the history begins that went into it.
        hash_revision: the revision up to which it goes; None before etcd 3.6.
    """

    hash: int
    compact_revision: int
    hash_revision: int | None


@dataclass(frozen=True, slots=True)
class EndpointHealth:
    """How one member is, as `etcdctl endpoint health` finds it.

    Attributes:
        endpoint: as it was given.
        ok: it answered a read that takes a quorum, and no alarm is raised. To be denied the read counts as an answer.
        error: what is wrong; None when nothing is.
        latency: seconds until it answered, or until it was given up.
        version: the server's, like "3.5.1"; None where it did not tell.
        alarms: those that it knows of, of any member; a server may tell them to root only.
    """

    endpoint: str
    ok: bool
    error: str | None
    latency: float
    version: str | None
    alarms: tuple[Alarm, ...]


@dataclass(frozen=True, slots=True)
class Health:
    """How the members are, one entry an endpoint of the client, in its order."""

    endpoints: tuple[EndpointHealth, ...]

    @property
    def ok(self) -> bool:
        """True when every endpoint is."""
        return all(endpoint.ok for endpoint in self.endpoints)
