"""The server's own spans: etcd sends them to a receiver, and they continue the traces of our calls."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from etcdobs import AsyncClient
from etcdobs.testing import Etcd, etcd
from tests.conftest import OpenClient
from tests.otlp_receiver import Received, Receiver, receiver
from tests.traced import Traced, context_of
from tests.waiting import QUICK

# An etcd of 3.4 has no tracing of its own: there the context must be harmless to it.
TRACES_SINCE = (3, 5)


@dataclass(frozen=True)
class Traces:
    """A server that traces, and where its spans arrive."""

    server: Etcd
    receiver: Receiver
    has_spans: bool

    def child_of(self, span: ReadableSpan) -> Received:
        """The server's span below `span`, as soon as it arrives."""
        own = context_of(span)
        return self.receiver.wait_for(
            lambda got: (got.trace_id, got.parent_id) == (f"{own.trace_id:032x}", f"{own.span_id:016x}")
        )


def tracing_flags(version: tuple[int, int, int], address: str) -> list[str]:
    """The flags of a server of `version`; the names are those of 3.6."""
    if version < TRACES_SINCE:
        return []
    return [
        "--enable-distributed-tracing",
        f"--distributed-tracing-address={address}",
        "--distributed-tracing-service-name=etcd-under-test",
        "--distributed-tracing-instance-id=member-1",
    ]


@pytest.fixture(scope="module")
def traces(server_version: tuple[int, int, int]) -> Iterator[Traces]:
    with receiver() as listening:
        flags = (*QUICK, *tracing_flags(server_version, listening.address))
        with etcd(flags=flags) as server:
            yield Traces(server, listening, server_version >= TRACES_SINCE)


@pytest.fixture
def traced() -> Traced:
    return Traced()


async def test_the_servers_spans_continue_our_traces(open_client: OpenClient, traces: Traces, traced: Traced) -> None:
    await call_unsampled(open_client, traces.server)
    # The first endpoint refuses connections: some calls take two attempts.
    endpoints = ["127.0.0.1:1", traces.server.endpoint]
    async with open_client(endpoints, tracer_provider=traced.provider) as client:
        while not (repeated := numbered(traced, 1)):
            await client.put("k", "v")
        await client.get("k")
        await watch_once(client)
    read = traced.named("etcdserverpb.KV/Range")[0]
    (creation,) = traced.named("etcd.watch.create")
    # etcd sends what it has every 5 s: what it did before has arrived by then too.
    for span, name in ((repeated[0], "KV/Put"), (read, "KV/Range"), (creation, "Watch/Watch")):
        if traces.has_spans:
            below = traces.child_of(span)
            assert (below.name, below.is_server) == (f"etcdserverpb.{name}", True)
            assert (below.service, below.instance) == ("etcd-under-test", "member-1")
    assert not [span for span in traces.receiver.spans if span.name == "etcdserverpb.Lease/LeaseLeases"]


async def call_unsampled(open_client: OpenClient, server: Etcd) -> None:
    async with open_client(server.endpoint, tracer_provider=Traced(ALWAYS_OFF).provider) as client:
        await client.lease.list()


async def watch_once(client: AsyncClient) -> None:
    async with client.watch("watched") as watcher:
        await client.put("watched", "v")
        assert (await watcher.get(timeout=5)).kv.text == "v"


def numbered(traced: Traced, attempt: int) -> list[ReadableSpan]:
    return [span for span in traced.spans if (span.attributes or {}).get("etcd.attempt") == attempt]
