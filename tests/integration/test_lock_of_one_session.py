"""Those who share a session, or a lock object, are one owner to the server: none is let in beside the other."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from etcdobs import AsyncClient, DeadlineExceededError, Keys
from etcdobs.recipes import AsyncLock, LockNotHeldError
from etcdobs.testing import Etcd
from tests.conftest import OpenClient
from tests.waiting import eventually


async def queued(client: AsyncClient, name: str) -> int:
    return await client.count(Keys.prefix(name + "/"))


async def test_a_second_lock_of_a_session_is_refused_while_the_first_holds(client: AsyncClient, prefix: str) -> None:
    async with client.session() as session:
        one, two = client.lock(prefix, session=session), client.lock(prefix, session=session)
        async with one:
            for again in (two.acquire(), two.try_acquire()):
                with pytest.raises(RuntimeError, match="a session of its own"):
                    await again
            assert (one.held, two.held) == (True, False)
            assert await queued(client, prefix) == 1
        async with two:
            assert two.held
        assert await queued(client, prefix) == 0


async def test_two_sessions_of_one_lease_are_one_owner(client: AsyncClient, prefix: str) -> None:
    lease = await client.lease.grant(30)
    async with client.session(lease=lease) as mine, client.session(lease=lease) as other:
        async with client.lock(prefix, session=mine):
            with pytest.raises(RuntimeError, match="a session of its own"):
                await client.lock(prefix, session=other).acquire()
        async with client.lock(prefix, session=other) as lock:
            assert lock.held


async def test_a_second_lock_of_a_session_takes_no_place_from_one_that_waits(client: AsyncClient, prefix: str) -> None:
    async with client.session() as session:
        async with client.lock(prefix):
            waiting = client.lock(prefix, session=session)
            acquiring = asyncio.create_task(waiting.acquire())
            await eventually(lambda: _are(client, prefix, 2))
            with pytest.raises(RuntimeError, match="a session of its own"):
                await client.lock(prefix, session=session, timeout=0.1).acquire()
            assert await queued(client, prefix) == 2
        await acquiring
        await waiting.release()


async def _are(client: AsyncClient, name: str, count: int) -> bool:
    return await queued(client, name) == count


async def test_one_that_gave_up_lets_another_of_its_session_wait(client: AsyncClient, prefix: str) -> None:
    async with client.session() as session:
        async with client.lock(prefix):
            for _ in range(2):
                with pytest.raises(DeadlineExceededError):
                    await client.lock(prefix, session=session, timeout=0.1).acquire()
        async with client.lock(prefix, session=session) as lock:
            assert lock.held


@pytest.fixture
async def quick(open_client: OpenClient, quick_etcd: Etcd) -> AsyncIterator[AsyncClient]:
    """A client of a server that grants short leases."""
    async with open_client(quick_etcd.endpoint) as opened:
        yield opened


async def test_a_lock_that_was_lost_is_nobody_elses_until_its_block_is_left(quick: AsyncClient) -> None:
    """Leaving the block would release what the second acquired."""
    lock = quick.lock("k", ttl=1)
    with pytest.raises(LockNotHeldError, match="lost before"):
        await lost_inside(quick, lock)
    async with lock:
        assert lock.held


async def lost_inside(client: AsyncClient, lock: AsyncLock) -> None:
    async with lock:
        await client.lease.revoke(lock.lease)
        assert await lock.wait_lost(timeout=5)
        with pytest.raises(RuntimeError, match="one of its own"):
            await lock.acquire()


async def test_of_all_who_take_a_lock_that_was_lost_one_gets_it(quick: AsyncClient) -> None:
    lock = quick.lock("k", ttl=1)
    await lock.acquire()
    await quick.lease.revoke(lock.lease)
    assert await lock.wait_lost(timeout=5)
    outcomes = await asyncio.gather(*(lock.acquire() for _ in range(4)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes if outcome is not None] == [RuntimeError] * 3
    assert lock.held
    await lock.release()
    assert await queued(quick, "k") == 0
