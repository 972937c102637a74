"""Decides what crosses from the gateway to the rest: immutable values, in which a server's text is always bytes."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple


class ChildRecord(NamedTuple):
    """One name below a prefix; the key of a branch ends with the separator, and `below` keys are below it, where that
    was told."""

    key: bytes
    is_branch: bool
    below: int | None = None

    @property
    def bare(self) -> "ChildRecord":
        """The name alone."""
        return self if self.below is None else ChildRecord(self.key, self.is_branch)


class Permitted(NamedTuple):
    """What a user may read: one key (`end` is empty), or the keys from `key` up to but not including `end`, which is a
    zero byte where there is no end."""

    key: bytes
    end: bytes


class KeyRevision(NamedTuple):
    """A key and the revision of its last change."""

    key: bytes
    mod_revision: int


@dataclass(frozen=True, slots=True)
class Sampled:
    """How many keys start with a prefix, and the first of them."""

    count: int
    keys: tuple[KeyRevision, ...]


class Valued(NamedTuple):
    """A key and its value; empty where it was not asked for."""

    key: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """A key with its value and metadata. `lease_ttl` is in seconds, None where there is no lease or it is unknown.
    `serializable` says that a member answered alone, without the quorum."""

    key: bytes
    value: bytes
    create_revision: int
    mod_revision: int
    version: int
    lease: int = 0
    lease_ttl: int | None = None
    serializable: bool = False


@dataclass(frozen=True, slots=True)
class LeaseRecord:
    """A lease as the server answered: seconds granted and left (-1: expired), how many keys hang on it, and some."""

    id: int
    granted_ttl: int
    ttl: int
    key_count: int
    first_key: bytes | None = None
    sample: tuple[bytes, ...] = ()


class Role(Enum):
    """What a member does in the raft group; UNKNOWN where it did not answer, DENIED where it may not tell this user."""

    LEADER = "leader"
    FOLLOWER = "follower"
    LEARNER = "learner"
    DENIED = "denied"
    UNKNOWN = "down"


@dataclass(frozen=True, slots=True)
class MemberRecord:
    """A member of the cluster, and its status where it answered; sizes in bytes, `rtt` in seconds. What its version
    does not report is None. `errors` are its own, or why it did not answer; `unlisted` says why the list of members
    could not be read, where this is known of the member from its endpoint alone."""

    id: int
    name: bytes
    role: Role
    endpoint: bytes = b""
    version: bytes = b""
    db_size: int | None = None
    db_in_use: int | None = None
    raft_term: int | None = None
    raft_index: int | None = None
    raft_applied: int | None = None
    rtt: float | None = None
    errors: tuple[bytes, ...] = ()
    quota: int | None = None
    revision: int | None = None
    leader_id: int = 0
    storage_version: bytes = b""
    peer_urls: tuple[bytes, ...] = ()
    client_urls: tuple[bytes, ...] = ()
    unlisted: bytes = b""

    @property
    def is_down(self) -> bool:
        """Whether the member did not answer."""
        return self.role is Role.UNKNOWN


class AlarmRecord(NamedTuple):
    """An alarm that a member raised: `NOSPACE` or `CORRUPT`."""

    member_id: int
    kind: str


@dataclass(frozen=True, slots=True)
class ClusterStatus:
    """What one endpoint says of itself and of its cluster; `rtt` in seconds, sizes in bytes."""

    endpoint: bytes
    member_id: int
    leader_id: int
    leader_name: bytes
    revision: int
    db_size: int
    db_in_use: int | None
    raft_term: int
    version: bytes
    rtt: float
    errors: tuple[bytes, ...] = ()


EVENT_HEAD = 256  # bytes


class EventRecord(NamedTuple):
    """A change to a key. Of the value only a head of EVENT_HEAD is kept: a log of ten thousand must stay small."""

    is_delete: bool
    is_create: bool
    key: bytes
    head: bytes
    size: int
    mod_revision: int
    lease: int = 0
    create_revision: int = 0
    version: int = 0


class EventBatch(NamedTuple):
    """What one watch response brought, and the revision up to which it is complete. `values` are the events' whole
    values, for whoever wants them at once: nobody keeps them."""

    events: tuple[EventRecord, ...]
    revision: int
    values: tuple[bytes, ...] = ()


class Sample(NamedTuple):
    """One sample of the client's own metrics."""

    name: str
    labels: Mapping[str, str]
    value: float


class FailureKind(Enum):
    """What a caller can do about a failure: wait, ask for rights, correct the credentials, read the reason."""

    UNREACHABLE = "cannot reach etcd"
    DENIED = "permission denied"
    AUTHENTICATION = "authentication failed"
    REFUSED = "not written"
    OUTCOME_UNKNOWN = "outcome unknown"
    OTHER = "request failed"


NO_ANSWER = frozenset((FailureKind.UNREACHABLE, FailureKind.AUTHENTICATION))
"""Failures that say nothing of what was asked for: the same may be answered once the cluster is back, or lets us in."""


class GatewayError(Exception):
    """A call that failed; `reason` is the server's or the transport's own text, as bytes like all of them."""

    def __init__(self, kind: FailureKind, reason: bytes) -> None:
        super().__init__(kind.value)
        self.kind = kind
        self.reason = reason
