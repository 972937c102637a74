"""Decides the trace and the endpoint of each RPC: a tracer that the client is handed, whose spans say both."""

from collections import OrderedDict
from collections.abc import Generator
from contextlib import contextmanager
from random import getrandbits
from typing import Any, NamedTuple

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, TraceFlags
from opentelemetry.util.types import Attributes

_PENDING = 1_000  # spans whose RPC has not begun yet
_HEADER = "traceparent"


class Origin(NamedTuple):
    """Where an RPC came from: the trace it is in, the endpoint it goes to ("" where unknown), which attempt it is."""

    trace_id: str = ""
    endpoint: str = ""
    attempt: int = 0


class Spans(trace.TracerProvider, trace.Tracer):
    """Hands out trace and span ids, and remembers of each RPC's span where it goes.

    Spans that a configured OpenTelemetry records are those: nothing is taken from who collects them.
    """

    def __init__(self) -> None:
        self._under = trace.get_tracer("etcdobs")
        self._pending: OrderedDict[str, Origin] = OrderedDict()

    def origin(self, metadata: Any) -> Origin:
        """Where the RPC with that metadata came from; asked once."""
        for key, value in metadata or ():
            if key == _HEADER:
                trace_id, span_id = str(value)[3:35], str(value)[36:52]
                return self._pending.pop(span_id, Origin(trace_id))
        return Origin()

    def get_tracer(self, *args: Any, **kwargs: Any) -> trace.Tracer:
        """One tracer for all."""
        return self

    def start_span(
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Attributes = None,
        *args: Any,
        **kwargs: Any,
    ) -> Span:
        """A span with an id of its own, in the trace of its parent."""
        span = self._under.start_span(name, context, kind, attributes, *args, **kwargs)
        if not span.is_recording():
            span = NonRecordingSpan(_context(trace.get_current_span(context).get_span_context()))
        if kind is SpanKind.CLIENT and attributes:
            self._remember(span.get_span_context(), attributes)
        return span

    def _remember(self, span: SpanContext, attributes: Any) -> None:
        if len(self._pending) >= _PENDING:
            self._pending.popitem(last=False)
        attempt = int(attributes.get("etcd.attempt", 0))
        origin = Origin(trace.format_trace_id(span.trace_id), _endpoint(attributes), attempt)
        self._pending[trace.format_span_id(span.span_id)] = origin

    @contextmanager
    def start_as_current_span(self, *args: Any, **kwargs: Any) -> Generator[Span]:  # type: ignore[override]
        """A span that is the current one within."""
        span = self.start_span(*args, **kwargs)
        with trace.use_span(span, end_on_exit=True):
            yield span


def _context(parent: SpanContext) -> SpanContext:
    # Sampled: a server that traces then records the calls that are shown here, under the ids that are shown here.
    trace_id = parent.trace_id if parent.is_valid else getrandbits(128) | 1
    return SpanContext(trace_id, getrandbits(64) | 1, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))


def _endpoint(attributes: Any) -> str:
    host, port = str(attributes.get("server.address", "")), attributes.get("server.port")
    if port is None:
        return host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
