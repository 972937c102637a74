"""What a cluster that cannot serve says is raised by its own name, and in its own time."""

import asyncio
from collections.abc import Iterator

import grpc
import pytest

from etcdobs import (
    AsyncClient,
    DeadlineExceededError,
    EtcdError,
    NoLeaderError,
    NoSpaceError,
    Put,
    RequestTooLargeError,
    ResponseTooLargeError,
    TooManyRequestsError,
    UnavailableError,
)
from etcdobs.testing import Etcd, EtcdCluster, etcd
from tests.conftest import OpenClient
from tests.fake_etcd import Refusal, fake_etcd
from tests.full_store import KEY, fill
from tests.waiting import QUICK, Stopwatch, eventually

MEBIBYTE = 1024 * 1024


@pytest.fixture
def cluster(etcd_cluster_of_three: EtcdCluster) -> Iterator[EtcdCluster]:
    """Three members that have a leader; those that a test killed or froze go on after it."""
    etcd_cluster_of_three.leader()
    yield etcd_cluster_of_three
    for member in etcd_cluster_of_three:
        member.resume()
    etcd_cluster_of_three.start()


@pytest.mark.parametrize("how", ["kill", "pause"])
async def test_without_a_quorum(open_client: OpenClient, cluster: EtcdCluster, prefix: str, how: str) -> None:
    """Whoever asks for a leader is told that there is none; whoever does not waits for its own deadline."""
    one, *others = cluster
    async with (
        open_client(one.endpoint, require_leader=True) as strict,
        open_client(one.endpoint) as patient,
    ):
        await strict.put(prefix, "v")
        await patient.get(prefix)
        for member in others:
            getattr(member, how)()
        await eventually(lambda: refused_for_want_of_a_leader(strict, prefix))
        with Stopwatch() as took, pytest.raises(NoLeaderError) as caught:
            await strict.put(prefix, "w", timeout=5)
        assert took.seconds < 6
        assert not caught.value.outcome_unknown
        with Stopwatch() as took, pytest.raises(DeadlineExceededError) as late:
            await patient.put(prefix, "w", timeout=1)
        assert took.seconds < 1.5
        assert late.value.outcome_unknown
        kv = await patient.get(prefix, serializable=True)
        assert kv is not None
        assert kv.text == "v"


async def refused_for_want_of_a_leader(client: AsyncClient, key: str) -> bool:
    try:
        await client.put(key, "v", timeout=1)
    except NoLeaderError:
        return True
    except EtcdError:
        return False
    return False


async def test_a_full_database_says_so_at_once_and_is_freed(open_client: OpenClient) -> None:
    with etcd(flags=[*QUICK, f"--quota-backend-bytes={2 * MEBIBYTE}"]) as server:
        async with open_client(server.endpoint) as client:
            with Stopwatch() as took, pytest.raises(NoSpaceError) as caught:
                await fill(client)
            assert took.seconds < 5
            assert (caught.value.code, caught.value.outcome_unknown) == (grpc.StatusCode.RESOURCE_EXHAUSTED, False)
            with pytest.raises(NoSpaceError):
                await client.txn().then(Put("k", "v")).commit()
            assert (await client.delete(KEY)).deleted
            await client.compact((await client.range(KEY)).revision, physical=True)
            await client.maintenance.defragment(server.endpoint)
            await client.maintenance.disarm()
            await client.put("k", "v")


async def test_too_many_requests(open_client: OpenClient) -> None:
    """Said by a server that is made up: a real one says so once 5,000 proposals wait to be applied."""
    refusal = Refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, "etcdserver: too many requests")
    with fake_etcd({"etcdserverpb.KV/Put": refusal}) as server:
        async with open_client(server.endpoint) as client:
            with Stopwatch() as took, pytest.raises(TooManyRequestsError) as caught:
                await client.put("k", "v")
            assert took.seconds < 3
            assert not caught.value.outcome_unknown


async def test_pings_that_the_server_finds_too_many_break_no_watch(open_client: OpenClient, quick_etcd: Etcd) -> None:
    """The server closes the connection with GOAWAY; calls and watches go on over the next."""
    options = (("grpc.keepalive_time_ms", 50), ("grpc.http2.min_time_between_pings_ms", 50))
    async with (
        open_client(quick_etcd.endpoint) as writer,
        open_client(quick_etcd.endpoint, options=options) as client,
        client.watch("k") as watcher,
    ):
        for number in range(10):
            await writer.put("k", str(number))
            assert (await watcher.get(timeout=5)).kv.text == str(number)
            await asyncio.sleep(0.15)
            assert (await client.get("k")) is not None


async def test_messages_that_are_too_large(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with (
        open_client(quick_etcd.endpoint, max_receive_bytes=MEBIBYTE) as client,
        open_client(quick_etcd.endpoint, max_send_bytes=8 * MEBIBYTE) as sender,
    ):
        with Stopwatch() as took:
            for big, by in ((3 * MEBIBYTE, client), (3 * MEBIBYTE, sender), (1_600_000, sender)):
                with pytest.raises(RequestTooLargeError) as refused:
                    await by.put("k", "x" * big)
                assert not refused.value.outcome_unknown
            await sender.put("k", "x" * (MEBIBYTE + 1000))
            with pytest.raises(ResponseTooLargeError):
                await client.get("k")
            await client.put("k", "small")
        assert took.seconds < 3


async def test_nobody_there(open_client: OpenClient) -> None:
    async with open_client("127.0.0.1:1", dial_timeout=0.5) as client:
        with Stopwatch() as took, pytest.raises(UnavailableError) as caught:
            await client.put("k", "v")
        assert took.seconds < 1.5
        assert not caught.value.outcome_unknown
