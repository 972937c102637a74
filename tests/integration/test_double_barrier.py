"""A number of clients begin together, and end together."""

import asyncio
from typing import Any

import pytest

from etcdobs import AsyncClient, DeadlineExceededError, Keys
from etcdobs.recipes import AsyncDoubleBarrier, DoubleBarrier, SessionExpiredError
from etcdobs.recipes.errors import TooManyClientsError
from etcdobs.testing import Etcd
from tests.clients import BlockingAsAsync
from tests.conftest import OpenClient
from tests.waiting import eventually


def double_barrier(client: Any, name: str, count: int, **options: Any) -> AsyncDoubleBarrier:
    """Of the client's kind."""
    if type(client) is not BlockingAsAsync:
        return AsyncDoubleBarrier(client, name, count, **options)
    given = {key: getattr(value, "_target", value) for key, value in options.items()}
    blocking: Any = BlockingAsAsync(DoubleBarrier(client._target, name, count, **given))
    return blocking  # type: ignore[no-any-return]


async def keys(client: AsyncClient, prefix: str) -> list[str]:
    """By age, what follows the prefix."""
    response = await client.range(Keys.prefix(prefix), sort_by="create_revision")
    return [kv.key.decode().removeprefix(prefix) for kv in response]


async def stand(client: AsyncClient, prefix: str, count: int) -> None:
    async def there() -> bool:
        return len(await keys(client, prefix + "/waiters")) == count

    await eventually(there)


async def entered(client: AsyncClient, prefix: str, count: int) -> list[AsyncDoubleBarrier]:
    barriers = [double_barrier(client, prefix, count) for _ in range(count)]
    await asyncio.wait_for(asyncio.gather(*(barrier.enter() for barrier in barriers)), 20)
    return barriers


async def test_all_begin_and_end_together(client: AsyncClient, prefix: str) -> None:
    first, second, third = (double_barrier(client, prefix, 3) for _ in range(3))
    entering = [asyncio.create_task(barrier.enter()) for barrier in (first, second)]
    await stand(client, prefix, 2)
    assert not (await asyncio.wait(entering, timeout=0.2))[0]
    await third.enter(timeout=10)
    await asyncio.gather(*entering)
    assert all(barrier.held for barrier in (first, second, third))
    leaving = [asyncio.create_task(barrier.leave()) for barrier in (second, first)]
    await stand(client, prefix, 2)
    assert not (await asyncio.wait(leaving, timeout=0.2))[0]
    await third.leave(timeout=10)
    await asyncio.gather(*leaving)
    assert await keys(client, prefix) == []


async def test_again_and_again(client: AsyncClient, prefix: str) -> None:
    barriers = [double_barrier(client, prefix, 2) for _ in range(2)]

    async def cross(barrier: AsyncDoubleBarrier) -> list[int]:
        fences = []
        for _ in range(3):
            async with barrier:
                fences.append(barrier.fence)
        return fences

    for fences in await asyncio.wait_for(asyncio.gather(*map(cross, barriers)), 30):
        assert fences == sorted(set(fences))
    assert await keys(client, prefix) == []


async def test_more_than_may_are_refused(client: AsyncClient, prefix: str) -> None:
    inside = await entered(client, prefix, 2)
    with pytest.raises(TooManyClientsError):
        await double_barrier(client, prefix, 2).enter()
    await asyncio.gather(*(barrier.leave() for barrier in inside))


async def test_who_comes_while_others_leave_waits_for_them(client: AsyncClient, prefix: str) -> None:
    one, two = await entered(client, prefix, 2)
    first, last = sorted((one, two), key=lambda barrier: barrier.fence)
    leaving = asyncio.create_task(last.leave())
    await stand(client, prefix, 1)
    newcomers = [double_barrier(client, prefix, 2) for _ in range(2)]
    entering = [asyncio.create_task(barrier.enter()) for barrier in newcomers]
    assert not (await asyncio.wait([leaving, *entering], timeout=0.3))[0]
    await first.leave(timeout=10)
    await asyncio.wait_for(asyncio.gather(leaving, *entering), 10)
    await asyncio.gather(*(barrier.leave() for barrier in newcomers))


async def test_the_keys_are_those_of_go(client: AsyncClient, prefix: str) -> None:
    """`name/waiters/<unique>` on the session's lease, and `name/ready` on none."""
    name = prefix + "name"
    barriers = await entered(client, name, 2)
    found = list(await client.range(Keys.prefix(name)))
    assert found[0].key.decode() == name + "/ready"
    assert sorted(kv.key for kv in found[1:]) == sorted(barrier.key for barrier in barriers)
    assert all(kv.key.startswith(f"{name}/waiters/".encode()) for kv in found[1:])
    assert found[0].lease == 0
    assert all(kv.lease for kv in found[1:])
    await asyncio.gather(*(barrier.leave() for barrier in barriers))


async def test_it_crosses_with_the_keys_that_go_writes(client: AsyncClient, prefix: str) -> None:
    """Go's two came before: the last of three writes `ready`; it leaves when those that Go deletes are gone."""
    name = prefix + "name"
    for unique in (1700000000000000001, 1700000000000000002):
        await client.put(f"{name}/waiters/{unique}")
    barrier = double_barrier(client, name, 3)
    await barrier.enter(timeout=10)
    assert await client.get(f"{name}/ready") is not None
    leaving = asyncio.create_task(barrier.leave())
    await stand(client, name, 2)
    await client.delete(f"{name}/waiters/1700000000000000002")
    assert not (await asyncio.wait([leaving], timeout=0.2))[0]
    await client.delete(f"{name}/waiters/1700000000000000001")
    await asyncio.wait_for(leaving, 10)


async def test_it_begins_when_go_says_so(client: AsyncClient, prefix: str) -> None:
    barrier = double_barrier(client, prefix, 2)
    entering = asyncio.create_task(barrier.enter())
    await stand(client, prefix, 1)
    await client.put(f"{prefix}/waiters/1700000000000000001")
    await client.put(f"{prefix}/ready")
    await asyncio.wait_for(entering, 10)
    await client.delete(f"{prefix}/waiters/1700000000000000001")
    await barrier.leave(timeout=10)
    assert await keys(client, prefix) == []


async def test_what_the_dead_left_behind_lets_nobody_in(client: AsyncClient, prefix: str) -> None:
    await client.put(f"{prefix}/ready")
    with pytest.raises(DeadlineExceededError, match=r"not all entered the barrier within 0\.3 s"):
        await double_barrier(client, prefix, 2).enter(timeout=0.3)
    assert await keys(client, prefix) == ["/ready"]
    await asyncio.gather(*(barrier.leave() for barrier in await entered(client, prefix, 2)))


async def test_who_is_in_no_time_for_leaving_has_left(client: AsyncClient, prefix: str) -> None:
    one, two = await entered(client, prefix, 2)
    with pytest.raises(DeadlineExceededError, match="not all left"):
        await one.leave(timeout=0.2)
    await two.leave(timeout=10)
    assert await keys(client, prefix) == []


async def test_one_who_dies_inside_has_left(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        one, two = await entered(client, "k", 2)
        place = await client.get(one.key)
        assert place is not None
        await client.lease.revoke(place.lease)
        await two.leave(timeout=10)
        await one.leave(timeout=10)
        assert await keys(client, "k") == []


async def test_a_session_that_is_gone_is_told(client: AsyncClient, prefix: str) -> None:
    async with client.session() as session:
        await client.lease.revoke(session.lease)
        with pytest.raises(SessionExpiredError):
            await double_barrier(client, prefix, 1, session=session).enter()


async def test_one_who_fails_inside_waits_for_nobody(client: AsyncClient, prefix: str) -> None:
    first, second = double_barrier(client, prefix, 2), double_barrier(client, prefix, 2)
    entering = asyncio.create_task(second.enter())
    with pytest.raises(KeyError):
        async with first:
            raise KeyError
    await entering
    await second.leave(timeout=10)


async def test_in_a_session_of_its_user(client: AsyncClient, prefix: str) -> None:
    async with client.session() as session:
        barriers = [double_barrier(client, prefix, 2, session=session) for _ in range(2)]
        await asyncio.gather(*(barrier.enter(timeout=10) for barrier in barriers))
        await asyncio.gather(*(barrier.leave(timeout=10) for barrier in barriers))
        assert not session.lost
        assert await keys(client, prefix) == []


async def test_wrong_use(client: AsyncClient, prefix: str) -> None:
    with pytest.raises(ValueError, match="count must be from 1"):
        double_barrier(client, prefix, 0)
    with pytest.raises(ValueError, match="needs a name"):
        double_barrier(client, "", 2)
    barrier = double_barrier(client, prefix, 1)
    with pytest.raises(RuntimeError, match="not open"):
        await barrier.leave()
    async with barrier:
        with pytest.raises(RuntimeError, match="entered already"):
            await barrier.enter()
