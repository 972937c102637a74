"""A thousand watchers on one client: few threads, nothing missed over a broken connection, and a prompt end."""

import asyncio
import threading
from contextlib import AsyncExitStack

from etcdobs import AsyncClient, Put
from etcdobs.testing import Etcd, relay
from tests.conftest import OpenClient
from tests.served import watchers_on
from tests.waiting import Stopwatch, eventually, values

COUNT = 1_000
_OPS = 125


async def write(client: AsyncClient, value: str) -> None:
    """To every watched key, a few large transactions."""
    for first in range(0, COUNT, _OPS):
        await client.txn().then(*(Put(f"k{number}", value) for number in range(first, first + _OPS))).commit()


async def test_a_thousand_watchers(open_client: OpenClient, quick_etcd: Etcd) -> None:
    before = threading.active_count()
    with relay(quick_etcd.endpoint) as link:
        async with AsyncExitStack() as stack:
            writer = await stack.enter_async_context(open_client(quick_etcd.endpoint))
            client = await stack.enter_async_context(open_client(link.endpoint))
            watchers = [client.watch(f"k{number}") for number in range(COUNT)]
            for first in range(0, COUNT, 50):
                await asyncio.gather(*(watcher.__aenter__() for watcher in watchers[first : first + 50]))
            await eventually(lambda: threading.active_count() - before < 20)
            await write(writer, "1")
            link.reset()
            await write(writer, "2")
            for watcher in watchers:
                assert await values(watcher, 2) == ["1", "2"]
            assert all(not watcher.pending for watcher in watchers)
            with Stopwatch() as closing:
                await client.close()
            assert closing.seconds < 3
    await eventually(lambda: watchers_on(quick_etcd) == 0)
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("etcdobs-")]
