"""What tells a server the parent of its span: what the global propagator says, also where it is not asked."""

from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import baggage, context, propagate, trace
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.propagators.textmap import Setter, TextMapPropagator, default_setter
from opentelemetry.trace import INVALID_SPAN, NonRecordingSpan, SpanContext, TraceFlags, TraceState
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from etcdobs.observe.propagation import Metadata, with_context

TRACE, SPAN = 0xC336660105D76EE7E6C90A450A396579, 0x866BCC1E619F1D1B
PLAIN = ("client-api-version", "3.6.0")
PARENT = ("traceparent", f"00-{TRACE:032x}-{SPAN:016x}-01")


def span(flags: int = 3, state: TraceState | None = None) -> NonRecordingSpan:
    return NonRecordingSpan(SpanContext(TRACE, SPAN, is_remote=False, trace_flags=TraceFlags(flags), trace_state=state))


def sent(metadata: Metadata) -> list[tuple[str, str | bytes]]:
    return list(metadata or ())


@pytest.fixture(autouse=True)
def _no_context() -> Iterator[None]:
    token, before = context.attach(context.Context()), propagate.get_global_textmap()
    yield
    context.detach(token)
    propagate.set_global_textmap(before)


class Named(TextMapPropagator):
    """Says how it was asked."""

    def extract(self, *_: object, **__: object) -> context.Context:
        return context.Context()

    def inject(self, carrier: Any, context: object = None, setter: Setter[Any] = default_setter) -> None:
        setter.set(carrier, "x-named", "yes")

    @property
    def fields(self) -> set[str]:
        return {"x-named"}


def test_a_span_is_the_parent() -> None:
    assert sent(with_context(span(), (PLAIN,))) == [PLAIN, PARENT]


def test_what_is_not_sampled_says_so() -> None:
    assert sent(with_context(span(0), None)) == [("traceparent", f"00-{TRACE:032x}-{SPAN:016x}-00")]


def test_an_invalid_span_leaves_the_metadata_as_it_came() -> None:
    metadata = (PLAIN,)
    assert with_context(INVALID_SPAN, metadata) is metadata


def test_the_nearest_span_is_the_parent() -> None:
    outer = ("traceparent", "00-11111111111111111111111111111111-2222222222222222-01")
    assert sent(with_context(span(), (outer, PLAIN))) == [PLAIN, PARENT]


def test_within_another_span() -> None:
    with trace.use_span(NonRecordingSpan(SpanContext(1, 2, is_remote=False, trace_flags=TraceFlags(1)))):
        assert sent(with_context(span(), (PLAIN,))) == [PLAIN, PARENT]


def test_baggage_goes_along() -> None:
    context.attach(baggage.set_baggage("user", "alice"))
    assert sent(with_context(span(), ())) == [PARENT, ("baggage", "user=alice")]


def test_the_state_of_a_vendor_goes_along() -> None:
    assert sent(with_context(span(3, TraceState([("etcdobs", "1")])), ())) == [PARENT, ("tracestate", "etcdobs=1")]


def test_another_propagator_is_asked_from_when_on_it_is_the_global_one() -> None:
    assert sent(with_context(span(), ())) == [PARENT]
    propagate.set_global_textmap(Named())
    assert sent(with_context(span(), ())) == [("x-named", "yes")]
    propagate.set_global_textmap(CompositePropagator([TraceContextTextMapPropagator(), Named()]))
    assert sent(with_context(span(), ())) == [PARENT, ("x-named", "yes")]
