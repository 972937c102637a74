"""What importing costs, how the ends of calls are told apart, and that tracing which fails fails no call."""

import asyncio
import subprocess
import sys
from typing import Any

import grpc
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import (
    NonRecordingSpan,
    NoOpTracerProvider,
    SpanContext,
    TraceFlags,
    Tracer,
    use_span,
)
from prometheus_client import CollectorRegistry

from etcdobs import interceptors, observe
from etcdobs.observe import ClientMetrics, Instruments
from etcdobs.observe.ending import LOCAL_CANCEL, OK, ending_of_error
from etcdobs.observe.observation import MethodObserver

PUT = "/etcdserverpb.KV/Put"


def test_importing_loads_neither_prometheus_nor_opentelemetry() -> None:
    program = (
        "import sys, etcdobs.observe, etcdobs.interceptors\n"
        "print(sorted(m for m in sys.modules if m.partition('.')[0] in {'prometheus_client', 'opentelemetry'}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_public_names_are_there() -> None:
    for module in (interceptors, observe):
        assert [name for name in module.__all__ if not hasattr(module, name)] == []


class _Status(grpc.RpcError):
    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        self._status = code, details

    def code(self) -> grpc.StatusCode:
        return self._status[0]

    def details(self) -> str:
        return self._status[1]


@pytest.mark.parametrize(
    "error",
    [
        asyncio.CancelledError(),
        KeyboardInterrupt(),
        grpc.FutureCancelledError(),
        ValueError("Cannot invoke RPC on closed channel!"),
        grpc.aio.UsageError("Channel is closed."),
        _Status(grpc.StatusCode.CANCELLED, "Locally cancelled by application!"),
        _Status(grpc.StatusCode.CANCELLED, "Channel closed!"),
    ],
)
def test_what_this_side_gave_up_is_cancelled_and_no_error(error: BaseException) -> None:
    assert ending_of_error(error) == LOCAL_CANCEL
    assert LOCAL_CANCEL.error_type is None


@pytest.mark.parametrize(
    ("error", "code", "error_type"),
    [
        (_Status(grpc.StatusCode.CANCELLED, "by the server"), grpc.StatusCode.CANCELLED, "CANCELLED"),
        (_Status(grpc.StatusCode.NOT_FOUND, "no"), grpc.StatusCode.NOT_FOUND, "NOT_FOUND"),
        (grpc.RpcError("bare"), grpc.StatusCode.UNKNOWN, "RpcError"),
        (ValueError("metadata"), grpc.StatusCode.UNKNOWN, "ValueError"),
    ],
)
def test_what_failed_has_its_code_and_its_type(error: Exception, code: grpc.StatusCode, error_type: str) -> None:
    ending = ending_of_error(error)
    assert (ending.code, ending.error_type) == (code, error_type)


def observer(target: str, provider: TracerProvider) -> MethodObserver:
    return Instruments(None, provider).observer(PUT, "unary", target)


@pytest.mark.parametrize(
    ("target", "server"),
    [
        ("localhost:2379", ("localhost", 2379)),
        ("unixhost:2379", ("unixhost", 2379)),
        ("dns:///etcd.example:2379", ("etcd.example", 2379)),
        ("dns://8.8.8.8/etcd.example:2379", ("etcd.example", 2379)),
        ("dns:etcd.example", ("etcd.example", None)),
        ("ipv4:10.0.0.1:2379", ("10.0.0.1", 2379)),
        ("ipv6:[::1]:2379", ("::1", 2379)),
        ("[::1]:2379", ("::1", 2379)),
        ("::1", ("::1", None)),
        ("unix:/run/etcd.sock", ("/run/etcd.sock", None)),
        ("unix:///run/etcd.sock", ("/run/etcd.sock", None)),
        ("http://localhost:2379", ("localhost", 2379)),
        ("ipv4:10.0.0.1:2379,10.0.0.2:2379", ("ipv4:10.0.0.1:2379,10.0.0.2:2379", None)),
        ("", (None, None)),
    ],
)
def test_a_target_gives_the_servers_address_and_port(target: str, server: tuple[str | None, int | None]) -> None:
    (_, span, _), _ = observer(target, TracerProvider()).start(None)
    attributes: Any = getattr(span, "attributes", {})
    assert (attributes.get("server.address"), attributes.get("server.port")) == server


class _BrokenProvider(NoOpTracerProvider):
    def get_tracer(self, *_: Any, **__: Any) -> Tracer:
        class Broken:
            def start_span(self, *_: Any) -> None:
                raise RuntimeError("exporter gone")

        return Broken()  # type: ignore[return-value]


def test_a_tracer_that_fails_fails_no_call_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    instruments = Instruments(None, _BrokenProvider())
    say = instruments.bind_sync(lambda request, **_: request, method=PUT, kind="unary", target="")
    assert [say(b"x"), say(b"x")] == [b"x", b"x"]
    (record,) = caplog.records
    assert record.name == "etcdobs.observe"
    assert "exporter gone" in caplog.text


def test_what_traces_nothing_sends_on_the_span_that_its_caller_is_in() -> None:
    seen: list[Any] = []
    say = Instruments(None, NoOpTracerProvider()).bind_sync(
        lambda request, *, metadata, **_: seen.append(metadata), method=PUT, kind="unary", target=""
    )
    parent = NonRecordingSpan(SpanContext(1, 2, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED)))
    say(b"x")
    with use_span(parent):
        say(b"x")
    assert [dict(metadata or ()) for metadata in seen] == [{}, {"traceparent": f"00-{1:032x}-{2:016x}-01"}]


def test_no_tracer_is_asked_before_a_provider_is_set_and_the_one_that_is_set_then_is() -> None:
    program = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from etcdobs.observe import Instruments
asked = []
start = trace.NoOpTracer.start_span
trace.NoOpTracer.start_span = lambda *args: asked.append(1) or start(*args)
say = Instruments(None).bind_sync(lambda request, **_: request, method="/a.B/C", kind="unary", target="")
observer = Instruments(None).observer("/a.B/C", "unary")
say(b"x")
before = observer.start(None)[0][1]
trace.set_tracer_provider(TracerProvider())
print(asked, before, observer.start(None)[0][1].is_recording())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[] None True\n"


def test_bound_without_metrics_nothing_is_recorded() -> None:
    say = Instruments(None).bind_sync(lambda request, **_: request, method=PUT, kind="unary", target="")
    assert say(b"x") == b"x"


def test_a_bound_call_passes_on_what_grpc_takes() -> None:
    seen: dict[str, Any] = {}

    def multicallable(request: bytes, **options: Any) -> bytes:
        seen.update(options)
        return request

    instruments = Instruments(ClientMetrics(CollectorRegistry()))
    say = instruments.bind_sync(multicallable, method=PUT, kind="unary", target="")
    say(b"x", 3.0, (("a", "1"),), wait_for_ready=True)
    assert seen == {"timeout": 3.0, "metadata": (("a", "1"),), "wait_for_ready": True}


def test_an_interrupted_call_is_handled_as_canceled() -> None:
    def interrupted(_: bytes, **__: Any) -> None:
        raise KeyboardInterrupt

    registry = CollectorRegistry()
    instruments = Instruments(ClientMetrics(registry))
    say = instruments.bind_sync(interrupted, method=PUT, kind="unary", target="")
    with pytest.raises(KeyboardInterrupt):
        say(b"x")
    labels = {"grpc_type": "unary", "grpc_service": "etcdserverpb.KV", "grpc_method": "Put", "grpc_code": "Canceled"}
    assert registry.get_sample_value("grpc_client_handled_total", labels) == 1


def test_an_observation_finished_by_several_counts_once() -> None:
    registry = CollectorRegistry()
    observation, _ = Instruments(ClientMetrics(registry)).observer(PUT, "bidi_stream").begin(None)
    observation.finish(OK)
    observation.finish(LOCAL_CANCEL)
    observation.fail(RuntimeError())
    handled = [
        sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name == "grpc_client_handled_total"
    ]
    assert sum(handled) == 1
