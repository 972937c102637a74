"""Interceptors for any blocking gRPC channel: metrics and spans of its RPCs, as the etcd client has of its own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import grpc

from etcdobs.observe.binding import Instruments
from etcdobs.observe.calls import counted, observed_stream, observed_unary
from etcdobs.observe.coexistence import is_traced, outside, suppressed, traced_once
from etcdobs.observe.metrics import ClientMetrics
from etcdobs.observe.observation import MethodObserver, Observation
from etcdobs.observe.recorder import Kind

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider

    from etcdobs.observe.tracer import Metadata

__all__ = ["MethodObservers", "client_interceptors"]


class MethodObservers:
    """The observers of one channel's methods, each made at its first call."""

    def __init__(self, instruments: Instruments, target: str) -> None:
        self._instruments = instruments
        self._target = target
        self._observers: dict[tuple[str | bytes, Kind], MethodObserver] = {}

    def of(self, method: str | bytes, kind: Kind) -> MethodObserver:
        """The observer of `method`, which grpc gives as str and grpc.aio as bytes."""
        key = (method, kind)
        known = self._observers.get(key)
        if known is None:
            name = method.decode() if isinstance(method, bytes) else method
            known = self._observers.setdefault(key, self._instruments.observer(name, kind, self._target))
        return known

    def begin(self, method: str | bytes, kind: Kind, metadata: "Metadata") -> "tuple[Observation, Metadata]":
        """Record that a call starts; return its observation and the metadata to send."""
        observer = self.of(method, kind)
        if not is_traced(method):
            return observer.begin(metadata)
        with suppressed():
            return observer.begin(metadata)


@dataclass(slots=True)
class _Details(grpc.ClientCallDetails):
    method: str
    timeout: float | None
    metadata: Any
    credentials: grpc.CallCredentials | None
    wait_for_ready: bool | None
    compression: grpc.Compression | None


class ClientInterceptor(
    grpc.UnaryUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamUnaryClientInterceptor,
    grpc.StreamStreamClientInterceptor,
):
    """Observes the calls of all four arities. What it returns is a call object: cancel(), code(), future() work."""

    def __init__(self, observers: MethodObservers) -> None:
        self._observers = observers

    def intercept_unary_unary(
        self, continuation: Callable[..., Any], client_call_details: grpc.ClientCallDetails, request: Any
    ) -> Any:
        observation, details = self._begin(client_call_details, "unary")
        return observed_unary(observation, _started(observation, continuation, details, request))

    def intercept_stream_unary(
        self,
        continuation: Callable[..., Any],
        client_call_details: grpc.ClientCallDetails,
        request_iterator: Iterator[Any],
    ) -> Any:
        observation, details = self._begin(client_call_details, "client_stream")
        requests = counted(outside(request_iterator) if observation.has_span else request_iterator, observation)
        return observed_unary(observation, _started(observation, continuation, details, requests))

    def intercept_unary_stream(
        self, continuation: Callable[..., Any], client_call_details: grpc.ClientCallDetails, request: Any
    ) -> Any:
        observation, details = self._begin(client_call_details, "server_stream")
        return observed_stream(observation, _started(observation, continuation, details, request), one_request=True)

    def intercept_stream_stream(
        self,
        continuation: Callable[..., Any],
        client_call_details: grpc.ClientCallDetails,
        request_iterator: Iterator[Any],
    ) -> Any:
        observation, details = self._begin(client_call_details, "bidi_stream")
        start = _started(observation, continuation, details, counted(request_iterator, observation))
        return observed_stream(observation, start, one_request=False)

    def _begin(self, details: grpc.ClientCallDetails, kind: Kind) -> tuple[Observation, grpc.ClientCallDetails]:
        sent = details.metadata
        observation, metadata = self._observers.begin(details.method, kind, sent)
        return observation, details if metadata is sent else _with_metadata(details, metadata)


def _started(observation: Observation, continuation: Callable[..., Any], *args: Any) -> Callable[..., Any]:
    # Where nothing is traced here the others' span is the only one.
    return partial(traced_once(continuation) if observation.has_span else continuation, *args)


def _with_metadata(details: grpc.ClientCallDetails, metadata: "Metadata") -> _Details:
    return _Details(
        details.method,
        details.timeout,
        metadata,
        details.credentials,
        details.wait_for_ready,
        getattr(details, "compression", None),
    )


def client_interceptors(
    metrics: ClientMetrics | None = None,
    tracer_provider: "TracerProvider | None" = None,
    *,
    target: str = "",
) -> list[ClientInterceptor]:
    """Interceptors for `grpc.intercept_channel(channel, *interceptors)`, of any service.

    `metrics` None is the process-wide `ClientMetrics.default()`, `tracer_provider` None OpenTelemetry's global one.
    `target` is what the channel was made with: the spans' `server.address` and `server.port`, which gRPC does not
    tell an interceptor; without it they are left out.
    """
    instruments = Instruments(ClientMetrics.default() if metrics is None else metrics, tracer_provider)
    return [ClientInterceptor(MethodObservers(instruments, target))]
