"""Interceptors for any `grpc.aio` channel; one class an arity, for gRPC files each object under its first arity."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import grpc

from etcdobs.observe.aio_calls import Responses, counted_requests, observed
from etcdobs.observe.aio_headers import Headers
from etcdobs.observe.binding import Instruments
from etcdobs.observe.coexistence import awaited_once, outside
from etcdobs.observe.interceptors import MethodObservers
from etcdobs.observe.metrics import ClientMetrics
from etcdobs.observe.observation import Observation
from etcdobs.observe.recorder import Kind

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider

__all__ = ["aio_client_interceptors"]


class _Observing:
    def __init__(self, observers: MethodObservers) -> None:
        self._observers = observers

    def _begin(self, details: grpc.aio.ClientCallDetails, kind: Kind) -> tuple[Observation, grpc.aio.ClientCallDetails]:
        sent = details.metadata
        observation, metadata = self._observers.begin(details.method, kind, sent)
        if metadata is sent:
            return observation, details
        return observation, grpc.aio.ClientCallDetails(
            details.method,
            details.timeout,
            Headers(tuple(metadata or ())),
            details.credentials,
            details.wait_for_ready,
        )


class UnaryUnaryInterceptor(_Observing, grpc.aio.UnaryUnaryClientInterceptor):
    """Observes unary calls."""

    async def intercept_unary_unary(
        self, continuation: Callable[..., Any], client_call_details: grpc.aio.ClientCallDetails, request: Any
    ) -> Any:
        observation, details = self._begin(client_call_details, "unary")
        return await observed(observation, _started(observation, continuation(details, request)))


class StreamUnaryInterceptor(_Observing, grpc.aio.StreamUnaryClientInterceptor):
    """Observes calls with a stream of requests and one response."""

    async def intercept_stream_unary(
        self, continuation: Callable[..., Any], client_call_details: grpc.aio.ClientCallDetails, request_iterator: Any
    ) -> Any:
        observation, details = self._begin(client_call_details, "client_stream")
        # Nothing may be awaited of this call but its start: the caller writes its requests only after that.
        requests = outside(request_iterator) if observation.has_span else request_iterator
        requests = counted_requests(requests, observation)
        return await observed(observation, _started(observation, continuation(details, requests)))


class UnaryStreamInterceptor(_Observing, grpc.aio.UnaryStreamClientInterceptor):
    """Observes calls with one request and a stream of responses."""

    async def intercept_unary_stream(
        self, continuation: Callable[..., Any], client_call_details: grpc.aio.ClientCallDetails, request: Any
    ) -> Any:
        observation, details = self._begin(client_call_details, "server_stream")
        call = await observed(observation, _started(observation, continuation(details, request)))
        observation.sent()
        return Responses(call, observation)


class StreamStreamInterceptor(_Observing, grpc.aio.StreamStreamClientInterceptor):
    """Observes calls with streams both ways."""

    async def intercept_stream_stream(
        self, continuation: Callable[..., Any], client_call_details: grpc.aio.ClientCallDetails, request_iterator: Any
    ) -> Any:
        observation, details = self._begin(client_call_details, "bidi_stream")
        requests = counted_requests(request_iterator, observation)
        call = await observed(observation, continuation(details, requests))
        return Responses(call, observation)


def _started(observation: Observation, starting: Awaitable[Any]) -> Awaitable[Any]:
    # Where nothing is traced here the others' span is the only one.
    return awaited_once(starting) if observation.has_span else starting


def aio_client_interceptors(
    metrics: ClientMetrics | None = None,
    tracer_provider: "TracerProvider | None" = None,
    *,
    target: str = "",
) -> list[grpc.aio.ClientInterceptor]:
    """Interceptors for `grpc.aio.insecure_channel(target, interceptors=...)`, of any service.

    The arguments are those of `client_interceptors`. All four objects belong to the channel: gRPC ignores an object
    for the arities other than its own.
    """
    instruments = Instruments(ClientMetrics.default() if metrics is None else metrics, tracer_provider)
    observers = MethodObservers(instruments, target)
    return [
        UnaryUnaryInterceptor(observers),
        StreamUnaryInterceptor(observers),
        UnaryStreamInterceptor(observers),
        StreamStreamInterceptor(observers),
    ]
