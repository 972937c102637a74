"""What `client.health()` finds."""

import pytest

from etcdobs import AsyncClient, ClosedError, NoSpaceError
from etcdobs.testing import Etcd, EtcdCluster, etcd, relay
from etcdobs.testing._ports import give_back, take_port
from tests.conftest import OpenClient
from tests.full_store import fill
from tests.waiting import QUICK, Stopwatch


async def test_a_healthy_member(client: AsyncClient, etcd_server: Etcd) -> None:
    health = await client.health()
    assert health.ok
    (endpoint,) = health.endpoints
    assert (endpoint.endpoint, endpoint.ok, endpoint.error) == (etcd_server.endpoint, True, None)
    assert endpoint.version == etcd_server.version
    assert 0 < endpoint.latency < 5
    assert endpoint.alarms == ()


async def test_one_that_refuses_and_one_that_is_silent(open_client: OpenClient, etcd_server: Etcd) -> None:
    port = take_port()
    with relay(etcd_server.endpoint) as link:
        link.blackhole()
        endpoints = [f"127.0.0.1:{port}", etcd_server.endpoint, link.endpoint]
        async with open_client(endpoints, dial_timeout=1) as client:
            with Stopwatch() as took:
                health = await client.health()
            assert took.seconds < 2.5
            assert not health.ok
            assert [endpoint.ok for endpoint in health.endpoints] == [False, True, False]
            assert [endpoint.endpoint for endpoint in health.endpoints] == endpoints
            assert f"127.0.0.1:{port}" in str(health.endpoints[0].error)
            assert health.endpoints[2].latency == pytest.approx(1, abs=0.7)
        link.resume()
        link.reset()
    give_back(port)


async def test_a_member_without_a_quorum_is_not_healthy(
    open_client: OpenClient, etcd_cluster_of_three: EtcdCluster
) -> None:
    one, *others = etcd_cluster_of_three
    try:
        for member in others:
            member.kill()
        async with open_client(one.endpoint, dial_timeout=1) as client:
            (endpoint,) = (await client.health()).endpoints
            assert not endpoint.ok
    finally:
        etcd_cluster_of_three.start()


async def test_to_be_denied_is_an_answer(open_client: OpenClient) -> None:
    with etcd(root_password="secret", flags=[*QUICK, "--bcrypt-cost=4"]) as server:
        server.etcdctl("user", "add", "nobody:pw")
        async with open_client(server.endpoint, username="nobody", password="pw") as client:
            assert (await client.health()).ok


async def test_an_alarm_is_trouble(open_client: OpenClient) -> None:
    with etcd(flags=[*QUICK, "--quota-backend-bytes=65536"]) as server:
        async with open_client(server.endpoint) as client:
            with pytest.raises(NoSpaceError):
                await fill(client)
            health = await client.health()
            assert not health.ok
            assert "alarm NOSPACE" in str(health.endpoints[0].error)
            assert health.endpoints[0].alarms[0].type.name == "NOSPACE"


async def test_a_closed_client_has_none(open_client: OpenClient, etcd_server: Etcd) -> None:
    async with open_client(etcd_server.endpoint) as client:
        await client.close()
        with pytest.raises(ClosedError):
            await client.health()


async def test_what_a_callable_raises_is_the_callers(open_client: OpenClient, etcd_server: Etcd) -> None:
    def ask() -> str:
        raise OSError("the vault is away")

    async with open_client([etcd_server.endpoint, "127.0.0.1:1"], token=ask) as client:
        with pytest.raises(OSError, match="the vault is away"):
            await client.health()
