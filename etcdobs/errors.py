"""Decides which exception a failed call is: by the server's message first, then by its gRPC code.

    EtcdError                       .code .details .method .endpoint .outcome_unknown
    ├── one class for each gRPC code (InvalidArgumentError, UnavailableError, ...): what kind of failure
    │   └── one class for each error that etcd names (EmptyKeyError, NoLeaderError, ...): which failure
    └── ClosedError                 the client, or the watcher, was closed

Catch broadly by code class, recover narrowly by name. etcd tells its errors apart by text alone: 24 of them
share FAILED_PRECONDITION, 18 share INVALID_ARGUMENT. The names are etcd's (`ErrLeaseExist`: `LeaseExistError`).
"""

import re
from typing import ClassVar

import grpc

__all__ = [
    "AuthNotEnabledError",
    "AuthOldRevisionError",
    "AuthenticationFailedError",
    "BadLeaderTransfereeError",
    "CallCancelledError",
    "ClosedError",
    "ClusterIDMismatchError",
    "ClusterVersionUnavailableError",
    "CompactedError",
    "ConnectionFailedError",
    "CorruptError",
    "DataLossError",
    "DeadlineExceededError",
    "DowngradeInProcessError",
    "DuplicateKeyError",
    "EmptyKeyError",
    "EtcdError",
    "FailedPreconditionError",
    "FutureRevisionError",
    "InternalError",
    "InvalidArgumentError",
    "InvalidAuthMgmtError",
    "InvalidAuthTokenError",
    "InvalidClientAPIVersionError",
    "InvalidDowngradeTargetVersionError",
    "InvalidSortOptionError",
    "KeyNotFoundError",
    "LeaderChangedError",
    "LeaseExistError",
    "LeaseNotFoundError",
    "LeaseProvidedError",
    "LeaseTTLTooLargeError",
    "MemberBadURLsError",
    "MemberExistError",
    "MemberLearnerNotReadyError",
    "MemberNotEnoughStartedError",
    "MemberNotFoundError",
    "MemberNotLearnerError",
    "NoInflightDowngradeError",
    "NoLeaderError",
    "NoSpaceError",
    "NotCapableError",
    "NotFoundError",
    "NotLeaderError",
    "NotSupportedForLearnerError",
    "OutOfRangeError",
    "PeerURLExistError",
    "PermissionDeniedError",
    "PermissionNotGivenError",
    "PermissionNotGrantedError",
    "RequestCanceledError",
    "RequestTooLargeError",
    "ResourceExhaustedError",
    "ResponseTooLargeError",
    "RoleAlreadyExistError",
    "RoleEmptyError",
    "RoleNotFoundError",
    "RoleNotGrantedError",
    "RootRoleNotExistError",
    "RootUserNotExistError",
    "ServerDeadlineExceededError",
    "ServerTimeoutError",
    "StoppedError",
    "TimeoutDueToConnectionLostError",
    "TimeoutDueToLeaderFailError",
    "TimeoutWaitAppliedIndexError",
    "TooManyLearnersError",
    "TooManyOpsError",
    "TooManyRequestsError",
    "UnauthenticatedError",
    "UnavailableError",
    "UnhealthyError",
    "UnimplementedError",
    "UnknownError",
    "UserAlreadyExistError",
    "UserEmptyError",
    "UserNotFoundError",
    "ValueProvidedError",
    "WatchCanceledError",
    "WrongDowngradeVersionFormatError",
]


class EtcdError(Exception):
    """A call that failed.

    Attributes:
        code: the gRPC status code as it was received, or the one that fits best when nothing was sent.
        details: the server's own words.
        method: the RPC, as in a span's name: `etcdserverpb.KV/Put`. Empty when no RPC was made.
        endpoint: the address of the member that answered, or was tried last.
        outcome_unknown: True where a mutation may or may not have been applied.
    """

    message: ClassVar[str] = ""
    default_code: ClassVar[grpc.StatusCode] = grpc.StatusCode.UNKNOWN

    code: grpc.StatusCode
    details: str
    method: str
    endpoint: str
    outcome_unknown: bool

    def __init__(
        self,
        details: str = "",
        *,
        code: grpc.StatusCode | None = None,
        method: str = "",
        endpoint: str = "",
        outcome_unknown: bool = False,
    ) -> None:
        self.details = details or self.message
        self.code = code or self.default_code
        self.method = method
        self.endpoint = endpoint
        self.outcome_unknown = outcome_unknown
        super().__init__(self.details)

    def __str__(self) -> str:
        where = " at ".join(part for part in (self.method, self.endpoint) if part)
        text = f"{where}: {self.details}" if where else self.details
        text = f"{text} ({self.code.name})"
        return f"{text}; it may or may not have been applied" if self.outcome_unknown else text

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), dict(self.__dict__)))


def _rebuild(kind: type[EtcdError], state: dict[str, object]) -> EtcdError:
    error = kind()
    error.__dict__.update(state)
    error.args = (error.details,)
    return error


class ClosedError(EtcdError):
    """The client was closed before or during the call; nothing more will be sent."""

    message = "the client is closed"
    default_code = grpc.StatusCode.CANCELLED


# ---- one class for each gRPC code


class CallCancelledError(EtcdError):
    """The server, or a proxy on the way, cancelled the call."""

    default_code = grpc.StatusCode.CANCELLED


class UnknownError(EtcdError):
    """The server failed without a code of its own."""

    default_code = grpc.StatusCode.UNKNOWN


class InvalidArgumentError(EtcdError):
    """The request can never be right, whatever the state of the cluster."""

    default_code = grpc.StatusCode.INVALID_ARGUMENT


class DeadlineExceededError(EtcdError, TimeoutError):
    """The call's timeout passed first. A mutation may have been applied all the same."""

    message = "the timeout of the call has passed"
    default_code = grpc.StatusCode.DEADLINE_EXCEEDED


class NotFoundError(EtcdError):
    """What the request names does not exist."""

    default_code = grpc.StatusCode.NOT_FOUND


class PermissionDeniedError(EtcdError):
    """The user has no right to the keys or to the call."""

    message = "etcdserver: permission denied"
    default_code = grpc.StatusCode.PERMISSION_DENIED


class ResourceExhaustedError(EtcdError):
    """A quota or a size limit was met."""

    default_code = grpc.StatusCode.RESOURCE_EXHAUSTED


class FailedPreconditionError(EtcdError):
    """The cluster is not in a state in which the call is possible."""

    default_code = grpc.StatusCode.FAILED_PRECONDITION


class OutOfRangeError(EtcdError):
    """A revision or a TTL lies outside what the cluster has."""

    default_code = grpc.StatusCode.OUT_OF_RANGE


class UnimplementedError(EtcdError):
    """The server's version does not have this call."""

    default_code = grpc.StatusCode.UNIMPLEMENTED


class InternalError(EtcdError):
    """The transport broke in the middle of a message."""

    default_code = grpc.StatusCode.INTERNAL


class UnavailableError(EtcdError):
    """No member could serve the call."""

    message = "no endpoint is available"
    default_code = grpc.StatusCode.UNAVAILABLE


class DataLossError(EtcdError):
    """The server's data is damaged."""

    default_code = grpc.StatusCode.DATA_LOSS


class UnauthenticatedError(EtcdError):
    """The server does not know who is calling."""

    default_code = grpc.StatusCode.UNAUTHENTICATED


class ConnectionFailedError(UnavailableError):
    """The endpoint could not be connected: nothing was sent."""

    message = "failed to connect"


class ResponseTooLargeError(ResourceExhaustedError):
    """The reply is larger than the client's `max_receive_bytes`."""


# ---- one class for each error that an etcd server names


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


# ---- from a status to a class


def _subclasses(kind: type[EtcdError]) -> list[type[EtcdError]]:
    direct = kind.__subclasses__()
    return direct + [deeper for child in direct for deeper in _subclasses(child)]


_BY_MESSAGE = {kind.message: kind for kind in _subclasses(EtcdError) if kind.message.startswith("etcdserver: ")}
_BY_CODE = {kind.default_code: kind for kind in EtcdError.__subclasses__() if kind is not ClosedError}

# Texts that no etcd error has: gRPC's own, on either side.
_BY_TEXT = (
    (
        re.compile("failed to connect to all addresses|DNS resolution failed|[Ff]ailed to pick subchannel"),
        ConnectionFailedError,
    ),
    (
        re.compile(r"grpc: received message larger than max|Sent message larger than max"),
        RequestTooLargeError,
    ),
    (re.compile(r"Received message larger than max"), ResponseTooLargeError),
)

_GO_CODES = {code.name.replace("_", "").lower(): code for code in grpc.StatusCode}
_REASON = re.compile(r"^rpc error: code = (\w+) desc = (.*)$", re.DOTALL)


def error_class(code: grpc.StatusCode, details: str) -> type[EtcdError]:
    """The class for a status: etcd's text, then gRPC's text, then the code."""
    # 3.5.1 answers UNKNOWN with the bare text where later ones add the prefix and the code.
    named = _BY_MESSAGE.get(details) or _BY_MESSAGE.get(f"etcdserver: {details}")
    if named is not None:
        return named
    if code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED):
        for pattern, kind in _BY_TEXT:
            if pattern.search(details):
                return kind
    return _BY_CODE.get(code, UnknownError)


def from_status(code: grpc.StatusCode, details: str, *, method: str = "", endpoint: str = "") -> EtcdError:
    """The exception for a gRPC status."""
    return error_class(code, details)(details, code=code, method=method, endpoint=endpoint)


def from_cancel_reason(reason: str, *, method: str = "", endpoint: str = "") -> EtcdError:
    """The exception for a watch's `cancel_reason`, which may carry a whole status as text."""
    nested = _REASON.match(reason)
    if nested is None:
        return from_status(grpc.StatusCode.FAILED_PRECONDITION, reason, method=method, endpoint=endpoint)
    code = _GO_CODES.get(nested[1].lower().replace("canceled", "cancelled"), grpc.StatusCode.UNKNOWN)
    return from_status(code, nested[2], method=method, endpoint=endpoint)
