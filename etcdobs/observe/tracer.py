"""Decides what a span says about an RPC (OpenTelemetry's RPC semantic conventions) and how its context travels."""

import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context, get_current
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, TraceFlags, TracerProvider

from etcdobs.observe.attempts import Attempts, Held
from etcdobs.observe.conventions import SCHEMA_URL, Attribute, Etcd, Former, call_attributes, wants_former
from etcdobs.observe.ending import OK, Ending
from etcdobs.observe.failure import FailureLog
from etcdobs.observe.propagation import Metadata, with_context
from etcdobs.observe.recorder import Kind, split_method
from etcdobs.observe.suppression import is_suppressed

__all__ = ["SCHEMA_URL", "CallTracer", "Metadata", "MethodTracer"]

_KEY_LENGTH: Final = 256


class MethodTracer:
    """The spans of one RPC method on one target. None of the methods raises."""

    def __init__(
        self,
        tracer: trace.Tracer,
        method: str,
        kind: Kind,
        target: str,
        failures: FailureLog,
        *,
        former: bool = False,
    ) -> None:
        self._tracer = tracer
        self._start_span = tracer.start_span
        self._name = "/".join(split_method(method))
        self._former = former
        self._attributes = call_attributes(self._name, target, former=former)
        # A bidirectional stream lives as long as the client: a span over it would not be exported until then.
        self._has_span = kind != "bidi_stream"
        self._failures = failures

    def start(self, metadata: Metadata, attempts: Attempts | None = None) -> tuple[Span | None, Metadata]:
        """Start the call's span; return it with the metadata that carries its context.

        The span is None where none is made: for bidirectional streams, whose metadata carries the caller's context,
        and where nothing is traced, or tracing is suppressed, which leaves the metadata as it came.
        """
        try:
            current = get_current()
            if current and is_suppressed(current):
                return None, metadata
            if not self._has_span:
                return None, with_context(trace.get_current_span(), metadata)
            if attempts is not None and attempts.held is not None:
                span = self._repeated(attempts, attempts.held)
            else:
                # Positional: the API's proxy passes keywords on at twice the cost, in each call of an untraced process.
                span = self._start_span(self._name, None, SpanKind.CLIENT, self._attributes)
                if span is trace.INVALID_SPAN:
                    return None, metadata
                if attempts is not None and attempts.shows_key and span.is_recording():
                    _show_key(span, attempts.request)
        except Exception:  # noqa: BLE001 - telemetry never fails a call
            self._failures.report("tracing")
            return None, metadata
        return span, self._injected(span, metadata)

    def _repeated(self, attempts: Attempts, held: Held) -> Span:
        """The span of another attempt, below the span that began with the first, which from now on is the call's."""
        operation = trace.set_span_in_context(held.span)
        if not attempts.count:
            # Its context went to the server as the operation's: nothing is below this one.
            first = held.tracer.below(operation, SpanKind.INTERNAL, 0, held.started)
            held.tracer.finish(first, held.ending, held.ended)
        attempts.count += 1
        held.span.set_attributes(self._attributes)
        return self.below(operation, SpanKind.CLIENT, attempts.count, None)

    def below(self, parent: Context, kind: SpanKind, attempt: int, started: int | None) -> Span:
        """Start the span of one of several attempts."""
        attributes = self._attributes | {Etcd.ATTEMPT: attempt}
        return self._tracer.start_span(self._name, parent, kind, attributes, start_time=started)

    def end(self, span: Span, ending: Ending, attempts: Attempts | None = None, seconds: float = 0.0) -> None:
        """End the call's span. A call cancelled from here is no error: its status stays unset.

        With `attempts` that of a first attempt that failed, after `seconds`, goes on: it may be repeated.
        """
        try:
            if attempts is None or (attempts.held is None and ending.error_type is None):
                self.finish(span, ending)
            elif attempts.held is None:
                now = time.time_ns()
                attempts.held = Held(self, span, now - int(seconds * 1e9), now, ending)
            else:
                attempts.last = ending
                self.finish(span, ending)
        except Exception:  # noqa: BLE001 - telemetry never fails a call
            self._failures.report("tracing")

    def end_held(self, held: Held, ending: Ending, retries: int) -> None:
        """End the span of a call whose first attempt failed."""
        try:
            if retries:
                held.span.set_attribute(Etcd.RETRIES, retries)
            self.finish(held.span, ending)
        except Exception:  # noqa: BLE001 - telemetry never fails a call
            self._failures.report("tracing")

    def finish(self, span: Span, ending: Ending, ended: int | None = None) -> None:
        """Say how it ended, and end it; `ended` is when (nanoseconds since the epoch), None: now."""
        if span.is_recording():
            span.set_attribute(Attribute.STATUS, "OK" if ending is OK else ending.code.name)
            if self._former:
                span.set_attribute(Former.STATUS, ending.code.value[0])
            if ending.error_type is not None:
                span.set_attribute(Attribute.ERROR, ending.error_type)
                span.set_status(Status(StatusCode.ERROR, ending.details or None))
        span.end(ended)

    def exemplar(self, span: Span, wanted: Callable[[], bool]) -> dict[str, str] | None:
        """The ids by which a metric points at the span; None unless the span is sampled, and then one `wanted`."""
        try:
            context = span.get_span_context()
            if not (context.trace_flags & TraceFlags.SAMPLED and wanted()):
                return None
            return {
                "trace_id": trace.format_trace_id(context.trace_id),
                "span_id": trace.format_span_id(context.span_id),
            }
        except Exception:  # noqa: BLE001 - telemetry never fails a call
            self._failures.report("tracing")
            return None

    def _injected(self, span: Span, metadata: Metadata) -> Metadata:
        try:
            return with_context(span, metadata)
        except Exception:  # noqa: BLE001 - telemetry never fails a call
            self._failures.report("propagating a trace")
            return metadata


class CallTracer:
    """Makes the spans of RPCs with `tracer_provider`; None is OpenTelemetry's global one, even if set later."""

    def __init__(self, tracer_provider: TracerProvider | None = None) -> None:
        self.tracer: trace.Tracer = trace.get_tracer("etcdobs", _version(), tracer_provider, SCHEMA_URL)
        self.failures: FailureLog = FailureLog()
        self._former = wants_former()

    def method(self, method: str, kind: Kind, target: str) -> MethodTracer:
        """The spans of `method` (`/service/method`) on `target`, as given to the gRPC channel; "" if not known."""
        return MethodTracer(self.tracer, method, kind, target, self.failures, former=self._former)


def _show_key(span: Span, request: object) -> None:
    key = getattr(request, "key", b"")
    if isinstance(key, bytes) and key:
        span.set_attribute(Etcd.KEY, key[:_KEY_LENGTH].decode(errors="backslashreplace"))


def _version() -> str | None:
    try:
        return version("etcdobs")
    except PackageNotFoundError:
        return None
