"""Measures what batching saves: the same operations by 64 callers, one by one and through `client.batched()`.

    python benchmarks/batched.py [rounds]

For each round the single and the batched operations run turn about on the same server. Prints operations a second and
microseconds of this process's CPU an operation, the median of the rounds, and their ratios; then how many keys with
values of 100 bytes are loaded in a second by as many callers as fill several transactions.
"""

import asyncio
import statistics
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from etcdobs import AsyncClient, Client
from etcdobs.testing import etcd

CALLERS = 64
SINGLE, BATCHED = 30, 300
LOADERS, LOADED = 512, 40
KEYS = [f"/bench/{number}" for number in range(LOADERS)]
VALUE = b"x" * 100


class Cost(NamedTuple):
    """Of one operation."""

    per_second: float
    cpu: float


def cost(operations: int, wall: float, cpu: float) -> Cost:
    """The times it took now, given those at the start."""
    seconds, used = time.perf_counter() - wall, time.process_time() - cpu
    return Cost(operations / seconds, used / operations * 1e6)


def by_threads(ask: Callable[[str], object], times: int, callers: int = CALLERS) -> Cost:
    """Each of the callers asks for its own key so many times."""

    def call(key: str) -> None:
        for _ in range(times):
            ask(key)

    threads = [threading.Thread(target=call, args=(key,)) for key in KEYS[:callers]]
    wall, cpu = time.perf_counter(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return cost(callers * times, wall, cpu)


async def by_tasks(ask: Callable[[str], Awaitable[object]], times: int, callers: int = CALLERS) -> Cost:
    """The same with tasks."""

    async def call(key: str) -> None:
        for _ in range(times):
            await ask(key)

    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*map(call, KEYS[:callers]))
    return cost(callers * times, wall, cpu)


def report(name: str, single: list[Cost], batched: list[Cost]) -> None:
    """One line: the medians, and what one is of the other."""
    one, many = (Cost(*map(statistics.median, zip(*costs, strict=True))) for costs in (single, batched))
    print(
        f"{name:10}{one.per_second:10.0f}{one.cpu:9.1f}{many.per_second:11.0f}{many.cpu:9.1f}"
        f"{many.per_second / one.per_second:9.1f}x{one.cpu / many.cpu:8.1f}x"
    )


def blocking(endpoint: str, rounds: int) -> None:
    """The blocking client."""
    with Client(endpoint) as client, client.batched() as batch:
        for name, single, batched in (
            ("sync put", lambda key: client.put(key, VALUE), lambda key: batch.put(key, VALUE)),
            ("sync get", client.get, batch.get),
        ):
            pairs = [(by_threads(single, SINGLE), by_threads(batched, BATCHED)) for _ in range(rounds)]
            report(name, [one for one, _ in pairs], [many for _, many in pairs])
        load = by_threads(lambda key: batch.put(key, VALUE), LOADED, LOADERS)
        print(f"sync load {load.per_second:.0f} keys/s, {load.cpu:.1f} us")


async def awaited(endpoint: str, rounds: int) -> None:
    """The asyncio client."""
    async with AsyncClient(endpoint) as client, client.batched() as batch:
        for name, single, batched in (
            ("aio put", lambda key: client.put(key, VALUE), lambda key: batch.put(key, VALUE)),
            ("aio get", client.get, batch.get),
        ):
            pairs = [(await by_tasks(single, SINGLE), await by_tasks(batched, BATCHED)) for _ in range(rounds)]
            report(name, [one for one, _ in pairs], [many for _, many in pairs])
        load = await by_tasks(lambda key: batch.put(key, VALUE), LOADED, LOADERS)
        print(f"aio load {load.per_second:.0f} keys/s, {load.cpu:.1f} us")


def main(rounds: int) -> None:
    """Measure both clients on a server of its own."""
    print(f"{CALLERS} callers, Python {sys.version.split()[0]}")
    print(f"{'':10}{'single/s':>10}{'us CPU':>9}{'batched/s':>11}{'us CPU':>9}{'faster':>10}{'CPU':>9}")
    with etcd() as server:
        blocking(server.endpoint, rounds)
        asyncio.run(awaited(server.endpoint, rounds))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
