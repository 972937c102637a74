"""The Maintenance service: a method's arguments become a `Call` of Status."""

from dataclasses import replace

from etcdobs._call import CLIENT_DEFAULT, Call, Timeout, checked_timeout
from etcdobs._wire import etcdserverpb as pb
from etcdobs._wire import rpc
from etcdobs.ops import _decode
from etcdobs.types import StatusResponse


def status(endpoint: str | None = None, *, timeout: Timeout = CLIENT_DEFAULT) -> Call[StatusResponse]:
    """What one member says of itself: version, sizes, leader, log positions, errors.

    Args:
        endpoint: the member to ask, one of `client.endpoints` or not; None: any.
        timeout: seconds for the whole call; left out: the client's; None: no deadline.
    """
    call = Call(rpc("etcdserverpb.Maintenance/Status"), pb.StatusRequest(), _status, True, checked_timeout(timeout))
    return replace(call, endpoint=endpoint)


def _status(reply: pb.StatusResponse) -> StatusResponse:
    # proto3 cannot tell 0 from absent: a server that reports these at all never reports 0.
    return StatusResponse(
        header=_decode.header(reply.header),
        version=reply.version,
        db_size=reply.dbSize,
        db_size_in_use=reply.dbSizeInUse or None,
        leader=reply.leader,
        raft_term=reply.raftTerm,
        raft_index=reply.raftIndex,
        raft_applied_index=reply.raftAppliedIndex or None,
        is_learner=reply.isLearner,
        errors=tuple(reply.errors),
        storage_version=reply.storageVersion or None,
        db_size_quota=reply.dbSizeQuota or None,
    )
