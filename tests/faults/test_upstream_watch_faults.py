"""What clientv3's own tests of watches prove when connections drop, members die and the leader is gone."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from etcdobs import AsyncClient, EtcdError, Keys
from etcdobs.testing import Etcd, EtcdCluster, relay
from tests.conftest import OpenClient
from tests.waiting import eventually, values


@pytest.mark.parametrize("drop", [False, True])
async def test_watchers_that_come_and_go_while_the_connection_drops(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, drop: bool
) -> None:
    with relay(etcd_server.endpoint) as link:
        async with open_client(etcd_server.endpoint) as writer, open_client(link.endpoint) as client:
            written = (await writer.put(prefix, "1")).revision

            async def come_and_go(number: int) -> None:
                for _ in range(5):
                    async with client.watch(prefix, start_revision=written - number % 2) as watcher:
                        if number % 3:
                            assert (await watcher.get(timeout=20)).kv.text == "1"

            coming = [asyncio.create_task(come_and_go(number)) for number in range(8)]
            for _ in range(10 * drop):
                await asyncio.sleep(0.01)
                link.reset()
            await asyncio.gather(*coming)


async def test_closing_while_many_watchers_resume_is_prompt(
    open_client: OpenClient, etcd_server: Etcd, prefix: str
) -> None:
    with relay(etcd_server.endpoint) as link:
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(open_client(link.endpoint))
            for number in range(50):
                await stack.enter_async_context(client.watch(f"{prefix}{number}"))
            link.reset()
            await asyncio.wait_for(client.close(), 3)


async def test_a_watch_outlasts_a_member_that_has_no_leader(
    open_client: OpenClient, etcd_cluster_of_three: EtcdCluster, prefix: str
) -> None:
    """The server ends its stream; it is opened again when there is a leader, and nothing is missed or repeated."""
    one, *others = etcd_cluster_of_three
    async with open_client(one.endpoint) as client, client.watch(Keys.prefix(prefix)) as watcher:
        await client.put(prefix, "1")
        assert await values(watcher, 1) == ["1"]
        for member in others:
            member.kill()
        with pytest.raises(EtcdError):
            await client.put(prefix, "lost", timeout=0.3)
        etcd_cluster_of_three.start()
        await eventually(lambda: written(client, prefix), timeout=20)
        found = await values(watcher, 1, timeout=20)
        while found[-1] != "2":
            found += await values(watcher, 1)
        assert found in (["2"], ["lost", "2"])


async def written(client: AsyncClient, key: str) -> bool:
    kv = await client.get(key)
    if kv is not None and kv.text == "2":
        return True
    try:
        await client.put(key, "2", timeout=1)
    except EtcdError:
        return False
    return True
