"""Decides what an error of the client is to the explorer."""

from collections.abc import Generator
from contextlib import contextmanager

from etcdobs import (
    AuthenticationFailedError,
    DeadlineExceededError,
    EtcdError,
    PermissionDeniedError,
    UnauthenticatedError,
    UnavailableError,
)
from etcdobs_explorer.model.records import FailureKind, GatewayError

from .forms import text_bytes

_LAST = "; last: "  # what the client's own words end with, before those of its last attempt
_DEADLINE = "Deadline Exceeded"  # gRPC's word for it


@contextmanager
def failures() -> Generator[None, None, None]:
    """What the client raises within is raised as GatewayError."""
    try:
        yield
    except EtcdError as error:
        raise GatewayError(_kind(error), reason_of(error)) from error


def reason_of(error: EtcdError) -> bytes:
    """What the reader is told: where nobody answered, first what it comes down to, then which of our bounds it met."""
    if not isinstance(error, (UnavailableError, DeadlineExceededError)):
        return text_bytes(error.details)
    bound, _, last = error.details.partition(_LAST)
    if last:
        return text_bytes(f"{last.rpartition(': ')[2]} ({bound})")
    return b"no answer in time" if bound == _DEADLINE else text_bytes(bound)


def _kind(error: EtcdError) -> FailureKind:
    match error:
        case UnavailableError() | DeadlineExceededError():
            return FailureKind.UNREACHABLE
        case PermissionDeniedError():
            return FailureKind.DENIED
        case AuthenticationFailedError() | UnauthenticatedError():
            return FailureKind.AUTHENTICATION
        case _:
            return FailureKind.OTHER
