"""Traces beside whatever else there is: an instrumentation of all of gRPC, no SDK, one that is set up later."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import grpc
import pytest
from opentelemetry import context

from etcdobs import Client
from etcdobs.testing import Etcd
from tests.traced import Traced

SUPPRESSED = "suppress_instrumentation"


@pytest.fixture
def instrumented(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Stands for opentelemetry-instrumentation-grpc; says of each call whether it would make a span of it."""

    @contextmanager
    def suppress_instrumentation() -> Iterator[None]:
        token = context.attach(context.set_value(SUPPRESSED, True))
        try:
            yield
        finally:
            context.detach(token)

    utils: Any = ModuleType("opentelemetry.instrumentation.utils")
    utils.suppress_instrumentation = suppress_instrumentation
    monkeypatch.setitem(sys.modules, "opentelemetry.instrumentation", ModuleType("opentelemetry.instrumentation"))
    monkeypatch.setitem(sys.modules, "opentelemetry.instrumentation.utils", utils)
    monkeypatch.setitem(sys.modules, "opentelemetry.instrumentation.grpc", ModuleType("instrumentation"))
    return []


class OfAllChannels(grpc.UnaryUnaryClientInterceptor, grpc.StreamStreamClientInterceptor):
    """What an instrumentation puts on every channel."""

    def __init__(self, seen: list[bool]) -> None:
        self._seen = seen

    def _intercept(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        self._seen.append(context.get_value(SUPPRESSED) is None)
        return continuation(details, request)

    intercept_unary_unary = intercept_stream_stream = _intercept  # type: ignore[assignment]


def test_calls_are_not_traced_twice(instrumented: list[bool], etcd_server: Etcd, prefix: str) -> None:
    traced = Traced()
    interceptor = OfAllChannels(instrumented)
    with Client(etcd_server.endpoint, tracer_provider=traced.provider, interceptors=[interceptor]) as client:
        client.put(prefix)
        with client.watch(prefix):
            pass
    assert len(instrumented) >= 3
    assert not any(instrumented)
    assert len(traced.named("etcdserverpb.KV/Put")) == 1
    assert context.get_value(SUPPRESSED) is None


def test_without_it_nothing_is_suppressed(etcd_server: Etcd, prefix: str) -> None:
    seen: list[bool] = []
    with Client(etcd_server.endpoint, interceptors=[OfAllChannels(seen)]) as client:
        client.put(prefix)
    assert seen == [True]
