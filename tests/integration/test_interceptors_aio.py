"""What is recorded of asyncio calls, however they end: through interceptors and through bound stubs alike."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import grpc
import pytest
from prometheus_client import CollectorRegistry

from etcdobs.interceptors import aio_client_interceptors
from etcdobs.observe import ClientMetrics, Instruments
from etcdobs.observe.recorder import Kind
from tests.echo_service import FAIL, GIVE_UP, HANG, METHODS, OK, Counted, EchoService, aio_until, counted, over
from tests.echo_stubs import Stub, bare, several

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
    await stub.aio_until("client_stream", Counted(sent=1))
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
    await stub.aio_until("server_stream", Counted(sent=1))
    assert call.cancel()
    assert await call.code() is grpc.StatusCode.CANCELLED
    assert stub.counted("server_stream") == over("Canceled", sent=1)


async def test_a_server_stream_whose_reader_is_cancelled(stub: Stub) -> None:
    call = stub.server_stream(b"a,hang", timeout=30)

    async def read() -> None:
        async for _ in call:
            pass

    task = asyncio.create_task(read())
    await stub.aio_until("server_stream", Counted(sent=1, received=1))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await stub.aio_until("server_stream", over("Canceled", sent=1, received=1))


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
        await stub.aio_until("server_stream", over("Canceled", sent=1, received=1))


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
    await stub.aio_until("bidi_stream", Counted(sent=1, received=1))
    await call.done_writing()
    assert await call.read() is grpc.aio.EOF
    assert stub.counted("bidi_stream") == over("OK", sent=1, received=1)


async def test_a_bidi_stream_cancelled_under_way(stub: Stub) -> None:
    call = stub.bidi_stream(endless(OK), timeout=30)
    async for _ in call:
        break
    await stub.aio_until("bidi_stream", Counted(sent=1, received=1))
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
    await stub.aio_until("bidi_stream", Counted(sent=1, received=1))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await call.read()
    await stub.aio_until("bidi_stream", over("Canceled", sent=1, received=1))


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
