"""Decides which short spans tell the life of a long stream: what has an end has a span, and the rest are links.

See docs/decisions/traces.md. opentelemetry is not loaded with this room.
"""

import contextvars
import functools
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, TypeAlias, TypeVar

from etcdobs.observe.conventions import Attribute, Attributes, Etcd
from etcdobs.observe.ending import Ending, ending_of_told
from etcdobs.observe.failure import FailureLog

if TYPE_CHECKING:
    from opentelemetry import trace
    from opentelemetry.trace import Span, SpanContext

__all__ = ["Origin", "StreamSpans", "Streams", "detached"]

Origin: TypeAlias = "SpanContext | None"
"""Of the span in which a watch was created, or a lease first kept alive; None: there is none to point at."""

_LINKS: Final = 32
P = ParamSpec("P")
T = TypeVar("T")
S = TypeVar("S", bound="_Traced")


class _Traced:
    """What makes spans, and never fails what it tells of."""

    def __init__(self, tracer: "trace.Tracer", failures: FailureLog) -> None:
        self._tracer = tracer
        self._failures = failures

    def report(self) -> None:
        """Log the failure being handled."""
        self._failures.report("tracing")


def _unfailing(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T | None]:
    def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T | None:
        try:
            return method(self, *args, **kwargs)
        except Exception:  # noqa: BLE001 - telemetry never fails a call
            self.report()
            return None

    functools.update_wrapper(call, method)
    return call


class Streams(_Traced):
    """The spans of a client's watches and of the leases that it keeps alive."""

    def __init__(self, tracer: "trace.Tracer", failures: FailureLog, *, trace_keys: bool) -> None:
        super().__init__(tracer, failures)
        self._trace_keys = trace_keys

    def stream(self) -> "StreamSpans":
        """The spans of one gRPC stream."""
        return StreamSpans(self._tracer, self._failures)

    @contextmanager
    def creating(self, key: bytes) -> Generator[Origin, None, None]:
        """The span of the creation of a watch, which the block is."""
        shown: Attributes = {Etcd.KEY: key.decode(errors="backslashreplace")} if self._trace_keys else {}
        with self._spanned("etcd.watch.create", shown) as origin:
            yield origin

    @contextmanager
    def keeping(self, lease_id: int) -> Generator[Origin, None, None]:
        """The span of the first renewal of a lease, which the block waits for."""
        with self._spanned("etcd.lease.keep_alive", {Etcd.LEASE: f"{lease_id:x}"}) as origin:
            yield origin

    @_unfailing
    def lost(self, lease_id: int, origin: Origin) -> None:
        """A lease that was kept alive is lost."""
        span = _root(self._tracer, "etcd.lease.lost", [origin], {Etcd.LEASE: f"{lease_id:x}"})
        _fail(span, "LeaseLost", "the lease is lost")
        span.end()

    @contextmanager
    def _spanned(self, name: str, attributes: Attributes) -> Generator[Origin, None, None]:
        span = self._started(name, attributes)
        if span is None:
            yield None
            return
        from opentelemetry.trace import use_span  # noqa: PLC0415

        ending: Ending | None = None
        try:
            with use_span(span, record_exception=False, set_status_on_exception=False):
                yield span.get_span_context()
        except BaseException as error:
            ending = ending_of_told(error)
            raise
        finally:
            self._ended(span, ending)

    @_unfailing
    def _started(self, name: str, attributes: Attributes) -> "Span | None":
        from opentelemetry.context import get_current  # noqa: PLC0415

        from etcdobs.observe.suppression import is_suppressed  # noqa: PLC0415

        if is_suppressed(get_current()):
            return None
        span = self._tracer.start_span(name, attributes=attributes)
        return span if span.get_span_context().is_valid else None

    @_unfailing
    def _ended(self, span: "Span", ending: Ending | None) -> None:
        if ending is not None and ending.error_type is not None:
            _fail(span, ending.error_type, ending.details)
        span.end()


class StreamSpans(_Traced):
    """The spans of one gRPC stream, which carries several watches or leases."""

    def __init__(self, tracer: "trace.Tracer", failures: FailureLog) -> None:
        super().__init__(tracer, failures)
        self._resuming: Span | None = None

    @contextmanager
    def opening(self, origins: Iterable[Origin]) -> Generator[None, None, None]:
        """The block opens the stream: the server's span of it is below the resumption, or the first creation."""
        token = self._attached(list(origins))
        try:
            yield
        finally:
            self._detached(token)

    @_unfailing
    def broken(self, cause: str, origins: Iterable[Origin]) -> None:
        """The stream broke: until it is open again, the watches on it are being resumed."""
        if self._resuming is None:
            links = list(origins)
            attributes: Attributes = {Etcd.CAUSE: cause, Etcd.WATCHERS: len(links)}
            self._resuming = _root(self._tracer, "etcd.watch.resume", links, attributes)

    @_unfailing
    def resumed(self, endpoint: str) -> None:
        """The server has a watch again."""
        span, self._resuming = self._resuming, None
        if span is not None:
            span.set_attribute(Attribute.ADDRESS, endpoint)
            span.end()

    @_unfailing
    def ended(self, error: BaseException | None = None) -> None:
        """Nothing is resumed any more: `error` forbids it, or nobody wants it."""
        span, self._resuming = self._resuming, None
        if span is None:
            return
        ending = ending_of_told(error) if error is not None else None
        if ending is not None and ending.error_type is not None:
            _fail(span, ending.error_type, ending.details)
        span.end()

    @_unfailing
    def batch(self, origin: Origin, events: int, revision: int) -> None:
        """Events arrived for a watcher; told of those watches only whose creation was sampled."""
        if origin is None or not origin.trace_flags.sampled or not events:
            return
        from opentelemetry.trace import SpanKind  # noqa: PLC0415

        attributes: Attributes = {Etcd.EVENTS: events, Etcd.REVISION: revision}
        _root(self._tracer, "etcd.watch.batch", [origin], attributes, SpanKind.CONSUMER).end()

    @_unfailing
    def _attached(self, origins: list[Origin]) -> Any:
        from opentelemetry import context, trace  # noqa: PLC0415

        first = next((origin for origin in origins if origin is not None), None)
        span = self._resuming or (None if first is None else trace.NonRecordingSpan(first))
        return context.attach(context.Context() if span is None else trace.set_span_in_context(span, context.Context()))

    @_unfailing
    def _detached(self, token: Any) -> None:
        from opentelemetry import context  # noqa: PLC0415

        if token is not None:
            context.detach(token)


def detached() -> contextvars.Context:
    """The caller's context without its span: for what lives longer than the caller's trace."""
    from opentelemetry import context  # noqa: PLC0415

    copied = contextvars.copy_context()
    copied.run(context.attach, context.Context())
    return copied


def _root(
    tracer: "trace.Tracer", name: str, origins: Iterable[Origin], attributes: Attributes, kind: Any = None
) -> "Span":
    from opentelemetry.context import Context  # noqa: PLC0415
    from opentelemetry.trace import Link, SpanKind  # noqa: PLC0415

    links: list[Link] = [Link(origin) for origin in origins if origin is not None][:_LINKS]
    return tracer.start_span(name, Context(), kind or SpanKind.INTERNAL, attributes, links)


def _fail(span: "Span", error_type: str, details: str) -> None:
    from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415

    span.set_attribute(Attribute.ERROR, error_type)
    span.set_status(Status(StatusCode.ERROR, details or None))
