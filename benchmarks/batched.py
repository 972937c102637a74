"""Measures what batching saves: the same operations by 64 callers, one by one and through `client.batched()`.

    python benchmarks/batched.py [rounds]

For each round the single and the batched operations run turn about on the same server, and single ones by as many
goroutines with Go's clientv3, where Go is present. Prints operations a second and microseconds of the process's CPU an
operation, the median of the rounds, and their ratios; then how many keys with values of 100 bytes are loaded in a
second by as many callers as fill several transactions.
"""

import asyncio
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from pathlib import Path
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


Ask = Callable[[str], object]
Await = Callable[[str], Awaitable[object]]
Go = Callable[[str], Cost | None]


def cost(operations: int, wall: float, cpu: float) -> Cost:
    """The times it took now, given those at the start."""
    seconds, used = time.perf_counter() - wall, time.process_time() - cpu
    return Cost(operations / seconds, used / operations * 1e6)


def by_threads(ask: Ask, times: int, callers: int = CALLERS) -> Cost:
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


async def by_tasks(ask: Await, times: int, callers: int = CALLERS) -> Cost:
    """The same with tasks."""

    async def call(key: str) -> None:
        for _ in range(times):
            await ask(key)

    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*map(call, KEYS[:callers]))
    return cost(callers * times, wall, cpu)


@contextmanager
def goroutines(endpoint: str) -> Generator[Go, None, None]:
    """Single operations of as many goroutines; none where there is no Go."""
    if shutil.which("go") is None:
        yield lambda _operation: None
        return
    with tempfile.TemporaryDirectory() as directory:
        program = Path(directory, "clientv3")
        build = ["go", "build", f"-o={program}", "."]
        subprocess.run(build, cwd=Path(__file__).parent / "suite" / "go", check=True)
        with subprocess.Popen([program, endpoint], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as peer:
            assert peer.stdout is not None
            peer.stdout.readline()  # that it is ready
            yield lambda operation: asked(peer, operation)
            peer.terminate()


def asked(peer: subprocess.Popen[str], operation: str) -> Cost:
    """What the operations of a second cost the peer."""
    assert peer.stdin is not None
    assert peer.stdout is not None
    print(json.dumps({"do": operation, "callers": CALLERS, "seconds": 1.0}), file=peer.stdin, flush=True)
    told = json.loads(peer.stdout.readline())
    return Cost(told["count"] / told["wall"], told["cpu"] / told["count"] * 1e6)


def median(costs: list[Cost]) -> Cost:
    """Of each figure."""
    return Cost(*map(statistics.median, zip(*costs, strict=True)))


def report(name: str, rounds: list[tuple[Cost, Cost, Cost | None]]) -> None:
    """One line: the medians, and what one is of the other, with the least and the most of a round."""
    one, many = median([each[0] for each in rounds]), median([each[1] for each in rounds])
    faster = sorted(each[1].per_second / each[0].per_second for each in rounds)
    beside = sorted(each[1].per_second / each[2].per_second for each in rounds if each[2])
    line = f"{name:10}{one.per_second:10.0f}{one.cpu:9.1f}{many.per_second:11.0f}{many.cpu:9.1f}"
    line += f"{spread(faster):>18}{one.cpu / many.cpu:8.1f}x"
    print(line + (f"{spread(beside):>18}" if beside else "   no Go"))


def spread(ratios: list[float]) -> str:
    """The median, and the least and the most."""
    return f"{statistics.median(ratios):.1f}x ({ratios[0]:.1f}-{ratios[-1]:.1f})"


def blocking(endpoint: str, rounds: int, go: Go) -> None:
    """The blocking client."""
    with Client(endpoint) as client, client.batched() as batch:
        ways: list[tuple[str, Ask, Ask]] = [
            ("sync put", lambda key: client.put(key, VALUE), lambda key: batch.put(key, VALUE)),
            ("sync get", client.get, batch.get),
        ]
        for name, single, batched in ways:
            costs: list[tuple[Cost, Cost, Cost | None]] = []
            for _ in range(rounds):
                costs.append((by_threads(single, SINGLE), by_threads(batched, BATCHED), go(name[-3:])))
            report(name, costs)
        load = by_threads(lambda key: batch.put(key, VALUE), LOADED, LOADERS)
        print(f"sync load {load.per_second:.0f} keys/s, {load.cpu:.1f} us")


async def awaited(endpoint: str, rounds: int, go: Go) -> None:
    """The asyncio client."""
    async with AsyncClient(endpoint) as client, client.batched() as batch:
        ways: list[tuple[str, Await, Await]] = [
            ("aio put", lambda key: client.put(key, VALUE), lambda key: batch.put(key, VALUE)),
            ("aio get", client.get, batch.get),
        ]
        for name, single, batched in ways:
            costs: list[tuple[Cost, Cost, Cost | None]] = []
            for _ in range(rounds):
                costs.append((await by_tasks(single, SINGLE), await by_tasks(batched, BATCHED), go(name[-3:])))
            report(name, costs)
        load = await by_tasks(lambda key: batch.put(key, VALUE), LOADED, LOADERS)
        print(f"aio load {load.per_second:.0f} keys/s, {load.cpu:.1f} us")


def main(rounds: int) -> None:
    """Measure both clients on a server of its own."""
    print(f"{CALLERS} callers, Python {sys.version.split()[0]}")
    print(f"{'':10}{'single/s':>10}{'us CPU':>9}{'batched/s':>11}{'us CPU':>9}", end="")
    print(f"{'faster':>18}{'CPU':>9}{'of single Go':>18}")
    with etcd() as server, goroutines(server.endpoint) as go:
        blocking(server.endpoint, rounds, go)
        asyncio.run(awaited(server.endpoint, rounds, go))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
