"""Decides how maintenance that takes several calls is done: all alarms lowered, the leader found first."""

from collections.abc import Sequence

from etcdobs._call import Timeout
from etcdobs._procedure import Procedure
from etcdobs.errors import DeadlineExceededError, NotLeaderError, UnavailableError
from etcdobs.ops import maintenance
from etcdobs.types import Alarm, StatusResponse


def disarm_all(alarm: Alarm | None, timeout: Timeout) -> Procedure[list[Alarm]]:
    """Lower `alarm`, or every alarm that is raised."""
    if alarm is not None:
        lowered: list[Alarm] = yield maintenance.disarm_one(alarm, timeout=timeout)
        return lowered
    raised: list[Alarm] = yield maintenance.alarms(timeout=timeout)
    for each in raised:
        yield maintenance.disarm_one(each, timeout=timeout)
    return raised


def move_leader(target_id: int, endpoints: Sequence[str], timeout: Timeout) -> Procedure[None]:
    """Find the leader among `endpoints` and tell it."""
    yield maintenance.move_leader(target_id, (yield from _leader(endpoints, timeout)), timeout=timeout)


def _leader(endpoints: Sequence[str], timeout: Timeout) -> Procedure[str]:
    for endpoint in endpoints:
        try:
            status: StatusResponse = yield maintenance.status(endpoint, timeout=timeout)
        except (UnavailableError, DeadlineExceededError):
            continue
        if status.leader == status.header.member_id:
            return endpoint
    raise NotLeaderError(f"none of the endpoints is the leader's: {', '.join(endpoints)}")
