"""What the log says carries the trace of the call it is said of, by OpenTelemetry's instrumentation for logging."""

import logging
from collections.abc import Iterator

import pytest
from opentelemetry.instrumentation.logging import LoggingInstrumentor

from etcdobs.testing import Etcd, relay
from tests.conftest import OpenClient
from tests.traced import Traced


@pytest.fixture
def traced() -> Iterator[Traced]:
    """Spans that are kept, and log records that are given their trace."""
    traced = Traced()
    LoggingInstrumentor().instrument(
        tracer_provider=traced.provider, inject_trace_context=True, enable_log_auto_instrumentation=False
    )
    yield traced
    LoggingInstrumentor().uninstrument()


async def test_a_call_that_moves_on_is_logged_with_the_trace_of_its_caller(
    open_client: OpenClient, etcd_server: Etcd, traced: Traced, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "etcdobs")
    tracer = traced.provider.get_tracer("test")
    with relay(etcd_server.endpoint) as link:
        link.refuse()
        endpoints = [link.endpoint, etcd_server.endpoint]
        async with open_client(endpoints, tracer_provider=traced.provider) as client:
            with tracer.start_as_current_span("request") as span:
                await client.get("k")
                await client.get("k")
    (moved,) = [record for record in caplog.records if record.name == "etcdobs.endpoints"]
    assert vars(moved)["otelTraceID"] == f"{span.get_span_context().trace_id:032x}"
