"""Measures what 1,000 idle watchers of one client cost, and how long a busy watcher holds up the quiet ones.

    python benchmarks/watchers.py [watchers] [seconds]

Starts an etcd of its own (ETCDOBS_ETCD names another binary). The watchers are opened in a process of their own, so
that threads, memory and CPU are theirs alone. For the quiet ones it tells the time from the return of a put to its
event, while a process writes transactions of 100 keys of 1 KiB as fast as it can, and one watcher of the client takes
them.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from typing import Any

from etcdobs import AsyncClient, Client, Keys, Put
from etcdobs._drive import sync_watch
from etcdobs.testing import etcd

QUIET = 7
OPERATIONS = 100


def resources() -> tuple[int, float, float]:
    """Threads, MiB resident and CPU seconds of this process."""
    with open("/proc/self/statm") as statm:
        mib = int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    return len(os.listdir("/proc/self/task")), mib, time.process_time()


def idle_sync(endpoint: str, watchers: int, seconds: float) -> None:
    """Watchers of the blocking client that nothing comes for."""
    with Client(endpoint) as client, ExitStack() as opened:
        client.get("any")
        before = resources()
        for number in range(watchers):
            opened.enter_context(client.watch(f"/idle/{number}"))
        threads, mib, cpu = resources()
        time.sleep(seconds)
        say("sync", watchers, threads - before[0], threads, mib - before[1], (resources()[2] - cpu) / seconds)


async def idle_aio(endpoint: str, watchers: int, seconds: float) -> None:
    """Watchers of the asyncio client that nothing comes for."""
    async with AsyncClient(endpoint) as client:
        await client.get("any")
        before = resources()
        opened = [client.watch(f"/idle/{number}") for number in range(watchers)]
        for watcher in opened:
            await watcher.__aenter__()
        threads, mib, cpu = resources()
        await asyncio.sleep(seconds)
        say("asyncio", watchers, threads - before[0], threads, mib - before[1], (resources()[2] - cpu) / seconds)
        for watcher in opened:
            await watcher.close()


def say(stack: str, watchers: int, more: int, threads: int, mib: float, share: float) -> None:
    """A line for one client."""
    print(f"{watchers} watchers, {stack}: {more:+d} threads ({threads}), {mib:+.1f} MiB, {share:.2%} of a core")


def write(endpoint: str) -> None:
    """Writes transactions until it is ended."""
    value = "x" * 1024
    with Client(endpoint, metrics=None) as client:
        while True:
            puts = [Put(f"/busy/{number}", value) for number in range(OPERATIONS)]
            client.txn().then(*puts).commit()


def child(*arguments: object) -> "subprocess.Popen[str]":
    """This program, in a process of its own."""
    return subprocess.Popen([sys.executable, __file__, *map(str, arguments)], text=True)


def delays(endpoint: str, streams: int, seconds: float, *, busy: bool) -> tuple[list[float], int]:
    """Seconds from a put to its event for watchers beside a busy one, and how many events that one had."""
    sync_watch.STREAMS, sync_watch.WATCHERS_BEFORE_ANOTHER_STREAM = streams, 1  # type: ignore[attr-defined]
    waited, taken = list[float](), [0]

    def take(watcher: Any) -> None:
        for _ in watcher:
            taken[0] += 1

    with Client(endpoint) as client, Client(endpoint, metrics=None) as writer, ExitStack() as opened:
        flood = opened.enter_context(client.watch(Keys.prefix("/busy/")))
        quiet = [opened.enter_context(client.watch(f"/quiet/{number}")) for number in range(QUIET)]
        taker = threading.Thread(target=take, args=(flood,))
        taker.start()
        source = child("--write", endpoint) if busy else None
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            for number, watcher in enumerate(quiet):
                writer.put(f"/quiet/{number}")
                put = time.perf_counter()
                watcher.get(timeout=30)
                waited.append(time.perf_counter() - put)
        if source is not None:
            source.kill()
            source.wait()
        flood.close()
        taker.join()
    return waited, taken[0]


def starvation(endpoint: str, seconds: float) -> None:
    """A line for each number of streams."""
    print(f"\none busy watcher and {QUIET} quiet ones: milliseconds from a put to its event")
    for streams, busy in ((4, False), (1, True), (2, True), (4, True), (1, True), (2, True), (4, True)):
        waited, taken = delays(endpoint, streams, seconds, busy=busy)
        cuts = statistics.quantiles(waited, n=100)
        print(
            f"{streams} streams{f', {taken / seconds:,.0f} events/s' if busy else ', nobody busy':22}"
            f"median {cuts[49] * 1e3:7.1f}   p90 {cuts[89] * 1e3:7.1f}   p99 {cuts[98] * 1e3:7.1f}"
        )


def main(watchers: int, seconds: float) -> None:
    """Prints what both kinds of client cost, and the delays."""
    with etcd() as server:
        for stack in ("--sync", "--aio"):
            child(stack, server.endpoint, watchers, seconds).wait()
        starvation(server.endpoint, seconds)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    if arguments[:1] == ["--write"]:
        write(arguments[1])
    elif arguments[:1] == ["--sync"]:
        idle_sync(arguments[1], int(arguments[2]), float(arguments[3]))
    elif arguments[:1] == ["--aio"]:
        asyncio.run(idle_aio(arguments[1], int(arguments[2]), float(arguments[3])))
    else:
        main(int(arguments[0]) if arguments else 1000, float(arguments[1]) if arguments[1:] else 8)
