"""What its user drops half read and unclosed leaves nothing behind: no stream on the server, no thread, no task."""

import asyncio
import gc
import threading
import warnings
from collections.abc import Iterator

import pytest

from etcdobs import AsyncClient, Client, Keys
from etcdobs.testing import Etcd
from tests.conftest import OpenClient
from tests.served import watchers_on
from tests.waiting import eventually


@pytest.fixture(autouse=True)
def nothing_unraisable() -> Iterator[None]:
    """Whatever is said from a destructor, or of something that was not closed, fails the test."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield
        gc.collect()


def own() -> set[str]:
    """The names of all threads and tasks of clients."""
    names = {thread.name for thread in threading.enumerate()} | {task.get_name() for task in asyncio.all_tasks()}
    return {name for name in names if name.startswith("etcdobs-")}


async def collected() -> bool:
    gc.collect()
    return not own()


async def test_a_watcher_that_was_dropped_ends(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        await client.put("k", "v")
        async for event in client.watch("k", start_revision=1):
            assert event.kv.text == "v"
            break
        await eventually(collected)
        await eventually(lambda: watchers_on(quick_etcd) == 0)
        await client.put("k", "still usable")


async def test_batches_that_were_dropped_end(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        await client.put("k", "v")
        async for batch in client.watch("k", start_revision=1).responses():
            assert batch.events
            break
        await eventually(collected)
        await eventually(lambda: watchers_on(quick_etcd) == 0)


async def test_a_watcher_in_use_is_not_taken_for_dropped(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client, client.watch("k") as watcher:
        gc.collect()
        await client.put("k", "v")
        assert (await watcher.get(timeout=5)).kv.text == "v"


async def test_reads_that_were_dropped_half_way(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        for number in range(20):
            await client.put(f"k/{number}", "v")
        for reading in (
            client.scan(Keys.prefix("k/"), page_size=3),
            client.children("k/"),
            client.history("k/1"),
        ):
            async for _ in reading:
                break
        del reading
        await eventually(collected)
        await client.put("k/1", "still usable")


async def test_a_session_of_a_client_that_was_dropped_is_no_trouble(quick_etcd: Etcd) -> None:
    async def use() -> None:
        client = AsyncClient(quick_etcd.endpoint)
        await client.watch("k").__aenter__()
        await client.put("k", "v")
        await client.close()

    await use()
    await asyncio.to_thread(_use_blocking, quick_etcd.endpoint)
    await eventually(collected)


def _use_blocking(endpoint: str) -> None:
    client = Client(endpoint)
    client.watch("k").__enter__()
    client.put("k", "v")
    client.close()
