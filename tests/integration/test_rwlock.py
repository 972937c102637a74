"""Many may read at once, one may write alone, and nobody is overtaken."""

import asyncio
from typing import Any

import pytest

from etcdobs import AsyncClient, DeadlineExceededError, Keys
from etcdobs.recipes import AsyncRWLock, RWLock, SessionExpiredError
from etcdobs.recipes.errors import LockNotHeldError
from etcdobs.testing import Etcd
from tests.clients import BlockingAsAsync
from tests.conftest import OpenClient
from tests.waiting import eventually


def rwlock(client: Any, name: str, **options: Any) -> AsyncRWLock:
    """Of the client's kind."""
    if type(client) is not BlockingAsAsync:
        return AsyncRWLock(client, name, **options)
    lock = RWLock(client._target, name, **{key: getattr(value, "_target", value) for key, value in options.items()})

    class Wrapped:
        def read(self, timeout: float | None = None) -> Any:
            return BlockingAsAsync(lock.read(timeout))

        def write(self, timeout: float | None = None) -> Any:
            return BlockingAsAsync(lock.write(timeout))

    wrapped: Any = Wrapped()
    return wrapped  # type: ignore[no-any-return]


async def keys(client: AsyncClient, prefix: str) -> list[str]:
    """By age, what follows the prefix."""
    response = await client.range(Keys.prefix(prefix), sort_by="create_revision")
    return [kv.key.decode().removeprefix(prefix) for kv in response]


async def all_wait(client: AsyncClient, prefix: str, count: int) -> None:
    async def there() -> bool:
        return len(await keys(client, prefix)) == count

    await eventually(there)


async def test_many_read_at_once(client: AsyncClient, prefix: str) -> None:
    lock = rwlock(client, prefix)
    async with lock.read(timeout=5) as one, lock.read(timeout=5) as two:
        assert one.held
        assert two.held
        assert one.fence < two.fence
        assert not await lock.write().try_acquire()
    assert await keys(client, prefix) == []


async def test_one_writes_alone(client: AsyncClient, prefix: str) -> None:
    lock = rwlock(client, prefix)
    async with lock.write(timeout=5):
        assert not await lock.read().try_acquire()
        assert not await lock.write().try_acquire()
    async with lock.write(timeout=5) as again:
        assert again.held


async def test_who_reads_waits_for_a_writer_that_came_before(client: AsyncClient, prefix: str) -> None:
    lock = rwlock(client, prefix)
    reading, writing, late = lock.read(), lock.write(), lock.read()
    await reading.acquire()
    write = asyncio.create_task(writing.acquire())
    await all_wait(client, prefix, 2)
    read = asyncio.create_task(late.acquire())
    await all_wait(client, prefix, 3)
    await reading.release()
    await asyncio.wait_for(write, 10)
    assert not read.done()
    await writing.release()
    await asyncio.wait_for(read, 10)
    await late.release()


async def test_the_keys_are_those_of_go(client: AsyncClient, prefix: str) -> None:
    """`name/read/<unique>` and `name/write/<unique>`, on the session's lease."""
    name = prefix + "name"
    lock = rwlock(client, name)
    async with lock.read() as reading:
        found = await client.get(reading.key)
        assert found is not None
        assert found.key.startswith(f"{name}/read/".encode())
        assert (found.value, found.lease) == (b"", reading.lease.id)
    async with lock.write() as writing:
        assert writing.key.startswith(f"{name}/write/".encode())


async def test_it_waits_for_the_keys_that_go_writes(client: AsyncClient, prefix: str) -> None:
    lock = rwlock(client, prefix + "name")
    await client.put(f"{prefix}name/read/1700000000000000001")
    async with lock.read(timeout=5):
        pass
    with pytest.raises(DeadlineExceededError):
        await lock.write(timeout=0.2).acquire()
    await client.put(f"{prefix}name/write/1700000000000000002")
    waiting = asyncio.create_task(lock.read(timeout=10).acquire())
    await all_wait(client, prefix, 3)
    assert not (await asyncio.wait([waiting], timeout=0.2))[0]
    await client.delete(f"{prefix}name/write/1700000000000000002")
    await waiting


async def test_who_gives_up_leaves_nothing(client: AsyncClient, prefix: str) -> None:
    lock = rwlock(client, prefix)
    async with lock.write() as held:
        for waiting in (lock.read(timeout=0.1), lock.write(timeout=0.1)):
            with pytest.raises(DeadlineExceededError):
                await waiting.acquire()
        assert await keys(client, prefix) == [held.key.decode().removeprefix(prefix)]


async def test_in_one_session_many_may_read_and_one_write(client: AsyncClient, prefix: str) -> None:
    async with client.session() as session:
        lock = rwlock(client, prefix, session=session)
        async with lock.read(timeout=5) as one, lock.read(timeout=5) as two:
            assert one.key != two.key
            assert not await lock.write().try_acquire()
        async with lock.write(timeout=5):
            assert not await lock.read().try_acquire()
        assert not session.lost


async def test_it_is_lost_with_its_lease(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        lock = rwlock(client, "k", ttl=3)
        held, waiting = lock.write(), lock.read()
        await held.acquire()
        task = asyncio.create_task(waiting.acquire())
        await all_wait(client, "k", 2)
        await client.lease.revoke(held.lease)
        await asyncio.wait_for(task, 10)
        assert await held.wait_lost(timeout=5)
        with pytest.raises(LockNotHeldError):
            await held.release()
        await client.lease.revoke(waiting.lease)
        with pytest.raises(LockNotHeldError):
            await waiting.release()


async def test_a_session_that_is_gone_is_told(client: AsyncClient, prefix: str) -> None:
    async with client.session() as session:
        await client.lease.revoke(session.lease)
        with pytest.raises(SessionExpiredError):
            await rwlock(client, prefix, session=session).read().acquire()


async def test_wrong_arguments(client: AsyncClient, prefix: str) -> None:
    with pytest.raises(ValueError, match="needs a name"):
        rwlock(client, "")
    with pytest.raises(ValueError, match="ttl must be from 1"):
        rwlock(client, prefix, ttl=0)
    with pytest.raises(ValueError, match="must be"):
        rwlock(client, prefix).read(timeout=-1)
