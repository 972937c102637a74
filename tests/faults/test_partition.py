"""A member that is cut off from the others, and not from its clients: it costs seconds; nothing is lost or doubled."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from etcdobs import AsyncClient, DeadlineExceededError, EtcdError, NoLeaderError, UnavailableError
from etcdobs.recipes import AsyncLock
from etcdobs.testing import Etcd
from tests.conftest import OpenClient
from tests.partitions import PartitionedCluster, partitioned_cluster
from tests.waiting import Stopwatch, eventually, taken

WHO = ["leader", "follower"]


@pytest.fixture(scope="module")
def members() -> Iterator[PartitionedCluster]:
    with partitioned_cluster() as cluster:
        yield cluster


@pytest.fixture
def cluster(members: PartitionedCluster) -> Iterator[PartitionedCluster]:
    """Three members that have a leader; they are together again after the test."""
    members.leader()
    yield members
    members.network.heal()
    members.leader()


def chosen(cluster: PartitionedCluster, who: str) -> Etcd:
    return cluster.leader() if who == "leader" else cluster.follower()


async def isolated(open_client: OpenClient, cluster: PartitionedCluster, member: Etcd) -> None:
    """Cuts the member off, and returns once it knows."""
    cluster.isolate(member)
    await knows(open_client, member)


async def knows(open_client: OpenClient, member: Etcd) -> None:
    async with open_client(member.endpoint, require_leader=True, retry=None) as client:
        await eventually(lambda: has_no_leader(client))


async def has_no_leader(client: AsyncClient) -> bool:
    try:
        await client.get("k", serializable=True, timeout=1)
    except NoLeaderError:
        return True
    return False


@pytest.mark.parametrize("who", WHO)
async def test_reads_move_on_from_the_moment_of_the_cut(
    open_client: OpenClient, cluster: PartitionedCluster, prefix: str, who: str
) -> None:
    """Within seconds, and not by the deadline: the member goes on answering what needs no quorum."""
    one = chosen(cluster, who)
    async with open_client(cluster.endpoint) as client:
        await client.put(prefix, "v")
        for _ in range(3):
            await client.get(prefix)
        cluster.isolate(one)
        with Stopwatch() as first:
            found = await asyncio.gather(*(client.get(prefix) for _ in range(6)))
        with Stopwatch() as then:
            for _ in range(12):
                await client.get(prefix)
    assert [kv and kv.text for kv in found] == ["v"] * 6
    assert first.seconds < 5
    assert then.seconds < 1


@pytest.mark.parametrize("who", WHO)
async def test_writes_move_on_unless_they_were_under_way(
    open_client: OpenClient, cluster: PartitionedCluster, prefix: str, who: str
) -> None:
    """What the member took before it knew is of unknown outcome; from then on it refuses, and others are asked."""
    one = chosen(cluster, who)
    async with open_client(cluster.endpoint) as client:
        cluster.isolate(one)
        puts = [client.put(f"{prefix}{number}", timeout=3) for number in range(6)]
        with Stopwatch() as took:
            outcomes = await asyncio.gather(*puts, return_exceptions=True)
        assert took.seconds < 4
        failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        # The followers too hand theirs to the leader, and it is lost on the way.
        assert len(failures) <= (6 if who == "leader" else 2)
        assert all(getattr(failure, "outcome_unknown", False) for failure in failures)
    await knows(open_client, one)
    async with open_client(cluster.endpoint) as client:
        with Stopwatch() as took:
            for number in range(9):
                await client.put(prefix, str(number))
        kv = await client.get(prefix)
    assert took.seconds < 1
    assert kv is not None
    assert kv.version == 9


async def test_who_knows_only_the_member_is_told(
    open_client: OpenClient, cluster: PartitionedCluster, prefix: str
) -> None:
    one = cluster.follower()
    async with (
        open_client(one.endpoint) as client,
        open_client(one.endpoint, require_leader=True) as strict,
    ):
        await client.put(prefix, "v")
        await isolated(open_client, cluster, one)
        with Stopwatch() as took:
            for call in (client.get(prefix, timeout=0.7), client.put(prefix, "w", timeout=0.7)):
                with pytest.raises((DeadlineExceededError, UnavailableError)):
                    await call
            with pytest.raises(NoLeaderError) as caught:
                await strict.put(prefix, "w")
        assert took.seconds < 2.5
        assert not caught.value.outcome_unknown
        kv = await client.get(prefix, serializable=True)
        assert kv is not None
        assert kv.text == "v"


@pytest.mark.parametrize("who", WHO)
async def test_a_watch_goes_on_at_another_member(
    open_client: OpenClient, cluster: PartitionedCluster, prefix: str, who: str
) -> None:
    one = chosen(cluster, who)
    async with (
        open_client(cluster.others(one)[0].endpoint) as writer,
        open_client(one.endpoint) as client,
        client.watch(prefix, start_revision=(await written(writer, prefix))) as watcher,
    ):
        await taken(watcher, 1)
        await client.set_endpoints(cluster.endpoints)
        cluster.isolate(one)
        for _ in range(20):
            await written(writer, prefix)
        revisions = [event.kv.mod_revision async for event in writer.history(prefix)]
        events = await taken(watcher, len(revisions) - 1, timeout=15)
        assert [event.kv.mod_revision for event in events] == revisions[-2::-1]
        with pytest.raises(TimeoutError):
            await watcher.get(timeout=0.1)


async def written(client: AsyncClient, key: str) -> int:
    """The revision of a put that found a leader, before or after."""

    async def put() -> int:
        try:
            return (await client.put(key, "v", timeout=2)).revision
        except EtcdError:
            return 0

    revision: int = await eventually(put, timeout=20)
    return revision


@pytest.mark.parametrize("who", WHO)
async def test_a_holder_that_is_cut_off_knows_before_another_has_the_lock(
    open_client: OpenClient, cluster: PartitionedCluster, prefix: str, who: str
) -> None:
    one = chosen(cluster, who)
    async with (
        open_client(one.endpoint) as client,
        open_client([each.endpoint for each in cluster.others(one)]) as other,
    ):
        lock = client.lock(prefix, ttl=2)
        await lock.acquire()
        losing = asyncio.create_task(lost_at(lock))
        waiting = other.lock(prefix, ttl=2, timeout=20)
        acquiring = asyncio.create_task(waiting.acquire())
        await asyncio.sleep(0.2)
        cluster.isolate(one)
        await acquiring
        acquired_at = time.monotonic()
        assert await losing <= acquired_at
        assert waiting.fence > lock.fence
        await waiting.release()


async def lost_at(lock: AsyncLock) -> float:
    """When it was told, on the clock of `time.monotonic`."""
    assert await lock.wait_lost(timeout=20)
    return time.monotonic()


async def test_a_member_that_is_back_is_used_again(
    open_client: OpenClient, cluster: PartitionedCluster, prefix: str
) -> None:
    one = cluster.follower()
    async with open_client(cluster.endpoint) as client:
        await isolated(open_client, cluster, one)
        await asyncio.gather(*(client.get(prefix) for _ in range(3)))
        assert len(await answering(client, prefix)) == 2
        cluster.network.heal()
        await eventually(lambda: all_answer(client, prefix))


async def all_answer(client: AsyncClient, key: str) -> bool:
    return len(await answering(client, key)) == 3


async def answering(client: AsyncClient, key: str) -> set[int]:
    return {(await client.range(key)).header.member_id for _ in range(6)}


async def test_a_member_that_is_heard_and_hears_nobody(
    open_client: OpenClient, cluster: PartitionedCluster, prefix: str
) -> None:
    """It has no leader any more, and asks for votes that would not reach it: others go on."""
    one = cluster.follower()
    async with open_client(cluster.endpoint) as client:
        await client.put(prefix, "v")
        cluster.network.deafen(cluster.members.index(one))
        await knows(open_client, one)
        with Stopwatch() as took:
            for _ in range(9):
                kv = await client.get(prefix)
                assert kv is not None
                assert kv.text == "v"
        assert took.seconds < 4


async def test_a_leader_that_is_not_heard_is_left(
    open_client: OpenClient, cluster: PartitionedCluster, prefix: str
) -> None:
    one = cluster.leader()
    async with open_client(cluster.endpoint) as client:
        await client.put(prefix, "v")
        cluster.network.mute(cluster.members.index(one))
        with Stopwatch() as took:
            found = await asyncio.gather(*(client.get(prefix) for _ in range(6)))
        assert took.seconds < 5
        assert [kv and kv.text for kv in found] == ["v"] * 6
