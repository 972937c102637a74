"""The Lease service: a method's arguments become a `Call` of one of its RPCs."""

import secrets
from builtins import list as _list
from collections.abc import Callable
from typing import Any, TypeVar

from etcdobs._call import (
    CLIENT_DEFAULT,
    AtLeastOnce,
    Call,
    Confirmation,
    Timeout,
    checked_bool,
    checked_int,
    checked_retry,
    checked_timeout,
)
from etcdobs._wire import etcdserverpb as pb
from etcdobs._wire import rpc
from etcdobs.errors import LeaseExistError, LeaseNotFoundError
from etcdobs.ops.operation import HasLeaseId, lease_id
from etcdobs.types import LeaseTimeToLive

T = TypeVar("T")

KEEP_ALIVE = rpc("etcdserverpb.Lease/LeaseKeepAlive")


def grant(
    ttl: int, id: int = 0, *, retry: AtLeastOnce | None = None, timeout: Timeout = CLIENT_DEFAULT
) -> Call[tuple[int, int]]:
    """The id and the ttl, in seconds, of a new lease."""
    wanted = checked_int("id", id)
    # Chosen here and not by the server: a second attempt meets the lease of the first, and nobody else's.
    chosen = wanted or secrets.randbelow((1 << 63) - 1) + 1
    return Call(
        rpc("etcdserverpb.Lease/LeaseGrant"),
        pb.LeaseGrantRequest(TTL=checked_int("ttl", ttl, least=1), ID=chosen),
        lambda reply: (int(reply.ID), int(reply.TTL)),
        checked_timeout(timeout),
        # A lease of that id may have been there before, and be another's.
        effect="mutation" if wanted else None,
        retry=checked_retry(retry),
        confirmation=Confirmation(LeaseExistError, _asked(chosen, _granted)),
    )


def _asked(id: int, decode: Callable[[Any], T]) -> Call[T]:
    return Call(rpc("etcdserverpb.Lease/LeaseTimeToLive"), pb.LeaseTimeToLiveRequest(ID=id), decode)


def _granted(reply: pb.LeaseTimeToLiveResponse) -> tuple[int, int]:
    if reply.TTL < 0:
        raise LeaseNotFoundError(method="etcdserverpb.Lease/LeaseTimeToLive")
    return int(reply.ID), int(reply.grantedTTL)


def revoke(id: int | HasLeaseId, *, retry: AtLeastOnce | None = None, timeout: Timeout = CLIENT_DEFAULT) -> Call[None]:
    """Ends a lease now and deletes every key on it.

    Args:
        id: the lease's id, or what `grant` returned.
        retry: "at_least_once": send it again where it may have been applied already; that the second finds no lease
            is success.
        timeout: seconds for the whole call; left out: the client's; None: no deadline.

    Raises:
        LeaseNotFoundError: there is no such lease, or it has expired.
    """
    ended = lease_id(id, least=1)
    return Call(
        rpc("etcdserverpb.Lease/LeaseRevoke"),
        pb.LeaseRevokeRequest(ID=ended),
        _nothing,
        checked_timeout(timeout),
        retry=checked_retry(retry),
        confirmation=Confirmation(LeaseNotFoundError, _asked(ended, _nothing)),
    )


def _nothing(_reply: object) -> None:
    return None


def time_to_live(
    id: int | HasLeaseId, keys: bool = False, *, timeout: Timeout = CLIENT_DEFAULT
) -> Call[LeaseTimeToLive]:
    """What is left of a lease; `ttl` is -1 when there is no such lease, as etcd answers.

    Args:
        id: the lease's id, or what `grant` returned.
        keys: also return the keys that hang on it.
        timeout: seconds for the whole call; left out: the client's; None: no deadline.
    """
    request = pb.LeaseTimeToLiveRequest(ID=lease_id(id, least=1), keys=checked_bool("keys", keys))
    return Call(
        rpc("etcdserverpb.Lease/LeaseTimeToLive"),
        request,
        lambda reply: LeaseTimeToLive(reply.ID, reply.TTL, reply.grantedTTL, tuple(reply.keys)),
        checked_timeout(timeout),
    )


def list(*, timeout: Timeout = CLIENT_DEFAULT) -> Call[_list[int]]:
    """The ids of all leases of the cluster."""
    return Call(
        rpc("etcdserverpb.Lease/LeaseLeases"),
        pb.LeaseLeasesRequest(),
        lambda reply: [int(lease.ID) for lease in reply.leases],
        checked_timeout(timeout),
    )


def keep_alive_once(id: int | HasLeaseId, *, timeout: Timeout = CLIENT_DEFAULT) -> Call[int]:
    """Renews a lease once; returns its new ttl in seconds.

    Args:
        id: the lease's id, or what `grant` returned.
        timeout: seconds for the whole call; left out: the client's; None: no deadline.

    Raises:
        LeaseNotFoundError: there is no such lease, or it has expired.
    """
    request = pb.LeaseKeepAliveRequest(ID=lease_id(id, least=1))
    return Call(KEEP_ALIVE, request, _renewed_ttl, checked_timeout(timeout))


def _renewed_ttl(reply: pb.LeaseKeepAliveResponse) -> int:
    # A keepalive of an unknown lease is answered with a TTL of 0, not with an error.
    if reply.TTL <= 0:
        raise LeaseNotFoundError(method="etcdserverpb.Lease/LeaseKeepAlive")
    return reply.TTL
