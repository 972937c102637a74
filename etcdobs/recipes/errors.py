"""Decides which exception a recipe ends with where no server said why."""

import grpc

from etcdobs.errors import EtcdError

__all__ = [
    "BarrierHeldError",
    "ElectionNotLeaderError",
    "LockNotHeldError",
    "SessionExpiredError",
    "StaleReadError",
    "TooManyClientsError",
]


class SessionExpiredError(EtcdError):
    """The lease of the session is lost, and with it every lock, place and leadership that hangs on it."""

    message = "the lease of the session is lost"
    default_code = grpc.StatusCode.ABORTED


class LockNotHeldError(EtcdError):
    """The lock was not held, or not any more."""

    message = "the lock is not held"
    default_code = grpc.StatusCode.FAILED_PRECONDITION


class ElectionNotLeaderError(EtcdError):
    """Only the leader can do this, and it is somebody else."""

    message = "not the leader of this election"
    default_code = grpc.StatusCode.FAILED_PRECONDITION


class BarrierHeldError(EtcdError):
    """The barrier is held already."""

    message = "the barrier is held already"
    default_code = grpc.StatusCode.FAILED_PRECONDITION


class StaleReadError(EtcdError):
    """Every answer to a read was older than what had been seen before: the members that are reached lag behind.

    Attributes:
        revision: of the last answer.
        seen: the revision that was known.
    """

    message = "no member answered from a revision as late as what was seen before"
    default_code = grpc.StatusCode.FAILED_PRECONDITION

    def __init__(self, revision: int, seen: int, *, method: str = "", endpoint: str = "") -> None:
        details = f"{self.message}: {seen} was seen, the last answer is of {revision}"
        super().__init__(details, method=method, endpoint=endpoint)
        self.revision: int = revision
        self.seen: int = seen


class TooManyClientsError(EtcdError):
    """As many as the barrier is for have entered it already."""

    message = "too many clients"
    default_code = grpc.StatusCode.FAILED_PRECONDITION
