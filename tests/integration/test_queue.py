"""What is put into a queue is taken once, and in order."""

import asyncio
from typing import Any

import pytest

from etcdobs import AsyncClient, Client, DeadlineExceededError
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


async def test_wrong_arguments(client: AsyncClient, prefix: str) -> None:
    for priority in (-1, 65536):
        with pytest.raises(ValueError, match="priority must be from 0"):
            await priority_queue(client, prefix).put("v", priority)
    with pytest.raises(ValueError, match="key is not provided"):
        queue(client, "")
