"""What is put into a queue is taken once, and in order."""

import asyncio
import re
from typing import Any

import pytest

from etcdobs import AsyncClient, Client, DeadlineExceededError, Keys
from etcdobs.recipes import AsyncPriorityQueue, AsyncQueue, PriorityQueue, Queue
from etcdobs.testing import Etcd
from tests.clients import BlockingAsAsync


def queue(client: Any, name: str) -> AsyncQueue:
    """Of the client's kind."""
    made: Any = BlockingAsAsync(Queue(client._target, name)) if type(client) is BlockingAsAsync else None
    return made or AsyncQueue(client, name)


def priority_queue(client: Any, name: str) -> AsyncPriorityQueue:
    """Of the client's kind."""
    made: Any = BlockingAsAsync(PriorityQueue(client._target, name)) if type(client) is BlockingAsAsync else None
    return made or AsyncPriorityQueue(client, name)


async def test_values_come_in_order(client: AsyncClient, prefix: str) -> None:
    one = queue(client, prefix)
    for number in range(5):
        await one.put(str(number))
    assert [await one.get() for _ in range(5)] == [b"0", b"1", b"2", b"3", b"4"]


async def test_who_takes_waits_for_a_value(client: AsyncClient, prefix: str) -> None:
    taking = [asyncio.create_task(queue(client, prefix).get()) for _ in range(2)]
    assert not (await asyncio.wait(taking, timeout=0.3))[0]
    await queue(client, prefix).put("1")
    await queue(client, prefix).put(b"2")
    assert sorted(await asyncio.wait_for(asyncio.gather(*taking), 10)) == [b"1", b"2"]


async def test_a_wait_may_time_out(client: AsyncClient, prefix: str) -> None:
    for one in (queue(client, prefix), priority_queue(client, prefix)):
        with pytest.raises(DeadlineExceededError, match=r"nothing came into the queue within 0\.2 s"):
            await one.get(timeout=0.2)


async def test_each_value_is_taken_once(etcd_server: Etcd, prefix: str) -> None:
    """By five who take and three who put, on clients of both kinds."""
    with Client(etcd_server.endpoint) as blocking:
        async with AsyncClient(etcd_server.endpoint) as awaited:
            clients: list[Any] = [awaited, BlockingAsAsync(blocking)]

            async def put(number: int) -> None:
                for each in range(10):
                    await queue(clients[number % 2], prefix).put(f"{number}-{each}")

            async def take(number: int) -> list[bytes]:
                return [await queue(clients[number % 2], prefix).get(timeout=20) for _ in range(6)]

            taken = await asyncio.gather(*map(take, range(5)), *map(put, range(3)))
    values = [value.decode() for batch in taken if batch for value in batch]
    assert sorted(values) == sorted(f"{number}-{each}" for number in range(3) for each in range(10))


async def test_the_smallest_priority_comes_first_and_equals_in_order(client: AsyncClient, prefix: str) -> None:
    one = priority_queue(client, prefix)
    for value, priority in (("c", 10), ("a", 2), ("d", 10), ("b", 9), ("e", 65535), ("0", 0)):
        await one.put(value, priority)
    assert b"".join([await one.get() for _ in range(6)]) == b"0abcde"


async def test_the_keys_are_those_of_go(client: AsyncClient, prefix: str) -> None:
    """`name/<unique>`, taken by age; `name/<priority, five digits>/<number, sixteen digits>...`, taken by name."""
    name, ranked = prefix + "queue", prefix + "ranked"
    await queue(client, name).put("v")
    await priority_queue(client, ranked).put("v", 7)
    await priority_queue(client, ranked).put("w", 7)
    keys = [kv.key.decode().removeprefix(prefix) for kv in await client.range(Keys.prefix(prefix))]
    assert re.fullmatch(r"queue/[^/]+", keys[0])
    assert re.fullmatch(r"ranked/00007/0{16}(-[^/]+)?", keys[1])
    assert re.fullmatch(r"ranked/00007/0{15}1(-[^/]+)?", keys[2])


async def test_what_go_puts_is_taken_in_its_order(client: AsyncClient, prefix: str) -> None:
    name, ranked = prefix + "queue", prefix + "ranked"
    await client.put(f"{name}/1700000000000000002", "1")
    await queue(client, name).put("2")
    await client.put(f"{name}/1700000000000000001", "3")
    assert [await queue(client, name).get(timeout=5) for _ in range(3)] == [b"1", b"2", b"3"]
    await client.put(f"{ranked}/00007/0000000000000000", "b")
    await priority_queue(client, ranked).put("c", 7)
    await client.put(f"{ranked}/00007/0000000000000002", "d")
    await client.put(f"{ranked}/00002/0000000000000000", "a")
    assert [await priority_queue(client, ranked).get(timeout=5) for _ in range(4)] == [b"a", b"b", b"c", b"d"]


async def test_who_waits_takes_what_go_puts(client: AsyncClient, prefix: str) -> None:
    taking = asyncio.create_task(queue(client, prefix + "q").get(timeout=10))
    assert not (await asyncio.wait([taking], timeout=0.2))[0]
    await client.put(f"{prefix}q/1700000000000000001", "v")
    assert await taking == b"v"


async def test_wrong_arguments(client: AsyncClient, prefix: str) -> None:
    for priority in (-1, 65536):
        with pytest.raises(ValueError, match="priority must be from 0"):
            await priority_queue(client, prefix).put("v", priority)
    with pytest.raises(ValueError, match="key is not provided"):
        queue(client, "")


async def test_keys_that_no_queue_has_made_do_not_disturb_it(client: AsyncClient, prefix: str) -> None:
    ranked = priority_queue(client, prefix + "q")
    await ranked.put("a", 7)
    for name in ("", "zzz", "9", "99999x", "1_0000000000000000"):
        await client.put(f"{prefix}q/00007/{name}", "foreign")
    await ranked.put("b", 7)
    keys = [kv.key.decode() for kv in await client.range(Keys.prefix(f"{prefix}q/00007/0"))]
    assert [key.rpartition("/")[2][:16] for key in keys] == [f"{0:016d}", f"{1:016d}"]
