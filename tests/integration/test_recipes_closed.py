"""What a recipe started ends when it is closed: also early, twice, cancelled, or where no server answers."""

import asyncio
import gc
import threading
import time
from contextlib import suppress
from itertools import repeat
from typing import Any

import pytest

from etcdobs import AsyncClient, Client, ClosedError, CompactedError, Keys
from etcdobs.recipes import AsyncCache, AsyncLeasingKV, Cache
from etcdobs.testing import Etcd
from tests.clients import BlockingAsAsync
from tests.conftest import OpenClient
from tests.frozen import frozen
from tests.integration.leasing import leasing
from tests.waiting import Stopwatch, eventually


def cache_of(client: Any, keys: Keys) -> Any:
    """Of the client's kind; not open."""
    if type(client) is BlockingAsAsync:
        return BlockingAsAsync(Cache(client._target, keys))
    return AsyncCache(client, keys)


def target(wrapped: Any) -> Any:
    """What is not awaited on either client."""
    return wrapped._target if type(wrapped) is BlockingAsAsync else wrapped


def background() -> set[str]:
    return {task.get_name() for task in asyncio.all_tasks()} | threads()


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


async def test_leasing_that_is_closed_at_once_leaves_no_lease(client: AsyncClient, prefix: str) -> None:
    before = await client.lease.list()
    async with leasing(client, prefix):
        pass
    assert await client.lease.list() == before
    await eventually(lambda: not background() & {"etcdobs-leasing", "etcdobs-watch"})


async def test_a_cache_that_is_closed_at_once_leaves_no_watch(client: AsyncClient, prefix: str) -> None:
    async with cache_of(client, Keys.prefix(prefix)):
        pass
    await eventually(lambda: not background() & {"etcdobs-cache", "etcdobs-watch"})


async def test_leasing_that_is_closed_while_it_opens_leaves_no_lease(client: AsyncClient, prefix: str) -> None:
    before = await client.lease.list()
    kv = leasing(client, prefix)
    opening = asyncio.create_task(kv.__aenter__())
    await asyncio.sleep(0)
    await kv.close()
    # The blocking one may have been open already.
    with suppress(ClosedError):
        await opening
    assert await client.lease.list() == before
    await eventually(lambda: not background() & {"etcdobs-leasing", "etcdobs-watch"})


async def test_a_cache_that_is_closed_while_it_opens_leaves_no_watch(client: AsyncClient, prefix: str) -> None:
    cache = cache_of(client, Keys.prefix(prefix))
    opening = asyncio.create_task(cache.__aenter__())
    await asyncio.sleep(0)
    await cache.close()
    # The blocking one may have been open already.
    with suppress(ClosedError):
        await opening
    await eventually(lambda: not background() & {"etcdobs-cache", "etcdobs-watch"})


@pytest.mark.parametrize("turns", range(4))
async def test_a_cancelled_close_of_leasing_revokes_all_the_same(etcd_server: Etcd, prefix: str, turns: int) -> None:
    async with AsyncClient(etcd_server.endpoint) as client:
        before = await client.lease.list()
        kv = await AsyncLeasingKV(client, f"leasing{prefix}").__aenter__()
        await kv.get(prefix)
        closing = asyncio.create_task(kv.close())
        for _ in range(turns):
            await asyncio.sleep(0)
        closing.cancel()
        await asyncio.wait([closing])
        await kv.close()
        assert await client.lease.list() == before


async def test_a_closed_cache_holds_nothing(client: AsyncClient, prefix: str) -> None:
    await client.put(prefix, bytes(1000))
    async with cache_of(client, Keys.prefix(prefix)) as cache:
        kv = target(cache).get(prefix)
        assert kv is not None
    gc.collect()
    assert not [holder for holder in gc.get_referrers(kv) if isinstance(holder, dict) and holder.get(kv.key) is kv]


async def test_leasing_is_closed_although_nobody_answers(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint, timeout=None) as client:
        kv = await leasing(client, "/", ttl=1).__aenter__()
        with frozen(quick_etcd), Stopwatch() as closing:
            await asyncio.wait_for(kv.close(), 20)
        assert closing.seconds < 5


async def test_a_cache_is_closed_although_nobody_answers(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint, timeout=None) as client:
        cache = await cache_of(client, Keys.prefix("/")).__aenter__()
        await cache.wait_until((await client.put("/k")).revision, timeout=5)
        with frozen(quick_etcd):
            target(cache)._watcher._mailbox.end(CompactedError())
            # It reads the range anew, without end.
            await eventually(lambda: not target(client)._watches._homes)
            with Stopwatch() as closing:
                await asyncio.wait_for(cache.close(), 20)
            assert closing.seconds < 5


async def test_a_cache_whose_range_is_compacted_ever_again_does_not_try_without_end(client: AsyncClient) -> None:
    reads = 0

    def fill() -> Any:
        nonlocal reads
        reads += 1
        yield from compacted

    compacted = map(_raise, repeat(CompactedError()))
    cache = cache_of(client, Keys.prefix("/"))
    target(cache)._held.fill = fill
    with pytest.raises(CompactedError):
        await asyncio.wait_for(cache.__aenter__(), 10)
    assert 1 < reads < 10


def _raise(error: Exception) -> None:
    raise error


class SlowlyPopped(set[threading.Thread]):
    """Gives another thread time to empty it first."""

    def pop(self) -> threading.Thread:
        time.sleep(0.05)
        return super().pop()


def test_a_batch_is_closed_from_two_threads(etcd_server: Etcd, prefix: str) -> None:
    failures: list[BaseException] = []

    def close() -> None:
        try:
            together.wait()
            batch.close()
        except BaseException as error:  # noqa: BLE001 - told below
            failures.append(error)

    with Client(etcd_server.endpoint) as client:
        batch = client.batched()
        batch.put(prefix)
        batch._batcher._threads = SlowlyPopped(batch._batcher._threads)
        together = threading.Barrier(2)
        closing = [threading.Thread(target=close) for _ in range(2)]
        for thread in closing:
            thread.start()
        for thread in closing:
            thread.join()
    assert not failures


def test_no_thread_of_a_batch_outlives_the_client(etcd_server: Etcd, prefix: str) -> None:
    for _ in range(10):
        with Client(etcd_server.endpoint) as client:
            batch = client.batched()
            batch.put(prefix)
            batch.get(prefix)
        assert "etcdobs-batch" not in threads()
