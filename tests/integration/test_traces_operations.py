"""What the spans of a call say when it took several attempts, and what they say of keys."""

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode

from etcdobs import DeadlineExceededError, EtcdError, KeyNotFoundError, RetryPolicy
from etcdobs.testing import Etcd
from tests.conftest import OpenClient
from tests.traced import Traced, attributes_of, context_of, parent_id

PUT, RANGE = "etcdserverpb.KV/Put", "etcdserverpb.KV/Range"
DEAD = "127.0.0.1:1"


@pytest.fixture
def traced() -> Traced:
    return Traced()


def operation_and_attempts(traced: Traced, name: str) -> tuple[ReadableSpan, list[ReadableSpan]]:
    """The span of the only call, and those of its attempts, in their order."""
    spans = traced.named(name)
    (operation,) = [span for span in spans if parent_id(span) not in {context_of(other).span_id for other in spans}]
    below = [span for span in spans if parent_id(span) == context_of(operation).span_id]
    return operation, sorted(below, key=lambda span: span.start_time or 0)


async def test_a_call_of_one_attempt_is_one_span(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, traced: Traced
) -> None:
    async with open_client(etcd_server.endpoint, tracer_provider=traced.provider) as client:
        await client.put(prefix, "secret")
    assert (traced.span.name, traced.span.kind) == (PUT, SpanKind.CLIENT)
    assert traced.span.status.status_code is StatusCode.UNSET
    assert not {"etcd.attempt", "etcd.retries", "etcd.key"} & attributes_of(traced.span).keys()


async def test_a_repeated_call_is_a_span_over_one_for_each_attempt(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, traced: Traced
) -> None:
    endpoints = [DEAD, etcd_server.endpoint]
    async with open_client(endpoints, tracer_provider=traced.provider) as client:
        while not traced.named(PUT) or len(traced.spans) == 1:
            traced.clear()
            await client.put(prefix)
    operation, (first, second) = operation_and_attempts(traced, PUT)
    assert (operation.kind, first.kind, second.kind) == (SpanKind.CLIENT, SpanKind.INTERNAL, SpanKind.CLIENT)
    assert attributes_of(operation)["etcd.retries"] == 1
    assert attributes_of(operation)["rpc.response.status_code"] == "OK"
    assert "error.type" not in attributes_of(operation)
    assert operation.status.status_code is StatusCode.UNSET
    assert (attributes_of(first)["etcd.attempt"], attributes_of(second)["etcd.attempt"]) == (0, 1)
    assert attributes_of(first)["error.type"] == "UNAVAILABLE"
    assert attributes_of(first)["server.port"] == 1
    assert attributes_of(second)["server.port"] == attributes_of(operation)["server.port"] != 1
    assert within(first, operation)
    assert within(second, operation)


def within(span: ReadableSpan, outer: ReadableSpan) -> bool:
    times = (outer.start_time, span.start_time, span.end_time, outer.end_time)
    assert None not in times
    # The SDK's spans and the first attempt's are timed by two clocks: microseconds apart.
    slack = 1_000_000
    return times[0] - slack <= times[1] <= times[2] <= times[3] + slack  # type: ignore[operator]


async def test_a_call_that_fails_at_every_attempt_is_an_error(open_client: OpenClient, traced: Traced) -> None:
    retry = RetryPolicy(max_attempts=3, backoff_base=0.01)
    async with open_client(DEAD, tracer_provider=traced.provider, retry=retry, dial_timeout=2) as client:
        with pytest.raises(EtcdError):
            await client.get("k")
    operation, attempts = operation_and_attempts(traced, RANGE)
    assert [attributes_of(span)["etcd.attempt"] for span in attempts] == [0, 1, 2]
    assert attributes_of(operation)["etcd.retries"] == 2
    assert attributes_of(operation)["error.type"] == "UNAVAILABLE"
    assert operation.status.status_code is StatusCode.ERROR


async def test_a_call_that_is_not_repeated_is_one_span_with_its_error(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, traced: Traced
) -> None:
    async with open_client(etcd_server.endpoint, tracer_provider=traced.provider) as client:
        with pytest.raises(KeyNotFoundError):
            await client.put(prefix, ignore_value=True)
    assert attributes_of(traced.span)["error.type"] == "INVALID_ARGUMENT"
    assert traced.span.status.description == "etcdserver: key not found"
    assert "etcd.retries" not in attributes_of(traced.span)


async def test_a_deadline_is_the_error_of_its_call(open_client: OpenClient, quick_etcd: Etcd, traced: Traced) -> None:
    async with open_client(quick_etcd.endpoint, tracer_provider=traced.provider) as client:
        await client.put("k")
        traced.clear()
        quick_etcd.pause()
        with pytest.raises(DeadlineExceededError):
            await client.put("k", timeout=0.1)
    assert attributes_of(traced.span)["error.type"] == "DEADLINE_EXCEEDED"


async def test_attempts_are_of_the_callers_trace(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, traced: Traced
) -> None:
    endpoints = [DEAD, etcd_server.endpoint]
    with traced.provider.get_tracer("test").start_as_current_span("caller") as caller:
        async with open_client(endpoints, tracer_provider=traced.provider) as client:
            for _ in range(3):
                await client.put(prefix)
    assert {context_of(span).trace_id for span in traced.spans} == {caller.get_span_context().trace_id}


async def test_keys_are_told_where_asked_for_and_values_never(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, traced: Traced
) -> None:
    async with open_client(etcd_server.endpoint, tracer_provider=traced.provider, trace_keys=True) as client:
        await client.put(prefix, "secret")
        await client.get(b"\xff")
    assert [attributes_of(span)["etcd.key"] for span in traced.spans] == [prefix, "\\xff"]
    assert "secret" not in "".join(span.to_json() for span in traced.spans)


async def test_former_attributes_are_added_where_the_environment_asks(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, traced: Traced, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SEMCONV_STABILITY_OPT_IN", "http, rpc/dup")
    async with open_client(etcd_server.endpoint, tracer_provider=traced.provider) as client:
        await client.put(prefix)
    attributes = attributes_of(traced.span)
    assert (attributes["rpc.system.name"], attributes["rpc.method"]) == ("grpc", PUT)
    assert attributes["rpc.response.status_code"] == "OK"
    assert (attributes["rpc.system"], attributes["rpc.service"]) == ("grpc", "etcdserverpb.KV")
    assert attributes["rpc.grpc.status_code"] == 0


@pytest.mark.parametrize("wanted", ["", "rpc", "http/dup"])
async def test_former_attributes_are_absent_otherwise(
    open_client: OpenClient,
    etcd_server: Etcd,
    traced: Traced,
    monkeypatch: pytest.MonkeyPatch,
    wanted: str,
) -> None:
    monkeypatch.setenv("OTEL_SEMCONV_STABILITY_OPT_IN", wanted)
    async with open_client(etcd_server.endpoint, tracer_provider=traced.provider) as client:
        await client.get("k")
    assert not {"rpc.system", "rpc.service", "rpc.grpc.status_code"} & attributes_of(traced.span).keys()
