"""How calls get on with the members that are left."""

import asyncio
import time

import pytest

from etcdobs import AsyncClient, DeadlineExceededError, EtcdError, Put, PutResponse, UnavailableError
from etcdobs.testing import Etcd, EtcdCluster, relay
from tests.conftest import OpenClient
from tests.waiting import Stopwatch, eventually


async def test_one_member_down_costs_milliseconds(
    open_client: OpenClient, etcd_cluster_of_three: EtcdCluster, prefix: str
) -> None:
    follower = next(member for member in etcd_cluster_of_three if member is not etcd_cluster_of_three.leader())
    follower.kill()
    async with open_client(etcd_cluster_of_three.endpoint) as client:
        slowest = 0.0
        for number in range(60):
            with Stopwatch() as took:
                await client.put(f"{prefix}{number}")
                await client.get(f"{prefix}{number}")
            slowest = max(slowest, took.seconds)
        assert slowest < 0.5
    etcd_cluster_of_three.start()


async def test_a_member_that_dies_under_load_loses_no_answer(
    open_client: OpenClient, etcd_cluster_of_three: EtcdCluster, prefix: str
) -> None:
    async with open_client(etcd_cluster_of_three.endpoint, timeout=20) as client:
        await client.put(prefix, "0")

        async def read() -> None:
            for _ in range(100):
                kv = await client.get(prefix)
                assert kv is not None
                assert kv.text == "0"

        reading = [asyncio.create_task(read()) for _ in range(4)]
        await asyncio.sleep(0)
        etcd_cluster_of_three.leader().kill()
        await asyncio.gather(*reading)
        etcd_cluster_of_three.start()


async def test_a_mutation_is_applied_at_most_once(open_client: OpenClient, etcd_server: Etcd, prefix: str) -> None:
    """Every put that is known to have failed was not applied, every one that succeeded was, and none was twice."""
    with relay(etcd_server.endpoint) as link:
        async with open_client(link.endpoint) as client:
            done = unknown = 0
            for number in range(50):
                putting = [asyncio.create_task(client.put(prefix, f"{number} {turn}")) for turn in range(4)]
                await asyncio.sleep(0)
                if number % 2:
                    link.reset()
                for outcome in await asyncio.gather(*putting, return_exceptions=True):
                    assert isinstance(outcome, PutResponse) or getattr(outcome, "outcome_unknown", False), outcome
                    done += isinstance(outcome, PutResponse)
                    unknown += not isinstance(outcome, PutResponse)
            kv = await client.get(prefix)
    assert kv is not None
    assert done <= kv.version <= done + unknown
    assert done + unknown == 200


async def test_reads_are_repeated_over_broken_connections(
    open_client: OpenClient, etcd_server: Etcd, prefix: str
) -> None:
    with relay(etcd_server.endpoint) as link:
        async with open_client(link.endpoint) as client:
            await client.put(prefix, "1")
            for number in range(200):
                if number % 10 == 0:
                    link.reset()
                kv = await client.get(prefix)
                assert kv is not None
                assert kv.text == "1"


async def test_a_call_waits_for_a_server_that_comes_back(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        await client.put("k", "1")
        quick_etcd.stop()
        reading = asyncio.create_task(client.get("k"))
        writing = asyncio.create_task(client.put("k", "2"))
        await asyncio.sleep(0.05)
        await asyncio.to_thread(quick_etcd.start)
        await reading
        await writing


async def test_without_a_quorum_only_serializable_reads_are_answered(
    open_client: OpenClient, etcd_cluster_of_three: EtcdCluster, prefix: str
) -> None:
    one, *others = etcd_cluster_of_three
    async with open_client(one.endpoint) as client:
        await client.put(prefix, "1")
        for member in others:
            member.kill()
        with pytest.raises((DeadlineExceededError, UnavailableError)):
            await client.get(prefix, timeout=0.5)
        kv = await client.get(prefix, serializable=True)
        assert kv is not None
        assert kv.text == "1"
        etcd_cluster_of_three.start()
        await eventually(lambda: _writes(client, prefix))


async def _writes(client: AsyncClient, key: str) -> bool:
    try:
        return (await client.txn().then(Put(key, "2")).commit()).succeeded
    except EtcdError:
        return False


async def test_a_stopped_server_does_not_hold_up_close(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        await client.get("k")
        quick_etcd.pause()
        calls = [asyncio.create_task(client.get("k")), asyncio.create_task(client.put("k"))]
        await asyncio.sleep(0.05)
        began = time.monotonic()
        await client.close()
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert time.monotonic() - began < 1
        assert [type(outcome).__name__ for outcome in outcomes] == ["ClosedError", "ClosedError"]
