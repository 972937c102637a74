"""The layers of telemetry on a transport that answers at once, so that nothing else is left to measure."""

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import grpc
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import NoOpTracerProvider
from prometheus_client import CollectorRegistry

from etcdobs.interceptors import client_interceptors
from etcdobs.observe import ClientMetrics, Instruments

METHOD, TARGET = "/etcdserverpb.KV/Range", "localhost:2379"
CALLS = 1000


class _Nowhere(SpanExporter):
    def export(self, spans: Any) -> SpanExportResult:
        return SpanExportResult.SUCCESS


def sdk() -> TracerProvider:
    """A provider that samples everything, and sends it in batches to nobody."""
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(_Nowhere()))
    return provider


class _Answered(grpc.Call, grpc.Future):  # type: ignore[type-arg]
    """A call that is over, and well."""

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.OK

    def exception(self, timeout: float | None = None) -> None:
        return None

    def done(self) -> bool:
        return True

    def _no(self, *_: Any, **__: Any) -> Any:
        return None

    details = initial_metadata = trailing_metadata = is_active = time_remaining = cancel = add_callback = _no
    cancelled = running = result = traceback = add_done_callback = _no


class _Instant(grpc.UnaryUnaryMultiCallable):  # type: ignore[type-arg]
    def __call__(self, request: bytes, *_: Any, **__: Any) -> bytes:
        return request

    def with_call(self, request: bytes, *_: Any, **__: Any) -> tuple[bytes, Any]:
        return request, _Answered()

    def future(self, request: bytes, *_: Any, **__: Any) -> Any:
        return _Answered()


class _InstantChannel(grpc.Channel):
    def unary_unary(self, *_: Any, **__: Any) -> Any:
        return _Instant()

    def _no(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError

    unary_stream = stream_unary = stream_stream = subscribe = unsubscribe = close = __enter__ = __exit__ = _no


@contextmanager
def unseen() -> Generator[None]:
    """As in a process that has not loaded OpenTelemetry's instrumentation: what is bound here does not suppress it."""
    name = "opentelemetry.instrumentation.grpc"
    module = sys.modules.pop(name, None)
    yield
    if module is not None:
        sys.modules[name] = module


class _Untraced(Instruments):
    """Without a tracer, which a client always has: what is left is what one that does nothing adds."""

    def observer(self, *arguments: Any, **options: Any) -> Any:
        observer = super().observer(*arguments, **options)
        observer._tracer = _NoTracer()  # type: ignore[assignment]
        return observer


class _NoTracer:
    def start(self, metadata: Any, attempts: Any = None) -> Any:
        return None, metadata


def ours() -> dict[str, Instruments]:
    """This library's layers."""
    metrics = ClientMetrics(CollectorRegistry())
    return {
        "etcdobs, metrics, no tracer at all": _Untraced(metrics),
        "etcdobs, metrics, no SDK": Instruments(metrics),
        "etcdobs, metrics, no-op tracer": Instruments(metrics, NoOpTracerProvider()),
        "etcdobs, metrics, SDK sampled, exemplars": Instruments(metrics, sdk()),
    }


def layers() -> dict[str, Callable[[], float]]:
    """Blocks of calls by the name of their layer; each returns the seconds of CPU of one call."""
    channel, metrics = _InstantChannel(), ClientMetrics(CollectorRegistry())
    called: dict[str, Callable[..., Any]] = {"bare": _Instant()}
    for name, instruments in ours().items():
        called[name] = instruments.bind_sync(_Instant(), method=METHOD, kind="unary", target=TARGET)
    for name, intercepted in _channels(channel, metrics).items():
        called[name] = intercepted.unary_unary(METHOD)
    return {name: _block(call) for name, call in called.items()}


def _channels(channel: Any, metrics: ClientMetrics) -> dict[str, Any]:
    no_sdk = client_interceptors(metrics, target=TARGET)
    with_sdk = client_interceptors(metrics, sdk(), target=TARGET)
    return {
        "etcdobs as interceptor, metrics, no SDK": grpc.intercept_channel(channel, *no_sdk),
        "etcdobs as interceptor, metrics, SDK sampled, exemplars": grpc.intercept_channel(channel, *with_sdk),
        "py-grpc-prometheus with histogram": counted(channel),
        "opentelemetry-instrumentation-grpc, SDK sampled": instrumented(channel),
        "both of them": counted(instrumented(channel)),
    }


def counted(channel: Any) -> Any:
    """With py-grpc-prometheus."""
    from py_grpc_prometheus.prometheus_client_interceptor import PromClientInterceptor

    interceptor = PromClientInterceptor(enable_client_handling_time_histogram=True, registry=CollectorRegistry())
    return grpc.intercept_channel(channel, interceptor)


def instrumented(channel: Any) -> Any:
    """With opentelemetry-instrumentation-grpc."""
    from opentelemetry.instrumentation.grpc import client_interceptor
    from opentelemetry.instrumentation.grpc.grpcext import intercept_channel

    return intercept_channel(channel, client_interceptor(sdk()))


def _block(call: Callable[..., Any]) -> Callable[[], float]:
    def run() -> float:
        started = time.thread_time()
        for _ in range(CALLS):
            call(b"x", timeout=1.0)
        return (time.thread_time() - started) / CALLS

    return run
