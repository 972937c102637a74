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


@contextmanager
def failures() -> Generator[None, None, None]:
    """What the client raises within is raised as GatewayError."""
    try:
        yield
    except EtcdError as error:
        raise GatewayError(_kind(error), text_bytes(error.details)) from error


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
