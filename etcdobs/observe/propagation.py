"""Decides how a span's context travels in a call's metadata: as OpenTelemetry's global propagator says.

To ask it costs as much as half a span. It is a function of the context that it is given: of one that holds a span and
nothing else (no baggage, no state of a vendor) a propagator that speaks W3C Trace Context always makes one and the same
header, which is written here once it was seen to. It is asked whenever there is anything else.
"""

from collections.abc import Iterable
from typing import Final, TypeAlias

from opentelemetry import context, propagate, trace
from opentelemetry.propagators.textmap import Setter, TextMapPropagator
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, TraceFlags

__all__ = ["Metadata", "with_context"]

Metadata: TypeAlias = Iterable[tuple[str, str | bytes]] | None
"""What gRPC takes as `metadata`; a key may come more than once."""

_HEADER: Final = "traceparent"
_EXAMPLE = SpanContext(1 << 126, 1 << 62, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))
# The one key of a context that holds a span and nothing else.
_SPAN_ALONE = trace.set_span_in_context(NonRecordingSpan(_EXAMPLE), context.Context()).keys()


class _MetadataSetter(Setter[list[tuple[str, str | bytes]]]):
    def set(self, carrier: list[tuple[str, str | bytes]], key: str, value: str) -> None:
        # A header of the same name is what an outer layer sent for its own span: the nearest span is the parent.
        carrier[:] = [pair for pair in carrier if pair[0] != key]
        carrier.append((key, _level_1(value) if key == _HEADER else value))


_SETTER = _MetadataSetter()


class _Global:
    """The global propagator, and whether all it makes of a span is `traceparent`."""

    _known: TextMapPropagator | None = None
    _is_w3c = False

    def is_w3c(self) -> bool:
        now = propagate.get_global_textmap()
        if now is not self._known:
            made: dict[str, str] = {}
            propagate.inject(made, trace.set_span_in_context(NonRecordingSpan(_EXAMPLE), context.Context()))
            self._is_w3c = made == {_HEADER: _traceparent(_EXAMPLE)}
            self._known = now
        return self._is_w3c


_GLOBAL = _Global()


def with_context(span: Span, metadata: Metadata) -> Metadata:
    """`metadata`, and what tells the server that `span` is the parent of its own; as it came where the span is none."""
    of_span = span.get_span_context()
    if not of_span.is_valid:
        return metadata
    current = context.get_current()
    if not of_span.trace_state and (not current or current.keys() == _SPAN_ALONE) and _GLOBAL.is_w3c():
        return (*(pair for pair in metadata or () if pair[0] != _HEADER), (_HEADER, _traceparent(of_span)))
    pairs = list(metadata or ())
    propagate.inject(pairs, trace.set_span_in_context(span, current), _SETTER)
    return tuple(pairs)


def _traceparent(of: SpanContext) -> str:
    return f"00-{of.trace_id:032x}-{of.span_id:016x}-{of.trace_flags & TraceFlags.SAMPLED:02x}"


def _level_1(traceparent: str) -> str:
    """The header without flags of later levels of W3C Trace Context, such as that ids are random.

    OpenTelemetry for Go takes a header with a flag that it does not know for none at all: etcd would begin a new trace.
    """
    head, flags = traceparent[:-2], traceparent[-2:]
    if flags in {"00", "01"} or not head.startswith("00-"):
        return traceparent
    return f"{head}{int(flags, 16) & TraceFlags.SAMPLED:02x}"
