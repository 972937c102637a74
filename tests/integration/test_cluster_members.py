"""What the member list says."""

import pytest

from etcdobs import AsyncClient
from etcdobs.testing import Etcd, EtcdCluster
from tests.conftest import OpenClient


@pytest.mark.parametrize("linearizable", [True, False])
async def test_the_one_member(client: AsyncClient, etcd_server: Etcd, linearizable: bool) -> None:
    (member,) = await client.cluster.members(linearizable)
    assert member.name == etcd_server.name
    assert member.client_urls == (etcd_server.endpoint,)
    assert member.peer_urls == (etcd_server.peer_url,)
    assert not member.is_learner
    assert member.id == (await client.maintenance.status()).header.member_id


async def test_the_members_of_a_cluster(open_client: OpenClient, etcd_cluster_of_three: EtcdCluster) -> None:
    async with open_client(etcd_cluster_of_three.endpoints) as client:
        members = await client.cluster.members()
        assert {url for member in members for url in member.client_urls} == set(etcd_cluster_of_three.endpoints)
        assert len({member.id for member in members}) == 3


async def test_without_a_quorum_a_member_tells_what_it_knows(
    open_client: OpenClient, etcd_cluster_of_three: EtcdCluster
) -> None:
    one, *others = etcd_cluster_of_three
    for member in others:
        member.kill()
    try:
        async with open_client(one.endpoint) as client:
            assert len(await client.cluster.members(linearizable=False)) == 3
    finally:
        etcd_cluster_of_three.start()
