"""What clientv3's own tests prove of calls and leases while members are stopped, frozen or without a quorum."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from etcdobs import (
    AsyncClient,
    AsyncHeartbeat,
    AsyncLease,
    Compare,
    DeadlineExceededError,
    EtcdError,
    Get,
    Put,
    TxnResponse,
    UnavailableError,
)
from etcdobs.testing import Etcd, EtcdCluster, relay
from tests.conftest import OpenClient
from tests.waiting import Stopwatch, eventually

# Seconds, by etcd's own settings.
ELECTION_TIMEOUT = 1.0

CALLS: dict[str, Callable[[AsyncClient, str], Awaitable[Any]]] = {
    "put": lambda client, key: client.put(key, "v", timeout=1),
    "delete": lambda client, key: client.delete(key, timeout=1),
    "txn": lambda client, key: client.txn().when(Compare.missing(key)).then(Put(key)).commit(timeout=1),
    "linearizable get": lambda client, key: client.get(key, timeout=3),
    "serializable get": lambda client, key: client.get(key, serializable=True, timeout=3),
}


@pytest.fixture
def cluster(etcd_cluster_of_three: EtcdCluster) -> Iterator[EtcdCluster]:
    """Three members that are together: those that a test stopped are started again, and have a leader."""
    etcd_cluster_of_three.leader()
    yield etcd_cluster_of_three
    etcd_cluster_of_three.start()
    etcd_cluster_of_three.leader()


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
async def test_a_call_goes_on_when_the_member_it_used_is_gone(
    open_client: OpenClient, cluster: EtcdCluster, prefix: str, call: Callable[..., Awaitable[Any]]
) -> None:
    """A mutation may fail once, of unknown outcome; a read never does."""
    first = cluster[0]
    async with open_client(first.endpoint) as client:
        await client.put(prefix + "before")
        await client.set_endpoints(cluster.endpoints)
        first.kill()
        cluster.leader()
        reads = call in (CALLS["linearizable get"], CALLS["serializable get"])
        for number in range(6):
            failure = await failure_of(call(client, f"{prefix}{number}"))
            assert failure is None or (failure.outcome_unknown and not reads)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
async def test_a_member_that_swallows_costs_one_deadline(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, call: Callable[..., Awaitable[Any]]
) -> None:
    with relay(etcd_server.endpoint) as one, relay(etcd_server.endpoint) as two:
        async with open_client([one.endpoint, two.endpoint], dial_timeout=1) as client:
            for _ in range(4):
                await client.put(prefix)
            one.blackhole()
            failures = [await failure_of(call(client, f"{prefix}{number}")) for number in range(4)]
            assert failures.count(None) >= 3
            assert all(isinstance(each, (DeadlineExceededError, UnavailableError)) for each in failures if each)


async def failure_of(call: Awaitable[object]) -> EtcdError | None:
    try:
        await call
    except EtcdError as error:
        return error
    return None


@pytest.mark.parametrize("serializable", [False, True])
async def test_a_read_under_way_when_its_server_restarts_is_answered(
    open_client: OpenClient, quick_etcd: Etcd, serializable: bool
) -> None:
    async with open_client(quick_etcd.endpoint, timeout=20) as client:
        await client.put("k", "v")
        reading = [asyncio.create_task(client.get("k", serializable=serializable)) for _ in range(20)]
        await asyncio.sleep(0)
        quick_etcd.kill()
        await asyncio.to_thread(quick_etcd.start)
        for kv in await asyncio.gather(*reading):
            assert kv is not None
            assert kv.text == "v"


async def test_a_put_to_a_dead_server_fails_and_a_get_is_tried_until_it_is_back(
    open_client: OpenClient, quick_etcd: Etcd
) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        await client.put("k", "v")
        quick_etcd.kill()
        with Stopwatch() as waited, pytest.raises((UnavailableError, DeadlineExceededError)):
            await client.put("k", "new", timeout=0.5)
        assert waited.seconds < 2
        reading = asyncio.create_task(client.get("k"))
        await asyncio.to_thread(quick_etcd.start)
        kv = await reading
        assert kv is not None
        assert kv.text == "v"


async def test_a_transaction_that_writes_is_applied_at_most_once(
    open_client: OpenClient, etcd_server: Etcd, prefix: str
) -> None:
    with relay(etcd_server.endpoint) as link:
        async with open_client(link.endpoint) as client:
            done = unknown = 0
            for _ in range(20):
                writing = [asyncio.create_task(client.txn().then(Put(prefix)).commit()) for _ in range(4)]
                await asyncio.sleep(0)
                link.reset()
                for outcome in await asyncio.gather(*writing, return_exceptions=True):
                    done += isinstance(outcome, TxnResponse)
                    unknown += getattr(outcome, "outcome_unknown", False)
            kv = await client.get(prefix)
    assert done + unknown == 80
    assert kv is not None
    assert done <= kv.version <= done + unknown


async def test_a_transaction_that_only_reads_is_repeated(
    open_client: OpenClient, etcd_server: Etcd, prefix: str
) -> None:
    with relay(etcd_server.endpoint) as link:
        async with open_client(link.endpoint) as client:
            await client.put(prefix, "v")
            for number in range(60):
                if number % 6 == 0:
                    link.reset()
                response = await client.txn().when(Compare.exists(prefix)).then(Get(prefix)).commit()
                assert response.succeeded


async def test_a_heartbeat_outlasts_the_loss_of_the_quorum(open_client: OpenClient, cluster: EtcdCluster) -> None:
    _, *others = cluster
    async with open_client(cluster.endpoints) as client:
        lease = await client.lease.grant(12)
        async with lease.keep_alive() as heartbeat:
            for member in others:
                member.kill()
            assert not await heartbeat.wait_lost(timeout=1)
            cluster.start()
            before = heartbeat.seconds_left or 0
            await eventually(lambda: (heartbeat.seconds_left or 0) > before, timeout=10)
            assert not heartbeat.lost


@pytest.mark.parametrize("survivor", ["leader", "follower"])
async def test_without_a_leader_a_lease_is_called_lost_in_time(
    open_client: OpenClient, cluster: EtcdCluster, survivor: str
) -> None:
    """The server may keep it until there is a leader again; whoever holds it here must not count on that.

    A follower has each renewal made by the leader, so that none is after its death. A leader goes on renewing until
    it has noticed that it is alone: it looks once in an election timeout whether it was heard in the last.
    """
    leader = cluster.leader()
    one = leader if survivor == "leader" else next(member for member in cluster if member is not leader)
    async with open_client(one.endpoint) as client:
        lease = await eventually(lambda: granted(client, 3), timeout=20)
        async with lease.keep_alive() as heartbeat:
            for member in cluster:
                if member is not one:
                    member.kill()
            with Stopwatch() as waited:
                latest = await latest_expiry(heartbeat)
            # The truth of the matter: no later than its ttl after the last renewal that was answered.
            assert time.monotonic() <= latest + 0.5
            assert waited.seconds <= lease.ttl + (2 * ELECTION_TIMEOUT if survivor == "leader" else 0) + 0.5


async def latest_expiry(heartbeat: AsyncHeartbeat) -> float:
    """Watches it until it is lost; the latest time, by the clock, at which it said that it would be."""
    latest = 0.0
    while not await heartbeat.wait_lost(timeout=0.05):
        latest = max(latest, time.monotonic() + (heartbeat.seconds_left or 0))
    return latest


async def granted(client: AsyncClient, ttl: int) -> AsyncLease | None:
    """None while the members of a test before are still coming together."""
    try:
        return await client.lease.grant(ttl, timeout=1)
    except EtcdError:
        return None


async def test_sessions_that_overlap_a_restart_each_end_with_their_lease(
    open_client: OpenClient, quick_etcd: Etcd
) -> None:
    async def hold(client: AsyncClient, number: int) -> bool:
        async with client.session(ttl=10) as session:
            await client.put(f"k{number}", lease=session.lease)
            return session.lost

    async with open_client(quick_etcd.endpoint, timeout=20) as client:
        for _ in range(2):
            holding = [asyncio.create_task(hold(client, number)) for number in range(10)]
            await asyncio.sleep(0.02)
            await asyncio.to_thread(quick_etcd.stop)
            await asyncio.to_thread(quick_etcd.start)
            for outcome in await asyncio.gather(*holding, return_exceptions=True):
                assert outcome is False or getattr(outcome, "outcome_unknown", False), outcome
