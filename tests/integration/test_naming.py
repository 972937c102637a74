"""Endpoints are stored under a target, listed, followed as they come and go, and lead gRPC calls to their servers."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any, cast

import grpc
import pytest

from etcdobs import AsyncClient, Client, ClosedError, Delete, LeaseNotFoundError, Txn
from etcdobs.recipes import AsyncNaming, Endpoint, Naming, Resolver
from etcdobs.testing import Etcd, relay
from tests.clients import BlockingAsAsync
from tests.conftest import OpenClient
from tests.echo_service import EchoService
from tests.waiting import eventually

ONE, TWO = Endpoint("127.0.0.1:2000", "metadata"), Endpoint("127.0.0.2:2001", {"weight": 2, "zone": None})


def naming(client: Any, target: str) -> AsyncNaming:
    """Of the client's kind."""
    if type(client) is BlockingAsAsync:
        return cast("AsyncNaming", BlockingAsAsync(Naming(client._target, target)))
    return AsyncNaming(client, target)


@pytest.fixture
def target(prefix: str) -> str:
    return prefix + "svc"


@pytest.fixture
def two_services() -> Iterator[list[EchoService]]:
    with ExitStack() as stopping:
        services = [EchoService(), EchoService()]
        for service in services:
            stopping.callback(service.stop)
        yield services


async def test_endpoints_come_and_go_under_the_eyes_of_a_watcher(client: AsyncClient, target: str) -> None:
    named = naming(client, target)
    async with named.watch() as watcher:
        assert await watcher.get(timeout=10) == {}
        await named.add("a1", ONE)
        assert await watcher.get(timeout=10) == {b"a1": ONE}
        assert watcher.endpoints == {b"a1": ONE}
        await named.delete("a1")
        assert await watcher.get(timeout=10) == {b"a1": None}
        with pytest.raises(TimeoutError):
            await watcher.get(timeout=0.05)


async def test_several_change_at_one_moment(client: AsyncClient, target: str) -> None:
    named = naming(client, target)
    await named.update({"host": ONE, "host2": TWO})
    kvs = [await client.get(f"{target}/{name}") for name in ("host", "host2")]
    assert len({kv.mod_revision for kv in kvs if kv}) == 1
    async with named.watch() as watcher:
        assert await anext(watcher) == {b"host": ONE, b"host2": TWO}
        await client.do(Txn(then=[Delete(f"{target}/host"), Delete(f"{target}/host2")]))
        assert await anext(watcher) == {b"host": None, b"host2": None}


async def test_endpoints_are_added_replaced_listed_and_deleted(client: AsyncClient, target: str) -> None:
    named = naming(client, target)
    await named.add("a1", ONE)
    await named.add("a2", TWO)
    assert await named.list() == {b"a1": ONE, b"a2": TWO}
    await named.delete("a1")
    assert await named.list() == {b"a2": TWO}
    three = Endpoint("127.0.0.3", "metadata3")
    await named.update({"a3": three, "a2": None})
    assert await named.list() == {b"a3": three}
    await named.add("a3", ONE)
    await named.delete("never there")
    assert await named.list() == {b"a3": ONE}


async def test_targets_that_begin_alike_are_apart(client: AsyncClient, target: str) -> None:
    await naming(client, target).add("e1", ONE)
    await naming(client, target + "_other").add("e2", TWO)
    assert await naming(client, target).list() == {b"e1": ONE}
    assert await naming(client, target + "_other").list() == {b"e2": TWO}


async def test_what_go_stored_is_an_endpoint_and_what_is_none_is_passed_over(client: AsyncClient, target: str) -> None:
    await client.put(f"{target}/go", r'{"Op":0,"Addr":"10.1.1.1:80","Metadata":{"s":"\u003cé\u003e","w":3}}')
    await client.put(f"{target}/nonsense", "10.1.1.2:80")
    named = naming(client, target)
    assert await named.list() == {b"go": Endpoint("10.1.1.1:80", {"s": "<é>", "w": 3})}
    await named.add("ours", ONE)
    ours = await client.get(f"{target}/ours")
    assert ours is not None
    assert ours.text == '{"Op":0,"Addr":"127.0.0.1:2000","Metadata":"metadata"}'


async def test_an_endpoint_goes_with_its_lease(client: AsyncClient, target: str) -> None:
    named = naming(client, target)
    lease = await client.lease.grant(60)
    await named.add("a1", ONE, lease=lease)
    await named.add("a2", TWO)
    async with named.resolver() as resolver:
        assert await resolver.addresses() == (ONE.addr, TWO.addr)
        await lease.revoke()
        assert await eventually(lambda: addressed(resolver, (TWO.addr,)))
    with pytest.raises(LeaseNotFoundError):
        await named.add("a1", ONE, lease=lease)


async def addressed(resolver: Any, addresses: tuple[str, ...]) -> bool:
    return bool(await resolver.addresses() == addresses)


async def test_a_watcher_bridges_a_compaction(open_client: OpenClient, quick_etcd: Etcd) -> None:
    with relay(quick_etcd.endpoint) as link:
        async with open_client(quick_etcd.endpoint) as writer, open_client(link.endpoint) as client:
            other = naming(writer, "svc")
            await other.update({"stays": ONE, "goes": ONE})
            async with naming(client, "svc").watch() as watcher:
                assert await watcher.get(timeout=10) == {b"stays": ONE, b"goes": ONE}
                link.refuse()
                link.reset()
                await other.delete("goes")
                await other.add("comes", TWO)
                await writer.compact((await writer.put("elsewhere")).revision)
                link.accept()
                assert await watcher.get(timeout=10) == {b"goes": None, b"comes": TWO}
                await other.delete("comes")
                assert await watcher.get(timeout=10) == {b"comes": None}


async def test_a_watcher_that_is_closed_has_ended(client: AsyncClient, target: str) -> None:
    watcher = naming(client, target).watch()
    async with watcher:
        assert await anext(watcher) == {}
        waiting = asyncio.create_task(anext(watcher, None))
        assert not (await asyncio.wait([waiting], timeout=0.1))[0]
        await watcher.close()
        assert await asyncio.wait_for(waiting, 10) is None
    with pytest.raises(ClosedError):
        await watcher.get(timeout=1)


async def test_a_closed_client_is_no_end_of_the_changes(
    open_client: OpenClient, etcd_server: Etcd, prefix: str
) -> None:
    async with open_client(etcd_server.endpoint) as client, naming(client, prefix + "svc").resolver() as resolver:
        assert await resolver.addresses() == ()
        await client.close()
        with pytest.raises(ClosedError):
            await resolver.addresses()


async def test_it_is_entered_first(client: AsyncClient, target: str) -> None:
    with pytest.raises(RuntimeError, match="enter it first"):
        await naming(client, target).watch().get(timeout=1)
    with pytest.raises(RuntimeError, match="enter it first"):
        await naming(client, target).resolver().addresses()


def test_many_threads_may_ask_one_resolver(etcd_server: Etcd, target: str) -> None:
    with Client(etcd_server.endpoint) as client, ThreadPoolExecutor(8) as threads:
        named = Naming(client, target)
        with named.resolver() as resolver:
            changing = threads.submit(change_often, named)
            asking = [threads.submit(until_last, resolver) for _ in range(7)]
            changing.result(timeout=20)
            for asked in asking:
                # Both endpoints change together: nobody ever sees one without the other.
                assert all(len(addresses) in {0, 2} for addresses in asked.result(timeout=20))


def change_often(named: Naming) -> None:
    for number in range(100):
        gone = number % 3 == 2
        named.update({"a": None if gone else Endpoint(f"a:{number}"), "b": None if gone else Endpoint(f"b:{number}")})
    named.update({"a": Endpoint("last"), "b": Endpoint("last")})


def until_last(resolver: Resolver) -> list[tuple[str, ...]]:
    seen = [resolver.addresses()]
    while seen[-1] != ("last", "last"):
        seen.append(resolver.addresses())
    return seen


async def test_the_first_server_that_answers_gets_all_calls(
    client: AsyncClient, target: str, two_services: list[EchoService]
) -> None:
    await store(client, target, two_services)
    async with naming(client, target).resolver() as resolver:
        say(await resolver.addresses(), "pick_first", 50)
        assert sorted(len(service.metadata) for service in two_services) == [0, 50]


async def test_servers_get_calls_in_turn(client: AsyncClient, target: str, two_services: list[EchoService]) -> None:
    await store(client, target, two_services)
    async with naming(client, target).resolver() as resolver:
        say(await resolver.addresses(), "round_robin", 50, until=lambda: all(each.metadata for each in two_services))
        counts = [len(service.metadata) for service in two_services]
        assert abs(counts[0] - counts[1]) <= sum(counts) - 48
        await naming(client, target).delete("e0")
        assert await eventually(lambda: addressed(resolver, (two_services[1].target,)))


async def store(client: AsyncClient, target: str, services: list[EchoService]) -> None:
    await naming(client, target).update(
        {f"e{number}": Endpoint(service.target) for number, service in enumerate(services)}
    )


def say(addresses: tuple[str, ...], policy: str, calls: int, until: Callable[[], bool] = lambda: True) -> None:
    """So many calls, on one channel to all of them; and more before, until something holds."""
    options = [("grpc.lb_policy_name", policy), ("grpc.enable_http_proxy", 0)]
    with grpc.insecure_channel("ipv4:" + ",".join(addresses), options) as channel:
        call: Any = channel.unary_unary("/test.Echo/Say")
        for number in range(10_000):
            if until() and number >= calls:
                break
            assert call(b"ok", timeout=10, wait_for_ready=True) == b"ok"


async def test_arguments_are_checked_before_anything_is_sent(client: AsyncClient, target: str) -> None:
    with pytest.raises(ValueError, match="target must be"):
        naming(client, target + "/")
    with pytest.raises(ValueError, match="name is empty"):
        await naming(client, target).add("", ONE)
    with pytest.raises(ValueError, match="metadata must be"):
        await naming(client, target).update({"good": ONE, "bad": Endpoint("a:1", object())})
    assert await naming(client, target).list() == {}


async def test_names_are_within_the_clients_namespace(client: AsyncClient, prefix: str) -> None:
    inside = naming(client.namespaced(prefix), "svc")
    async with inside.watch() as watcher:
        assert await watcher.get(timeout=10) == {}
        await inside.add("a1", ONE)
        assert await watcher.get(timeout=10) == {b"a1": ONE}
    assert await naming(client, prefix + "svc").list() == await inside.list() == {b"a1": ONE}
