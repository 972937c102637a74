"""Watches blocking RPCs to their end: the call object that counts messages, and when a call is over."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any
from weakref import ReferenceType, ref

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

    # gRPC keeps its call objects alive through the callbacks of add_done_callback: one that watches through it
    # would never be dropped. Hence add_callback, which does not hold the call, and a weak reference.
    def __init__(self, call: Any, observation: Observation) -> None:
        self._call = call
        self._observation = observation
        self._abandoned: list[Any] = []
        add_callback = getattr(call, "add_callback", None)
        if add_callback is None:  # a bare iterator, as some other library's interceptor returns
            return
        if not add_callback(partial(_over, ref(call), self._abandoned, observation)):
            observation.finish(ending_of_call(call))

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

    def __getattr__(self, name: str) -> Any:
        return getattr(self._call, name)

    def __repr__(self) -> str:
        return repr(self._call)

    def __del__(self) -> None:
        # Nothing is recorded here: a garbage collector may run this while the same thread holds a metric's lock.
        call = self.__dict__.get("_call")
        cancel = getattr(call, "cancel", None)
        if cancel is not None and not cancel():
            self._abandoned.append(call)


def _over(call: "ReferenceType[Any]", abandoned: list[Any], observation: Observation) -> None:
    # Without the call nobody saw it end before it was dropped, which cancelled it.
    known = call()
    if known is None and abandoned:
        known = abandoned.pop()
    observation.finish(LOCAL_CANCEL if known is None else ending_of_call(known))


def _call_with(fn: Callable[[Any], None], call: ObservedCall, _: object) -> None:
    fn(call)


grpc.Call.register(ObservedCall)
grpc.Future.register(ObservedCall)
