"""The endpoints of a live client change: new calls go to the new ones, and what is under way comes to its end."""

import asyncio
import gc
import threading
from collections.abc import Iterator

import pytest

from etcdobs import AsyncClient, ClosedError, Keys
from etcdobs.testing import Etcd, Relay, relay
from etcdobs.testing._ports import give_back, take_port
from tests.conftest import OpenClient
from tests.waiting import Stopwatch, eventually, values

# The client's timeout, in seconds: what is under way has so long to come to its end. Each call has time of its own.
DRAIN = 0.5


@pytest.fixture
def refused_port() -> Iterator[int]:
    """Nobody listens there."""
    port = take_port()
    yield port
    give_back(port)


def let_go(link: Relay) -> bool:
    """Whether nothing is connected; grpc.aio drops a stream's connection when the collector finds the call."""
    gc.collect()
    return link.connections == 0


async def test_new_calls_go_to_the_new_endpoints(open_client: OpenClient, etcd_server: Etcd) -> None:
    with relay(etcd_server.endpoint) as one, relay(etcd_server.endpoint) as two:
        async with open_client(one.endpoint, timeout=DRAIN) as client:
            await client.get("k", timeout=10)
            assert (one.connections, two.connections) == (1, 0)
            await client.set_endpoints([two.endpoint])
            assert client.endpoints == (two.endpoint,)
            for _ in range(3):
                await client.get("k", timeout=10)
            assert two.connections == 1
            await eventually(lambda: let_go(one))


async def test_what_stays_keeps_its_connection(open_client: OpenClient, etcd_server: Etcd) -> None:
    with relay(etcd_server.endpoint) as one, relay(etcd_server.endpoint) as two:
        async with open_client(one.endpoint) as client:
            await client.get("k")
            await client.set_endpoints(f"{one.endpoint},{two.endpoint}")
            one.refuse()
            for _ in range(4):
                await client.get("k")
            assert (one.connections, two.connections) == (1, 1)


async def test_a_member_that_died_is_left_for_another(
    open_client: OpenClient, etcd_server: Etcd, refused_port: int, prefix: str
) -> None:
    async with open_client(f"127.0.0.1:{refused_port}", dial_timeout=0.2) as client:
        with pytest.raises(Exception, match="no connection"):
            await client.get(prefix)
        await client.set_endpoints(etcd_server.endpoint)
        await client.put(prefix, "v")


async def test_watches_and_heartbeats_move_over(open_client: OpenClient, etcd_server: Etcd, prefix: str) -> None:
    with relay(etcd_server.endpoint) as one:
        opened = open_client(one.endpoint, timeout=DRAIN)
        async with opened as client, client.watch(Keys.prefix(prefix), timeout=10) as watcher:
            lease = await client.lease.grant(60, timeout=10)
            async with client.lease.keep_alive(lease, timeout=10) as heartbeat:
                await client.put(f"{prefix}1", "1", timeout=10)
                assert await values(watcher, 1) == ["1"]
                await client.set_endpoints(etcd_server.endpoint)
                await eventually(lambda: let_go(one))
                await client.put(f"{prefix}2", "2", timeout=10)
                assert await values(watcher, 1) == ["2"]
                assert not heartbeat.lost


async def test_a_call_under_way_comes_to_its_end(open_client: OpenClient, etcd_server: Etcd, prefix: str) -> None:
    with relay(etcd_server.endpoint) as one:
        async with open_client(one.endpoint) as client:
            await client.get("k")
            one.blackhole()
            call = asyncio.ensure_future(client.get(prefix))
            await eventually(lambda: one.torn)
            await client.set_endpoints(etcd_server.endpoint)
            await client.get("k")
            one.resume()
            assert await call is None


async def test_closing_does_not_wait_for_what_is_drained(open_client: OpenClient, etcd_server: Etcd) -> None:
    with relay(etcd_server.endpoint) as one:
        async with open_client(one.endpoint) as client, client.watch("k") as watcher:
            await client.set_endpoints(etcd_server.endpoint)
            with Stopwatch() as took:
                await client.close()
            assert took.seconds < 3
            with pytest.raises(ClosedError):
                await watcher.get(timeout=1)
            await eventually(lambda: let_go(one))
    await eventually(lambda: not [thread for thread in threading.enumerate() if thread.name == "etcdobs-drain"])


@pytest.mark.parametrize("endpoints", ["", [], "nonsense", ["ftp://a:1"]])
async def test_malformed_endpoints_change_nothing(client: AsyncClient, endpoints: object) -> None:
    before = client.endpoints
    with pytest.raises(ValueError, match="endpoint"):
        await client.set_endpoints(endpoints)  # type: ignore[arg-type]
    assert client.endpoints == before


async def test_a_closed_client_takes_none(open_client: OpenClient, etcd_server: Etcd) -> None:
    async with open_client(etcd_server.endpoint) as client:
        await client.close()
        with pytest.raises(ClosedError):
            await client.set_endpoints("a:1")
        assert client.endpoints == (etcd_server.endpoint,)
