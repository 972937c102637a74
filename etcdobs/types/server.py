"""Decides what leases, members, users and alarms are."""

from dataclasses import dataclass
from enum import Enum
from typing import Literal

from etcdobs.keys import Keys
from etcdobs.types.responses import Response


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
class StatusResponse(Response):
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
class HashKVResponse(Response):
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
