"""Interceptors for any blocking gRPC channel: metrics and spans of its RPCs, as the etcd client has of its own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import grpc

from etcdobs.observe.binding import Instruments
from etcdobs.observe.calls import counted, observed_stream, observed_unary
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
        return observed_unary(observation, partial(continuation, details, request))

    def intercept_stream_unary(
        self,
        continuation: Callable[..., Any],
        client_call_details: grpc.ClientCallDetails,
        request_iterator: Iterator[Any],
    ) -> Any:
        observation, details = self._begin(client_call_details, "client_stream")
        return observed_unary(observation, partial(continuation, details, counted(request_iterator, observation)))

    def intercept_unary_stream(
        self, continuation: Callable[..., Any], client_call_details: grpc.ClientCallDetails, request: Any
    ) -> Any:
        observation, details = self._begin(client_call_details, "server_stream")
        return observed_stream(observation, partial(continuation, details, request), one_request=True)

    def intercept_stream_stream(
        self,
        continuation: Callable[..., Any],
        client_call_details: grpc.ClientCallDetails,
        request_iterator: Iterator[Any],
    ) -> Any:
        observation, details = self._begin(client_call_details, "bidi_stream")
        start = partial(continuation, details, counted(request_iterator, observation))
        return observed_stream(observation, start, one_request=False)

    def _begin(self, details: grpc.ClientCallDetails, kind: Kind) -> tuple[Observation, grpc.ClientCallDetails]:
        sent = details.metadata
        observation, metadata = self._observers.of(details.method, kind).begin(sent)
        return observation, details if metadata is sent else _with_metadata(details, metadata)


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
