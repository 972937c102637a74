"""Decides with which status an RPC ended, and whether the caller itself ended it."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import CancelledError
from typing import Any, NamedTuple

import grpc

__all__ = ["LOCAL_CANCEL", "OK", "Ending", "ending_of_aio_call", "ending_of_call", "ending_of_error", "ending_of_told"]

# What gRPC itself writes into the details of a call that this process gave up.
_LOCAL_DETAILS = frozenset(
    {
        "Locally cancelled by application!",
        "Cancelled upon garbage collection!",
        "Channel closed!",
        "Stream removed (Channel closed!)",
        "Channel deallocated!",
    }
)
_CANCELS = (asyncio.CancelledError, CancelledError, grpc.FutureCancelledError)


class Ending(NamedTuple):
    """How an RPC ended. `error_type` is the semantic conventions' `error.type`, None where nothing went wrong."""

    code: grpc.StatusCode
    details: str = ""
    error_type: str | None = None


OK = Ending(grpc.StatusCode.OK)
LOCAL_CANCEL = Ending(grpc.StatusCode.CANCELLED)


def ending_of_error(error: BaseException) -> Ending:
    """The ending that a raised `error` stands for.

    As in go-grpc-prometheus, an error without a status is `UNKNOWN`; as in grpc-go, a call on a closed channel and
    one whose caller went away (a cancelled task, KeyboardInterrupt) is `CANCELLED`.
    """
    if isinstance(error, grpc.RpcError):
        return _ending_of_status(error)
    if isinstance(error, _CANCELS) or not isinstance(error, Exception) or _says_closed(error):
        return LOCAL_CANCEL
    return Ending(grpc.StatusCode.UNKNOWN, str(error), type(error).__qualname__)


def ending_of_told(error: BaseException) -> Ending:
    """The ending that the `error` which a user is told stands for: by its `code` and `details`, where it has them."""
    if not isinstance(error, Exception):
        return LOCAL_CANCEL
    code = getattr(error, "code", None)
    if not isinstance(code, grpc.StatusCode):
        return ending_of_error(error)
    return _ending(code, str(getattr(error, "details", "") or ""))


def ending_of_call(call: Any) -> Ending:
    """The ending of a blocking call object (`grpc.Call` and `grpc.Future`) that is over."""
    try:
        error = call.exception()
    except grpc.FutureCancelledError:
        return LOCAL_CANCEL
    # gRPC hands an interceptor's failed call over as the future of an error of any type.
    return OK if error is None else ending_of_error(error)


def ending_of_aio_call(call: Any) -> Ending:
    """The ending of a `grpc.aio` call that is over."""
    code: grpc.StatusCode = _value_at_once(call.code())
    return OK if code is grpc.StatusCode.OK else _ending(code, _value_at_once(call.details()))


def _value_at_once(coroutine: Coroutine[Any, Any, Any]) -> Any:
    # The accessors of a finished aio call are coroutines that never suspend: a callback may run them.
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    coroutine.close()
    raise RuntimeError("the call is not over")


def _ending_of_status(error: grpc.RpcError) -> Ending:
    try:
        return _ending(error.code(), error.details())
    except AttributeError:  # a bare RpcError, as some interceptors raise
        return Ending(grpc.StatusCode.UNKNOWN, str(error), type(error).__qualname__)


def _ending(code: grpc.StatusCode, details: str | None) -> Ending:
    if code is grpc.StatusCode.CANCELLED and details in _LOCAL_DETAILS:
        return LOCAL_CANCEL
    return Ending(code, details or "", code.name)


def _says_closed(error: Exception) -> bool:
    return isinstance(error, (ValueError, grpc.aio.UsageError)) and "closed" in str(error).lower()
