"""Where OpenTelemetry's instrumentation is suppressed nothing is traced, and everything is counted."""

import pytest
from opentelemetry import context
from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY  # pyright: ignore[reportPrivateUsage]
from opentelemetry.instrumentation.utils import suppress_instrumentation
from prometheus_client import CollectorRegistry

from etcdobs import ClientMetrics
from etcdobs.testing import Etcd
from tests.conftest import OpenClient
from tests.metrics import Shown
from tests.traced import Traced


@pytest.mark.parametrize("key", [_SUPPRESS_INSTRUMENTATION_KEY, "suppress_instrumentation"], ids=["own", "plain"])
async def test_a_suppressed_call_has_no_span_and_is_counted(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, key: str
) -> None:
    traced, registry = Traced(), CollectorRegistry()
    metrics = ClientMetrics(registry)
    async with open_client(etcd_server.endpoint, tracer_provider=traced.provider, metrics=metrics) as client:
        token = context.attach(context.set_value(key, True))
        await client.put(prefix)
        async with client.watch(prefix), (await client.lease.grant(ttl=10)).keep_alive():
            await client.get(prefix)
        context.detach(token)
    assert traced.spans == ()
    assert Shown(registry).counts("grpc_client_handled_total", "grpc_method")["Put"] == 1


async def test_what_is_no_longer_suppressed_is_traced(open_client: OpenClient, etcd_server: Etcd, prefix: str) -> None:
    traced = Traced()
    async with open_client(etcd_server.endpoint, tracer_provider=traced.provider) as client:
        with suppress_instrumentation():
            await client.put(prefix)
        await client.get(prefix)
    assert [span.name for span in traced.spans] == ["etcdserverpb.KV/Range"]
