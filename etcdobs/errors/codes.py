"""Decides what every failed call tells, and what kind of failure each gRPC code is."""

from typing import ClassVar

import grpc


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
        return (_rebuild, (type(self), self.args, dict(self.__dict__)))


def _rebuild(kind: type[EtcdError], args: tuple[object, ...], state: dict[str, object]) -> EtcdError:
    # A subclass may want other arguments than these: it is made without its __init__.
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(state)
    return error


class ClosedError(EtcdError):
    """The client was closed before or during the call; nothing more will be sent."""

    message = "the client is closed"
    default_code = grpc.StatusCode.CANCELLED


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


class OldClusterError(FailedPreconditionError):
    """A member is older than the client was told to accept (`reject_old_cluster`); the call was not sent."""

    message = "the cluster is too old"


class OutOfRangeError(EtcdError):
    """A revision or a TTL lies outside what the cluster has."""

    default_code = grpc.StatusCode.OUT_OF_RANGE


class AlreadyExistsError(EtcdError):
    """What the request would make exists."""

    default_code = grpc.StatusCode.ALREADY_EXISTS


class AbortedError(EtcdError):
    """The server gave the call up for another one."""

    default_code = grpc.StatusCode.ABORTED


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
