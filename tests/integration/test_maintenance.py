"""What a member says of itself, and that it is the member that was asked."""

import asyncio

import pytest

from etcdobs import AsyncClient, ConnectionFailedError
from etcdobs.testing import Etcd, EtcdCluster
from tests.conftest import OpenClient
from tests.waiting import Stopwatch


async def test_status(client: AsyncClient, etcd_server: Etcd, prefix: str) -> None:
    revision = (await client.put(prefix)).revision
    status = await client.maintenance.status()
    assert status.version == etcd_server.version
    assert status.revision >= revision
    assert status.leader == status.header.member_id
    assert status.db_size_in_use is not None
    assert status.raft_applied_index is not None
    assert 0 < status.db_size_in_use <= status.db_size
    assert 0 < status.raft_applied_index <= status.raft_index
    assert status.raft_term >= 1
    assert (status.is_learner, status.errors) == (False, ())


async def test_status_is_that_of_the_endpoint_named(
    open_client: OpenClient, etcd_cluster_of_three: EtcdCluster
) -> None:
    async with open_client(etcd_cluster_of_three[0].endpoint) as client:
        members = {url: member.id for member in await client.cluster.members() for url in member.client_urls}
        for endpoint in etcd_cluster_of_three.endpoints:
            for spelling in (endpoint, endpoint.removeprefix("http://")):
                assert (await client.maintenance.status(spelling)).header.member_id == members[endpoint]
        assert client.endpoints == (etcd_cluster_of_three[0].endpoint,)


async def test_every_member_names_the_same_leader(open_client: OpenClient, etcd_cluster_of_three: EtcdCluster) -> None:
    async with open_client(etcd_cluster_of_three.endpoint) as client:
        asked = [client.maintenance.status(endpoint) for endpoint in etcd_cluster_of_three.endpoints]
        leaders = {status.leader for status in await asyncio.gather(*asked)}
        leader = etcd_cluster_of_three.leader().endpoint
        assert leaders == {(await client.maintenance.status(leader)).header.member_id}


async def test_status_of_an_endpoint_that_is_down(open_client: OpenClient, etcd_server: Etcd) -> None:
    async with open_client(etcd_server.endpoint, dial_timeout=0.5) as client:
        with Stopwatch() as waited, pytest.raises(ConnectionFailedError) as caught:
            await client.maintenance.status("127.0.0.1:1")
        assert waited.seconds < 2
        assert caught.value.endpoint == "127.0.0.1:1"
        await client.get("k")


async def test_a_malformed_endpoint_is_told(client: AsyncClient) -> None:
    with pytest.raises(ValueError, match="host:port is wanted"):
        await client.maintenance.status("nonsense")
