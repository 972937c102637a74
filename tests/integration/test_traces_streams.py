"""What the spans of watches and keepalives say: short ones, linked to the first, and none that never ends."""

import asyncio

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind, StatusCode

from etcdobs import UnavailableError
from etcdobs.testing import Etcd
from tests.conftest import OpenClient
from tests.traced import Traced, attributes_of, context_of, parent_id
from tests.waiting import eventually, taken


@pytest.fixture
def traced() -> Traced:
    return Traced()


def linked(span: ReadableSpan) -> list[int]:
    return [link.context.span_id for link in span.links]


async def test_a_watch_is_a_span_of_its_creation_and_one_for_each_batch(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, traced: Traced
) -> None:
    async with open_client(etcd_server.endpoint, tracer_provider=traced.provider) as client:
        with traced.provider.get_tracer("test").start_as_current_span("caller") as caller:
            async with client.watch(prefix) as watcher:
                revision = (await client.put(prefix, "v")).revision
                await taken(watcher, 1)
    (creation,) = traced.named("etcd.watch.create")
    assert parent_id(creation) == caller.get_span_context().span_id
    assert creation.status.status_code is StatusCode.UNSET
    (batch,) = traced.named("etcd.watch.batch")
    assert (batch.kind, parent_id(batch), linked(batch)) == (SpanKind.CONSUMER, None, [context_of(creation).span_id])
    assert attributes_of(batch) == {"etcd.watch.events": 1, "etcd.revision": revision}
    # The start of the watch was pinned by a read, which is a part of its creation.
    (pin,) = traced.named("etcdserverpb.KV/Range")
    assert parent_id(pin) == context_of(creation).span_id
    assert not traced.named("etcd.watch.resume")


async def test_a_watch_ends_without_an_error(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, traced: Traced
) -> None:
    async with open_client(etcd_server.endpoint, tracer_provider=traced.provider) as client, client.watch(prefix):
        pass
    assert [span.name for span in traced.spans if span.status.status_code is StatusCode.ERROR] == []
    assert not [span for span in traced.spans if "error.type" in attributes_of(span)]


async def test_a_watch_that_cannot_be_created_is_an_error(open_client: OpenClient, traced: Traced) -> None:
    async with open_client("127.0.0.1:1", tracer_provider=traced.provider, dial_timeout=0.3) as client:
        with pytest.raises(UnavailableError):
            async with client.watch("k", start_revision=1):
                pass
    (creation,) = traced.named("etcd.watch.create")
    assert attributes_of(creation)["error.type"] == "UNAVAILABLE"
    assert creation.status.status_code is StatusCode.ERROR


async def test_a_resumption_is_a_span_linked_to_the_creations(
    open_client: OpenClient, quick_etcd: Etcd, traced: Traced
) -> None:
    async with (
        open_client(quick_etcd.endpoint, tracer_provider=traced.provider) as client,
        client.watch("a") as one,
        client.watch("b"),
    ):
        await asyncio.to_thread(quick_etcd.kill)
        await asyncio.to_thread(quick_etcd.start)
        await client.put("a", "v")
        await taken(one, 1)
        await eventually(lambda: traced.named("etcd.watch.resume"))
    (resumption,) = traced.named("etcd.watch.resume")
    creations = traced.named("etcd.watch.create")
    assert sorted(linked(resumption)) == sorted(context_of(span).span_id for span in creations)
    assert parent_id(resumption) is None
    assert attributes_of(resumption)["etcd.watch.watchers"] == 2
    assert attributes_of(resumption)["etcd.watch.cause"]
    assert attributes_of(resumption)["server.address"]
    assert "error.type" not in attributes_of(resumption)


async def test_a_watch_that_is_not_sampled_has_no_span_at_all(
    open_client: OpenClient, etcd_server: Etcd, prefix: str
) -> None:
    traced = Traced(ALWAYS_OFF)
    async with (
        open_client(etcd_server.endpoint, tracer_provider=traced.provider) as client,
        client.watch(prefix) as watcher,
    ):
        await client.put(prefix)
        await taken(watcher, 1)
    assert traced.spans == ()


async def test_a_watch_shows_its_key_where_asked_for(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, traced: Traced
) -> None:
    async with (
        open_client(etcd_server.endpoint, tracer_provider=traced.provider, trace_keys=True) as client,
        client.watch(prefix),
    ):
        pass
    (creation,) = traced.named("etcd.watch.create")
    assert attributes_of(creation)["etcd.key"] == prefix


async def test_events_are_read_outside_of_any_span_of_ours(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, traced: Traced
) -> None:
    async with (
        open_client(etcd_server.endpoint, tracer_provider=traced.provider) as client,
        client.watch(prefix) as watcher,
    ):
        await client.put(prefix)
        await taken(watcher, 1)
        assert trace.get_current_span() is trace.INVALID_SPAN


async def test_a_lease_kept_alive_has_spans_of_its_beginning_and_its_loss_only(
    open_client: OpenClient, quick_etcd: Etcd, traced: Traced
) -> None:
    async with open_client(quick_etcd.endpoint, tracer_provider=traced.provider) as client:
        lease = await client.lease.grant(1)
        async with client.lease.keep_alive(lease) as heartbeat:
            await client.lease.revoke(lease)
            assert await heartbeat.wait_lost(timeout=5)
    (beginning,) = traced.named("etcd.lease.keep_alive")
    (loss,) = traced.named("etcd.lease.lost")
    assert linked(loss) == [context_of(beginning).span_id]
    assert attributes_of(loss)["etcd.lease.id"] == attributes_of(beginning)["etcd.lease.id"] == f"{lease.id:x}"
    assert loss.status.status_code is StatusCode.ERROR
    assert beginning.status.status_code is StatusCode.UNSET
    assert not traced.named("etcdserverpb.Lease/LeaseKeepAlive")
