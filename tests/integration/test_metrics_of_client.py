"""What a client counts: its calls, each once, where it was told to and nowhere else."""

import asyncio

import pytest
from prometheus_client import REGISTRY, CollectorRegistry

from etcdobs import (
    AsyncClient,
    AsyncHeartbeat,
    ClientMetrics,
    Compare,
    DeadlineExceededError,
    KeyNotFoundError,
    Keys,
    Put,
)
from etcdobs._drive.forks import Generation
from etcdobs.testing import Etcd, relay
from tests.conftest import OpenClient
from tests.samples import samples
from tests.waiting import eventually, values


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def metrics(registry: CollectorRegistry) -> ClientMetrics:
    return ClientMetrics(registry)


def unary(service: str, method: str, count: int, **codes: int) -> dict[str, float]:
    """The samples of so many unary calls, by the codes they ended with."""
    labels = f"unary,etcdserverpb.{service},{method}"
    answered = codes.get("OK", 0) if codes else count
    expected: dict[str, float] = {
        f"grpc_client_started_total{{{labels}}}": count,
        f"grpc_client_msg_sent_total{{{labels}}}": count,
        f"grpc_client_handling_seconds_count{{{labels}}}": count,
    }
    if answered:
        expected[f"grpc_client_msg_received_total{{{labels}}}"] = answered
    for code, times in (codes or {"OK": count}).items():
        expected[f"grpc_client_handled_total{{{code_label(labels, code)}}}"] = times
    return expected


def rpcs(registry: CollectorRegistry) -> dict[str, float]:
    """The samples of RPCs."""
    return {name: value for name, value in samples(registry).items() if name.startswith("grpc_client")}


def code_label(labels: str, code: str) -> str:
    """The registry sorts label names: grpc_code goes first."""
    return f"{labels},{code}"


async def test_every_call_is_counted_once(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, registry: CollectorRegistry, metrics: ClientMetrics
) -> None:
    async with open_client(etcd_server.endpoint, metrics=metrics) as client:
        for _ in range(3):
            await client.put(prefix)
        await client.get(prefix)
        await client.range(Keys.prefix(prefix))
        await client.count(prefix)
        await client.txn().when(Compare.exists(prefix)).then(Put(prefix)).commit()
        await client.delete(prefix)
        lease = await client.lease.grant(60)
        await client.lease.time_to_live(lease)
        await client.lease.list()
        await lease.revoke()
        await client.cluster.members()
        await client.maintenance.status()
    assert rpcs(registry) == (
        unary("KV", "Put", 3)
        | unary("KV", "Range", 3)
        | unary("KV", "Txn", 1)
        | unary("KV", "DeleteRange", 1)
        | unary("Lease", "LeaseGrant", 1)
        | unary("Lease", "LeaseTimeToLive", 1)
        | unary("Lease", "LeaseLeases", 1)
        | unary("Lease", "LeaseRevoke", 1)
        | unary("Cluster", "MemberList", 1)
        | unary("Maintenance", "Status", 1)
    )


async def test_failures_are_counted_by_their_code(
    open_client: OpenClient, quick_etcd: Etcd, registry: CollectorRegistry, metrics: ClientMetrics
) -> None:
    async with open_client(quick_etcd.endpoint, metrics=metrics) as client:
        await client.put("k")
        with pytest.raises(KeyNotFoundError):
            await client.put("x", ignore_value=True)
        quick_etcd.pause()
        with pytest.raises(DeadlineExceededError):
            await client.put("k", timeout=0.1)
    assert rpcs(registry) == unary("KV", "Put", 3, OK=1, InvalidArgument=1, DeadlineExceeded=1)


async def test_a_watch_counts_its_messages(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, registry: CollectorRegistry, metrics: ClientMetrics
) -> None:
    def watched(name: str, *more: str) -> float:
        labels = ",".join(("bidi_stream", "etcdserverpb.Watch", "Watch", *more))
        return samples(registry).get(f"{name}{{{labels}}}", 0)

    async with (
        open_client(etcd_server.endpoint) as writer,
        open_client(etcd_server.endpoint, metrics=metrics) as client,
    ):
        async with client.watch(prefix, start_revision=(await writer.put(prefix)).revision + 1) as watcher:
            assert samples(registry)["etcdobs_watches_active{}"] == 1
            assert watched("grpc_client_msg_received_total") == 1
            await writer.put(prefix, "1")
            assert await values(watcher, 1) == ["1"]
            assert watched("grpc_client_msg_received_total") == 2
            assert watched("grpc_client_msg_sent_total") == 1
            assert watched("grpc_client_started_total") == 1
            assert watched("grpc_client_handled_total", "Canceled") == 0
        assert "etcdobs_watches_active{}" not in samples(registry)
    await eventually(lambda: watched("grpc_client_handled_total", "Canceled") == 1)


async def test_a_heartbeat_is_counted_while_it_beats(
    open_client: OpenClient, etcd_server: Etcd, registry: CollectorRegistry, metrics: ClientMetrics
) -> None:
    async with open_client(etcd_server.endpoint, metrics=metrics) as client:
        lease = await client.lease.grant(60)
        async with client.lease.keep_alive(lease), client.lease.keep_alive(lease):
            assert samples(registry)["etcdobs_leases_active{}"] == 1
        assert "etcdobs_leases_active{}" not in samples(registry)


async def test_what_a_closed_client_kept_alive_is_kept_alive_and_lost_no_more(
    open_client: OpenClient, quick_etcd: Etcd, registry: CollectorRegistry, metrics: ClientMetrics
) -> None:
    async with open_client(quick_etcd.endpoint, metrics=metrics) as client:
        left_open = await (await client.lease.grant(1)).keep_alive().__aenter__()
        assert samples(registry)["etcdobs_leases_active{}"] == 1
    assert "etcdobs_leases_active{}" not in samples(registry)
    await eventually(lambda: left_open.lost)
    await left_open.close()
    assert [name for name in samples(registry) if name.startswith("etcdobs_lease")] == []


async def test_a_child_of_the_process_shows_no_lease_of_its_parent(
    open_client: OpenClient, etcd_server: Etcd, registry: CollectorRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_client(etcd_server.endpoint, metrics=ClientMetrics(registry)) as client:
        lease = await client.lease.grant(60)
        async with lease.keep_alive(), client.watch("k"):
            assert "etcdobs_lease_margin_seconds{}" in samples(registry)
            with monkeypatch.context() as forked:
                forked.setattr(Generation, "number", Generation.number + 1)
                assert "etcdobs_lease_margin_seconds{}" not in samples(registry)
                assert "etcdobs_watch_lag_seconds{}" not in samples(registry)


def test_a_heartbeat_of_an_event_loop_that_is_over_is_lost_and_no_loss(
    etcd_server: Etcd, registry: CollectorRegistry
) -> None:
    client = AsyncClient(etcd_server.endpoint, metrics=ClientMetrics(registry))

    async def begin() -> AsyncHeartbeat:
        return await (await client.lease.grant(60)).keep_alive().__aenter__()

    async def go_on(heartbeat: AsyncHeartbeat) -> bool:
        async with client:
            await client.get("k")
            return await heartbeat.wait_lost(timeout=5) and heartbeat.lost

    assert asyncio.run(go_on(asyncio.run(begin())))
    assert [name for name in samples(registry) if name.startswith("etcdobs_lease")] == []


async def test_a_lease_that_is_lost_is_kept_alive_no_more(
    open_client: OpenClient, quick_etcd: Etcd, registry: CollectorRegistry, metrics: ClientMetrics
) -> None:
    async with open_client(quick_etcd.endpoint, metrics=metrics) as client:
        one, other = await client.lease.grant(2), await client.lease.grant(60)
        async with one.keep_alive() as heartbeat, other.keep_alive():
            await one.revoke()
            assert await heartbeat.wait_lost(timeout=5)
            assert samples(registry)["etcdobs_leases_active{}"] == 1
            assert samples(registry)["etcdobs_lease_margin_seconds{}"] > 30
        assert "etcdobs_leases_active{}" not in samples(registry)


async def test_a_lost_lease_is_counted_once(
    open_client: OpenClient, quick_etcd: Etcd, registry: CollectorRegistry, metrics: ClientMetrics
) -> None:
    async with open_client(quick_etcd.endpoint, metrics=metrics) as client:
        lease = await client.lease.grant(1)
        async with client.lease.keep_alive(lease) as heartbeat:
            await lease.revoke()
            assert await heartbeat.wait_lost(timeout=5)
            assert heartbeat.lost
            await eventually(lambda: samples(registry).get("etcdobs_lease_lost_total{}") == 1)


async def test_retries_and_resumes_are_counted_by_their_cause(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, registry: CollectorRegistry, metrics: ClientMetrics
) -> None:
    with relay(etcd_server.endpoint) as link:
        async with open_client(link.endpoint, metrics=metrics) as client, client.watch(prefix):
            assert not [name for name in samples(registry) if "retries" in name or "resumes" in name]
            link.refuse()
            link.reset()
            reading = asyncio.create_task(client.get(prefix))
            await eventually(lambda: [name for name in samples(registry) if name.startswith("etcdobs_retries_total")])
            link.accept()
            await reading
            await eventually(lambda: [name for name in samples(registry) if "etcdobs_watch_resumes_total" in name])
            found = samples(registry)
    retried = [name for name in found if name.startswith("etcdobs_retries_total{etcdserverpb.KV,Range,")]
    resumed = [name for name in found if name.startswith("etcdobs_watch_resumes_total{")]
    assert retried
    assert resumed
    assert prefix not in "".join(found)


async def test_without_metrics_nothing_is_counted(open_client: OpenClient, etcd_server: Etcd, prefix: str) -> None:
    before = samples(REGISTRY)
    async with open_client(etcd_server.endpoint, metrics=None) as client, client.watch(prefix) as watcher:
        await client.put(prefix, "1")
        assert await values(watcher, 1) == ["1"]
        lease = await client.lease.grant(60)
        async with client.lease.keep_alive(lease):
            pass
    assert ours(samples(REGISTRY)) == ours(before)


def ours(found: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in found.items() if name.startswith(("grpc_client", "etcdobs"))}


async def test_left_out_it_is_the_registry_of_the_process(
    open_client: OpenClient, etcd_server: Etcd, prefix: str
) -> None:
    name = "grpc_client_handled_total{unary,etcdserverpb.KV,Put,OK}"
    before = samples(ClientMetrics.default().registry).get(name, 0)
    async with open_client(etcd_server.endpoint) as client:
        await client.put(prefix)
    assert samples(ClientMetrics.default().registry)[name] == before + 1


async def test_two_clients_with_a_registry_each(open_client: OpenClient, etcd_server: Etcd, prefix: str) -> None:
    one, two = CollectorRegistry(), CollectorRegistry()
    async with (
        open_client(etcd_server.endpoint, metrics=ClientMetrics(one)) as first,
        open_client(etcd_server.endpoint, metrics=ClientMetrics(two)) as second,
    ):
        await first.put(prefix)
        await _puts(second, prefix, 2)
    assert rpcs(one) == unary("KV", "Put", 1)
    assert rpcs(two) == unary("KV", "Put", 2)


async def test_two_clients_of_one_registry_add_up(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, registry: CollectorRegistry
) -> None:
    async with (
        open_client(etcd_server.endpoint, metrics=ClientMetrics(registry)) as first,
        open_client(etcd_server.endpoint, metrics=ClientMetrics(registry)) as second,
    ):
        await _puts(first, prefix, 1)
        await _puts(second, prefix, 2)
    assert rpcs(registry) == unary("KV", "Put", 3)


async def _puts(client: AsyncClient, key: str, count: int) -> None:
    for _ in range(count):
        await client.put(key)
