"""Nobody passes a barrier that is held, and all pass when it is released."""

import asyncio
from typing import Any

import pytest

from etcdobs import AsyncClient, Client, DeadlineExceededError, Keys
from etcdobs.recipes import AsyncBarrier, Barrier, BarrierHeldError
from tests.clients import BlockingAsAsync
from tests.waiting import Stopwatch


def barrier(client: Any, name: str) -> AsyncBarrier:
    """Of the client's kind."""
    if type(client) is BlockingAsAsync:
        blocking: Any = BlockingAsAsync(Barrier(client._target, name))
        return blocking  # type: ignore[no-any-return]
    return AsyncBarrier(client, name)


async def test_nobody_waits_while_it_is_not_held(client: AsyncClient, prefix: str) -> None:
    await asyncio.wait_for(barrier(client, prefix).wait(), 10)
    await barrier(client, prefix).release()


async def test_all_pass_when_it_is_released(client: AsyncClient, prefix: str) -> None:
    await barrier(client, prefix).hold()
    waiting = [asyncio.create_task(barrier(client, prefix).wait()) for _ in range(4)]
    assert not (await asyncio.wait(waiting, timeout=0.3))[0]
    await barrier(client, prefix).release()
    await asyncio.wait_for(asyncio.gather(*waiting), 10)


async def test_it_is_held_once(client: AsyncClient, prefix: str) -> None:
    await barrier(client, prefix).hold()
    with pytest.raises(BarrierHeldError):
        await barrier(client, prefix).hold()
    await barrier(client, prefix).release()
    await barrier(client, prefix).hold()
    await barrier(client, prefix).release()


async def test_a_wait_may_time_out(client: AsyncClient, prefix: str) -> None:
    await barrier(client, prefix).hold()
    with Stopwatch() as waited, pytest.raises(DeadlineExceededError, match=r"not released within 0\.2 s"):
        await barrier(client, prefix).wait(timeout=0.2)
    assert 0.2 <= waited.seconds < 2


async def test_its_key_is_that_of_go(client: AsyncClient, prefix: str) -> None:
    """The name itself, on no lease; and who waits goes on when Go deletes it."""
    one = barrier(client, prefix)
    await one.hold()
    held = list(await client.range(Keys.prefix(prefix)))
    assert [(kv.key, kv.value, kv.lease) for kv in held] == [(prefix.encode(), b"", 0)]
    await one.release()
    await client.put(prefix)
    waiting = asyncio.create_task(one.wait(timeout=10))
    assert not (await asyncio.wait([waiting], timeout=0.2))[0]
    await client.delete(prefix)
    await waiting


async def test_wrong_arguments(client: AsyncClient, prefix: str) -> None:
    with pytest.raises(ValueError, match="must be at least 0"):
        await barrier(client, prefix).wait(timeout=-1)


async def test_it_needs_a_name(client: AsyncClient) -> None:
    with pytest.raises(ValueError, match="key is not provided"):
        barrier(client, "")
    assert isinstance(client, (Client, AsyncClient))
