"""Decides which class each error is that an etcd server names; the names are etcd's, less their `Err`."""

from etcdobs.errors.codes import (
    CallCancelledError,
    DataLossError,
    DeadlineExceededError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    OutOfRangeError,
    ResourceExhaustedError,
    UnauthenticatedError,
    UnavailableError,
)


class EmptyKeyError(InvalidArgumentError, ValueError):
    """Also a ValueError: an empty key is refused before anything is sent."""

    message = "etcdserver: key is not provided"


class KeyNotFoundError(InvalidArgumentError):
    message = "etcdserver: key not found"


class ValueProvidedError(InvalidArgumentError):
    message = "etcdserver: value is provided"


class LeaseProvidedError(InvalidArgumentError):
    message = "etcdserver: lease is provided"


class TooManyOpsError(InvalidArgumentError):
    message = "etcdserver: too many operations in txn request"


class DuplicateKeyError(InvalidArgumentError):
    message = "etcdserver: duplicate key given in txn request"


class InvalidClientAPIVersionError(InvalidArgumentError):
    message = "etcdserver: invalid client api version"


class InvalidSortOptionError(InvalidArgumentError):
    message = "etcdserver: invalid sort option"


class MemberBadURLsError(InvalidArgumentError):
    message = "etcdserver: given member URLs are invalid"


class RequestTooLargeError(InvalidArgumentError):
    message = "etcdserver: request is too large"


class UserEmptyError(InvalidArgumentError):
    message = "etcdserver: user name is empty"


class RoleEmptyError(InvalidArgumentError):
    message = "etcdserver: role name is empty"


class AuthenticationFailedError(InvalidArgumentError):
    message = "etcdserver: authentication failed, invalid user ID or password"


class PermissionNotGivenError(InvalidArgumentError):
    message = "etcdserver: permission not given"


class InvalidAuthMgmtError(InvalidArgumentError):
    message = "etcdserver: invalid auth management"


class AuthOldRevisionError(InvalidArgumentError):
    message = "etcdserver: revision of auth store is old"


class WrongDowngradeVersionFormatError(InvalidArgumentError):
    message = "etcdserver: wrong downgrade target version format"


class InvalidDowngradeTargetVersionError(InvalidArgumentError):
    message = "etcdserver: invalid downgrade target version"


class LeaseNotFoundError(NotFoundError):
    message = "etcdserver: requested lease not found"


class MemberNotFoundError(NotFoundError):
    message = "etcdserver: member not found"


class LeaseExistError(FailedPreconditionError):
    message = "etcdserver: lease already exists"


class MemberExistError(FailedPreconditionError):
    message = "etcdserver: member ID already exist"


class PeerURLExistError(FailedPreconditionError):
    message = "etcdserver: Peer URLs already exists"


class MemberNotEnoughStartedError(FailedPreconditionError):
    message = "etcdserver: re-configuration failed due to not enough started members"


class MemberNotLearnerError(FailedPreconditionError):
    message = "etcdserver: can only promote a learner member"


class MemberLearnerNotReadyError(FailedPreconditionError):
    message = "etcdserver: can only promote a learner member which is in sync with leader"


class TooManyLearnersError(FailedPreconditionError):
    message = "etcdserver: too many learner members in cluster"


class ClusterIDMismatchError(FailedPreconditionError):
    message = "etcdserver: cluster ID mismatch"


class RootUserNotExistError(FailedPreconditionError):
    message = "etcdserver: root user does not exist"


class RootRoleNotExistError(FailedPreconditionError):
    message = "etcdserver: root user does not have root role"


class UserAlreadyExistError(FailedPreconditionError):
    message = "etcdserver: user name already exists"


class UserNotFoundError(FailedPreconditionError):
    message = "etcdserver: user name not found"


class RoleAlreadyExistError(FailedPreconditionError):
    message = "etcdserver: role name already exists"


class RoleNotFoundError(FailedPreconditionError):
    message = "etcdserver: role name not found"


class RoleNotGrantedError(FailedPreconditionError):
    message = "etcdserver: role is not granted to the user"


class PermissionNotGrantedError(FailedPreconditionError):
    message = "etcdserver: permission is not granted to the role"


class AuthNotEnabledError(FailedPreconditionError):
    message = "etcdserver: authentication is not enabled"


class NotLeaderError(FailedPreconditionError):
    message = "etcdserver: not leader"


class NotCapableError(FailedPreconditionError):
    message = "etcdserver: not capable"


class NotSupportedForLearnerError(FailedPreconditionError):
    message = "etcdserver: rpc not supported for learner"


class BadLeaderTransfereeError(FailedPreconditionError):
    message = "etcdserver: bad leader transferee"


class ClusterVersionUnavailableError(FailedPreconditionError):
    message = "etcdserver: cluster version not found during downgrade"


class DowngradeInProcessError(FailedPreconditionError):
    message = "etcdserver: cluster has a downgrade job in progress"


class NoInflightDowngradeError(FailedPreconditionError):
    message = "etcdserver: no inflight downgrade job"


class CompactedError(OutOfRangeError):
    """The revision is older than the cluster's history.

    Attributes:
        compact_revision: where history now starts, told to watchers only; None on every other call.
    """

    message = "etcdserver: mvcc: required revision has been compacted"

    compact_revision: int | None = None


class FutureRevisionError(OutOfRangeError):
    message = "etcdserver: mvcc: required revision is a future revision"


class LeaseTTLTooLargeError(OutOfRangeError):
    message = "etcdserver: too large lease TTL"


class NoSpaceError(ResourceExhaustedError):
    message = "etcdserver: mvcc: database space exceeded"


class TooManyRequestsError(ResourceExhaustedError):
    message = "etcdserver: too many requests"


class WatchCanceledError(CallCancelledError):
    message = "etcdserver: watch canceled"


class RequestCanceledError(CallCancelledError):
    message = "etcdserver: request canceled"


class ServerDeadlineExceededError(DeadlineExceededError):
    message = "etcdserver: context deadline exceeded"


class InvalidAuthTokenError(UnauthenticatedError):
    message = "etcdserver: invalid auth token"


class NoLeaderError(UnavailableError):
    message = "etcdserver: no leader"


class LeaderChangedError(UnavailableError):
    message = "etcdserver: leader changed"


class StoppedError(UnavailableError):
    message = "etcdserver: server stopped"


class ServerTimeoutError(UnavailableError):
    message = "etcdserver: request timed out"


class TimeoutDueToLeaderFailError(UnavailableError):
    message = "etcdserver: request timed out, possibly due to previous leader failure"


class TimeoutDueToConnectionLostError(UnavailableError):
    message = "etcdserver: request timed out, possibly due to connection lost"


class TimeoutWaitAppliedIndexError(UnavailableError):
    message = "etcdserver: request timed out, waiting for the applied index took too long"


class UnhealthyError(UnavailableError):
    message = "etcdserver: unhealthy cluster"


class CorruptError(DataLossError):
    message = "etcdserver: corrupt cluster"
