"""What a client counts of what its callers ask for: each operation once, by how it ended, whatever it took."""

import asyncio
from contextvars import ContextVar

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from etcdobs import (
    AsyncClient,
    AuthenticationFailedError,
    ClientMetrics,
    ClosedError,
    Compare,
    DeadlineExceededError,
    Get,
    KeyNotFoundError,
    Keys,
    Put,
)
from etcdobs.testing import Etcd, EtcdCluster, etcd, relay
from tests.conftest import OpenClient
from tests.metrics import Shown, address
from tests.waiting import QUICK, eventually


@pytest.fixture
def shown() -> Shown:
    return Shown(CollectorRegistry())


async def test_each_operation_is_counted_by_its_name(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, shown: Shown
) -> None:
    async with open_client(etcd_server.endpoint, metrics=ClientMetrics(shown.registry)) as client:
        await client.put(prefix)
        await client.put(prefix)
        await client.get(prefix)
        await client.range(Keys.prefix(prefix))
        await client.count(Keys.prefix(prefix))
        await client.txn().when(Compare.exists(prefix)).then(Put(prefix)).commit()
        await client.txn().then(Get(prefix)).commit()
        await client.delete(prefix)
        lease = await client.lease.grant(60)
        await client.lease.time_to_live(lease)
        await lease.revoke()
        await client.cluster.members()
        await client.maintenance.status()
        await client.auth.role_list()
    ones = ("get", "list", "count", "txn-write", "txn-read", "delete", "lease-grant", "lease-ttl", "lease-revoke")
    expected = dict.fromkeys((*ones, "member-list", "status", "auth"), 1.0)
    assert shown.operations() == {(op, "OK"): times for op, times in ({"put": 2.0} | expected).items()}
    assert shown.in_flight() == {}


async def test_an_operation_is_counted_by_how_it_ended(
    open_client: OpenClient, quick_etcd: Etcd, prefix: str, shown: Shown
) -> None:
    async with open_client(quick_etcd.endpoint, metrics=ClientMetrics(shown.registry)) as client:
        with pytest.raises(KeyNotFoundError):
            await client.put(prefix, ignore_value=True)
        await client.get(prefix)
        quick_etcd.pause()
        with pytest.raises(DeadlineExceededError):
            await client.get(prefix, timeout=0.1)
        with pytest.raises(DeadlineExceededError):
            await client.put(prefix, timeout=0.1)
        quick_etcd.resume()
    assert shown.operations() == {
        ("put", "InvalidArgument"): 1,
        ("get", "OK"): 1,
        ("get", "DeadlineExceeded"): 1,
        ("put", "OutcomeUnknown"): 1,
    }


async def test_what_is_under_way_shows_and_is_canceled_with_its_client(
    open_client: OpenClient, quick_etcd: Etcd, prefix: str, shown: Shown
) -> None:
    async with open_client(quick_etcd.endpoint, metrics=ClientMetrics(shown.registry)) as client:
        await client.get(prefix)
        quick_etcd.pause()
        reading = [asyncio.create_task(client.get(prefix)) for _ in range(3)]
        await eventually(lambda: shown.in_flight() == {"get": 3})
        await client.close()
        assert {type(error) for error in await asyncio.gather(*reading, return_exceptions=True)} == {ClosedError}
    quick_etcd.resume()
    assert shown.in_flight() == {}
    assert shown.operations() == {("get", "OK"): 1, ("get", "Canceled"): 3}


async def test_a_task_that_is_cancelled_is_canceled(quick_etcd: Etcd, prefix: str, shown: Shown) -> None:
    async with AsyncClient(quick_etcd.endpoint, metrics=ClientMetrics(shown.registry)) as client:
        await client.get(prefix)
        quick_etcd.pause()
        reading = asyncio.create_task(client.get(prefix))
        await eventually(lambda: shown.in_flight() == {"get": 1})
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        quick_etcd.resume()
    assert shown.operations() == {("get", "OK"): 1, ("get", "Canceled"): 1}
    assert shown.in_flight() == {}


async def test_an_operation_that_is_retried_is_still_one(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, shown: Shown
) -> None:
    with relay(etcd_server.endpoint) as link:
        async with open_client(link.endpoint, metrics=ClientMetrics(shown.registry)) as client:
            link.refuse()
            reading = asyncio.create_task(client.get(prefix))
            await eventually(lambda: shown.total("etcdobs_retries_total", grpc_method="Range"))
            link.accept()
            await reading
    assert shown.operations() == {("get", "OK"): 1}
    attempts = shown.total("grpc_client_started_total", grpc_method="Range")
    assert attempts == 1 + shown.total("etcdobs_retries_total", grpc_method="Range")
    assert shown.total("etcdobs_endpoint_latency_seconds_count", endpoint=address(link.endpoint)) == 1


async def test_a_killed_member_shows_and_its_calls_are_one_operation_each(
    open_client: OpenClient, etcd_cluster_of_three: EtcdCluster, prefix: str, shown: Shown
) -> None:
    cluster = etcd_cluster_of_three
    async with open_client(cluster.endpoint, metrics=ClientMetrics(shown.registry)) as client:
        for _ in range(3):
            await client.get(prefix)
        assert shown.states() == dict.fromkeys(map(address, cluster.endpoints), "up")
        victim = next(member for member in cluster if member is not cluster.leader())
        victim.kill()
        for _ in range(3):
            await client.get(prefix)
        lost = address(victim.endpoint)
        assert shown.states() == dict.fromkeys(map(address, cluster.endpoints), "up") | {lost: "failing"}
        victim.start()

        async def answers_again() -> bool:
            await client.get(prefix)
            return shown.states()[lost] == "up"

        before = sum(shown.operations().values())
        await eventually(answers_again)
    assert before == 6
    assert {outcome for _, outcome in shown.operations()} == {"OK"}
    assert shown.total("etcdobs_failovers_total") >= 1
    assert shown.states() == {}


async def test_the_series_of_an_endpoint_that_left_are_gone(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, shown: Shown
) -> None:
    def endpoints() -> set[str]:
        return shown.values("etcdobs_endpoint_latency_seconds_count", "endpoint")

    metrics = ClientMetrics(shown.registry)
    with relay(etcd_server.endpoint) as one, relay(etcd_server.endpoint) as two:
        async with (
            open_client(one.endpoint, metrics=metrics) as client,
            open_client(one.endpoint, metrics=metrics) as neighbour,
        ):
            await client.get(prefix)
            await neighbour.get(prefix)
            await client.set_endpoints([two.endpoint])
            await client.get(prefix)
            assert endpoints() == set(shown.states()) == {address(one.endpoint), address(two.endpoint)}
            await neighbour.set_endpoints([two.endpoint])
            assert endpoints() == set(shown.states()) == {address(two.endpoint)}


async def test_a_lock_tells_how_long_it_was_waited_for(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, shown: Shown
) -> None:
    async with (
        open_client(etcd_server.endpoint) as other,
        open_client(etcd_server.endpoint, metrics=ClientMetrics(shown.registry)) as client,
    ):
        async with client.lock(prefix):
            pass
        async with other.lock(prefix):
            with pytest.raises(DeadlineExceededError):
                await client.lock(prefix, timeout=0.2).acquire()
    assert shown.counts("etcdobs_lock_wait_seconds_count", "outcome") == {"OK": 1, "DeadlineExceeded": 1}
    assert shown.total("etcdobs_lock_wait_seconds_sum", outcome="DeadlineExceeded") >= 0.2
    locks = {outcome: times for (op, outcome), times in shown.operations().items() if op == "lock"}
    assert locks == {"OK": 1, "DeadlineExceeded": 1}


async def test_tokens_are_counted_by_whether_they_were_had(open_client: OpenClient, shown: Shown) -> None:
    metrics = ClientMetrics(shown.registry)
    with etcd(root_password="secret", flags=[*QUICK, "--bcrypt-cost=4"]) as server:
        async with open_client(server.endpoint, username="root", password="secret", metrics=metrics) as client:
            await client.get("k")
        async with open_client(server.endpoint, username="root", password="wrong", metrics=metrics) as client:
            with pytest.raises(AuthenticationFailedError):
                await client.get("k")
    assert shown.counts("etcdobs_token_renewals_total", "outcome") == {"OK": 1, "InvalidArgument": 1}
    assert shown.operations() == {("get", "OK"): 1, ("get", "InvalidArgument"): 1}


async def test_batched_operations_are_counted_by_the_calls_they_go_in(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, shown: Shown
) -> None:
    async with (
        open_client(etcd_server.endpoint, metrics=ClientMetrics(shown.registry)) as client,
        client.batched() as batch,
    ):
        await asyncio.gather(*(batch.put(f"{prefix}{number}", "") for number in range(50)))
    assert shown.total("etcdobs_batched_operations_sum") == 50
    # What goes alone is a put.
    assert shown.total("etcdobs_batched_operations_count") == sum(shown.operations().values())
    assert shown.operations()["txn-write", "OK"] > 0


async def test_labels_hold_the_callers_context_and_never_keys_values_or_leases(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, shown: Shown
) -> None:
    tenant: ContextVar[str] = ContextVar("tenant")
    metrics = ClientMetrics(shown.registry, context_labels={"tenant": tenant.get})
    async with open_client(etcd_server.endpoint, metrics=metrics) as client:
        await client.get(prefix)
        tenant.set("blue")
        lease = await client.lease.grant(60)
        async with client.lease.keep_alive(lease), client.watch(prefix), client.lock(prefix + "lock"):
            await client.put(prefix, "secret-value", lease=lease)
    assert shown.total("etcdobs_operation_seconds_count", op="get", tenant="") == 1
    assert shown.total("etcdobs_operation_seconds_count", op="put", tenant="blue") == 1
    assert shown.total("grpc_client_handled_total", grpc_method="Put", tenant="blue", grpc_code="OK") == 1
    text = generate_latest(shown.registry).decode()
    assert not [said for said in (prefix, "secret-value", str(lease.id), f"{lease.id:x}") if said in text]
