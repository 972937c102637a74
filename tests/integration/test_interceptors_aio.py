"""What is recorded of asyncio calls, however they end: through interceptors and through bound stubs alike."""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import grpc
import pytest
from prometheus_client import CollectorRegistry

from etcdobs.interceptors import aio_client_interceptors
from etcdobs.observe import ClientMetrics, Instruments
from etcdobs.observe.recorder import Kind
from tests.echo_service import FAIL, GIVE_UP, HANG, METHODS, OK, Counted, EchoService, aio_until, counted, over

Open = Callable[[str, ClientMetrics], tuple[grpc.aio.Channel, dict[Kind, Any]]]


def intercepted(target: str, metrics: ClientMetrics) -> tuple[grpc.aio.Channel, dict[Kind, Any]]:
    channel = grpc.aio.insecure_channel(target, interceptors=aio_client_interceptors(metrics))
    return channel, bare(channel)


def bound(target: str, metrics: ClientMetrics) -> tuple[grpc.aio.Channel, dict[Kind, Any]]:
    channel = grpc.aio.insecure_channel(target)
    instruments = Instruments(metrics)
    calls: dict[Kind, Any] = {
        kind: instruments.bind_aio(call, method=METHODS[kind], kind=kind, target=target)
        for kind, call in bare(channel).items()
    }
    return channel, calls


def bare(channel: grpc.aio.Channel) -> dict[Kind, Any]:
    return {
        "unary": channel.unary_unary(METHODS["unary"]),
        "client_stream": channel.stream_unary(METHODS["client_stream"]),
        "server_stream": channel.unary_stream(METHODS["server_stream"]),
        "bidi_stream": channel.stream_stream(METHODS["bidi_stream"]),
    }


@dataclass
class Stub:
    """The four calls of the echo service, and what was recorded of them."""

    channel: grpc.aio.Channel
    registry: CollectorRegistry
    calls: dict[Kind, Any]

    def __getattr__(self, kind: str) -> Any:
        return self.calls[cast("Kind", kind)]

    def counted(self, kind: Kind) -> Counted:
        return counted(self.registry, kind)

    async def until(self, kind: Kind, expected: Counted) -> None:
        await aio_until(lambda: self.counted(kind), expected)


@pytest.fixture(scope="module")
def service() -> Iterator[EchoService]:
    server = EchoService()
    yield server
    server.stop()


@pytest.fixture(params=[intercepted, bound])
def opened(request: pytest.FixtureRequest) -> Open:
    opens: Open = request.param
    return opens


@pytest.fixture
async def stub(opened: Open, service: EchoService) -> AsyncIterator[Stub]:
    registry = CollectorRegistry()
    channel, calls = opened(service.target, ClientMetrics(registry))
    async with channel:
        yield Stub(channel, registry, calls)


async def several(*requests: bytes) -> AsyncIterator[bytes]:
    for request in requests:
        yield request


async def endless(*requests: bytes) -> AsyncIterator[bytes]:
    for request in requests:
        yield request
    await asyncio.Event().wait()


# Unary calls


async def test_a_unary_call_is_counted_once_at_each_stage(stub: Stub) -> None:
    assert await stub.unary(OK, timeout=5) == OK
    assert stub.counted("unary") == over("OK", sent=1, received=1)


async def test_a_failed_unary_call_has_its_code_and_no_message_received(stub: Stub) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await stub.unary(FAIL, timeout=5)
    assert raised.value.details() == "told to fail"
    assert stub.counted("unary") == over("FailedPrecondition", sent=1)


async def test_a_unary_call_past_its_deadline(stub: Stub) -> None:
    with pytest.raises(grpc.aio.AioRpcError):
        await stub.unary(HANG, timeout=0.05)
    assert stub.counted("unary") == over("DeadlineExceeded", sent=1)


async def test_a_unary_call_whose_task_is_cancelled(stub: Stub, service: EchoService) -> None:
    seen = len(service.metadata)

    async def say() -> bytes:
        answer: bytes = await stub.unary(HANG, timeout=30)
        return answer

    task = asyncio.create_task(say())
    await aio_until(lambda: len(service.metadata), seen + 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert stub.counted("unary") == over("Canceled", sent=1)


async def test_a_unary_call_in_a_timeout_block(stub: Stub) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await stub.unary(HANG, timeout=30)
    assert stub.counted("unary") == over("Canceled", sent=1)


async def test_a_unary_call_cancelled_by_the_server_is_canceled_too(stub: Stub) -> None:
    with pytest.raises(grpc.aio.AioRpcError):
        await stub.unary(GIVE_UP, timeout=5)
    assert stub.counted("unary") == over("Canceled", sent=1)


async def test_a_unary_call_on_a_closed_channel_is_canceled_as_in_grpc_go(stub: Stub) -> None:
    await stub.channel.close()
    with pytest.raises(grpc.aio.UsageError, match="closed"):
        await stub.unary(OK, timeout=5)
    assert stub.counted("unary") == over("Canceled", sent=1)


async def test_a_unary_call_whose_channel_is_closed(stub: Stub, service: EchoService) -> None:
    seen = len(service.metadata)

    async def say() -> bytes:
        answer: bytes = await stub.unary(HANG, timeout=30)
        return answer

    task = asyncio.create_task(say())
    await aio_until(lambda: len(service.metadata), seen + 1)
    await stub.channel.close()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert stub.counted("unary") == over("Canceled", sent=1)


async def test_an_intercepted_unary_call_is_a_call_that_can_be_cancelled(service: EchoService) -> None:
    registry = CollectorRegistry()
    channel, calls = intercepted(service.target, ClientMetrics(registry))
    async with channel:
        seen = len(service.metadata)
        call = calls["unary"](HANG, timeout=30)
        await aio_until(lambda: len(service.metadata), seen + 1)
        assert call.cancel()
        assert await call.code() is grpc.StatusCode.CANCELLED
        assert counted(registry, "unary") == over("Canceled", sent=1)


# Streams of requests


async def test_a_client_stream_is_handled_and_its_messages_counted(stub: Stub) -> None:
    assert await stub.client_stream(several(OK, OK, OK), timeout=5) == b"ok,ok,ok"
    assert stub.counted("client_stream") == over("OK", sent=3, received=1)


async def test_a_client_stream_takes_a_plain_iterable(stub: Stub) -> None:
    assert await stub.client_stream(iter([OK, OK]), timeout=5) == b"ok,ok"
    assert stub.counted("client_stream") == over("OK", sent=2, received=1)


async def test_a_client_stream_that_is_written(stub: Stub) -> None:
    call = stub.client_stream(timeout=5)
    await call.write(OK)
    await call.write(OK)
    await call.done_writing()
    assert await call == b"ok,ok"
    assert await call.code() is grpc.StatusCode.OK
    assert stub.counted("client_stream") == over("OK", sent=2, received=1)


async def test_a_failed_client_stream(stub: Stub) -> None:
    with pytest.raises(grpc.aio.AioRpcError):
        await stub.client_stream(endless(OK, FAIL), timeout=5)
    assert stub.counted("client_stream") == over("FailedPrecondition", sent=2)


async def test_a_client_stream_whose_task_is_cancelled(stub: Stub) -> None:
    async def join() -> bytes:
        answer: bytes = await stub.client_stream(endless(OK), timeout=30)
        return answer

    task = asyncio.create_task(join())
    await stub.until("client_stream", Counted(sent=1))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert stub.counted("client_stream") == over("Canceled", sent=1)


# Streams of responses


async def test_a_server_stream_is_handled_when_its_reader_sees_the_end(stub: Stub) -> None:
    call = stub.server_stream(b"a,b,c", timeout=5)
    assert [response async for response in call] == [b"a", b"b", b"c"]
    assert stub.counted("server_stream") == over("OK", sent=1, received=3)
    assert await call.code() is grpc.StatusCode.OK


async def test_a_server_stream_that_is_read(stub: Stub) -> None:
    call = stub.server_stream(b"a,b", timeout=5)
    assert [await call.read(), await call.read()] == [b"a", b"b"]
    assert await call.read() is grpc.aio.EOF
    assert await call.read() is grpc.aio.EOF
    assert stub.counted("server_stream") == over("OK", sent=1, received=2)


async def test_a_server_stream_that_fails_midway(stub: Stub) -> None:
    call = stub.server_stream(b"a,fail", timeout=5)
    assert await call.read() == b"a"
    with pytest.raises(grpc.aio.AioRpcError):
        await call.read()
    assert await call.details() == "told to fail"
    assert stub.counted("server_stream") == over("FailedPrecondition", sent=1, received=1)


async def test_a_server_stream_past_its_deadline(stub: Stub) -> None:
    call = stub.server_stream(b"a,hang", timeout=0.2)
    with pytest.raises(grpc.aio.AioRpcError):
        async for _ in call:
            pass
    assert stub.counted("server_stream") == over("DeadlineExceeded", sent=1, received=1)


async def test_a_server_stream_left_by_break_and_cancelled(stub: Stub) -> None:
    call = stub.server_stream(b"a,hang", timeout=30)
    async for response in call:
        assert response == b"a"
        break
    assert call.cancel()
    assert await call.code() is grpc.StatusCode.CANCELLED
    assert stub.counted("server_stream") == over("Canceled", sent=1, received=1)


async def test_a_server_stream_cancelled_before_it_is_read(stub: Stub) -> None:
    call = stub.server_stream(HANG, timeout=30)
    await stub.until("server_stream", Counted(sent=1))
    assert call.cancel()
    assert await call.code() is grpc.StatusCode.CANCELLED
    assert stub.counted("server_stream") == over("Canceled", sent=1)


async def test_a_server_stream_whose_reader_is_cancelled(stub: Stub) -> None:
    call = stub.server_stream(b"a,hang", timeout=30)

    async def read() -> None:
        async for _ in call:
            pass

    task = asyncio.create_task(read())
    await stub.until("server_stream", Counted(sent=1, received=1))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await stub.until("server_stream", over("Canceled", sent=1, received=1))


async def test_a_server_stream_whose_channel_is_closed(stub: Stub) -> None:
    call = stub.server_stream(b"a,hang", timeout=30)
    assert await call.read() == b"a"
    await stub.channel.close()
    with pytest.raises(asyncio.CancelledError):
        await call.read()
    assert stub.counted("server_stream") == over("Canceled", sent=1, received=1)


async def test_a_bound_server_stream_dropped_midway_is_cancelled(service: EchoService) -> None:
    registry = CollectorRegistry()
    channel, calls = bound(service.target, ClientMetrics(registry))
    async with channel:
        stub = Stub(channel, registry, calls)
        call = stub.server_stream(b"a,hang", timeout=30)
        async for _ in call:
            break
        del call
        gc.collect()
        await stub.until("server_stream", over("Canceled", sent=1, received=1))


async def test_a_call_that_only_its_waiting_caller_holds_goes_on(stub: Stub) -> None:
    code = await stub.server_stream(FAIL, timeout=5).code()  # within an assert, pytest would hold the stream
    responses = [response async for response in stub.server_stream(b"a,b", timeout=5)]
    response = await stub.bidi_stream(several(OK), timeout=5).read()
    assert (code, responses, response) == (grpc.StatusCode.FAILED_PRECONDITION, [b"a", b"b"], OK)


# Streams both ways


async def test_a_bidi_stream_counts_both_ways(stub: Stub) -> None:
    call = stub.bidi_stream(several(b"a", b"b"), timeout=5)
    assert [response async for response in call] == [b"a", b"b"]
    assert stub.counted("bidi_stream") == over("OK", sent=2, received=2)


async def test_a_bidi_stream_written_and_read(stub: Stub) -> None:
    call = stub.bidi_stream(timeout=5)
    await call.write(OK)
    assert await call.read() == OK
    await stub.until("bidi_stream", Counted(sent=1, received=1))
    await call.done_writing()
    assert await call.read() is grpc.aio.EOF
    assert stub.counted("bidi_stream") == over("OK", sent=1, received=1)


async def test_a_bidi_stream_cancelled_under_way(stub: Stub) -> None:
    call = stub.bidi_stream(endless(OK), timeout=30)
    async for _ in call:
        break
    await stub.until("bidi_stream", Counted(sent=1, received=1))
    called = asyncio.Event()
    call.add_done_callback(lambda _: called.set())
    assert call.cancel()
    async with asyncio.timeout(5):
        await called.wait()
    assert stub.counted("bidi_stream") == over("Canceled", sent=1, received=1)
    assert not call.cancel()
    assert call.done()


async def test_a_bidi_stream_whose_reader_is_cancelled(stub: Stub) -> None:
    call = stub.bidi_stream(timeout=30)
    await call.write(OK)
    assert await call.read() == OK
    await stub.until("bidi_stream", Counted(sent=1, received=1))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await call.read()
    await stub.until("bidi_stream", over("Canceled", sent=1, received=1))


async def test_a_bidi_stream_that_fails(stub: Stub) -> None:
    call = stub.bidi_stream(endless(FAIL), timeout=5)
    with pytest.raises(grpc.aio.AioRpcError):
        await call.read()
    assert stub.counted("bidi_stream") == over("FailedPrecondition", sent=1)


async def test_a_bidi_stream_on_a_closed_channel(stub: Stub) -> None:
    await stub.channel.close()
    with pytest.raises((grpc.aio.UsageError, asyncio.CancelledError)):
        await stub.bidi_stream(timeout=5).read()
    assert stub.counted("bidi_stream") == over("Canceled")


# Beside other interceptors


class Answering(grpc.aio.UnaryUnaryClientInterceptor):
    """Another library's: awaits the call, and returns its response in place of the call."""

    async def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return await (await continuation(client_call_details, request))


@pytest.mark.parametrize("request_", [OK, FAIL])
async def test_an_inner_interceptor_may_answer_in_place_of_the_call(service: EchoService, request_: bytes) -> None:
    registry = CollectorRegistry()
    interceptors = [*aio_client_interceptors(ClientMetrics(registry)), Answering()]
    async with grpc.aio.insecure_channel(service.target, interceptors=interceptors) as channel:
        with contextlib.suppress(grpc.aio.AioRpcError):
            await bare(channel)["unary"](request_, timeout=5)
    expected = over("OK", sent=1, received=1) if request_ == OK else over("FailedPrecondition", sent=1)
    assert counted(registry, "unary") == expected


async def test_interceptors_twice_on_one_channel_record_each_for_itself(service: EchoService) -> None:
    first, second = CollectorRegistry(), CollectorRegistry()
    interceptors = [*aio_client_interceptors(ClientMetrics(first)), *aio_client_interceptors(ClientMetrics(second))]
    async with grpc.aio.insecure_channel(service.target, interceptors=interceptors) as channel:
        call = bare(channel)["bidi_stream"](several(b"a", b"b"), timeout=5)
        assert [response async for response in call] == [b"a", b"b"]
    assert counted(first, "bidi_stream") == counted(second, "bidi_stream") == over("OK", sent=2, received=2)
