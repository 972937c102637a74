"""The Lease service: a method's arguments become a `Call` of one of its RPCs."""

import secrets
from builtins import list as _list

from etcdobs._call import CLIENT_DEFAULT, Call, Timeout, checked_bool, checked_int, checked_timeout
from etcdobs._wire import etcdserverpb as pb
from etcdobs._wire import rpc
from etcdobs.errors import LeaseNotFoundError
from etcdobs.ops.operation import HasLeaseId, lease_id
from etcdobs.types import LeaseTimeToLive

KEEP_ALIVE = rpc("etcdserverpb.Lease/LeaseKeepAlive")


def grant(ttl: int, id: int = 0, *, timeout: Timeout = CLIENT_DEFAULT) -> Call[tuple[int, int]]:
    """The id and the ttl, in seconds, of a new lease."""
    request = pb.LeaseGrantRequest(
        TTL=checked_int("ttl", ttl, least=1),
        # Chosen here and not by the server, so that a grant of unknown outcome can be asked about and revoked.
        ID=checked_int("id", id) or secrets.randbits(62) + 1,
    )
    return Call(
        rpc("etcdserverpb.Lease/LeaseGrant"),
        request,
        lambda reply: (int(reply.ID), int(reply.TTL)),
        False,
        checked_timeout(timeout),
    )


def revoke(id: int | HasLeaseId, *, timeout: Timeout = CLIENT_DEFAULT) -> Call[None]:
    """Ends a lease now and deletes every key on it.

    Args:
        id: the lease's id, or what `grant` returned.
        timeout: seconds for the whole call; left out: the client's; None: no deadline.

    Raises:
        LeaseNotFoundError: there is no such lease, or it has expired.
    """
    request = pb.LeaseRevokeRequest(ID=lease_id(id))
    return Call(rpc("etcdserverpb.Lease/LeaseRevoke"), request, lambda _reply: None, False, checked_timeout(timeout))


def time_to_live(
    id: int | HasLeaseId, keys: bool = False, *, timeout: Timeout = CLIENT_DEFAULT
) -> Call[LeaseTimeToLive]:
    """What is left of a lease; `ttl` is -1 when there is no such lease, as etcd answers.

    Args:
        id: the lease's id, or what `grant` returned.
        keys: also return the keys that hang on it.
        timeout: seconds for the whole call; left out: the client's; None: no deadline.
    """
    request = pb.LeaseTimeToLiveRequest(ID=lease_id(id), keys=checked_bool("keys", keys))
    return Call(
        rpc("etcdserverpb.Lease/LeaseTimeToLive"),
        request,
        lambda reply: LeaseTimeToLive(reply.ID, reply.TTL, reply.grantedTTL, tuple(reply.keys)),
        True,
        checked_timeout(timeout),
    )


def list(*, timeout: Timeout = CLIENT_DEFAULT) -> "Call[_list[int]]":
    """The ids of all leases of the cluster."""
    return Call(
        rpc("etcdserverpb.Lease/LeaseLeases"),
        pb.LeaseLeasesRequest(),
        lambda reply: [int(lease.ID) for lease in reply.leases],
        True,
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
    request = pb.LeaseKeepAliveRequest(ID=lease_id(id))
    return Call(KEEP_ALIVE, request, _renewed_ttl, True, checked_timeout(timeout))


def _renewed_ttl(reply: pb.LeaseKeepAliveResponse) -> int:
    # A keepalive of an unknown lease is answered with a TTL of 0, not with an error.
    if reply.TTL <= 0:
        raise LeaseNotFoundError(method="etcdserverpb.Lease/LeaseKeepAlive")
    return reply.TTL
