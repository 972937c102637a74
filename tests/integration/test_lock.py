"""A lock has one holder at a time, in the order of asking, and whoever gives up or dies does not keep the others."""

import asyncio
import contextlib
import signal
import sys
import threading
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from types import FrameType
from typing import Any, cast

import pytest

from etcdobs import AsyncClient, Client, DeadlineExceededError, EtcdError, Keys
from etcdobs.recipes import AsyncLock, LockNotHeldError, SessionExpiredError
from etcdobs.testing import Etcd
from tests.clients import BlockingAsAsync
from tests.conftest import OpenClient
from tests.etcdctl import etcdctl_in_background
from tests.waiting import Stopwatch, eventually


async def queued(client: AsyncClient, name: str) -> list[bytes]:
    """The keys of those who hold it or wait for it, in order."""
    places = await client.range(Keys.prefix(name + "/"), sort_by="create_revision")
    return [kv.key for kv in places]


async def all_wait(client: AsyncClient, name: str, count: int) -> None:
    async def so_many() -> bool:
        return len(await queued(client, name)) == count

    await eventually(so_many)


@contextlib.asynccontextmanager
async def both_kinds(endpoint: str, count: int) -> AsyncIterator[list[AsyncClient]]:
    """Clients of both kinds in turn."""
    async with contextlib.AsyncExitStack() as stack:
        clients: list[AsyncClient] = []
        for number in range(count):
            one: Any = AsyncClient(endpoint) if number % 2 else BlockingAsAsync(Client(endpoint))
            clients.append(cast(AsyncClient, await stack.enter_async_context(one)))
        yield clients


async def test_holders_exclude_each_other_and_fences_grow(etcd_server: Etcd, prefix: str) -> None:
    inside, most, fences = 0, 0, []

    async def work(client: AsyncClient) -> None:
        nonlocal inside, most
        for _ in range(4):
            async with client.lock(prefix, ttl=30) as lock:
                inside += 1
                most = max(most, inside)
                fences.append(lock.fence)
                await client.put(prefix + "counter", str(int(await read(client)) + 1))
                inside -= 1

    async def read(client: AsyncClient) -> str:
        kv = await client.get(prefix + "counter")
        return kv.text if kv else "0"

    async with both_kinds(etcd_server.endpoint, 5) as clients:
        await asyncio.gather(*map(work, clients))
        assert await read(clients[0]) == "20"
        assert await queued(clients[0], prefix) == []
    assert most == 1
    assert fences == sorted(set(fences))


async def test_those_who_wait_get_it_in_the_order_of_asking(etcd_server: Etcd, prefix: str) -> None:
    order: list[int] = []

    async def work(number: int, client: AsyncClient) -> None:
        async with client.lock(prefix):
            order.append(number)

    async with (
        both_kinds(etcd_server.endpoint, 5) as clients,
        asyncio.TaskGroup() as tasks,
        clients[0].lock(prefix),
    ):
        for number, client in enumerate(clients):
            tasks.create_task(work(number, client))
            await all_wait(clients[0], prefix, number + 2)
    assert order == [0, 1, 2, 3, 4]


async def test_its_key_is_that_of_go(client: AsyncClient, prefix: str) -> None:
    for name in (prefix + "plain", prefix + "ends-with/", (prefix + "bytes").encode()):
        async with client.lock(name) as lock:
            text = name if isinstance(name, str) else name.decode()
            assert lock.key == f"{text}/{lock.lease.id:x}".encode()
            kv = await client.get(lock.key)
            assert kv is not None
            assert (kv.create_revision, kv.lease) == (lock.fence, lock.lease.id)


@pytest.mark.parametrize("ending", ["lock", "lock/"])
async def test_it_excludes_etcdctl(client: AsyncClient, etcd_server: Etcd, prefix: str, ending: str) -> None:
    with etcdctl_in_background(etcd_server, "lock", prefix + ending) as go:
        assert go.stdout is not None
        key = (await asyncio.to_thread(go.stdout.readline)).strip()
        assert await queued(client, prefix + ending) == [key]
        assert not await client.lock(prefix + ending).try_acquire()
        with pytest.raises(DeadlineExceededError):
            await client.lock(prefix + ending).acquire(timeout=0.1)
    async with client.lock(prefix + ending, timeout=10) as lock:
        assert lock.held


async def test_a_timeout_gives_the_place_up(client: AsyncClient, prefix: str) -> None:
    async with client.lock(prefix) as lock:
        for waiting, given in ((client.lock(prefix, timeout=0.2), {}), (client.lock(prefix), {"timeout": 0.2})):
            with Stopwatch() as waited, pytest.raises(DeadlineExceededError) as caught:
                await waiting.acquire(**given)
            assert isinstance(caught.value, TimeoutError)
            assert 0.2 <= waited.seconds < 2
            assert (waiting.held, waiting.lost) == (False, False)
            assert await queued(client, prefix) == [lock.key]
    async with waiting:
        assert waiting.held


async def test_a_timeout_of_none_waits_although_the_lock_has_its_own(client: AsyncClient, prefix: str) -> None:
    lock = client.lock(prefix, timeout=0.1)
    async with client.lock(prefix):
        acquiring = asyncio.create_task(lock.acquire(timeout=None))
        await all_wait(client, prefix, 2)
        assert not (await asyncio.wait([acquiring], timeout=0.5))[0]
        assert [lock.held] == [False]
    await acquiring
    assert lock.held
    await lock.release()


async def test_try_acquire(client: AsyncClient, prefix: str) -> None:
    one, two = client.lock(prefix), client.lock(prefix)
    assert await one.try_acquire()
    assert not await two.try_acquire()
    assert (one.held, two.held) == (True, False)
    assert await queued(client, prefix) == [one.key]
    await one.release()
    assert await two.try_acquire()
    await two.release()
    assert await queued(client, prefix) == []


async def test_one_object_is_no_lock_between_its_own_users(client: AsyncClient, prefix: str) -> None:
    """Who found it held by its own object would believe to have it, and two would be inside."""
    async with client.lock(prefix) as lock:
        for again in (lock.acquire(), lock.try_acquire()):
            with pytest.raises(RuntimeError, match="needs one of its own"):
                await again
        assert lock.held
    async with lock:
        assert lock.held


async def test_it_may_be_used_again(client: AsyncClient, prefix: str) -> None:
    lock, fences = client.lock(prefix), []
    for _ in range(3):
        async with lock:
            fences.append(lock.fence)
        assert not lock.held
        with pytest.raises(RuntimeError, match="not open"):
            _ = lock.fence
    assert fences == sorted(set(fences))


async def test_release_without_holding(client: AsyncClient, prefix: str) -> None:
    lock = client.lock(prefix)
    with pytest.raises(LockNotHeldError):
        await lock.release()
    await lock.acquire()
    await lock.release()
    with pytest.raises(LockNotHeldError):
        await lock.release()


async def test_it_is_lost_with_its_lease(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        lock = client.lock("k", ttl=3)
        await lock.acquire()
        await client.lease.revoke(lock.lease)
        assert await lock.wait_lost(timeout=5)
        assert (lock.lost, lock.held) == (True, False)
        with pytest.raises(LockNotHeldError, match="lost before"):
            await lock.release()
        async with lock:
            assert lock.held


async def test_what_was_lost_may_be_acquired_again_without_release(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        lock = client.lock("k", ttl=3)
        await lock.acquire()
        await client.lease.revoke(lock.lease)
        assert await lock.wait_lost(timeout=5)
        await lock.acquire(timeout=5)
        assert lock.held
        await lock.release()
        assert await queued(client, "k") == []


async def test_leaving_a_lock_that_was_lost_is_told_unless_something_else_is(client: AsyncClient, prefix: str) -> None:
    with pytest.raises(LockNotHeldError):
        async with client.lock(prefix) as lock:
            await client.lease.revoke(lock.lease)
    with pytest.raises(KeyError):
        await fail_inside(client.lock(prefix), lambda lock: client.lease.revoke(lock.lease))


async def fail_inside(lock: AsyncLock, meanwhile: Callable[[AsyncLock], Awaitable[None]]) -> None:
    async with lock:
        await meanwhile(lock)
        raise KeyError


async def test_a_waiter_whose_lease_is_lost_is_told_soon(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client, client.lock("k", ttl=60):
        waiting = asyncio.create_task(client.lock("k", ttl=3).acquire())
        await all_wait(client, "k", 2)
        place = await client.get((await queued(client, "k"))[1])
        assert place is not None
        await client.lease.revoke(place.lease)
        with pytest.raises(SessionExpiredError):
            await asyncio.wait_for(waiting, 4)


async def test_a_waiter_whose_lease_ended_while_it_waited_does_not_get_the_lock(
    client: AsyncClient, prefix: str
) -> None:
    async with client.lock(prefix):
        waiting = asyncio.create_task(client.lock(prefix).acquire())
        await all_wait(client, prefix, 2)
        place = await client.get((await queued(client, prefix))[1])
        assert place is not None
        await client.lease.revoke(place.lease)
    with pytest.raises(SessionExpiredError):
        await waiting


async def test_in_a_session_of_its_users(client: AsyncClient, prefix: str) -> None:
    async with client.session() as session, client.lock(prefix + "other") as other:
        async with client.lock(prefix + "a", session=session) as one, client.lock(prefix + "b", session=session) as two:
            assert one.lease.id == two.lease.id == session.lease.id
        assert await queued(client, prefix + "a") == []
        waiting = client.lock(prefix + "other", session=session, timeout=0.1)
        with pytest.raises(DeadlineExceededError):
            await waiting.acquire()
        assert not await waiting.try_acquire()
        assert await queued(client, prefix + "other") == [other.key]
        assert not session.lost
        assert (await session.lease.time_to_live()).ttl > 0


async def test_a_session_that_is_gone_is_told(client: AsyncClient, prefix: str) -> None:
    async with client.session() as session:
        await client.lease.revoke(session.lease)
        for acquire in ("acquire", "try_acquire"):
            with pytest.raises(SessionExpiredError):
                await getattr(client.lock(prefix, session=session), acquire)()


async def test_who_waits_goes_on_when_what_it_waits_for_was_compacted(client: AsyncClient, prefix: str) -> None:
    async with client.lock(prefix):
        waiting = asyncio.create_task(client.lock(prefix, timeout=20).acquire())
        await all_wait(client, prefix, 2)
        await client.compact((await client.put(prefix)).revision)
    await waiting


async def test_a_server_that_is_away_does_not_hide_why_the_block_was_left(
    open_client: OpenClient, quick_etcd: Etcd
) -> None:
    async with open_client(quick_etcd.endpoint, timeout=0.5, dial_timeout=0.5) as client:
        with pytest.raises(KeyError):
            await fail_inside(client.lock("k", ttl=2), lambda _lock: asyncio.to_thread(quick_etcd.kill))
    quick_etcd.start()
    async with open_client(quick_etcd.endpoint) as client, client.lock("k", timeout=20) as lock:
        assert lock.held


async def test_a_release_that_failed_ends_the_renewals(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint, timeout=0.5, dial_timeout=0.5) as client:
        lock = client.lock("k", ttl=2)
        await lock.acquire()
        quick_etcd.kill()
        with pytest.raises(EtcdError):
            await lock.release()
        assert not lock.held
        quick_etcd.start()
        async with open_client(quick_etcd.endpoint) as other, other.lock("k", timeout=20) as again:
            assert again.held


async def test_a_task_that_is_cancelled_gives_its_place_up(etcd_server: Etcd, prefix: str) -> None:
    async with AsyncClient(etcd_server.endpoint) as client, client.session() as session:
        async with client.lock(prefix) as lock:
            for waiter in (client.lock(prefix), client.lock(prefix, session=session)):
                waiting = asyncio.create_task(waiter.acquire())
                await all_wait(client, prefix, 2)
                waiting.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await waiting
                assert await queued(client, prefix) == [lock.key]
        assert await waiter.try_acquire()


async def test_a_task_that_is_cancelled_at_any_moment_leaves_nothing(etcd_server: Etcd, prefix: str) -> None:
    async with AsyncClient(etcd_server.endpoint) as client, client.session() as session:
        for turns in range(40):
            acquiring = asyncio.create_task(client.lock(prefix, session=session).acquire())
            for _ in range(turns):
                await asyncio.sleep(0)
            acquiring.cancel()
            await asyncio.wait([acquiring])
            if not acquiring.cancelled():
                await client.delete(Keys.prefix(prefix))
            assert await queued(client, prefix) == []


@pytest.mark.parametrize("shared", [False, True])
def test_an_interrupt_gives_the_place_up(etcd_server: Etcd, prefix: str, shared: bool) -> None:
    with Client(etcd_server.endpoint) as client, client.session() as session, client.lock(prefix) as lock:
        waiting = client.lock(prefix, session=session if shared else None)
        thread = threading.Thread(target=interrupt_once_it_waits, args=(client, prefix))
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            waiting.acquire(timeout=30)
        thread.join()
        assert not waiting.held
        assert [kv.key for kv in client.range(Keys.prefix(prefix))] == [lock.key]
        lock.release()
        assert waiting.try_acquire()
        waiting.release()
        lock.acquire()


def interrupt_once_it_waits(client: Client, prefix: str) -> None:
    """As Ctrl-C would, once the main thread waits for its place to become the first."""
    main = threading.main_thread().ident
    assert main is not None
    deadline = time.monotonic() + 20
    while not (client.count(Keys.prefix(prefix)) == 2 and waits_for_an_event(sys._current_frames()[main])):
        assert time.monotonic() < deadline
    signal.pthread_kill(main, signal.SIGINT)


def waits_for_an_event(frame: FrameType | None) -> bool:
    callers = [each.f_code.co_qualname for each, _ in traceback.walk_stack(frame)]
    return "Watcher.get" in callers and callers[0] == "Condition.wait"


async def test_wrong_arguments(client: AsyncClient, prefix: str) -> None:
    with pytest.raises(ValueError, match="needs a name"):
        client.lock("")
    with pytest.raises(ValueError, match="ttl must be from 1"):
        client.lock(prefix, ttl=0)
    with pytest.raises(ValueError, match="must be"):
        client.lock(prefix, timeout=-1)
