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
    """A put with `ignore_value` or `ignore_lease` names a key that does not exist: there is nothing to keep."""

    message = "etcdserver: key not found"


class ValueProvidedError(InvalidArgumentError):
    """A put has a value as well as `ignore_value`: the two exclude each other."""

    message = "etcdserver: value is provided"


class LeaseProvidedError(InvalidArgumentError):
    """A put has a lease as well as `ignore_lease`: the two exclude each other."""

    message = "etcdserver: lease is provided"


class TooManyOpsError(InvalidArgumentError):
    """A transaction has more compares, or more operations in a branch, than the server's `--max-txn-ops`."""

    message = "etcdserver: too many operations in txn request"


class DuplicateKeyError(InvalidArgumentError):
    """A transaction would write one key twice, by puts or by a put and a delete."""

    message = "etcdserver: duplicate key given in txn request"


class InvalidClientAPIVersionError(InvalidArgumentError):
    """The version of the API that the client says it speaks is none that the server knows."""

    message = "etcdserver: invalid client api version"


class InvalidSortOptionError(InvalidArgumentError):
    """A range asks for an order, or a target to sort by, that the server does not know."""

    message = "etcdserver: invalid sort option"


class MemberBadURLsError(InvalidArgumentError):
    """A member is added or updated with peer URLs that cannot be parsed."""

    message = "etcdserver: given member URLs are invalid"


class RequestTooLargeError(InvalidArgumentError):
    """The request is larger than the server's `--max-request-bytes`, or than the client may send."""

    message = "etcdserver: request is too large"


class UserEmptyError(InvalidArgumentError):
    """A user without a name is to be added."""

    message = "etcdserver: user name is empty"


class RoleEmptyError(InvalidArgumentError):
    """A role without a name is to be added."""

    message = "etcdserver: role name is empty"


class AuthenticationFailedError(InvalidArgumentError):
    """The user's name or password is wrong, or the user has no password."""

    message = "etcdserver: authentication failed, invalid user ID or password"


class PermissionNotGivenError(InvalidArgumentError):
    """A role is to be granted a permission, and the request has none."""

    message = "etcdserver: permission not given"


class InvalidAuthMgmtError(InvalidArgumentError):
    """A change that would lock everybody out while auth is enabled: root's user or role is to go."""

    message = "etcdserver: invalid auth management"


class AuthOldRevisionError(InvalidArgumentError):
    """Users or roles were changed after the request was checked, or after the token was made: ask again."""

    message = "etcdserver: revision of auth store is old"


class WrongDowngradeVersionFormatError(InvalidArgumentError):
    """The version to downgrade to is none: it must read like "3.5"."""

    message = "etcdserver: wrong downgrade target version format"


class InvalidDowngradeTargetVersionError(InvalidArgumentError):
    """The cluster can be downgraded to its last minor version only, and to no other."""

    message = "etcdserver: invalid downgrade target version"


class LeaseNotFoundError(NotFoundError):
    """There is no such lease: it was never granted, has run out, or was revoked."""

    message = "etcdserver: requested lease not found"


class MemberNotFoundError(NotFoundError):
    """The cluster has no member of this id."""

    message = "etcdserver: member not found"


class LeaseExistError(FailedPreconditionError):
    """A lease is to be granted under an id that another one has."""

    message = "etcdserver: lease already exists"


class MemberExistError(FailedPreconditionError):
    """A member is to be added under an id that another one has."""

    message = "etcdserver: member ID already exist"


class PeerURLExistError(FailedPreconditionError):
    """A member is to be added, or updated, with a peer URL that another one has."""

    message = "etcdserver: Peer URLs already exists"


class MemberNotEnoughStartedError(FailedPreconditionError):
    """With this change of members, too few of those that have started would be left for a quorum."""

    message = "etcdserver: re-configuration failed due to not enough started members"


class MemberNotLearnerError(FailedPreconditionError):
    """A member is to be promoted that votes already."""

    message = "etcdserver: can only promote a learner member"


class MemberLearnerNotReadyError(FailedPreconditionError):
    """A learner is to be promoted that is too far behind the leader: ask again later."""

    message = "etcdserver: can only promote a learner member which is in sync with leader"


class TooManyLearnersError(FailedPreconditionError):
    """A learner is to be added, and the cluster has as many as it may have (`--max-learners`)."""

    message = "etcdserver: too many learner members in cluster"


class ClusterIDMismatchError(FailedPreconditionError):
    """The member belongs to another cluster than the one that the request is meant for."""

    message = "etcdserver: cluster ID mismatch"


class RootUserNotExistError(FailedPreconditionError):
    """Auth is to be enabled, and there is no user `root`."""

    message = "etcdserver: root user does not exist"


class RootRoleNotExistError(FailedPreconditionError):
    """Auth is to be enabled, and the user `root` does not have the role `root`."""

    message = "etcdserver: root user does not have root role"


class UserAlreadyExistError(FailedPreconditionError):
    """A user is to be added whose name is taken."""

    message = "etcdserver: user name already exists"


class UserNotFoundError(FailedPreconditionError):
    """There is no user of this name."""

    message = "etcdserver: user name not found"


class RoleAlreadyExistError(FailedPreconditionError):
    """A role is to be added whose name is taken."""

    message = "etcdserver: role name already exists"


class RoleNotFoundError(FailedPreconditionError):
    """There is no role of this name."""

    message = "etcdserver: role name not found"


class RoleNotGrantedError(FailedPreconditionError):
    """A role is to be revoked from a user who does not have it."""

    message = "etcdserver: role is not granted to the user"


class PermissionNotGrantedError(FailedPreconditionError):
    """A permission is to be revoked from a role that does not have it on exactly these keys."""

    message = "etcdserver: permission is not granted to the role"


class AuthNotEnabledError(FailedPreconditionError):
    """The call needs auth to be enabled, such as one that asks for a token."""

    message = "etcdserver: authentication is not enabled"


class NotLeaderError(FailedPreconditionError):
    """Only the leader can do this, and the member that was asked is not the leader."""

    message = "etcdserver: not leader"


class NotCapableError(FailedPreconditionError):
    """The cluster does not offer this yet: not all of its members are of a version that has it."""

    message = "etcdserver: not capable"


class NotSupportedForLearnerError(FailedPreconditionError):
    """A learner was asked, and it serves only serializable reads and its own status."""

    message = "etcdserver: rpc not supported for learner"


class BadLeaderTransfereeError(FailedPreconditionError):
    """Leadership is to be moved to a member that is not there, or does not vote."""

    message = "etcdserver: bad leader transferee"


class ClusterVersionUnavailableError(FailedPreconditionError):
    """A downgrade needs the cluster's version, and the members have not agreed on it yet."""

    message = "etcdserver: cluster version not found during downgrade"


class DowngradeInProcessError(FailedPreconditionError):
    """A downgrade is to be begun, and one is under way already."""

    message = "etcdserver: cluster has a downgrade job in progress"


class NoInflightDowngradeError(FailedPreconditionError):
    """A downgrade is to be cancelled, and none is under way."""

    message = "etcdserver: no inflight downgrade job"


class CompactedError(OutOfRangeError):
    """The revision is older than the cluster's history.

    Attributes:
        compact_revision: where history now starts, told to watchers only; None on every other call.
    """

    message = "etcdserver: mvcc: required revision has been compacted"

    compact_revision: int | None = None


class FutureRevisionError(OutOfRangeError):
    """The revision lies ahead of the cluster's own: nothing has been written at it yet."""

    message = "etcdserver: mvcc: required revision is a future revision"


class LeaseTTLTooLargeError(OutOfRangeError):
    """A lease is to be granted for longer than the server allows: nine billion seconds."""

    message = "etcdserver: too large lease TTL"


class NoSpaceError(ResourceExhaustedError):
    """The database has met its quota, and the alarm NOSPACE is raised: the server takes no more writes."""

    message = "etcdserver: mvcc: database space exceeded"


class TooManyRequestsError(ResourceExhaustedError):
    """The server has more proposals under way than it takes: what it has committed, it has not applied yet."""

    message = "etcdserver: too many requests"


class WatchCanceledError(CallCancelledError):
    """The server ended a watch without giving another reason."""

    message = "etcdserver: watch canceled"


class RequestCanceledError(CallCancelledError):
    """The call was cancelled on its way through the server."""

    message = "etcdserver: request canceled"


class ServerDeadlineExceededError(DeadlineExceededError):
    """The server, or the leader that it passed the call on to, ran into the call's deadline."""

    message = "etcdserver: context deadline exceeded"


class InvalidAuthTokenError(UnauthenticatedError):
    """The server does not know the token: it has run out, was made before auth changed, or elsewhere."""

    message = "etcdserver: invalid auth token"


class NoLeaderError(UnavailableError):
    """The member knows no leader: its cluster has no quorum, or it is cut off from it."""

    message = "etcdserver: no leader"


class LeaderChangedError(UnavailableError):
    """The leader was replaced while a linearizable read, or a change of leader, waited for it."""

    message = "etcdserver: leader changed"


class StoppedError(UnavailableError):
    """The member is shutting down, and ended what was under way."""

    message = "etcdserver: server stopped"


class ServerTimeoutError(UnavailableError):
    """The server's own time for a request has passed before the cluster had agreed on it."""

    message = "etcdserver: request timed out"


class TimeoutDueToLeaderFailError(UnavailableError):
    """As ServerTimeoutError, after the leader was lost and before another was there."""

    message = "etcdserver: request timed out, possibly due to previous leader failure"


class TimeoutDueToConnectionLostError(UnavailableError):
    """As ServerTimeoutError, while the member had no connection to most others."""

    message = "etcdserver: request timed out, possibly due to connection lost"


class TimeoutWaitAppliedIndexError(UnavailableError):
    """The member did not come to apply, in time, what the cluster has committed before this call."""

    message = "etcdserver: request timed out, waiting for the applied index took too long"


class UnhealthyError(UnavailableError):
    """A change of members is refused: the member that decides is not connected to enough of the others."""

    message = "etcdserver: unhealthy cluster"


class CorruptError(DataLossError):
    """The alarm CORRUPT is raised: a member's data is not that of the others, and the cluster refuses calls."""

    message = "etcdserver: corrupt cluster"
