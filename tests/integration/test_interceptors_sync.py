"""What is recorded of blocking calls, however they end: through interceptors and through bound stubs alike."""

import gc
import queue
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from prometheus_client import CollectorRegistry

from etcdobs.interceptors import client_interceptors
from etcdobs.observe import ClientMetrics, Instruments
from etcdobs.observe.recorder import Kind
from tests.echo_service import FAIL, GIVE_UP, HANG, METHODS, OK, Counted, EchoService, counted, over
from tests.echo_stubs import Requests, Stub, bare

Open = Callable[[grpc.Channel, ClientMetrics], dict[Kind, Any]]


def intercepted(channel: grpc.Channel, metrics: ClientMetrics) -> dict[Kind, Any]:
    return bare(grpc.intercept_channel(channel, *client_interceptors(metrics)))


def bound(channel: grpc.Channel, metrics: ClientMetrics) -> dict[Kind, Any]:
    instruments = Instruments(metrics)
    return {
        kind: instruments.bind_sync(call, method=METHODS[kind], kind=kind, target="")
        for kind, call in bare(channel).items()
    }


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
def stub(opened: Open, service: EchoService) -> Iterator[Stub]:
    registry = CollectorRegistry()
    with grpc.insecure_channel(service.target) as channel:
        yield Stub(channel, registry, opened(channel, ClientMetrics(registry)))


@pytest.fixture
def futures(service: EchoService) -> Iterator[Stub]:
    """Intercepted only: a bound stub has no future()."""
    registry = CollectorRegistry()
    with grpc.insecure_channel(service.target) as channel:
        yield Stub(channel, registry, intercepted(channel, ClientMetrics(registry)))


@pytest.fixture
def nobody() -> str:
    """A target on which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return f"127.0.0.1:{port}"


@pytest.fixture
def requests() -> Iterator[Requests]:
    held = Requests(OK)
    yield held
    held.end()  # gRPC's thread waits for the next request


# Unary calls


def test_a_unary_call_is_counted_once_at_each_stage(stub: Stub) -> None:
    assert stub.unary(OK, timeout=5) == OK
    assert stub.counted("unary") == over("OK", sent=1, received=1)


def test_a_failed_unary_call_has_its_code_and_no_message_received(stub: Stub) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        stub.unary(FAIL, timeout=5)
    assert raised.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert stub.counted("unary") == over("FailedPrecondition", sent=1)


def test_a_unary_call_past_its_deadline(stub: Stub) -> None:
    with pytest.raises(grpc.RpcError):
        stub.unary(HANG, timeout=0.05)
    assert stub.counted("unary") == over("DeadlineExceeded", sent=1)


def test_a_unary_call_that_reaches_nobody(opened: Open, nobody: str) -> None:
    registry = CollectorRegistry()
    with grpc.insecure_channel(nobody) as channel, pytest.raises(grpc.RpcError):
        opened(channel, ClientMetrics(registry))["unary"](OK, timeout=5)
    assert counted(registry, "unary") == over("Unavailable", sent=1)


def test_a_unary_call_on_a_closed_channel_is_canceled_as_in_grpc_go(stub: Stub) -> None:
    stub.channel.close()
    with pytest.raises(ValueError, match="closed"):
        stub.unary(OK, timeout=5)
    assert stub.counted("unary") == over("Canceled", sent=1)


def test_a_unary_call_that_cannot_be_made_is_unknown(stub: Stub) -> None:
    with pytest.raises(TypeError):
        stub.unary(OK, timeout="soon")
    assert stub.counted("unary") == over("Unknown", sent=1)


def test_with_call_gives_the_call_too(futures: Stub) -> None:
    response, call = futures.unary.with_call(OK, timeout=5)
    assert (response, call.code()) == (OK, grpc.StatusCode.OK)
    assert futures.counted("unary") == over("OK", sent=1, received=1)


def test_a_future_is_not_waited_for_and_can_be_cancelled(futures: Stub) -> None:
    before = time.monotonic()
    call = futures.unary.future(HANG, timeout=30)
    assert time.monotonic() - before < 5
    assert not call.done()
    assert futures.counted("unary") == Counted(sent=1)
    assert call.cancel()
    assert (call.code(), call.cancelled()) == (grpc.StatusCode.CANCELLED, True)
    assert not call.cancel()
    assert futures.counted("unary") == over("Canceled", sent=1)


def test_a_future_is_handled_when_it_is_done(futures: Stub) -> None:
    call = futures.unary.future(OK, timeout=5)
    assert call.result() == OK
    assert isinstance(call, grpc.Future)
    assert isinstance(call, grpc.Call)
    futures.until("unary", over("OK", sent=1, received=1))


def test_a_future_calls_back_with_the_object_its_caller_holds(futures: Stub) -> None:
    done: queue.SimpleQueue[Any] = queue.SimpleQueue()
    call = futures.unary.future(OK, timeout=5)
    call.add_done_callback(done.put)
    assert done.get(timeout=5) is call


def test_a_dropped_future_is_cancelled(futures: Stub) -> None:
    call = futures.unary.future(HANG, timeout=30)
    del call
    futures.until("unary", over("Canceled", sent=1))


def test_a_future_whose_channel_is_closed(futures: Stub) -> None:
    call = futures.unary.future(HANG, timeout=30)
    futures.channel.close()
    futures.until("unary", over("Canceled", sent=1))
    assert call.code() is grpc.StatusCode.CANCELLED


def test_a_future_that_only_its_waiting_caller_holds_goes_on(futures: Stub) -> None:
    answer = futures.unary.future(OK, timeout=5).result()  # within an assert, pytest would hold the future
    details = futures.unary.future(FAIL, timeout=5).details()
    assert (answer, details) == (OK, "told to fail")
    futures.until("unary", Counted(2, {"OK": 1, "FailedPrecondition": 1}, sent=2, received=1, timed=2))


# Streams of requests


def test_a_client_stream_is_handled_and_its_messages_counted(stub: Stub) -> None:
    assert stub.client_stream(iter([OK, OK, OK]), timeout=5) == b"ok,ok,ok"
    assert stub.counted("client_stream") == over("OK", sent=3, received=1)


def test_a_failed_client_stream(stub: Stub) -> None:
    with pytest.raises(grpc.RpcError):
        stub.client_stream(iter([OK, FAIL]), timeout=5)
    # Whether gRPC still takes note of the last send is a race with the answer to it.
    seen = stub.counted("client_stream")
    assert (seen.handled, seen.received, seen.timed) == ({"FailedPrecondition": 1}, 0, 1)
    assert 1 <= seen.sent <= 2


def test_a_client_stream_whose_requests_raise(stub: Stub) -> None:
    def requests() -> Iterator[bytes]:
        yield OK
        raise LookupError

    with pytest.raises(grpc.RpcError):
        stub.client_stream(requests(), timeout=5)
    assert stub.counted("client_stream") == over("Unknown", sent=1)


def test_a_client_stream_past_its_deadline(stub: Stub, requests: Requests) -> None:
    with pytest.raises(grpc.RpcError):
        stub.client_stream(iter(requests), timeout=0.1)
    stub.until("client_stream", over("DeadlineExceeded", sent=1))


def test_a_client_stream_future_can_be_cancelled(futures: Stub, requests: Requests) -> None:
    call = futures.client_stream.future(iter(requests), timeout=30)
    futures.until("client_stream", Counted(sent=1))
    assert call.cancel()
    assert futures.counted("client_stream") == over("Canceled", sent=1)


# Streams of responses


def test_a_server_stream_is_handled_when_its_reader_sees_the_end(stub: Stub) -> None:
    call = stub.server_stream(b"a,b,c", timeout=5)
    assert next(call) == b"a"
    assert stub.counted("server_stream").received == 1
    assert list(call) == [b"b", b"c"]
    assert stub.counted("server_stream") == over("OK", sent=1, received=3)
    assert call.code() is grpc.StatusCode.OK
    assert call.trailing_metadata() == ()


def test_reading_again_after_the_end_counts_nothing(stub: Stub) -> None:
    call = stub.server_stream(OK, timeout=5)
    assert list(call) == [OK]
    assert list(call) == []
    assert not call.cancel()
    assert stub.counted("server_stream") == over("OK", sent=1, received=1)


def test_a_server_stream_that_fails_midway(stub: Stub) -> None:
    call = stub.server_stream(b"a,fail", timeout=5)
    assert next(call) == b"a"
    with pytest.raises(grpc.RpcError) as raised:
        next(call)
    assert raised.value.details() == "told to fail"
    assert call.details() == "told to fail"
    assert stub.counted("server_stream") == over("FailedPrecondition", sent=1, received=1)


def test_a_server_stream_past_its_deadline(stub: Stub) -> None:
    call = stub.server_stream(b"a,hang", timeout=0.2)
    assert next(call) == b"a"
    with pytest.raises(grpc.RpcError):
        next(call)
    assert stub.counted("server_stream") == over("DeadlineExceeded", sent=1, received=1)


def test_a_server_stream_left_by_break_and_cancelled(stub: Stub) -> None:
    call = stub.server_stream(b"a,hang", timeout=30)
    for _ in call:
        break
    assert call.cancel()
    assert stub.counted("server_stream") == over("Canceled", sent=1, received=1)
    with pytest.raises(grpc.RpcError):
        next(call)
    assert stub.counted("server_stream") == over("Canceled", sent=1, received=1)


def test_a_server_stream_cancelled_before_it_is_read(stub: Stub) -> None:
    call = stub.server_stream(HANG, timeout=30)
    call.cancel()
    assert call.code() is grpc.StatusCode.CANCELLED
    assert stub.counted("server_stream") == over("Canceled", sent=1)


def test_a_server_stream_dropped_unread_is_cancelled(stub: Stub) -> None:
    call = stub.server_stream(HANG, timeout=30)
    del call
    stub.until("server_stream", over("Canceled", sent=1))


def test_a_server_stream_dropped_midway_is_cancelled(stub: Stub) -> None:
    call = stub.server_stream(b"a,hang", timeout=30)
    assert next(call) == b"a"
    del call
    stub.until("server_stream", over("Canceled", sent=1, received=1))


def test_a_server_stream_dropped_in_a_cycle_is_cancelled_by_the_collector(stub: Stub) -> None:
    cycle: list[Any] = [stub.server_stream(HANG, timeout=30)]
    cycle.append(cycle)
    del cycle
    gc.collect()
    stub.until("server_stream", over("Canceled", sent=1))


def test_a_server_stream_that_ended_before_it_is_dropped_keeps_its_code(stub: Stub) -> None:
    call = stub.server_stream(FAIL, timeout=5)
    assert call.code() is grpc.StatusCode.FAILED_PRECONDITION
    del call
    stub.until("server_stream", over("FailedPrecondition", sent=1))


def test_a_server_stream_that_ends_unread_is_handled(stub: Stub) -> None:
    call = stub.server_stream(FAIL, timeout=5)
    stub.until("server_stream", over("FailedPrecondition", sent=1))
    assert call.code() is grpc.StatusCode.FAILED_PRECONDITION


def test_a_server_stream_whose_channel_is_closed(stub: Stub) -> None:
    call = stub.server_stream(b"a,hang", timeout=30)
    assert next(call) == b"a"
    stub.channel.close()
    with pytest.raises(grpc.RpcError):
        next(call)
    assert stub.counted("server_stream") == over("Canceled", sent=1, received=1)


def test_a_server_stream_on_a_closed_channel(stub: Stub) -> None:
    stub.channel.close()
    with pytest.raises(ValueError, match="closed"):
        list(stub.server_stream(OK, timeout=5))
    assert stub.counted("server_stream") == over("Canceled")


def test_a_call_cancelled_by_the_server_is_canceled_too(stub: Stub) -> None:
    with pytest.raises(grpc.RpcError):
        list(stub.server_stream(GIVE_UP, timeout=5))
    assert stub.counted("server_stream") == over("Canceled", sent=1)


def test_a_stream_that_only_its_waiting_caller_holds_goes_on(stub: Stub) -> None:
    metadata = stub.server_stream(OK, timeout=5).initial_metadata()  # within an assert, pytest would hold the stream
    code = stub.server_stream(FAIL, timeout=5).code()
    responses = list(stub.server_stream(b"a,b", timeout=5))
    assert (metadata, code, responses) == ((), grpc.StatusCode.FAILED_PRECONDITION, [b"a", b"b"])


# Streams both ways


def test_a_bidi_stream_counts_both_ways(stub: Stub) -> None:
    assert list(stub.bidi_stream(iter([b"a", b"b"]), timeout=5)) == [b"a", b"b"]
    assert stub.counted("bidi_stream") == over("OK", sent=2, received=2)


def test_a_bidi_stream_under_way_is_started_and_not_handled(stub: Stub, requests: Requests) -> None:
    call = stub.bidi_stream(iter(requests), timeout=30)
    assert next(call) == OK
    stub.until("bidi_stream", Counted(sent=1, received=1))
    assert call.is_active()
    call.cancel()


def test_a_bidi_stream_cancelled_while_it_is_read(stub: Stub, requests: Requests) -> None:
    call = stub.bidi_stream(iter(requests), timeout=30)
    assert next(call) == OK
    stub.until("bidi_stream", Counted(sent=1, received=1))
    call.add_done_callback(lambda ended: ended.code())
    call.cancel()
    with pytest.raises(grpc.RpcError):
        next(call)
    stub.until("bidi_stream", over("Canceled", sent=1, received=1))


def test_a_bidi_stream_dropped_is_cancelled(stub: Stub, requests: Requests) -> None:
    call = stub.bidi_stream(iter(requests), timeout=30)
    assert next(call) == OK
    stub.until("bidi_stream", Counted(sent=1, received=1))
    del call
    stub.until("bidi_stream", over("Canceled", sent=1, received=1))


def test_a_bidi_stream_that_fails(stub: Stub) -> None:
    call = stub.bidi_stream(iter([FAIL]), timeout=5)
    with pytest.raises(grpc.RpcError):
        next(call)
    seen = stub.counted("bidi_stream")
    assert (seen.handled, seen.received, seen.timed) == ({"FailedPrecondition": 1}, 0, 1)


def test_a_bidi_stream_that_reaches_nobody(opened: Open, nobody: str) -> None:
    registry = CollectorRegistry()
    with grpc.insecure_channel(nobody) as channel:
        call = opened(channel, ClientMetrics(registry))["bidi_stream"](iter([OK]), timeout=5)
        with pytest.raises(grpc.RpcError):
            next(call)
    assert counted(registry, "bidi_stream") == over("Unavailable")
