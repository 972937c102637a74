"""What spans say of calls, and that their context reaches the server: on both kinds of channel."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from opentelemetry import baggage, context, trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, StatusCode, TraceFlags
from prometheus_client import CollectorRegistry
from prometheus_client.samples import Exemplar

from etcdobs.interceptors import aio_client_interceptors, client_interceptors
from etcdobs.observe import ClientMetrics, Instruments
from etcdobs.observe.recorder import Kind
from tests.echo_service import FAIL, GIVE_UP, HANG, METHODS, OK, EchoService, aio_until, until
from tests.traced import Traced, traceparent_of


@pytest.fixture(scope="module")
def service() -> Iterator[EchoService]:
    server = EchoService()
    yield server
    server.stop()


@pytest.fixture
def traced() -> Traced:
    return Traced()


@pytest.fixture
def metrics() -> ClientMetrics:
    return ClientMetrics(CollectorRegistry())


@pytest.fixture
def channel(service: EchoService) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(service.target) as opened:
        yield opened


Bind = Callable[[Kind], Any]


@pytest.fixture(params=["intercepted", "bound"])
def call(
    request: pytest.FixtureRequest, channel: grpc.Channel, service: EchoService, metrics: ClientMetrics, traced: Traced
) -> Bind:
    """Gives the multicallable of a kind, traced with `traced`."""
    if request.param == "intercepted":
        interceptors = client_interceptors(metrics, traced.provider, target=service.target)
        return lambda kind: multicallable(grpc.intercept_channel(channel, *interceptors), kind)
    instruments = Instruments(metrics, traced.provider)
    return lambda kind: instruments.bind_sync(
        multicallable(channel, kind), method=METHODS[kind], kind=kind, target=service.target
    )


def multicallable(channel: grpc.Channel, kind: Kind) -> Any:
    makers: dict[Kind, Any] = {
        "unary": channel.unary_unary,
        "client_stream": channel.stream_unary,
        "server_stream": channel.unary_stream,
        "bidi_stream": channel.stream_stream,
    }
    return makers[kind](METHODS[kind])


def traceparents(service: EchoService) -> list[str]:
    return [str(value) for key, value in service.metadata[-1] if key == "traceparent"]


def test_a_call_is_a_client_span_named_by_its_method(call: Bind, service: EchoService, traced: Traced) -> None:
    call("unary")(OK, timeout=5)
    host, port = service.target.split(":")
    assert (traced.span.name, traced.span.kind) == ("test.Echo/Say", SpanKind.CLIENT)
    assert dict(traced.span.attributes or {}) == {
        "rpc.system.name": "grpc",
        "rpc.method": "test.Echo/Say",
        "rpc.response.status_code": "OK",
        "server.address": host,
        "server.port": int(port),
        "network.peer.address": host,
        "network.peer.port": int(port),
    }
    assert traced.span.status.status_code is StatusCode.UNSET
    scope = traced.span.instrumentation_scope
    assert scope is not None
    assert (scope.name, scope.schema_url) == ("etcdobs", "https://opentelemetry.io/schemas/1.44.0")


def test_a_failed_call_is_an_error_with_its_code(call: Bind, traced: Traced) -> None:
    with pytest.raises(grpc.RpcError):
        call("unary")(FAIL, timeout=5)
    attributes = dict(traced.span.attributes or {})
    assert attributes["rpc.response.status_code"] == attributes["error.type"] == "FAILED_PRECONDITION"
    assert traced.span.status.status_code is StatusCode.ERROR
    assert traced.span.status.description == "told to fail"


def test_a_call_that_cannot_be_made_is_an_error_of_the_exceptions_type(call: Bind, traced: Traced) -> None:
    with pytest.raises(TypeError):
        call("unary")(OK, timeout="soon")
    assert dict(traced.span.attributes or {})["error.type"] == "TypeError"


def test_a_stream_has_one_span_that_ends_with_it(call: Bind, traced: Traced) -> None:
    stream = call("server_stream")(b"a,b", timeout=5)
    assert next(stream) == b"a"
    assert traced.spans == ()
    assert list(stream) == [b"b"]
    assert traced.span.name == "test.Echo/Split"
    assert list(stream) == []
    assert len(traced.spans) == 1


def test_the_span_of_a_stream_does_not_leak_into_its_reader(call: Bind) -> None:
    stream = call("server_stream")(b"a,b", timeout=5)
    next(stream)
    assert trace.get_current_span() is trace.INVALID_SPAN
    stream.cancel()


def test_a_local_cancel_is_no_error(call: Bind, traced: Traced) -> None:
    stream = call("server_stream")(HANG, timeout=30)
    stream.cancel()
    attributes = dict(traced.span.attributes or {})
    assert attributes["rpc.response.status_code"] == "CANCELLED"
    assert "error.type" not in attributes
    assert traced.span.status.status_code is StatusCode.UNSET


def test_a_dropped_stream_is_no_error(call: Bind, traced: Traced) -> None:
    stream = call("server_stream")(HANG, timeout=30)
    del stream
    until(lambda: len(traced.spans), 1)
    assert traced.span.status.status_code is StatusCode.UNSET


def test_a_cancel_by_the_server_is_an_error(call: Bind, traced: Traced) -> None:
    with pytest.raises(grpc.RpcError):
        list(call("server_stream")(GIVE_UP, timeout=5))
    assert dict(traced.span.attributes or {})["error.type"] == "CANCELLED"
    assert traced.span.status.status_code is StatusCode.ERROR


def test_the_context_of_the_span_reaches_the_server(call: Bind, service: EchoService, traced: Traced) -> None:
    call("unary")(OK, timeout=5, metadata=(("a", "1"), ("a", "2")))
    assert traceparents(service) == [traceparent_of(traced.span)]
    assert [pair for pair in service.metadata[-1] if pair[0] == "a"] == [("a", "1"), ("a", "2")]


def test_a_context_that_the_caller_sent_gives_way_to_the_span(call: Bind, service: EchoService, traced: Traced) -> None:
    call("unary")(OK, timeout=5, metadata=(("traceparent", f"00-{1:032x}-{1:016x}-01"),))
    assert traceparents(service) == [traceparent_of(traced.span)]


def test_a_span_is_the_child_of_the_callers(call: Bind, traced: Traced) -> None:
    with traced.provider.get_tracer("test").start_as_current_span("caller") as caller:
        call("unary")(OK, timeout=5)
    assert traced.spans[0].parent == caller.get_span_context()


def test_a_bidi_stream_has_no_span_and_carries_the_callers_context(
    call: Bind, service: EchoService, traced: Traced
) -> None:
    with traced.provider.get_tracer("test").start_as_current_span("caller"):
        assert list(call("bidi_stream")(iter([OK]), timeout=5)) == [OK]
    assert [span.name for span in traced.spans] == ["caller"]
    assert traceparents(service) == [traceparent_of(traced.span)]


def test_baggage_travels_with_the_span(call: Bind, service: EchoService) -> None:
    token = context.attach(baggage.set_baggage("tenant", "blue"))
    try:
        call("unary")(OK, timeout=5)
    finally:
        context.detach(token)
    assert ("baggage", "tenant=blue") in service.metadata[-1]


def test_without_a_provider_nothing_is_added(
    channel: grpc.Channel, service: EchoService, metrics: ClientMetrics
) -> None:
    traced = grpc.intercept_channel(channel, *client_interceptors(metrics))
    assert multicallable(traced, "unary")(OK, timeout=5) == OK
    assert traceparents(service) == []


def test_without_a_provider_a_context_from_elsewhere_is_passed_on(
    channel: grpc.Channel, service: EchoService, metrics: ClientMetrics
) -> None:
    remote = NonRecordingSpan(SpanContext(1, 2, is_remote=True, trace_flags=TraceFlags(1)))
    say = multicallable(grpc.intercept_channel(channel, *client_interceptors(metrics)), "unary")
    with trace.use_span(remote):
        say(OK, timeout=5)
    assert traceparents(service) == [f"00-{1:032x}-{2:016x}-01"]


def test_a_decision_not_to_sample_reaches_the_server(
    channel: grpc.Channel, service: EchoService, metrics: ClientMetrics
) -> None:
    interceptors = client_interceptors(metrics, TracerProvider(sampler=ALWAYS_OFF))
    multicallable(grpc.intercept_channel(channel, *interceptors), "unary")(OK, timeout=5)
    (traceparent,) = traceparents(service)
    assert not int(traceparent[-2:], 16) & TraceFlags.SAMPLED
    assert exemplars(metrics) == []


def exemplars(metrics: ClientMetrics) -> list[Exemplar]:
    return [
        sample.exemplar
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.exemplar is not None
    ]


def test_a_sampled_span_is_the_exemplar_of_its_latency(call: Bind, metrics: ClientMetrics, traced: Traced) -> None:
    call("unary")(OK, timeout=5)
    (exemplar,) = exemplars(metrics)
    own = traced.span.get_span_context()
    assert own is not None
    assert exemplar.labels == {"trace_id": f"{own.trace_id:032x}", "span_id": f"{own.span_id:016x}"}


def test_exemplars_can_be_turned_off(channel: grpc.Channel, traced: Traced) -> None:
    metrics = ClientMetrics(CollectorRegistry(), exemplars=False)
    interceptors = client_interceptors(metrics, traced.provider)
    multicallable(grpc.intercept_channel(channel, *interceptors), "unary")(OK, timeout=5)
    assert exemplars(metrics) == []


@pytest.fixture(params=["intercepted", "bound"])
async def aio_call(request: pytest.FixtureRequest, service: EchoService, metrics: ClientMetrics, traced: Traced) -> Any:
    """Gives the multicallable of a kind of a grpc.aio channel, traced with `traced`."""
    if request.param == "intercepted":
        interceptors = aio_client_interceptors(metrics, traced.provider, target=service.target)
        async with grpc.aio.insecure_channel(service.target, interceptors=interceptors) as channel:
            yield lambda kind: multicallable(channel, kind)  # type: ignore[arg-type]
        return
    instruments = Instruments(metrics, traced.provider)
    async with grpc.aio.insecure_channel(service.target) as channel:
        yield lambda kind: instruments.bind_aio(
            multicallable(channel, kind),  # type: ignore[arg-type]
            method=METHODS[kind],
            kind=kind,
            target=service.target,
        )


async def test_an_asyncio_call_has_a_span_and_sends_its_context(
    aio_call: Bind, service: EchoService, traced: Traced
) -> None:
    metadata = grpc.aio.Metadata(("a", "1"), ("a", "2"))
    assert await aio_call("unary")(OK, timeout=5, metadata=metadata) == OK
    assert traced.span.name == "test.Echo/Say"
    assert dict(traced.span.attributes or {})["rpc.response.status_code"] == "OK"
    assert traceparents(service) == [traceparent_of(traced.span)]
    assert [pair for pair in service.metadata[-1] if pair[0] == "a"] == [("a", "1"), ("a", "2")]


async def test_a_cancelled_task_ends_its_span_without_error(
    aio_call: Bind, service: EchoService, traced: Traced
) -> None:
    seen = len(service.metadata)

    async def say() -> None:
        await aio_call("unary")(HANG, timeout=30)

    task = asyncio.create_task(say())
    await aio_until(lambda: len(service.metadata), seen + 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert dict(traced.span.attributes or {})["rpc.response.status_code"] == "CANCELLED"
    assert traced.span.status.status_code is StatusCode.UNSET


async def test_an_asyncio_stream_that_fails_is_an_error(aio_call: Bind, traced: Traced) -> None:
    with pytest.raises(grpc.aio.AioRpcError):
        async for _ in aio_call("server_stream")(b"a,fail", timeout=5):
            pass
    assert dict(traced.span.attributes or {})["error.type"] == "FAILED_PRECONDITION"
    assert traced.span.status.description == "told to fail"


async def test_an_asyncio_stream_that_is_cancelled_ends_its_span_once(aio_call: Bind, traced: Traced) -> None:
    stream = aio_call("server_stream")(b"a,hang", timeout=30)
    assert await stream.read() == b"a"
    stream.cancel()
    assert await stream.code() is grpc.StatusCode.CANCELLED
    assert "error.type" not in dict(traced.span.attributes or {})


async def test_an_asyncio_bidi_stream_has_no_span(aio_call: Bind, traced: Traced) -> None:
    stream = aio_call("bidi_stream")(iter([OK]), timeout=5)
    assert [response async for response in stream] == [OK]
    assert traced.spans == ()
