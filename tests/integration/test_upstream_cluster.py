"""What clientv3's own tests prove of a client whose endpoints include a learner."""

import asyncio
from collections.abc import Iterator

import pytest

from etcdobs.testing import Etcd
from etcdobs.testing._flags import Options
from tests.conftest import OpenClient
from tests.waiting import QUICK, eventually


@pytest.fixture
def learner(quick_etcd: Etcd) -> Iterator[Etcd]:
    """One that is to join `quick_etcd`: not started, and its peer URL is known to nobody yet."""
    peers = [quick_etcd]
    options = Options(None, None, None, (*QUICK, "--initial-cluster-state=existing"), True)
    joining = Etcd(options, name="spare", peers=peers)
    peers.append(joining)
    try:
        joining._prepare()
        yield joining
    finally:
        joining.close()


async def test_a_learner_among_the_endpoints_sends_calls_elsewhere(
    open_client: OpenClient, quick_etcd: Etcd, learner: Etcd
) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        await client.cluster.add(learner.peer_url, learner=True)
        await client.put("k", "v")
    await asyncio.to_thread(learner.start, wait=False)
    async with open_client(learner.endpoint, dial_timeout=20) as alone:
        await eventually(lambda: alone.get("k", serializable=True))
    async with open_client([learner.endpoint, quick_etcd.endpoint]) as client:
        for number in range(6):
            await client.put("k", str(number))
            kv = await client.get("k")
            assert kv is not None
            assert kv.text == str(number)
        async with client.watch("k") as watcher, client.lease.keep_alive(await client.lease.grant(60)) as heartbeat:
            await client.put("k", "seen")
            assert (await watcher.get(timeout=5)).kv.text == "seen"
            assert not heartbeat.lost
