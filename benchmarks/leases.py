"""Measures many leases on one client and a real server: how soon all are renewed after a reset, and what that costs."""

import argparse
import asyncio
import time
from typing import Any

from etcdobs import AsyncClient, Client
from etcdobs.testing import etcd, relay

AT_A_TIME = 100


def blocking(endpoint: str, direct: str, link: Any, leases: int, ttl: int, seconds: float) -> None:
    with Client(direct) as other, Client(endpoint) as client:
        heartbeats = [client.lease.keep_alive(other.lease.grant(ttl)) for _ in range(leases)]
        began = time.monotonic()
        for heartbeat in heartbeats:
            heartbeat.__enter__()
        print(f"sync: {leases} entered one by one in {time.monotonic() - began:.2f} s")
        then, cpu = _broken(link)
        while not _all_renewed(heartbeats, then, ttl):
            time.sleep(0.02)
        _told("sync", leases, then, cpu)
        cpu = time.process_time()
        time.sleep(seconds)
        _rested("sync", seconds, cpu, heartbeats)


async def awaiting(endpoint: str, direct: str, link: Any, leases: int, ttl: int, seconds: float) -> None:
    async with AsyncClient(direct) as other, AsyncClient(endpoint) as client:
        heartbeats: list[Any] = []
        for _ in range(0, leases, AT_A_TIME):
            granted = await asyncio.gather(*(other.lease.grant(ttl) for _ in range(AT_A_TIME)))
            heartbeats += [client.lease.keep_alive(lease) for lease in granted]
        began = time.monotonic()
        await asyncio.gather(*(heartbeat.__aenter__() for heartbeat in heartbeats))
        print(f"aio: {leases} entered together in {time.monotonic() - began:.2f} s")
        then, cpu = _broken(link)
        while not _all_renewed(heartbeats, then, ttl):  # noqa: ASYNC110 - nothing tells of a renewal
            await asyncio.sleep(0.02)
        _told("aio", leases, then, cpu)
        cpu = time.process_time()
        await asyncio.sleep(seconds)
        _rested("aio", seconds, cpu, heartbeats)


def _broken(link: Any) -> tuple[float, float]:
    then, cpu = time.monotonic(), time.process_time()
    link.reset()
    return then, cpu


def _all_renewed(heartbeats: list[Any], then: float, ttl: int) -> bool:
    now = time.monotonic()
    return all(now + (heartbeat.seconds_left or 0) > then + ttl for heartbeat in heartbeats)


def _told(kind: str, leases: int, then: float, cpu: float) -> None:
    took, spent = time.monotonic() - then, time.process_time() - cpu
    print(f"{kind}: reset to all {leases} renewed {took:.2f} s, {spent:.2f} s of cpu, relay included")


def _rested(kind: str, seconds: float, cpu: float, heartbeats: list[Any]) -> None:
    share = 100 * (time.process_time() - cpu) / seconds
    lost = sum(heartbeat.lost for heartbeat in heartbeats)
    print(f"{kind}: then {share:.1f} % of a core, {lost} lost")


def main() -> None:
    """Run both clients, one after the other, each on a server of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leases", type=int, default=5_000)
    parser.add_argument("--ttl", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=10.0, help="how long to watch the renewals afterwards")
    given = parser.parse_args()
    with etcd() as server, relay(server.endpoint) as link:
        blocking(link.endpoint, server.endpoint, link, given.leases, given.ttl, given.seconds)
    with etcd() as server, relay(server.endpoint) as link:
        asyncio.run(awaiting(link.endpoint, server.endpoint, link, given.leases, given.ttl, given.seconds))


if __name__ == "__main__":
    main()
