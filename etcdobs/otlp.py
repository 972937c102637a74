"""Sets up OpenTelemetry's SDK to send spans by OTLP: the few lines that most programs would write themselves."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

__all__ = ["setup_otlp"]

_MISSING = "spans are sent by OTLP with OpenTelemetry's SDK and exporter: pip install 'etcdobs[otlp]'"


def setup_otlp(
    service_name: str | None = None, *, endpoint: str | None = None, insecure: bool | None = None
) -> "TracerProvider":
    """Have the spans of this process sent to an OTLP receiver over gRPC; returns the provider, now the global one.

    It takes effect for clients that exist already. Call its `shutdown()` to send what is left: the interpreter does
    when it ends. A program that sets up OpenTelemetry itself has no need of this: clients use the global provider.

    Args:
        service_name: the resource's `service.name`; None: OTEL_SERVICE_NAME, or OpenTelemetry's default.
        endpoint: `http://host:4317`; None: OTEL_EXPORTER_OTLP_ENDPOINT, or this machine.
        insecure: whether to speak plain text; None: as the scheme and OTEL_EXPORTER_OTLP_INSECURE say.

    Raises:
        ModuleNotFoundError: the extra `otlp` is not installed.
        RuntimeError: there is a global provider already: spans go where that sends them.
    """
    try:
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ModuleNotFoundError as missing:
        raise ModuleNotFoundError(_MISSING, name=missing.name) from missing
    _refuse_second()
    named: dict[str, Any] = {} if service_name is None else {SERVICE_NAME: service_name}
    provider = TracerProvider(resource=Resource.create(named))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint, insecure=insecure)))
    _make_global(provider)
    return provider


def _refuse_second() -> None:
    from opentelemetry import trace  # noqa: PLC0415

    known = trace.get_tracer_provider()
    if not isinstance(known, trace.ProxyTracerProvider):
        raise RuntimeError(f"there is a global tracer provider already ({type(known).__name__}): add a processor to it")


def _make_global(provider: "TracerProvider") -> None:
    from opentelemetry import trace  # noqa: PLC0415

    trace.set_tracer_provider(provider)
