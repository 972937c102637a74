"""How a client ends: closed, its loop over, its task cancelled, or left lying by its user."""

import asyncio
import contextlib
import threading

import pytest

from etcdobs import AsyncClient, Client, ClosedError, Compare, Keys
from etcdobs.testing import Etcd, relay
from tests.conftest import OpenClient
from tests.waiting import Stopwatch, eventually, values


def own_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("etcdobs-")]


async def busy(client: AsyncClient, prefix: str) -> None:
    """Leaves a call behind it, an open watch and a heartbeat."""
    await client.put(prefix)
    await client.watch(prefix).__aenter__()
    lease = await client.lease.grant(60)
    await client.lease.keep_alive(lease).__aenter__()


async def test_closing_twice(open_client: OpenClient, etcd_server: Etcd, prefix: str) -> None:
    async with open_client(etcd_server.endpoint) as client:
        await busy(client, prefix)
        with Stopwatch() as closing:
            await client.close()
            await client.close()
        assert closing.seconds < 1


async def test_closing_one_that_was_never_used(open_client: OpenClient) -> None:
    async with open_client("127.0.0.1:1"):
        pass


async def test_nothing_is_left_running(open_client: OpenClient, etcd_server: Etcd, prefix: str) -> None:
    others = own_threads()
    tasks = asyncio.all_tasks()
    async with open_client(etcd_server.endpoint) as client:
        await busy(client, prefix)
        assert len(own_threads()) > len(others) or asyncio.all_tasks() > tasks
    assert own_threads() == others
    await eventually(lambda: asyncio.all_tasks() == tasks)  # gRPC's own generators end a turn later


async def test_calls_after_close(open_client: OpenClient, etcd_server: Etcd, prefix: str) -> None:
    async with open_client(etcd_server.endpoint) as client:
        await client.put(prefix)
        lease = await client.lease.grant(60)
        await client.close()
        calls = [
            client.get(prefix),
            client.put(prefix),
            client.delete(prefix),
            client.txn().when(Compare.exists(prefix)).commit(),
            client.compact(1),
            client.lease.grant(60),
            client.lease.keep_alive_once(lease),
            lease.revoke(),
            client.cluster.members(),
            client.maintenance.status(),
            client.maintenance.status("127.0.0.1:1"),
            anext(aiter(client.scan(Keys.all()))),
            anext(aiter(client.children(""))),
            client.watch(prefix).__aenter__(),
            client.watch(prefix, start_revision=1).__aenter__(),
            client.lease.keep_alive(lease).__aenter__(),
        ]
        for call in calls:
            with pytest.raises(ClosedError, match="the client is closed"):
                await call


async def test_calls_in_flight_at_close(open_client: OpenClient, etcd_server: Etcd, prefix: str) -> None:
    with relay(etcd_server.endpoint) as link:
        async with open_client(link.endpoint) as client:
            await client.lease.list()
            link.pause()
            calls = [
                asyncio.create_task(client.get(prefix)),
                asyncio.create_task(client.put(prefix)),
                asyncio.create_task(client.lease.keep_alive_once(1)),
                asyncio.create_task(_enter(client.watch(prefix, start_revision=1))),
                asyncio.create_task(_enter(client.lease.keep_alive(1))),
            ]
            await asyncio.sleep(0.1)
            with Stopwatch() as closing:
                await client.close()
                outcomes = await asyncio.gather(*calls, return_exceptions=True)
            assert closing.seconds < 1
            assert [type(outcome) for outcome in outcomes] == [ClosedError] * 5


async def _enter(context: contextlib.AbstractAsyncContextManager[object]) -> None:
    await context.__aenter__()


async def test_calls_that_wait_to_be_repeated_at_close(open_client: OpenClient) -> None:
    async with open_client("127.0.0.1:1", dial_timeout=30, timeout=None) as client:
        calls = [asyncio.create_task(client.get("k")), asyncio.create_task(_enter(client.watch("k")))]
        await asyncio.sleep(0.2)
        with Stopwatch() as closing:
            await client.close()
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert closing.seconds < 1.5
        assert [type(outcome) for outcome in outcomes] == [ClosedError] * 2


async def test_a_cancelled_call_leaves_the_client_usable(etcd_server: Etcd, prefix: str) -> None:
    with relay(etcd_server.endpoint) as link:
        async with AsyncClient(link.endpoint) as client, client.watch(prefix) as watcher:
            await client.put(prefix, "1")
            link.pause()
            calls = [
                asyncio.create_task(client.get(prefix)),
                asyncio.create_task(client.lease.keep_alive_once(1)),
                asyncio.create_task(_enter(client.watch(prefix, start_revision=1))),
                asyncio.create_task(_enter(client.lease.keep_alive(1))),
                asyncio.create_task(_next(client)),
            ]
            await asyncio.sleep(0.1)
            for call in calls:
                call.cancel()
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
            assert [type(outcome) for outcome in outcomes] == [asyncio.CancelledError] * 5
            link.resume()
            await client.put(prefix, "2")
            assert await values(watcher, 2) == ["1", "2"]


async def _next(client: AsyncClient) -> None:
    await anext(aiter(client.scan(Keys.all())))


async def test_a_cancelled_get_of_a_watcher_loses_nothing(etcd_server: Etcd, prefix: str) -> None:
    async with AsyncClient(etcd_server.endpoint) as client, client.watch(prefix) as watcher:
        for number in range(50):
            getting = asyncio.create_task(watcher.get())
            await asyncio.sleep(0)
            putting = asyncio.create_task(client.put(prefix, str(number)))
            for _ in range(number % 7):
                await asyncio.sleep(0)
            getting.cancel()
            await putting
            with contextlib.suppress(asyncio.CancelledError):
                assert (await getting).kv.text == str(number)
                continue
            assert await values(watcher, 1) == [str(number)]


def test_one_client_in_one_event_loop_after_another(etcd_server: Etcd, prefix: str) -> None:
    client = AsyncClient(etcd_server.endpoint)

    async def use(tidy: bool) -> None:
        written = await client.put(prefix, "0")
        watcher = client.watch(prefix, start_revision=written.revision)
        await watcher.__aenter__()
        heartbeat = client.lease.keep_alive(await client.lease.grant(60))
        await heartbeat.__aenter__()
        assert await values(watcher, 1) == ["0"]
        await client.delete(prefix)
        if tidy:
            await watcher.close()
            await heartbeat.close()

    for tidy in (True, False, False, True):
        asyncio.run(use(tidy))
    asyncio.run(client.close())


def test_a_watcher_whose_loop_is_over_says_so(etcd_server: Etcd, prefix: str) -> None:
    client = AsyncClient(etcd_server.endpoint)
    watcher = client.watch(prefix)
    asyncio.run(_enter(watcher))

    async def get() -> None:
        await client.put(prefix)
        with pytest.raises(ClosedError, match="event loop is over"):
            await watcher.get(timeout=1)
        await watcher.close()
        await client.close()

    asyncio.run(get())


async def test_two_event_loops_at_once_are_refused(etcd_server: Etcd, prefix: str) -> None:
    async with AsyncClient(etcd_server.endpoint) as client:
        await client.put(prefix)
        with pytest.raises(RuntimeError, match="another running event loop"):
            await asyncio.to_thread(asyncio.run, _get(client, prefix))
        await client.put(prefix)


async def _get(client: AsyncClient, key: str) -> None:
    await client.get(key)


async def test_closing_from_another_thread_ends_what_waits(etcd_server: Etcd, prefix: str) -> None:
    client = Client(etcd_server.endpoint)
    with client.watch(prefix) as watcher:
        getting = asyncio.create_task(asyncio.to_thread(watcher.get))
        await asyncio.to_thread(client.close)
        with pytest.raises(ClosedError):
            await asyncio.wait_for(getting, 2)


def test_many_threads_share_one_client(etcd_server: Etcd, prefix: str) -> None:
    failures: list[BaseException] = []

    def use(client: Client, name: str) -> None:
        try:
            for number in range(20):
                with client.watch(prefix + name) as watcher:
                    client.put(prefix + name, str(number))
                    assert watcher.get(timeout=10).kv.text == str(number)
        except BaseException as error:  # noqa: BLE001 - told to the test's own thread
            failures.append(error)

    with Client(etcd_server.endpoint) as client:
        threads = [threading.Thread(target=use, args=(client, name)) for name in "abcdefgh"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == []
