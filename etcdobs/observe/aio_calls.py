"""Watches asyncio RPCs to their end: the call object that counts messages, and when a call is over."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Generator, Iterator
from functools import partial
from typing import Any

import grpc

from etcdobs.observe.calls import counted
from etcdobs.observe.ending import ending_of_aio_call
from etcdobs.observe.observation import Observation

__all__ = ["ObservedAioCall", "Responses", "counted_requests", "observed", "watch_end"]


def counted_requests(requests: Any, observation: Observation) -> AsyncIterator[Any] | Iterator[Any]:
    """The same requests, sync or async as they are, each counted once gRPC asks for what follows."""
    if hasattr(requests, "__aiter__"):
        return _counted(requests, observation)
    return counted(requests, observation)


async def _counted(requests: AsyncIterable[Any], observation: Observation) -> AsyncIterator[Any]:
    async for request in requests:
        yield request
        observation.sent()


def watch_end(call: Any, observation: Observation) -> None:
    """Finish the observation when the call is over, be it already."""
    try:
        call.add_done_callback(partial(_over, observation))
    except NotImplementedError:  # an interceptor's answer in place of a call: over, and well
        observation.finish()


def _over(observation: Observation, call: Any) -> None:
    observation.finish(ending_of_aio_call(call))


async def observed(observation: Observation, starting: Awaitable[Any]) -> Any:
    """Start a call, as an interceptor does, and watch it to its end; return it as it is."""
    try:
        call = await starting
    except BaseException as error:
        observation.fail(error)
        raise
    watch_end(call, observation)
    return call


class Responses:
    """The responses of a call, each counted as received."""

    def __init__(self, call: Any, observation: Observation) -> None:
        self._call = call
        self._observation = observation
        self._iterator: AsyncIterator[Any] | None = None

    def __aiter__(self) -> "Responses":
        return self

    async def __anext__(self) -> Any:
        if self._iterator is None:
            self._iterator = aiter(self._call)
        response = await anext(self._iterator)
        self._observation.received()
        return response


class ObservedAioCall(Responses):
    """gRPC's own call object, with its messages counted and its end seen.

    It is the `grpc.aio.Call` that it stands for. Dropped before its end, the RPC is cancelled.
    """

    def __init__(self, call: Any, observation: Observation) -> None:
        super().__init__(call, observation)
        self._loop = asyncio.get_running_loop()
        watch_end(call, observation)

    async def read(self) -> Any:
        """As grpc.aio: the next response, or `grpc.aio.EOF`."""
        response = await self._call.read()
        if response is not grpc.aio.EOF:
            self._observation.received()
        return response

    async def write(self, request: Any) -> None:
        """As grpc.aio: send one request."""
        await self._call.write(request)
        self._observation.sent()

    def add_done_callback(self, callback: Callable[[Any], None]) -> None:
        """As grpc.aio; `callback` is given this object."""
        self._call.add_done_callback(partial(_call_with, callback, self))

    # What waits holds this object, and with it the RPC, until it has waited: the caller may have kept neither.
    def __await__(self) -> Generator[Any, None, Any]:
        waiting: Generator[Any, None, Any] = self._call.__await__()
        return (yield from waiting)

    async def code(self) -> grpc.StatusCode:
        """As grpc.aio."""
        return await self._call.code()  # type: ignore[no-any-return]

    async def details(self) -> str:
        """As grpc.aio."""
        return await self._call.details()  # type: ignore[no-any-return]

    async def debug_error_string(self) -> str:
        """As grpc.aio."""
        return await self._call.debug_error_string()  # type: ignore[no-any-return]

    async def initial_metadata(self) -> grpc.aio.Metadata:
        """As grpc.aio."""
        return await self._call.initial_metadata()  # type: ignore[no-any-return]

    async def trailing_metadata(self) -> grpc.aio.Metadata:
        """As grpc.aio."""
        return await self._call.trailing_metadata()  # type: ignore[no-any-return]

    async def wait_for_connection(self) -> None:
        """As grpc.aio."""
        await self._call.wait_for_connection()

    async def done_writing(self) -> None:
        """As grpc.aio."""
        await self._call.done_writing()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._call, name)

    def __repr__(self) -> str:
        return repr(self._call)

    def __del__(self) -> None:
        # Later and on the loop: a garbage collector may run this on any thread, inside any lock.
        call, loop = self.__dict__.get("_call"), self.__dict__.get("_loop")
        if loop is not None and call is not None and not (call.done() or loop.is_closed()):
            loop.call_soon_threadsafe(call.cancel)


def _call_with(callback: Callable[[Any], None], call: ObservedAioCall, _: object) -> None:
    callback(call)


grpc.aio.Call.register(ObservedAioCall)
