"""Watches blocking RPCs to their end: the call object that counts messages, and when a call is over."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import grpc

from etcdobs.observe.ending import LOCAL_CANCEL, ending_of_call
from etcdobs.observe.observation import Observation

__all__ = ["ObservedCall", "counted", "observed_stream", "observed_unary"]


def counted(requests: Iterable[Any], observation: Observation) -> Iterator[Any]:
    """The same requests; each counts as sent once gRPC, done with it, asks for what follows."""
    for request in requests:
        yield request
        observation.sent()


def observed_unary(observation: Observation, start: Callable[[], Any]) -> Any:
    """Start a call with one response, as an interceptor does; return a call object (`grpc.Call`, `grpc.Future`)."""
    try:
        call = start()
    except BaseException as error:
        observation.fail(error)
        raise
    if not hasattr(call, "done"):  # a bare RpcError that an inner interceptor raised
        observation.fail(call)
    elif not call.done():
        return ObservedCall(call, observation)
    else:
        observation.finish(ending_of_call(call))
    return call


def observed_stream(observation: Observation, start: Callable[[], Any], *, one_request: bool) -> "ObservedCall":
    """Start a call with a stream of responses; return its call object."""
    try:
        call = start()
    except BaseException as error:
        observation.fail(error)
        raise
    if one_request:
        observation.sent()
    return ObservedCall(call, observation)


class ObservedCall:
    """gRPC's own call object, with its messages counted and its end seen.

    It is the `grpc.Call`, `grpc.Future` and iterator that it stands for. Dropped before its end, the RPC is cancelled,
    as gRPC does with its own object.
    """

    def __init__(self, call: Any, observation: Observation) -> None:
        self._call = call
        self._observation = observation
        if hasattr(call, "add_done_callback"):  # not a bare iterator, as another library's interceptor may return
            call.add_done_callback(partial(_over, observation))

    def __iter__(self) -> "ObservedCall":
        return self

    def __next__(self) -> Any:
        try:
            response = next(self._call)
        except StopIteration:
            self._observation.finish()
            raise
        except Exception as error:
            self._observation.fail(error)
            raise
        self._observation.received()
        return response

    next = __next__

    def cancel(self) -> bool:
        """As `grpc.Call.cancel`."""
        cancelled: bool = self._call.cancel()
        if cancelled:
            self._observation.finish(LOCAL_CANCEL)
        return cancelled

    def add_done_callback(self, fn: Callable[[Any], None]) -> None:
        """As `grpc.Future.add_done_callback`; `fn` is given this object."""
        self._call.add_done_callback(partial(_call_with, fn, self))

    # What waits is a method here, which holds this object, and with it the RPC, until it has waited: in
    # `stub.Say.future(request).result()` nobody else does.
    def result(self, timeout: float | None = None) -> Any:
        """As `grpc.Future.result`."""
        return self._call.result(timeout)

    def exception(self, timeout: float | None = None) -> Exception | None:
        """As `grpc.Future.exception`."""
        return self._call.exception(timeout)  # type: ignore[no-any-return]

    def traceback(self, timeout: float | None = None) -> Any:
        """As `grpc.Future.traceback`."""
        return self._call.traceback(timeout)

    def code(self) -> grpc.StatusCode:
        """As `grpc.Call.code`."""
        return self._call.code()  # type: ignore[no-any-return]

    def details(self) -> str:
        """As `grpc.Call.details`."""
        return self._call.details()  # type: ignore[no-any-return]

    def debug_error_string(self) -> str:
        """As gRPC's own call object."""
        return self._call.debug_error_string()  # type: ignore[no-any-return]

    def initial_metadata(self) -> Any:
        """As `grpc.Call.initial_metadata`."""
        return self._call.initial_metadata()

    def trailing_metadata(self) -> Any:
        """As `grpc.Call.trailing_metadata`."""
        return self._call.trailing_metadata()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._call, name)

    def __repr__(self) -> str:
        return repr(self._call)

    def __del__(self) -> None:
        # gRPC's own object is held by its callback, and thereby by the RPC, until that is over. Nothing is recorded
        # here: a garbage collector may run this while the same thread holds a metric's lock.
        cancel = getattr(self.__dict__.get("_call"), "cancel", None)
        if cancel is not None:
            cancel()


def _over(observation: Observation, call: Any) -> None:
    observation.finish(ending_of_call(call))


def _call_with(fn: Callable[[Any], None], call: ObservedCall, _: object) -> None:
    fn(call)


grpc.Call.register(ObservedCall)
grpc.Future.register(ObservedCall)
