"""Binds telemetry straight onto the multicallables of a stub: what an interceptor records, at a third of its cost."""

from collections.abc import Callable
from functools import partial
from types import MethodType
from typing import TYPE_CHECKING, Any

from etcdobs.observe.aio_calls import ObservedAioCall, counted_requests
from etcdobs.observe.aio_headers import Headers
from etcdobs.observe.attempts import Attempts, ShownAttempts
from etcdobs.observe.calls import ObservedCall, counted, observed_stream
from etcdobs.observe.coexistence import traced_once
from etcdobs.observe.ending import OK, ending_of_error
from etcdobs.observe.metrics import ClientMetrics
from etcdobs.observe.observation import UNOBSERVED, MethodObserver
from etcdobs.observe.recorder import Kind
from etcdobs.observe.spans import Streams

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider

    from etcdobs.observe.tracer import Metadata

__all__ = ["Instruments"]

Multicallable = Callable[..., Any]
"""What a gRPC channel's `unary_unary`, `unary_stream`, `stream_unary` and `stream_stream` return."""


class Instruments:
    """What RPCs are recorded with: `metrics` (None: no metrics) and spans of `tracer_provider` (None: the global one).

    A bound multicallable is called as the bare one: `bound(request, timeout, metadata)`, and by keyword what else gRPC
    takes (`credentials`, `wait_for_ready`, `compression`).
    """

    def __init__(
        self,
        metrics: ClientMetrics | None,
        tracer_provider: "TracerProvider | None" = None,
        *,
        trace_keys: bool = False,
    ) -> None:
        # opentelemetry is loaded with the first instance, not with the library.
        from etcdobs.observe.tracer import CallTracer  # noqa: PLC0415

        self._metrics = metrics
        self._tracer = CallTracer(tracer_provider)
        self._trace_keys = trace_keys
        self.attempts: type[Attempts] = ShownAttempts if trace_keys else Attempts
        """What ties the attempts to send one request together: `bound(request, timeout, metadata, attempts=...)`."""

    def streams(self) -> Streams:
        """The spans of a client's watches and of the leases that it keeps alive."""
        return Streams(self._tracer.tracer, self._tracer.failures, trace_keys=self._trace_keys)

    def observer(self, method: str, kind: Kind, target: str = "", endpoint: str = "") -> MethodObserver:
        """The observer of `method` (`/service/method`) on `target`, the gRPC channel's target.

        `endpoint`: the name under which the time of its answers is shown; "": nowhere.
        """
        return MethodObserver(self._metrics, self._tracer, method, kind, target, endpoint if kind == "unary" else "")

    def bind_sync(
        self, multicallable: Multicallable, *, method: str, kind: Kind, target: str, endpoint: str = ""
    ) -> Multicallable:
        """Bind a multicallable of a `grpc.Channel`.

        With one response (unary, client_stream) the bound one returns it or raises its RpcError; with a stream of
        responses it returns the call object.
        """
        observer = self.observer(method, kind, target, endpoint)
        multicallable = traced_once(multicallable)
        if kind == "unary":
            return partial(_unary, observer, _called(multicallable))
        if kind == "client_stream":
            return partial(_client_stream, observer, multicallable)
        return partial(_stream, observer, multicallable, one_request=kind == "server_stream")

    def bind_aio(
        self, multicallable: Multicallable, *, method: str, kind: Kind, target: str, endpoint: str = ""
    ) -> Multicallable:
        """Bind a multicallable of a `grpc.aio.Channel`.

        With unary calls the bound one is a coroutine function; with streams it returns the call object.
        """
        observer = self.observer(method, kind, target, endpoint)
        multicallable = traced_once(multicallable)
        if kind == "unary":
            return partial(_unary_aio, observer, _called(multicallable))
        return partial(_stream_aio, observer, multicallable, one_request=kind == "server_stream")


def _called(multicallable: Multicallable) -> Multicallable:
    """What `multicallable(...)` runs: looked up once, it costs half of what it does as a call of an instance."""
    instance: Any = multicallable
    method = instance.__call__
    return method if isinstance(method, MethodType) else multicallable


def _unary(
    observer: MethodObserver,
    multicallable: Multicallable,
    request: Any,
    timeout: float | None = None,
    metadata: "Metadata" = None,
    *,
    attempts: Attempts | None = None,
    **options: Any,
) -> Any:
    if options:
        multicallable = partial(multicallable, **options)
    start, metadata = observer.start(metadata, attempts)
    try:
        response = multicallable(request, timeout=timeout, metadata=metadata)
    except BaseException as error:
        observer.end(start, ending_of_error(error), attempts)
        raise
    if start is not UNOBSERVED:
        observer.end(start, OK, attempts)
    return response


def _client_stream(
    observer: MethodObserver,
    multicallable: Multicallable,
    requests: Any,
    timeout: float | None = None,
    metadata: "Metadata" = None,
    **options: Any,
) -> Any:
    observation, metadata = observer.begin(metadata)
    try:
        response = multicallable(counted(requests, observation), timeout=timeout, metadata=metadata, **options)
    except BaseException as error:
        observation.fail(error)
        raise
    observation.finish()
    return response


def _stream(
    observer: MethodObserver,
    multicallable: Multicallable,
    request: Any,
    timeout: float | None = None,
    metadata: "Metadata" = None,
    *,
    one_request: bool,
    **options: Any,
) -> ObservedCall:
    observation, metadata = observer.begin(metadata)
    sent = request if one_request else counted(request, observation)
    start = partial(multicallable, sent, timeout=timeout, metadata=metadata, **options)
    return observed_stream(observation, start, one_request=one_request)


async def _unary_aio(
    observer: MethodObserver,
    multicallable: Multicallable,
    request: Any,
    timeout: float | None = None,
    metadata: "Metadata" = None,
    *,
    attempts: Attempts | None = None,
    **options: Any,
) -> Any:
    if options:
        multicallable = partial(multicallable, **options)
    start, metadata = observer.start(metadata, attempts)
    if isinstance(metadata, tuple):
        metadata = Headers(metadata)
    try:
        response = await multicallable(request, timeout=timeout, metadata=metadata)
    except BaseException as error:
        observer.end(start, ending_of_error(error), attempts)
        raise
    if start is not UNOBSERVED:
        observer.end(start, OK, attempts)
    return response


def _stream_aio(
    observer: MethodObserver,
    multicallable: Multicallable,
    request: Any = None,
    timeout: float | None = None,
    metadata: "Metadata" = None,
    *,
    one_request: bool,
    **options: Any,
) -> ObservedAioCall:
    observation, metadata = observer.begin(metadata)
    sent = request if one_request or request is None else counted_requests(request, observation)
    try:
        call = multicallable(sent, timeout=timeout, metadata=metadata, **options)
    except BaseException as error:
        observation.fail(error)
        raise
    if one_request:
        observation.sent()
    return ObservedAioCall(call, observation)
