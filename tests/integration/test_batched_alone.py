"""Who asks a batch for something and has nobody to go with sends it as a call of its own; nobody waits in vain."""

import asyncio
import threading
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from etcdobs import AsyncClient, Client, ClientMetrics, Keys, LeaseNotFoundError, RequestTooLargeError
from etcdobs.testing import Etcd
from tests.conftest import OpenClient
from tests.frozen import frozen


def started(registry: CollectorRegistry) -> dict[str, float]:
    """How many calls of each method of KV were begun."""
    labels = {"grpc_type": "unary", "grpc_service": "etcdserverpb.KV"}
    found = {
        method: registry.get_sample_value("grpc_client_started_total", {**labels, "grpc_method": method})
        for method in ("Range", "Put", "DeleteRange", "Txn")
    }
    return {method: count for method, count in found.items() if count}


async def test_it_is_as_a_call_of_the_client(open_client: OpenClient, etcd_server: Etcd, prefix: str) -> None:
    registry = CollectorRegistry()
    async with open_client(etcd_server.endpoint, metrics=ClientMetrics(registry)) as client:
        lease = await client.lease.grant(60)
        async with client.batched() as batch:
            for number in range(5):
                await batch.put(prefix, str(number), lease=lease)
                found = await batch.get(prefix)
                assert found is not None
                assert (found.text, found.lease) == (str(number), lease.id)
            replaced = await batch.put(prefix, "last", prev_kv=True)
            assert replaced.prev_kv is not None
            assert replaced.prev_kv.text == "4"
            assert (await batch.delete(prefix, prev_kv=True)).prev_kvs[0].text == "last"
    # What writes is a transaction of one in asyncio, where its caller may be cancelled.
    begun = started(registry)
    assert begun.pop("Range") == 5
    assert begun in ({"Put": 6, "DeleteRange": 1}, {"Txn": 7})


async def test_one_that_fails_leaves_its_key_to_the_next(client: AsyncClient, prefix: str) -> None:
    async with client.batched() as batch:
        for _ in range(2):
            with pytest.raises(LeaseNotFoundError):
                await batch.put(prefix, lease=12345)
            with pytest.raises(RequestTooLargeError):
                await batch.put(prefix, b"x" * 3_000_000)
            assert (await batch.put(prefix)).revision > 0
            assert await batch.get(prefix) is not None


async def test_those_behind_it_wait_for_it(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client, client.batched() as batch:
        await batch.put("k", "0")
        with frozen(quick_etcd):
            asked: list[asyncio.Task[Any]] = []
            for number in range(1, 4):
                asked.append(asyncio.create_task(batch.put("k", str(number))))
                await asyncio.sleep(0.05)
            asked += [asyncio.create_task(batch.get(key)) for key in ("k", "other")]
            await asyncio.sleep(0.05)
            assert not any(task.done() for task in asked)
        *written, found, missing = await asyncio.wait_for(asyncio.gather(*asked), 20)
        assert [answer.revision for answer in written] == sorted({answer.revision for answer in written})
        assert (found.text, missing) == ("3", None)


async def test_a_read_that_is_cancelled_harms_no_other(quick_etcd: Etcd) -> None:
    async with AsyncClient(quick_etcd.endpoint) as client, client.batched() as batch:
        await batch.put("k", "1")
        with frozen(quick_etcd):
            alone = asyncio.create_task(batch.get("k"))
            await asyncio.sleep(0.1)
            behind = [asyncio.create_task(batch.get(key)) for key in ("k", "other")]
            await asyncio.sleep(0.1)
            alone.cancel()
            assert isinstance((await asyncio.gather(alone, return_exceptions=True))[0], asyncio.CancelledError)
        found, missing = await asyncio.wait_for(asyncio.gather(*behind), 20)
        assert found is not None
        assert (found.text, missing) == ("1", None)


async def test_a_read_that_is_cancelled_before_it_is_sent_harms_no_other(etcd_server: Etcd, prefix: str) -> None:
    async with AsyncClient(etcd_server.endpoint) as client, client.batched() as batch:
        await batch.put(prefix, "1")
        for _ in range(3):
            first, second = (asyncio.create_task(batch.get(key)) for key in (prefix + "a", prefix))
            await asyncio.sleep(0)  # both have asked, and neither was sent
            first.cancel()
            found = await asyncio.wait_for(second, 10)
            assert found is not None
            assert first.cancelled()


async def test_leaving_it_waits_for_a_read(quick_etcd: Etcd) -> None:
    async with AsyncClient(quick_etcd.endpoint) as client:
        batch = client.batched()
        await batch.put("k", "1")
        with frozen(quick_etcd):
            alone = asyncio.create_task(batch.get("k"))
            await asyncio.sleep(0.05)
            leaving = asyncio.create_task(batch.close())
            await asyncio.sleep(0.1)
            assert not leaving.done()
        await asyncio.wait_for(leaving, 20)
        assert (await asyncio.wait_for(alone, 0.1)) is not None


def test_leaving_it_waits_for_those_behind_too(quick_etcd: Etcd) -> None:
    with Client(quick_etcd.endpoint) as client:
        batch = client.batched()
        batch.put("a")
        callers = [threading.Thread(target=batch.put, args=(key,)) for key in "aabc"]
        with frozen(quick_etcd):
            for caller in callers:
                caller.start()
                caller.join(0.05)
            leaving = threading.Thread(target=batch.close)
            leaving.start()
            leaving.join(0.1)
            assert leaving.is_alive()
        for thread in (leaving, *callers):
            thread.join(20)
            assert not thread.is_alive()
        counts = {kv.key: kv.version for kv in client.range(Keys.all())}
        assert counts == {b"a": 3, b"b": 1, b"c": 1}
