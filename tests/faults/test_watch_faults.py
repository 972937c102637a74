"""What a watcher survives: broken connections, restarts, and the end of its own stream, without losing an event."""

import asyncio
import contextlib

import pytest

from etcdobs import AsyncClient, CompactedError, Keys, Put, UnavailableError, WatchResponse
from etcdobs.testing import Etcd, EtcdCluster, etcd, relay
from tests.conftest import OpenClient
from tests.waiting import QUICK, eventually, taken, values


async def write(client: AsyncClient, prefix: str, count: int) -> None:
    for number in range(count):
        await client.txn().then(*(Put(f"{prefix}{name}", str(number)) for name in "ab")).commit()


@pytest.mark.parametrize("buffer", [10_000, 3])
async def test_every_event_once_and_in_order_while_the_connection_breaks_twenty_times(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, buffer: int
) -> None:
    with relay(etcd_server.endpoint) as link:
        async with (
            open_client(etcd_server.endpoint) as writer,
            open_client(link.endpoint) as client,
            client.watch(Keys.prefix(prefix), buffer=buffer) as watcher,
        ):
            writing = asyncio.create_task(write(writer, prefix, 400))
            found = []
            for _ in range(20):
                link.reset()
                found += await taken(watcher, 20)
            found += await taken(watcher, 400)
            await writing
    assert [event.kv.text for event in found] == [str(number) for number in range(400) for _ in "ab"]
    assert [event.kv.key.decode()[-1] for event in found] == list("ab") * 400


async def test_many_watchers_survive_a_broken_connection(
    open_client: OpenClient, etcd_server: Etcd, prefix: str
) -> None:
    with relay(etcd_server.endpoint) as link:
        async with open_client(etcd_server.endpoint) as writer, open_client(link.endpoint) as client:
            watchers = [client.watch(f"{prefix}{number}") for number in range(100)]
            for watcher in watchers:
                await watcher.__aenter__()
            for turn in range(2):
                link.reset()
                await writer.txn().then(*(Put(f"{prefix}{number}", str(turn)) for number in range(100))).commit()
            for watcher in watchers:
                assert await values(watcher, 2) == ["0", "1"]


async def test_no_write_is_missed_while_nothing_gets_through(
    open_client: OpenClient, etcd_server: Etcd, prefix: str
) -> None:
    with relay(etcd_server.endpoint) as link:
        async with (
            open_client(etcd_server.endpoint) as writer,
            open_client(link.endpoint) as client,
            client.watch(Keys.prefix(prefix)) as watcher,
        ):
            link.refuse()
            link.reset()
            await write(writer, prefix, 20)
            link.accept()
            assert await values(watcher, 40) == [str(number) for number in range(20) for _ in "ab"]


async def test_a_connection_that_swallows_is_given_up(open_client: OpenClient, etcd_server: Etcd, prefix: str) -> None:
    with relay(etcd_server.endpoint) as link:
        async with (
            open_client(etcd_server.endpoint) as writer,
            open_client(link.endpoint) as client,
            client.watch(prefix) as watcher,
        ):
            link.blackhole()
            await writer.put(prefix, "1")
            await eventually(lambda: link.torn)
            link.resume()
            await writer.put(prefix, "2")
            assert await values(watcher, 2) == ["1", "2"]


async def test_progress_is_told_again_on_a_new_connection(open_client: OpenClient) -> None:
    with etcd(flags=[*QUICK, "--watch-progress-notify-interval=100ms"]) as server, relay(server.endpoint) as link:
        async with open_client(link.endpoint) as client:
            revision = (await client.put("k", "before")).revision
            async with client.watch("k", progress_notify=True) as watcher:
                batches = aiter(watcher.responses())
                assert await asyncio.wait_for(anext(batches), 5) == WatchResponse((), revision)
                link.refuse()
                link.reset()
                with pytest.raises(TimeoutError):  # nor is anything left of what came before
                    await watcher.get(timeout=0.2)
                link.accept()
                assert await asyncio.wait_for(anext(batches), 5) == WatchResponse((), revision)
                await client.put("k", "after")
                assert await values(watcher, 1) == ["after"]


@pytest.mark.parametrize("how", ["stop", "kill"])
async def test_a_server_that_is_restarted(open_client: OpenClient, quick_etcd: Etcd, how: str) -> None:
    async with open_client(quick_etcd.endpoint) as client, client.watch(Keys.prefix("k")) as watcher:
        await write(client, "k", 3)
        getattr(quick_etcd, how)()
        quick_etcd.start()
        await eventually(lambda: _readable(client))
        await write(client, "k", 3)
        expected = [str(number) for number in range(3) for _ in "ab"]
        assert await values(watcher, 12) == expected * 2


async def _readable(client: AsyncClient) -> bool:
    await client.get("k")
    return True


async def test_what_was_compacted_while_away_is_told(open_client: OpenClient, quick_etcd: Etcd) -> None:
    with relay(quick_etcd.endpoint) as link:
        async with (
            open_client(quick_etcd.endpoint) as writer,
            open_client(link.endpoint) as client,
            client.watch("k") as watcher,
        ):
            await writer.put("k", "1")
            assert await values(watcher, 1) == ["1"]
            link.refuse()
            link.reset()
            await writer.put("k", "missed")
            kept = (await writer.put("k", "3")).revision
            await writer.compact(kept)
            link.accept()
            with pytest.raises(CompactedError) as caught:
                await watcher.get(timeout=10)
    assert caught.value.compact_revision == kept


async def test_the_member_that_served_it_is_killed(
    open_client: OpenClient, etcd_cluster_of_three: EtcdCluster, prefix: str
) -> None:
    links = [relay(endpoint) for endpoint in etcd_cluster_of_three.endpoints]
    with links[0], links[1], links[2]:
        async with (
            open_client(etcd_cluster_of_three.endpoints, timeout=20) as writer,
            open_client([link.endpoint for link in links]) as client,
            client.watch(prefix) as watcher,
        ):
            await writer.put(prefix, "1")
            assert await values(watcher, 1) == ["1"]
            served = {link.port for link in links if link.connections}
            for member, link in zip(etcd_cluster_of_three, links, strict=True):
                if link.port in served and len(served) < 3:
                    member.kill()
                    break
            await eventually(lambda: _written(writer, prefix))
            assert await values(watcher, 1, timeout=20) == ["2"]
            etcd_cluster_of_three.start()


async def test_leadership_that_moves_on_loses_and_doubles_nothing(
    open_client: OpenClient, etcd_cluster_of_three: EtcdCluster, prefix: str
) -> None:
    async with (
        open_client(etcd_cluster_of_three.endpoints, timeout=20) as writer,
        open_client(etcd_cluster_of_three.endpoints) as client,
        client.watch(Keys.prefix(prefix)) as watcher,
    ):
        for turn in range(3):
            leader = etcd_cluster_of_three.leader()
            others = [member for member in etcd_cluster_of_three if member is not leader]
            heir = (await writer.maintenance.status(others[turn % 2].endpoint)).header.member_id
            async with open_client(leader.endpoint) as at_the_leader:
                await at_the_leader.maintenance.move_leader(heir)
            await eventually(lambda: _written(writer, prefix, str(turn)), timeout=20)  # noqa: B023 - waited for
        found = await values(watcher, 1)
        while found[-1] != "2":
            found += await values(watcher, 1)
    assert sorted(set(found)) == ["0", "1", "2"]
    assert found == sorted(found)


async def _written(client: AsyncClient, key: str, value: str = "2") -> bool:
    kv = await client.get(key)
    if kv is not None and kv.text == value:
        return True
    with contextlib.suppress(UnavailableError):  # whether it was applied is read back
        await client.put(key, value)
    return False


async def test_a_closed_watcher_on_a_dead_connection_ends_at_once(
    open_client: OpenClient, etcd_server: Etcd, prefix: str
) -> None:
    with relay(etcd_server.endpoint) as link:
        async with open_client(link.endpoint) as client:
            async with client.watch(prefix):
                link.pause()
            await asyncio.wait_for(client.close(), 5)
