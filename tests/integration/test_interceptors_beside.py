"""What is recorded of calls where other interceptors are on the same channel."""

import contextlib
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from prometheus_client import CollectorRegistry

from etcdobs.interceptors import aio_client_interceptors, client_interceptors
from etcdobs.observe import ClientMetrics
from tests.echo_service import FAIL, OK, EchoService, counted, over, until
from tests.echo_stubs import bare, several


@pytest.fixture(scope="module")
def service() -> Iterator[EchoService]:
    server = EchoService()
    yield server
    server.stop()


class Rude(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    """Another library's: raises a bare RpcError, and returns a bare generator for a stream."""

    def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        raise grpc.RpcError("refused here")

    def intercept_unary_stream(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return (response for response in continuation(client_call_details, request))


def test_a_stream_that_an_inner_interceptor_made_a_generator_is_still_handled(service: EchoService) -> None:
    registry = CollectorRegistry()
    interceptors = [*client_interceptors(ClientMetrics(registry)), Rude()]
    with grpc.insecure_channel(service.target) as channel:
        calls = bare(grpc.intercept_channel(channel, *interceptors))
        assert list(calls["server_stream"](b"a,b", timeout=5)) == [b"a", b"b"]
    assert counted(registry, "server_stream") == over("OK", sent=1, received=2)


def test_a_bare_error_of_an_inner_interceptor_is_unknown(service: EchoService) -> None:
    registry = CollectorRegistry()
    interceptors = [*client_interceptors(ClientMetrics(registry)), Rude()]
    with grpc.insecure_channel(service.target) as channel:
        calls = bare(grpc.intercept_channel(channel, *interceptors))
        with pytest.raises((grpc.RpcError, AttributeError)):
            calls["unary"](OK, timeout=5)
    assert counted(registry, "unary") == over("Unknown", sent=1)


def test_interceptors_twice_on_one_channel_record_each_for_itself(service: EchoService) -> None:
    first, second = CollectorRegistry(), CollectorRegistry()
    interceptors = [*client_interceptors(ClientMetrics(first)), *client_interceptors(ClientMetrics(second))]
    with grpc.insecure_channel(service.target) as channel:
        calls = bare(grpc.intercept_channel(channel, *interceptors))
        stream = calls["server_stream"](b"a,hang", timeout=30)
        assert next(stream) == b"a"
        stream.cancel()
    ended = over("Canceled", sent=1, received=1)
    until(lambda: (counted(first, "server_stream"), counted(second, "server_stream")), (ended, ended))


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


async def test_asyncio_interceptors_twice_on_one_channel_record_each_for_itself(service: EchoService) -> None:
    first, second = CollectorRegistry(), CollectorRegistry()
    interceptors = [*aio_client_interceptors(ClientMetrics(first)), *aio_client_interceptors(ClientMetrics(second))]
    async with grpc.aio.insecure_channel(service.target, interceptors=interceptors) as channel:
        call = bare(channel)["bidi_stream"](several(b"a", b"b"), timeout=5)
        assert [response async for response in call] == [b"a", b"b"]
    assert counted(first, "bidi_stream") == counted(second, "bidi_stream") == over("OK", sent=2, received=2)
