"""Decides which exception a recipe ends with where no server said why."""

import grpc

from etcdobs.errors import EtcdError

__all__ = ["BarrierHeldError", "ElectionNotLeaderError", "LockNotHeldError", "SessionExpiredError"]


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
