"""Waits within the client's RPCs, to tell a recorder what goes out and what comes back; it changes neither."""

from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from typing import Any

import grpc.aio

from .recorder import CallRecorder, RecordedCall


def interceptors_of(recorder: CallRecorder) -> tuple[grpc.aio.ClientInterceptor, ...]:
    """What to hand to the client: one object an arity, for gRPC ignores any other use of one."""
    return _Unary(recorder), _ServerStream(recorder), _BothStreams(recorder)


Continuation = Callable[[grpc.aio.ClientCallDetails, Any], Awaitable[Any]]


class _Recording:
    def __init__(self, recorder: CallRecorder) -> None:
        self._recorder = recorder

    def _begin(self, details: grpc.aio.ClientCallDetails, *, is_stream: bool = False) -> RecordedCall:
        return self._recorder.begin(details.method, details.metadata, is_stream=is_stream)


class _Unary(_Recording, grpc.aio.UnaryUnaryClientInterceptor):
    """Unary calls. The call is not awaited here: its cancellation would not reach the server."""

    async def intercept_unary_unary(
        self, continuation: Continuation, client_call_details: grpc.aio.ClientCallDetails, request: Any
    ) -> Any:
        recorded = self._begin(client_call_details)
        recorded.sent(request)
        return _Reply(await _begun(recorded, continuation(client_call_details, request)), recorded)


class _ServerStream(_Recording, grpc.aio.UnaryStreamClientInterceptor):
    """Calls with a stream of replies."""

    async def intercept_unary_stream(
        self, continuation: Continuation, client_call_details: grpc.aio.ClientCallDetails, request: Any
    ) -> Any:
        recorded = self._begin(client_call_details, is_stream=True)
        recorded.sent(request)
        return _Replies(await _begun(recorded, continuation(client_call_details, request)), recorded)


class _BothStreams(_Recording, grpc.aio.StreamStreamClientInterceptor):
    """Calls with streams both ways."""

    async def intercept_stream_stream(
        self, continuation: Continuation, client_call_details: grpc.aio.ClientCallDetails, request_iterator: Any
    ) -> Any:
        recorded = self._begin(client_call_details, is_stream=True)
        sending = _sent(request_iterator, recorded)
        return _Replies(await _begun(recorded, continuation(client_call_details, sending)), recorded)


async def _begun(recorded: RecordedCall, starting: Awaitable[Any]) -> Any:
    try:
        return await starting
    except BaseException as error:
        recorded.failed(error)
        raise


async def _sent(requests: Any, recorded: RecordedCall) -> AsyncIterator[Any]:
    if hasattr(requests, "__aiter__"):
        async for request in requests:
            recorded.sent(request)
            yield request
    else:
        for request in requests:
            recorded.sent(request)
            yield request


class _Reply:
    """gRPC's own call object, whose reply is seen by who awaits it."""

    def __init__(self, call: Any, recorded: RecordedCall) -> None:
        self._call = call
        self._recorded = recorded

    def __await__(self) -> Generator[Any, None, Any]:
        try:
            response = yield from self._call.__await__()
        except BaseException as error:
            self._recorded.failed(error)
            raise
        self._recorded.answered(response)
        return response

    def __getattr__(self, name: str) -> Any:
        return getattr(self._call, name)


grpc.aio.UnaryUnaryCall.register(_Reply)


class _Replies:
    """The replies of a stream, each seen as it comes."""

    def __init__(self, call: Any, recorded: RecordedCall) -> None:
        self._replies = aiter(call)
        self._recorded = recorded
        call.add_done_callback(recorded.over)

    def __aiter__(self) -> "_Replies":
        return self

    async def __anext__(self) -> Any:
        try:
            response = await anext(self._replies)
        except StopAsyncIteration:
            self._recorded.answered()
            raise
        except BaseException as error:
            self._recorded.failed(error)
            raise
        self._recorded.received(response)
        return response
