"""Interceptors beside opentelemetry-instrumentation-grpc, on a channel of any service: a call has one span."""

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import grpc
import pytest
from opentelemetry import trace
from opentelemetry.instrumentation.utils import is_instrumentation_enabled
from opentelemetry.trace import SpanKind
from prometheus_client import CollectorRegistry

from etcdobs.interceptors import aio_client_interceptors, client_interceptors
from etcdobs.observe import ClientMetrics
from etcdobs.observe.coexistence import traced_once
from etcdobs.observe.recorder import Kind
from tests.echo_service import METHODS, EchoService, counted, until
from tests.echo_stubs import bare
from tests.traced import Traced, traceparent_of

THEIRS = "opentelemetry.instrumentation.grpc"
KINDS: list[Kind] = ["unary", "client_stream", "server_stream", "bidi_stream"]


@pytest.fixture(scope="module")
def service() -> Iterator[EchoService]:
    server = EchoService()
    yield server
    server.stop()


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> Traced:
    monkeypatch.setitem(sys.modules, THEIRS, ModuleType(THEIRS))
    return Traced()


class Theirs:
    """Makes spans as the instrumentation does: named by the method with its slash, current while the call is made."""

    def __init__(self, traced: Traced) -> None:
        self._tracer = trace.get_tracer(THEIRS, tracer_provider=traced.provider)

    def span(self, method: str | bytes) -> AbstractContextManager[object]:
        if not is_instrumentation_enabled():
            return nullcontext()
        name = method.decode() if isinstance(method, bytes) else method
        return self._tracer.start_as_current_span(name, kind=SpanKind.CLIENT)


class Blocking(
    Theirs,
    grpc.UnaryUnaryClientInterceptor,
    grpc.StreamUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamStreamClientInterceptor,
):
    def _intercept(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        with self.span(details.method):
            return continuation(details, request)

    intercept_unary_unary = intercept_stream_unary = _intercept  # type: ignore[assignment]
    intercept_unary_stream = intercept_stream_stream = _intercept  # type: ignore[assignment]


class Awaited(Theirs):
    async def _intercept(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        with self.span(details.method):
            return await continuation(details, request)


class AwaitedUnary(Awaited, grpc.aio.UnaryUnaryClientInterceptor):
    intercept_unary_unary = Awaited._intercept  # type: ignore[assignment]


class AwaitedRequests(Awaited, grpc.aio.StreamUnaryClientInterceptor):
    intercept_stream_unary = Awaited._intercept  # type: ignore[assignment]


class AwaitedResponses(Awaited, grpc.aio.UnaryStreamClientInterceptor):
    intercept_unary_stream = Awaited._intercept  # type: ignore[assignment]


class AwaitedStreams(Awaited, grpc.aio.StreamStreamClientInterceptor):
    intercept_stream_stream = Awaited._intercept  # type: ignore[assignment]


AWAITED = (AwaitedUnary, AwaitedRequests, AwaitedResponses, AwaitedStreams)


@dataclass
class Requests:
    """A stream of requests, and whether instrumentations make spans where they come from."""

    enabled: list[bool] = field(default_factory=list)

    def __iter__(self) -> Iterator[bytes]:
        for request in (b"a", b"b"):
            self.enabled.append(is_instrumentation_enabled())
            yield request

    async def awaited(self) -> AsyncIterator[bytes]:
        for request in self:
            yield request


def blocking(call: Any, kind: Kind) -> None:
    requests = Requests()
    found = call(b"a,b" if kind in {"unary", "server_stream"} else iter(requests), timeout=5)
    if kind in {"server_stream", "bidi_stream"}:
        list(found)
    assert all(requests.enabled)


async def awaited(call: Any, kind: Kind) -> None:
    requests = Requests()
    made = call(b"a,b" if kind in {"unary", "server_stream"} else requests.awaited(), timeout=5)
    if kind in {"server_stream", "bidi_stream"}:
        assert [response async for response in made]
    else:
        await made
    assert all(requests.enabled)


def one_span(traced: Traced, service: EchoService, kind: Kind, *, ours: bool) -> None:
    until(lambda: len(traced.spans), 1)
    name = METHODS[kind]
    assert traced.span.name == (name.removeprefix("/") if ours else name)
    if ours:
        assert dict(service.metadata[-1])["traceparent"] == traceparent_of(traced.span)


@pytest.mark.parametrize("kind", KINDS)
def test_a_call_is_traced_by_the_interceptors_alone(service: EchoService, traced: Traced, kind: Kind) -> None:
    registry = CollectorRegistry()
    ours = client_interceptors(ClientMetrics(registry), traced.provider)
    with grpc.insecure_channel(service.target) as channel:
        blocking(bare(grpc.intercept_channel(channel, *ours, Blocking(traced)))[kind], kind)
    one_span(traced, service, kind, ours=kind != "bidi_stream")
    assert counted(registry, kind).started == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_call_that_the_instrumentation_traced_before_is_counted_only(
    service: EchoService, traced: Traced, kind: Kind
) -> None:
    registry = CollectorRegistry()
    ours = client_interceptors(ClientMetrics(registry), traced.provider)
    with grpc.insecure_channel(service.target) as channel:
        blocking(bare(grpc.intercept_channel(channel, Blocking(traced), *ours))[kind], kind)
    one_span(traced, service, kind, ours=False)
    assert counted(registry, kind).started == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("first", ["ours", "theirs"])
async def test_an_asyncio_call_has_one_span_too(service: EchoService, traced: Traced, kind: Kind, first: str) -> None:
    registry = CollectorRegistry()
    ours = aio_client_interceptors(ClientMetrics(registry), traced.provider)
    theirs = [make(traced) for make in AWAITED]
    both = [*ours, *theirs] if first == "ours" else [*theirs, *ours]
    async with grpc.aio.insecure_channel(service.target, interceptors=both) as channel:
        await awaited(bare(channel)[kind], kind)
    one_span(traced, service, kind, ours=first == "ours" and kind != "bidi_stream")
    assert counted(registry, kind).started == 1


def test_a_call_within_a_span_of_the_instrumentation_of_another_call_has_its_own(
    service: EchoService, traced: Traced
) -> None:
    ours = client_interceptors(ClientMetrics(CollectorRegistry()), traced.provider)
    with grpc.insecure_channel(service.target) as channel, Theirs(traced).span("/test.Other/Call"):
        blocking(bare(grpc.intercept_channel(channel, *ours))["unary"], "unary")
    assert [span.name for span in traced.spans] == ["test.Echo/Say", "/test.Other/Call"]


def test_an_instrumentation_that_knows_no_suppression_fails_no_call(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("opentelemetry.instrumentation.grpc", "opentelemetry.instrumentation.utils"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    assert traced_once(len)("called") == 6
