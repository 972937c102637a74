"""How a heartbeat keeps a lease alive, and how its user learns that it is lost."""

import asyncio

import pytest

from etcdobs import AsyncClient, ClosedError, LeaseNotFoundError
from etcdobs.testing import Etcd
from tests.conftest import OpenClient
from tests.waiting import Stopwatch, eventually


async def test_a_lease_outlives_its_ttl_while_it_is_kept_alive(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        lease, neglected = await client.lease.grant(1), await client.lease.grant(2)
        async with client.lease.keep_alive(lease.id) as heartbeat:
            await eventually(lambda: _is_gone(client, neglected.id))
            assert not heartbeat.lost
            assert not await _is_gone(client, lease.id)
        await eventually(lambda: _is_gone(client, lease.id))


async def _is_gone(client: AsyncClient, lease: int) -> bool:
    return (await client.lease.time_to_live(lease)).ttl == -1


async def test_entering_returns_after_the_first_renewal(client: AsyncClient) -> None:
    lease = await client.lease.grant(60)
    async with lease.keep_alive() as heartbeat:
        assert (heartbeat.id, heartbeat.ttl, heartbeat.lost) == (lease.id, 60, False)
        assert heartbeat.seconds_left is not None
        assert 58 < heartbeat.seconds_left <= 60


async def test_an_unknown_lease_cannot_be_kept_alive(client: AsyncClient) -> None:
    with pytest.raises(LeaseNotFoundError):
        async with client.lease.keep_alive(987654321):
            pass


async def test_one_that_is_unknown_disturbs_no_other(client: AsyncClient) -> None:
    lease = await client.lease.grant(60)
    async with client.lease.keep_alive(lease) as heartbeat:
        with pytest.raises(LeaseNotFoundError):
            async with client.lease.keep_alive(987654321):
                pass
        assert not heartbeat.lost


async def test_a_revoked_lease_is_lost(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        lease = await client.lease.grant(1)
        async with client.lease.keep_alive(lease) as heartbeat:
            await lease.revoke()
            assert await heartbeat.wait_lost(timeout=5)
            assert heartbeat.lost
            assert await heartbeat.wait_lost()


async def test_wait_lost_ends_with_its_timeout(client: AsyncClient) -> None:
    lease = await client.lease.grant(60)
    async with client.lease.keep_alive(lease) as heartbeat:
        with Stopwatch() as waited:
            assert not await heartbeat.wait_lost(timeout=0.1)
        assert 0.1 <= waited.seconds < 1


async def test_wait_lost_ends_when_the_heartbeat_is_closed(client: AsyncClient) -> None:
    lease = await client.lease.grant(60)
    async with client.lease.keep_alive(lease) as heartbeat:
        waiting = asyncio.create_task(heartbeat.wait_lost())
        await asyncio.sleep(0)
    assert await asyncio.wait_for(waiting, 2) is False
    assert not heartbeat.lost


async def test_wait_lost_ends_when_the_client_is_closed(open_client: OpenClient, etcd_server: Etcd) -> None:
    async with open_client(etcd_server.endpoint) as client:
        lease = await client.lease.grant(60)
        async with client.lease.keep_alive(lease) as heartbeat:
            waiting = asyncio.create_task(heartbeat.wait_lost())
            await asyncio.sleep(0)
            await client.close()
            assert await asyncio.wait_for(waiting, 2) is False


async def test_two_heartbeats_keep_one_lease(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        lease, neglected = await client.lease.grant(1), await client.lease.grant(2)
        async with client.lease.keep_alive(lease) as kept:
            async with client.lease.keep_alive(lease) as second:
                assert (kept.ttl, second.ttl) == (1, 1)
            await eventually(lambda: _is_gone(client, neglected.id))
            assert not kept.lost
            await lease.revoke()
            assert await kept.wait_lost(timeout=5)


async def test_many_leases_share_a_stream(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        leases = [await client.lease.grant(1) for _ in range(30)]
        neglected = await client.lease.grant(2)
        heartbeats = [client.lease.keep_alive(lease) for lease in leases]
        for heartbeat in heartbeats:
            await heartbeat.__aenter__()
        await eventually(lambda: _is_gone(client, neglected.id))
        assert not any(heartbeat.lost for heartbeat in heartbeats)
        await leases[0].revoke()
        assert await heartbeats[0].wait_lost(timeout=5)
        assert not any(heartbeat.lost for heartbeat in heartbeats[1:])
        for heartbeat in heartbeats:
            await heartbeat.close()


async def test_closing_twice_and_entering_twice(client: AsyncClient) -> None:
    lease = await client.lease.grant(60)
    heartbeat = client.lease.keep_alive(lease)
    async with heartbeat:
        await heartbeat.__aenter__()
        await heartbeat.close()
        await heartbeat.close()
    assert not heartbeat.lost


async def test_a_new_heartbeat_begins_after_the_last_ended(client: AsyncClient) -> None:
    lease = await client.lease.grant(60)
    for _ in range(3):
        async with client.lease.keep_alive(lease) as heartbeat:
            assert heartbeat.ttl == 60


async def test_a_closed_client_keeps_nothing_alive(open_client: OpenClient, etcd_server: Etcd) -> None:
    async with open_client(etcd_server.endpoint) as client:
        lease = await client.lease.grant(60)
        await client.close()
        with pytest.raises(ClosedError):
            async with client.lease.keep_alive(lease):
                pass
