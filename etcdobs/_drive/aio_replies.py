"""Waits for the replies of one call by awaiting; and tells who cancelled it: its task, or the loss of its channel."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio

from etcdobs._wire import Rpc
from etcdobs.config import Endpoint
from etcdobs.errors import CallCancelledError, UnavailableError

if TYPE_CHECKING:
    from etcdobs._drive.aio import Driver


# What gRPC raises of a call; CancelledError also where it was the call that was cancelled, and not the task.
FAILURES = (grpc.RpcError, grpc.aio.UsageError, asyncio.CancelledError)


class OpenStream:
    """A stream's replies; that its channel was given up is an error like any other, and cancels no reader."""

    def __init__(self, driver: "Driver", call: Any, rpc: Rpc, endpoint: Endpoint, bound: Callable[..., Any]) -> None:
        self._call = call
        self._replies: AsyncIterator[Any] | None = None
        self._driver = driver
        self._rpc = rpc
        self._endpoint = endpoint
        self._bound = bound

    def __aiter__(self) -> "OpenStream":
        return self

    async def __anext__(self) -> Any:
        try:
            return await self._next()
        except asyncio.CancelledError:
            if self._is_in_use or is_cancelled():
                raise
        # Not within the handler: the error would hold on to the call by its context, and the call to the connection.
        raise given_up(self._rpc, self._endpoint)

    @property
    def _is_in_use(self) -> bool:
        return self._driver.closing or self._driver.is_bound(self._bound, self._rpc, self._endpoint)

    async def _next(self) -> Any:
        if self._call is None:
            raise StopAsyncIteration
        if self._replies is None:
            self._replies = aiter(self._call)
        return await anext(self._replies)

    def cancel(self) -> None:
        """End it, and let go of it: whoever keeps an error of this stream does not keep its connection."""
        call, self._call, self._replies = self._call, None, None
        if call is not None:
            call.cancel()


def given_up(rpc: Rpc, endpoint: Endpoint) -> CallCancelledError:
    """What a call ends with that outlasts its connection, once its endpoint is in use no more."""
    method = f"{rpc.service}/{rpc.method}"
    return CallCancelledError("its connection was given up", method=method, endpoint=endpoint.address)


async def one(request: Any) -> AsyncIterator[Any]:
    """A stream of one request."""
    yield request


async def only_reply(call: Any) -> Any:
    """The one reply of a stream."""
    replies = [reply async for reply in call]
    if not replies:
        raise UnavailableError("the stream ended without an answer")
    return replies[0]


def is_cancelled() -> bool:
    """True when the running task itself is being cancelled."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
