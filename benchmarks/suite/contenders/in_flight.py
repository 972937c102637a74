"""Decides how keys are loaded: so many transactions under way at a time, the next one made when there is room."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

from benchmarks.suite.keyspace import IN_FLIGHT, OPERATIONS, chunks


async def send_all(
    send: Callable[[list[bytes]], Awaitable[None]], prefix: str, count: int, operations: int = OPERATIONS
) -> int:
    """Send all chunks of keys, by tasks; returns how many keys there were."""
    left = chunks(prefix, count, operations)

    async def work() -> None:
        for keys in left:
            await send(keys)

    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
    return count


def send_all_by_threads(
    send: Callable[[list[bytes]], None], prefix: str, count: int, operations: int = OPERATIONS
) -> int:
    """The same with threads."""
    left, lock = chunks(prefix, count, operations), threading.Lock()

    def take() -> list[bytes]:
        with lock:
            return next(left, [])

    def work() -> None:
        while keys := take():
            send(keys)

    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        for worker in [pool.submit(work) for _ in range(IN_FLIGHT)]:
            worker.result()
    return count
