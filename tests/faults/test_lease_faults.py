"""What a heartbeat survives, and that a lease is called lost no later than the server lets it go."""

import time

from etcdobs import AsyncClient
from etcdobs.testing import Etcd, relay
from tests.conftest import OpenClient
from tests.waiting import eventually


async def gone(client: AsyncClient, lease: int) -> bool:
    return (await client.lease.time_to_live(lease)).ttl == -1


async def test_renewals_go_on_after_a_broken_connection(open_client: OpenClient, quick_etcd: Etcd) -> None:
    with relay(quick_etcd.endpoint) as link:
        async with open_client(quick_etcd.endpoint) as other, open_client(link.endpoint) as client:
            lease, neglected = await client.lease.grant(1), await other.lease.grant(2)
            async with client.lease.keep_alive(lease) as heartbeat:
                for _ in range(5):
                    link.reset()
                    await eventually(lambda: link.connections)
                await eventually(lambda: gone(other, neglected.id))
                assert not heartbeat.lost
                assert not await gone(other, lease.id)


async def test_renewals_go_on_after_a_restart(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        lease = await client.lease.grant(2)
        async with client.lease.keep_alive(lease) as heartbeat:
            quick_etcd.stop()
            quick_etcd.start()
            neglected = await client.lease.grant(2)
            await eventually(lambda: gone(client, neglected.id))
            assert not heartbeat.lost
            assert not await gone(client, lease.id)


async def test_a_lease_is_lost_no_later_than_its_ttl_when_nothing_gets_through(
    open_client: OpenClient, quick_etcd: Etcd
) -> None:
    with relay(quick_etcd.endpoint) as link:
        async with open_client(link.endpoint) as client:
            lease = await client.lease.grant(2)
            async with client.lease.keep_alive(lease) as heartbeat:
                link.blackhole()
                began = time.monotonic()
                assert await heartbeat.wait_lost(timeout=5)
                assert time.monotonic() - began <= 2.1
                assert heartbeat.lost
                assert heartbeat.seconds_left == 0
                link.resume()
                assert heartbeat.lost


async def test_renewals_move_to_another_member_when_one_swallows_them(
    open_client: OpenClient, quick_etcd: Etcd
) -> None:
    with relay(quick_etcd.endpoint) as one, relay(quick_etcd.endpoint) as two:
        async with open_client(quick_etcd.endpoint) as other, open_client([one.endpoint, two.endpoint]) as client:
            lease, neglected = await other.lease.grant(3), await other.lease.grant(4)
            async with client.lease.keep_alive(lease) as heartbeat:
                serving = one if one.connections else two
                serving.blackhole()
                await eventually(lambda: gone(other, neglected.id))
                assert not heartbeat.lost
                assert not await gone(other, lease.id)


async def test_a_lease_that_expired_while_away_is_lost(open_client: OpenClient, quick_etcd: Etcd) -> None:
    with relay(quick_etcd.endpoint) as link:
        async with open_client(quick_etcd.endpoint) as other, open_client(link.endpoint) as client:
            lease = await client.lease.grant(1)
            async with client.lease.keep_alive(lease) as heartbeat:
                link.refuse()
                link.reset()
                await eventually(lambda: gone(other, lease.id))
                assert heartbeat.lost
                link.accept()
                assert await heartbeat.wait_lost(timeout=5)


async def test_a_lease_revoked_while_away_is_lost_as_soon_as_it_is_back(
    open_client: OpenClient, quick_etcd: Etcd
) -> None:
    with relay(quick_etcd.endpoint) as link:
        async with open_client(quick_etcd.endpoint) as other, open_client(link.endpoint) as client:
            lease = await client.lease.grant(60)
            async with client.lease.keep_alive(lease) as heartbeat:
                link.refuse()
                link.reset()
                await other.lease.revoke(lease.id)
                assert not heartbeat.lost
                link.accept()
                assert await heartbeat.wait_lost(timeout=10)


async def test_closing_during_an_outage_is_prompt(open_client: OpenClient, etcd_server: Etcd) -> None:
    with relay(etcd_server.endpoint) as link:
        async with open_client(link.endpoint) as client:
            lease = await client.lease.grant(60)
            async with client.lease.keep_alive(lease):
                link.pause()
                began = time.monotonic()
                await client.close()
                assert time.monotonic() - began < 2
