"""The Maintenance service: a method's arguments become a `Call` of one of its RPCs."""

from typing import Literal

from etcdobs._call import CLIENT_DEFAULT, Call, Timeout, checked_int, checked_timeout
from etcdobs._effects import RpcEffect
from etcdobs._wire import Rpc, rpc
from etcdobs._wire import etcdserverpb as pb
from etcdobs.ops import _decode
from etcdobs.types import Alarm, AlarmType, HashKVResponse, StatusResponse


def status(endpoint: str | None = None, *, timeout: Timeout = CLIENT_DEFAULT) -> Call[StatusResponse]:
    """What one member says of itself: version, sizes, leader, log positions, errors.

    Args:
        endpoint: the member to ask, one of `client.endpoints` or not; None: any.
        timeout: seconds for the whole call; left out: the client's; None: no deadline.
    """
    member = None if endpoint is None else _named(endpoint)
    return Call(_rpc("Status"), pb.StatusRequest(), _status, checked_timeout(timeout), member)


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


def alarms(*, timeout: Timeout = CLIENT_DEFAULT) -> Call[list[Alarm]]:
    """The alarms that are raised."""
    return _alarm(pb.AlarmRequest(action=pb.AlarmRequest.GET), timeout, "read")


def disarm_one(alarm: Alarm, *, timeout: Timeout = CLIENT_DEFAULT) -> Call[list[Alarm]]:
    """Lowers one alarm; returns it, or nothing when it was not raised."""
    if not isinstance(alarm, Alarm):
        raise TypeError(f"alarm must be an Alarm, as alarms() returns them, not {type(alarm).__name__}")
    request = pb.AlarmRequest(action=pb.AlarmRequest.DEACTIVATE, memberID=alarm.member_id, alarm=_ALARMS[alarm.type])
    return _alarm(request, timeout)


_ALARMS = {AlarmType.NOSPACE: pb.NOSPACE, AlarmType.CORRUPT: pb.CORRUPT}


def _alarm(request: pb.AlarmRequest, timeout: Timeout, effect: RpcEffect | None = None) -> Call[list[Alarm]]:
    return Call(_rpc("Alarm"), request, _alarms, checked_timeout(timeout), effect=effect)


def _alarms(reply: pb.AlarmResponse) -> list[Alarm]:
    return [Alarm(alarm.memberID, AlarmType(alarm.alarm)) for alarm in reply.alarms if alarm.alarm]


def defragment(endpoint: str, *, timeout: Timeout = CLIENT_DEFAULT) -> Call[None]:
    """Gives the free pages of one member's database back to the file system; the member answers nothing meanwhile.

    Args:
        endpoint: the member, one of `client.endpoints` or not.
        timeout: seconds for the whole call; left out: the client's; None: no deadline, which suits large databases.
    """
    request = pb.DefragmentRequest()
    return Call(_rpc("Defragment"), request, lambda _reply: None, checked_timeout(timeout), _named(endpoint))


def hash_kv(endpoint: str, revision: int = 0, *, timeout: Timeout = CLIENT_DEFAULT) -> Call[HashKVResponse]:
    """A hash over all keys that one member holds, to compare with that of another.

    Args:
        endpoint: the member, one of `client.endpoints` or not.
        revision: up to this revision; 0 for the member's own now.
        timeout: seconds for the whole call; left out: the client's; None: no deadline.

    Raises:
        CompactedError, FutureRevisionError: the revision is not in the member's history.
    """
    request = pb.HashKVRequest(revision=checked_int("revision", revision))
    return Call(_rpc("HashKV"), request, _hash, checked_timeout(timeout), _named(endpoint))


def _hash(reply: pb.HashKVResponse) -> HashKVResponse:
    return HashKVResponse(
        header=_decode.header(reply.header),
        hash=reply.hash,
        compact_revision=reply.compact_revision,
        hash_revision=reply.hash_revision or None,
    )


def move_leader(target_id: int, endpoint: str, *, timeout: Timeout = CLIENT_DEFAULT) -> Call[None]:
    """Makes another member the leader; `endpoint` must be the leader's of now."""
    if isinstance(target_id, bool) or not isinstance(target_id, int):
        raise TypeError(f"target_id must be a member's id, not {type(target_id).__name__}")
    request = pb.MoveLeaderRequest(targetID=target_id)
    return Call(_rpc("MoveLeader"), request, lambda _reply: None, checked_timeout(timeout), _named(endpoint))


def downgrade(
    action: Literal["validate", "enable", "cancel"], version: str = "", *, timeout: Timeout = CLIENT_DEFAULT
) -> Call[str]:
    """Prepares the cluster for servers of the minor version before, or takes that back; returns the cluster's version.

    Args:
        action: "validate", "enable" or "cancel".
        version: the target, like "3.5"; none to cancel.
        timeout: seconds for the whole call; left out: the client's; None: no deadline.

    Raises:
        ValueError: another action.
        InvalidDowngradeTargetVersionError: it is not the minor version before.
        DowngradeInProcessError, NoInflightDowngradeError: there is one already, or none to cancel.
    """
    if action not in _DOWNGRADES:
        raise ValueError(f"action must be one of {', '.join(_DOWNGRADES)}, not {action!r}")
    request = pb.DowngradeRequest(action=_DOWNGRADES[action], version=version)
    return Call(_rpc("Downgrade"), request, lambda reply: str(reply.version), checked_timeout(timeout))


_DOWNGRADES = {
    "validate": pb.DowngradeRequest.VALIDATE,
    "enable": pb.DowngradeRequest.ENABLE,
    "cancel": pb.DowngradeRequest.CANCEL,
}


def _rpc(method: str) -> Rpc:
    return rpc(f"etcdserverpb.Maintenance/{method}")


def _named(endpoint: object) -> str:
    if not isinstance(endpoint, str):
        raise TypeError(f"endpoint must be a str like 'localhost:2379', not {type(endpoint).__name__}")
    return endpoint
