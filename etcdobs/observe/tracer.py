"""Decides what a span says about an RPC (OpenTelemetry's RPC semantic conventions) and how its context travels."""

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from typing import Final, TypeAlias

from opentelemetry import propagate, trace
from opentelemetry.propagators.textmap import Setter
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, TracerProvider

from etcdobs.observe.ending import Ending
from etcdobs.observe.failure import FailureLog
from etcdobs.observe.recorder import Kind, split_method

__all__ = ["SCHEMA_URL", "CallTracer", "Metadata", "MethodTracer"]

Metadata: TypeAlias = Iterable[tuple[str, str | bytes]] | None
"""What gRPC takes as `metadata`; a key may come more than once."""

SCHEMA_URL: Final = "https://opentelemetry.io/schemas/1.44.0"


class Attribute:
    """The span attributes of the conventions' version in SCHEMA_URL. The only place that spells them."""

    SYSTEM: Final = "rpc.system.name"
    METHOD: Final = "rpc.method"
    STATUS: Final = "rpc.response.status_code"
    ADDRESS: Final = "server.address"
    PORT: Final = "server.port"
    ERROR: Final = "error.type"


class _MetadataSetter(Setter[list[tuple[str, str | bytes]]]):
    def set(self, carrier: list[tuple[str, str | bytes]], key: str, value: str) -> None:
        # A header of the same name is what an outer layer sent for its own span: the nearest span is the parent.
        carrier[:] = [pair for pair in carrier if pair[0] != key]
        carrier.append((key, value))


_SETTER = _MetadataSetter()


class MethodTracer:
    """The spans of one RPC method on one target. None of the methods raises."""

    def __init__(self, tracer: trace.Tracer, method: str, kind: Kind, target: str, failures: FailureLog) -> None:
        self._start_span = tracer.start_span
        self._name = "/".join(split_method(method))
        self._attributes: dict[str, str | int] = {
            Attribute.SYSTEM: "grpc",
            Attribute.METHOD: self._name,
            **_server(target),
        }
        # A bidirectional stream lives as long as the client: a span over it would not be exported until then.
        self._has_span = kind != "bidi_stream"
        self._failures = failures

    def start(self, metadata: Metadata) -> tuple[Span | None, Metadata]:
        """Start the call's span; return it with the metadata that carries its context.

        The span is None where none is made: for bidirectional streams, whose metadata carries the caller's context,
        and where nothing is traced, which leaves the metadata as it came.
        """
        try:
            if not self._has_span:
                return None, _with_context(trace.get_current_span(), metadata)
            # Positional: the API's proxy passes keywords on at twice the cost, in each call of an untraced process.
            span = self._start_span(self._name, None, SpanKind.CLIENT, self._attributes)
            if span is trace.INVALID_SPAN:
                return None, metadata
        except Exception:  # noqa: BLE001 - telemetry never fails a call
            self._failures.report("tracing")
            return None, metadata
        return span, self._injected(span, metadata)

    def end(self, span: Span, ending: Ending) -> None:
        """End the call's span. A call cancelled from here is no error: its status stays unset."""
        try:
            if span.is_recording():
                span.set_attribute(Attribute.STATUS, ending.code.name)
                if ending.error_type is not None:
                    span.set_attribute(Attribute.ERROR, ending.error_type)
                    span.set_status(Status(StatusCode.ERROR, ending.details or None))
            span.end()
        except Exception:  # noqa: BLE001 - telemetry never fails a call
            self._failures.report("tracing")

    def exemplar(self, span: Span) -> dict[str, str] | None:
        """The ids by which a metric points at the span; None unless the span is sampled."""
        try:
            context = span.get_span_context()
            if not context.trace_flags.sampled:
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
            return _with_context(span, metadata)
        except Exception:  # noqa: BLE001 - telemetry never fails a call
            self._failures.report("propagating a trace")
            return metadata


class CallTracer:
    """Makes the spans of RPCs with `tracer_provider`; None is OpenTelemetry's global one, even if set later."""

    def __init__(self, tracer_provider: TracerProvider | None = None) -> None:
        self._tracer = trace.get_tracer("etcdobs", _version(), tracer_provider, SCHEMA_URL)
        self._failures = FailureLog()

    def method(self, method: str, kind: Kind, target: str) -> MethodTracer:
        """The spans of `method` (`/service/method`) on `target`, as given to the gRPC channel; "" if not known."""
        return MethodTracer(self._tracer, method, kind, target, self._failures)


def _with_context(span: Span, metadata: Metadata) -> Metadata:
    if not span.get_span_context().is_valid:
        return metadata
    pairs = list(metadata or ())
    propagate.inject(pairs, trace.set_span_in_context(span), _SETTER)
    return tuple(pairs)


def _server(target: str) -> dict[str, str | int]:
    """`server.address` and `server.port` of a gRPC target, by the conventions' rule for gRPC."""
    if not target:
        return {}
    scheme, _, rest = target.partition(":")
    if scheme in {"unix", "unix-abstract"}:
        return {Attribute.ADDRESS: rest.removeprefix("//")}
    endpoint = _endpoint(target)
    if "," in endpoint:
        return {Attribute.ADDRESS: target}
    return _address_and_port(endpoint)


def _endpoint(target: str) -> str:
    scheme, separator, rest = target.partition("://")
    if separator:  # scheme://authority/endpoint
        return rest.partition("/")[2] or rest
    scheme, _, rest = target.partition(":")
    return rest if scheme in {"dns", "ipv4", "ipv6"} else target


def _address_and_port(path: str) -> dict[str, str | int]:
    host, colon, port = path.rpartition(":")
    if not colon or not port.isdecimal() or (":" in host and not host.endswith("]")):
        return {Attribute.ADDRESS: path.strip("[]")}
    return {Attribute.ADDRESS: host.strip("[]"), Attribute.PORT: int(port)}


def _version() -> str | None:
    try:
        return version("etcdobs")
    except PackageNotFoundError:
        return None
