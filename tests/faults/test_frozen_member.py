"""A member that is frozen costs seconds, once: calls move on, and it is asked again only when it answers."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator

import pytest
from prometheus_client import CollectorRegistry

from etcdobs import AsyncClient, ClientMetrics, DeadlineExceededError, Keys
from etcdobs.testing import Etcd, EtcdCluster, etcd_cluster, relay
from tests.conftest import OpenClient
from tests.waiting import Stopwatch, eventually


@pytest.fixture(scope="module")
def cluster() -> Iterator[EtcdCluster]:
    with etcd_cluster(3) as members:
        yield members


@pytest.fixture
def follower(cluster: EtcdCluster) -> Iterator[Etcd]:
    """A member that does not lead; it goes on after the test."""
    leader = cluster.leader()
    chosen = next(member for member in cluster if member is not leader)
    yield chosen
    chosen.resume()


@pytest.fixture
async def client(open_client: OpenClient, cluster: EtcdCluster) -> AsyncIterator[AsyncClient]:
    """A client that is connected to every member."""
    async with open_client(cluster.endpoint) as opened:
        for _ in range(6):
            await opened.get("k")
        yield opened


async def slowest(client: AsyncClient, prefix: str, reads: int) -> float:
    longest = 0.0
    for _ in range(reads):
        with Stopwatch() as took:
            await client.get(prefix)
        longest = max(longest, took.seconds)
    return longest


async def test_a_read_moves_on_within_seconds_and_the_next_are_fast(
    client: AsyncClient, follower: Etcd, prefix: str
) -> None:
    follower.pause()
    assert 1 < await slowest(client, prefix, 3) < 3.2
    assert await slowest(client, prefix, 60) < 0.5


async def test_reads_at_the_same_time_all_move_on(client: AsyncClient, follower: Etcd, prefix: str) -> None:
    follower.pause()
    with Stopwatch() as took:
        await asyncio.gather(*(client.range(prefix) for _ in range(12)))
    assert took.seconds < 3.2


async def test_a_lease_is_granted_elsewhere(client: AsyncClient, follower: Etcd) -> None:
    follower.pause()
    with Stopwatch() as took:
        leases = await asyncio.gather(*(client.lease.grant(60) for _ in range(3)))
    assert took.seconds < 3.2
    assert {lease.ttl for lease in leases} == {60}


async def test_a_member_that_goes_on_is_used_again(client: AsyncClient, follower: Etcd, prefix: str) -> None:
    follower.pause()
    await slowest(client, prefix, 3)
    assert len(await answering(client, prefix)) == 2
    follower.resume()
    await eventually(lambda: all_answer(client, prefix))


async def answering(client: AsyncClient, key: str) -> set[int]:
    return {(await client.range(key)).header.member_id for _ in range(6)}


async def all_answer(client: AsyncClient, key: str) -> bool:
    return len(await answering(client, key)) == 3


async def test_a_mutation_is_not_sent_to_a_member_that_froze_while_idle(
    client: AsyncClient, follower: Etcd, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etcdobs._endpoints._IDLE", 0.0)
    follower.pause()
    with Stopwatch() as took:
        for number in range(9):
            await client.put(prefix, str(number))
    assert took.seconds < 2
    kv = await client.get(prefix)
    assert kv is not None
    assert (kv.version, kv.text) == (9, "8")


async def test_a_mutation_under_way_is_sent_to_no_other_member(
    client: AsyncClient, follower: Etcd, prefix: str
) -> None:
    follower.pause()
    puts = [client.put(f"{prefix}{number}", timeout=1.0) for number in range(3)]
    outcomes = await asyncio.gather(*puts, return_exceptions=True)
    lost = [outcome for outcome in outcomes if isinstance(outcome, DeadlineExceededError)]
    assert len(lost) == 1
    assert lost[0].outcome_unknown
    follower.resume()
    await eventually(lambda: all_answer(client, prefix))
    assert all(kv.version == 1 for kv in await client.range(Keys.prefix(prefix)))


async def test_a_member_that_made_a_mutation_wait_is_left_out(client: AsyncClient, follower: Etcd, prefix: str) -> None:
    follower.pause()
    await asyncio.gather(*(client.put(prefix, timeout=1.0) for _ in range(3)), return_exceptions=True)
    with Stopwatch() as took:
        for _ in range(9):
            await client.put(prefix)
    assert took.seconds < 1


async def test_a_read_that_is_pinned_to_a_frozen_member_stays_there(client: AsyncClient, follower: Etcd) -> None:
    follower.pause()
    with pytest.raises(DeadlineExceededError) as caught:
        await client.maintenance.status(follower.endpoint, timeout=2.0)
    assert follower.endpoint.endswith(caught.value.endpoint)


async def test_a_watch_is_created_elsewhere(client: AsyncClient, follower: Etcd, prefix: str) -> None:
    follower.pause()
    for _ in range(3):
        with Stopwatch() as took:
            async with client.watch(prefix, start_revision=1):
                pass
        assert took.seconds < 3.2


async def test_a_watch_on_a_stream_that_froze_takes_its_neighbours_elsewhere(
    open_client: OpenClient, cluster: EtcdCluster, prefix: str
) -> None:
    with relay(cluster[0].endpoint) as one, relay(cluster[1].endpoint) as two:
        async with (
            open_client([one.endpoint, two.endpoint]) as client,
            client.watch(prefix, start_revision=1) as first,
        ):
            serving = one if one.connections else two
            serving.blackhole()
            with Stopwatch() as took:
                async with client.watch(prefix, start_revision=1):
                    pass
            assert took.seconds < 3.5
            await client.put(prefix, "v", timeout=3)
            assert (await first.get(timeout=3)).kv.text == "v"


async def test_closing_does_not_wait_for_a_probe_beside_the_calls(
    client: AsyncClient, follower: Etcd, prefix: str
) -> None:
    follower.pause()
    await slowest(client, prefix, 3)

    async def is_probing() -> bool:
        await client.get(prefix)
        return "etcdobs-aside" in under_way()

    await eventually(is_probing)
    with Stopwatch() as took:
        await client.close()
    assert took.seconds < 0.5
    assert "etcdobs-aside" not in under_way()


def under_way() -> set[str]:
    """The names of all threads and tasks."""
    return {thread.name for thread in threading.enumerate()} | {task.get_name() for task in asyncio.all_tasks()}


async def test_a_slow_call_is_not_abandoned_where_its_member_lives(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etcdobs._attempts.LONGEST_SLICE", 0.5)
    registry = CollectorRegistry()
    with relay(etcd_server.endpoint) as one, relay(etcd_server.endpoint) as two:
        async with open_client([one.endpoint, two.endpoint], metrics=ClientMetrics(registry)) as client:
            for _ in range(2):
                await client.put(prefix, "v")
            for link in (one, two):
                link.delay(0.3)
            kv = await client.get(prefix)
            assert kv is not None
            assert kv.text == "v"
    names = {(sample.name, *sample.labels.values()) for family in registry.collect() for sample in family.samples}
    assert ("etcdobs_retries_total", "etcdserverpb.KV", "Range", "Slow") in names
    assert not [name for name, *_ in names if name == "etcdobs_failovers_total"]
