"""What clientv3's own tests of watches, fragments and progress prove, where no other test here does."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest

from etcdobs import AsyncClient, EmptyKeyError, Keys, Put, ResponseTooLargeError
from etcdobs.testing import Etcd, etcd
from tests.conftest import OpenClient
from tests.served import watchers_on
from tests.waiting import QUICK, eventually, taken, values

MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def eager_etcd() -> Iterator[Etcd]:
    """One that tells ten times a second how far it is."""
    with etcd(flags=[*QUICK, "--watch-progress-notify-interval=100ms"]) as server:
        yield server


async def test_a_closed_watcher_is_freed_by_the_server(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        watchers = [client.watch(f"k{number}") for number in range(5)]
        async with AsyncExitStack() as stack:
            for watcher in watchers:
                await stack.enter_async_context(watcher)
            assert watchers_on(quick_etcd) == 5
            await watchers[0].close()
            await eventually(lambda: watchers_on(quick_etcd) == 4)
        await eventually(lambda: watchers_on(quick_etcd) == 0)


async def test_watchers_of_one_key_each_get_what_they_asked_for(client: AsyncClient, prefix: str) -> None:
    await client.put(prefix, "1")
    async with client.watch(prefix, prev_kv=True) as before, client.watch(prefix) as plain:
        await client.put(prefix, "2")
        (with_previous,), (without,) = await taken(before, 1), await taken(plain, 1)
    assert with_previous.prev_kv is not None
    assert (with_previous.prev_kv.text, without.prev_kv) == ("1", None)
    assert with_previous.kv == without.kv


async def test_a_watch_needs_a_key(client: AsyncClient) -> None:
    with pytest.raises(EmptyKeyError):
        client.watch("")


async def test_every_client_gets_every_event(open_client: OpenClient, etcd_server: Etcd, prefix: str) -> None:
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(open_client(etcd_server.endpoint)) for _ in range(4)]
        watchers = [await stack.enter_async_context(client.watch(Keys.prefix(prefix))) for client in clients]
        await clients[0].txn().then(Put(prefix + "a", "1"), Put(prefix + "b", "2")).commit()
        for watcher in watchers:
            assert await values(watcher, 2) == ["1", "2"]


async def test_watchers_end_in_any_order_and_disturb_no_other(client: AsyncClient, prefix: str) -> None:
    async def come_and_go(number: int) -> None:
        async with client.watch(f"{prefix}{number}"):
            await asyncio.sleep(number % 3 / 1000)

    async with client.watch(prefix) as stays:
        for _ in range(3):
            await asyncio.gather(*(come_and_go(number) for number in range(20)))
        await client.put(prefix, "still here")
        assert await values(stays, 1) == ["still here"]


async def test_progress_is_never_ahead_of_what_was_delivered(
    open_client: OpenClient, eager_etcd: Etcd, prefix: str
) -> None:
    async with open_client(eager_etcd.endpoint) as client:
        first = (await client.put(prefix + "0", "x" * 100_000)).revision
        written = [first] + [(await client.put(f"{prefix}{number}", "x" * 100_000)).revision for number in range(60)]
        missing = set(written)
        async with client.watch(Keys.prefix(prefix), start_revision=first, progress_notify=True) as watcher:
            async for batch in watcher.responses():
                missing -= {event.kv.mod_revision for event in batch.events}
                assert not {revision for revision in missing if revision <= batch.revision}
                if batch.is_progress and not missing:
                    break
            assert watcher.revision >= written[-1]


@pytest.mark.parametrize("fragment", [True, False])
async def test_a_transaction_above_the_receive_limit(open_client: OpenClient, quick_etcd: Etcd, fragment: bool) -> None:
    """In parts it passes and is one batch; whole it cannot, and says so."""
    async with open_client(quick_etcd.endpoint) as writer:
        first = (await writer.put("k0", "x" * 700_000)).revision
        for number in range(1, 6):
            await writer.put(f"k{number}", "x" * 700_000)
        async with (
            open_client(quick_etcd.endpoint, max_receive_bytes=5 * MEBIBYTE // 2) as client,
            client.watch(Keys.prefix("k"), start_revision=first, fragment=fragment) as watcher,
        ):
            if fragment:
                assert [len(event.kv.value) for event in await taken(watcher, 6)] == [700_000] * 6
                return
            with pytest.raises(ResponseTooLargeError):
                await taken(watcher, 6)
