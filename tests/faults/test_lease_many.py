"""Many leases on one client: one stream renews them all, at once after it broke, and the end of one is no other's."""

import asyncio
import time
import urllib.request
from contextlib import AsyncExitStack

from etcdobs import AsyncClient, AsyncHeartbeat, AsyncLease
from etcdobs.testing import Etcd, relay
from tests.conftest import OpenClient
from tests.waiting import eventually

COUNT = 1_000
AT_A_TIME = 50
TTL = 60


def streams_on(server: Etcd) -> int:
    """How many streams of renewals the server holds: those that began, less those that ended."""
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{server.endpoint}/metrics") as answer:
        metrics: str = answer.read().decode()
    counts = [line.split() for line in metrics.splitlines() if 'grpc_method="LeaseKeepAlive"' in line]
    began = sum(int(count) for name, count in counts if name.startswith("grpc_server_started_total"))
    return began - sum(int(count) for name, count in counts if name.startswith("grpc_server_handled_total"))


async def granted(client: AsyncClient) -> list[AsyncLease]:
    leases: list[AsyncLease] = []
    for _ in range(0, COUNT, AT_A_TIME):
        leases += await asyncio.gather(*(client.lease.grant(TTL) for _ in range(AT_A_TIME)))
    return leases


async def kept_alive(client: AsyncClient, leases: list[AsyncLease], stack: AsyncExitStack) -> list[AsyncHeartbeat]:
    heartbeats = [client.lease.keep_alive(lease) for lease in leases]
    for first in range(0, COUNT, AT_A_TIME):
        await asyncio.gather(*map(stack.enter_async_context, heartbeats[first : first + AT_A_TIME]))
    return heartbeats


async def test_a_thousand_leases(open_client: OpenClient, quick_etcd: Etcd) -> None:
    with relay(quick_etcd.endpoint) as link:
        async with AsyncExitStack() as stack:
            other = await stack.enter_async_context(open_client(quick_etcd.endpoint))
            leases = await granted(other)
            client = await stack.enter_async_context(open_client(link.endpoint))
            heartbeats = await kept_alive(client, leases, stack)
            await eventually(lambda: streams_on(quick_etcd) == 1)
            await other.lease.revoke(leases[0])
            broken_at = time.monotonic()
            link.reset()
            await eventually(lambda: all(_renewed_since(broken_at, heartbeat) for heartbeat in heartbeats[1:]))
            assert await heartbeats[0].wait_lost(timeout=5)
            assert not any(heartbeat.lost for heartbeat in heartbeats[1:])
            await eventually(lambda: streams_on(quick_etcd) == 1)
            await client.close()


def _renewed_since(then: float, heartbeat: AsyncHeartbeat) -> bool:
    """Before, none could be left more than the whole of its ttl from then."""
    left = heartbeat.seconds_left
    return left is not None and time.monotonic() + left > then + TTL
