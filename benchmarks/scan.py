"""Measures what a scan costs beside one Range of all the keys, in time and memory, and beside pages by limit alone.

    python -m benchmarks.scan [keys] [--naive] [--once]

Starts an etcd of its own (ETCDOBS_ETCD names another binary: with 3.7 scans are streams, unless the pages are of a
size that was asked for) and loads it. Each way to read
runs in a process of its own, so that its memory is its own, turn about. Printed are the best time of the rounds and the
best CPU, the reader's and the server's together, both also beside one Range, and the most memory a process grew by.
CPU tells what is the scan's own on a busy machine. Skewed keyspaces have a tenth of the keys.
`--naive` also pages by limit alone, which costs the square on servers before 3.7. `--once` is one round, and numbered
keys alone: three million take a while.
"""

import base64
import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.children import cpu, server_process
from etcdobs import Client, Keys
from etcdobs.testing import etcd

VALUE = "x" * 100
SMALL, IN_SMALL = 1_000, 20
ROUNDS = 3


class Cost(NamedTuple):
    """Of one read."""

    seconds: float
    cpu: float
    mebibytes: float


def even(count: int) -> Iterator[bytes]:
    """Numbered keys."""
    return (b"%08d" % number for number in range(count))


def one_huge(count: int) -> Iterator[bytes]:
    """A huge directory among a thousand small ones."""
    for directory in range(SMALL):
        yield from (b"%04d/%08d" % (directory, number) for number in range(IN_SMALL))
        if directory == SMALL // 2:
            yield from (b"%04d-huge/%08d" % (directory, number) for number in range(count - SMALL * IN_SMALL))


def long_prefixes(count: int) -> Iterator[bytes]:
    """Keys that differ behind 200 bytes alike."""
    for side in (b"a", b"b"):
        yield from (side * 200 + b"/%032x" % (number << 100) for number in range(count // 2))


def binary(count: int) -> Iterator[bytes]:
    """Any bytes."""
    draw = random.Random(1)
    return (draw.randbytes(16) for _ in range(count))


SHAPES: dict[str, Callable[[int], Iterator[bytes]]] = {
    "even": even,
    "one huge, 1,000 small": one_huge,
    "long common prefixes": long_prefixes,
    "binary": binary,
    "3 keys": lambda _count: even(3),
}


def prefix(shape: str) -> Keys:
    """Where the keys of a shape lie."""
    return Keys.prefix(f"/{shape}/")


def lines(shape: str, count: int) -> Iterator[str]:
    """The keys of a shape, as `load` takes them."""
    for key in SHAPES[shape](count):
        yield json.dumps({"key_base64": base64.b64encode(prefix(shape).start + key).decode(), "value": VALUE})


def by_limit(client: Client, keys: Keys) -> Iterator[Any]:
    """Every key, by limit and the key after the last."""
    more, revision = True, 0
    while more:
        page = client.range(keys, limit=1_000, revision=revision)
        revision, more = revision or page.revision, page.more
        yield from page
        keys = Keys(page[-1].key + b"\0", keys.end)


WAYS: dict[str, Callable[[Client, Keys], Iterable[Any]]] = {
    "one Range": lambda client, keys: client.range(keys),
    "scan": lambda client, keys: client.scan(keys),
    "scan, pages of 8,000": lambda client, keys: client.scan(keys, page_size=8_000),
    "scan, pages of 1,000": lambda client, keys: client.scan(keys, page_size=1_000),
    "scan, keys only": lambda client, keys: client.scan(keys, keys_only=True),
    "limit alone, pages of 1,000": by_limit,
}


def resident(field: str) -> float:
    """MiB of this process: VmRSS now, or VmHWM at most."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition(f"{field}:")[2].split()[0]) / 1024


def read(endpoint: str, way: str, shape: str, count: int) -> Cost:
    """What it costs this process to read all keys of the shape."""
    with Client(endpoint, timeout=600, metrics=None) as client:
        client.range(prefix(shape), limit=1)
        server = server_process(endpoint)
        before, used, began = resident("VmRSS"), cpu(server) + time.process_time(), time.perf_counter()
        found = sum(1 for _ in WAYS[way](client, prefix(shape)))
        seconds, used = time.perf_counter() - began, cpu(server) + time.process_time() - used
    assert found == count, f"{found} keys of {count}"
    return Cost(seconds, used, resident("VmHWM") - before)


def measured(endpoint: str, ways: Iterable[str], shape: str, count: int, rounds: int = ROUNDS) -> dict[str, Cost]:
    """The best of each way, and its most memory, turn about: a slow moment of the machine falls on all of them."""
    costs: dict[str, list[Cost]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, found in costs.items():
            with ProcessPoolExecutor(1, get_context("spawn")) as process:
                found.append(process.submit(read, endpoint, way, shape, count).result())
    return {way: best(found) for way, found in costs.items()}


def best(costs: list[Cost]) -> Cost:
    """Of each figure; of memory the most."""
    seconds, used, mebibytes = zip(*costs, strict=True)
    return Cost(min(seconds), min(used), max(mebibytes))


def report(title: str, costs: dict[str, Cost]) -> None:
    """A line for each way."""
    print(title)
    one = costs["one Range"]
    for way, cost in costs.items():
        line = f"  {way:30}{cost.seconds:9.3f} s{cost.seconds / one.seconds:7.2f}x"
        line += f"{cost.cpu:9.3f} s CPU{cost.cpu / max(one.cpu, 0.001):7.2f}x{cost.mebibytes:7.0f} MiB"
        print(line, flush=True)


def main(count: int, *, naive: bool, once: bool) -> None:
    """Reads each shape in each way."""
    skewed = max(count // 10, 2 * SMALL * IN_SMALL)
    sizes = {shape: count if shape == "even" else skewed for shape in SHAPES} | {"3 keys": 3}
    sizes, rounds = ({"even": count}, 1) if once else (sizes, ROUNDS)
    flags = ["--quota-backend-bytes=8589934592"]
    with etcd(flags=flags) as server, Client(server.endpoint, timeout=600, metrics=None) as client:
        for shape, size in sizes.items():
            client.load(lines(shape, size))
        version = client.maintenance.status().version
        print(f"etcd {version}, {count} keys, load average {os.getloadavg()[0]:.1f}; best of {rounds} rounds")
        *paged, by_limits = WAYS
        costs = measured(server.endpoint, paged, "even", count, rounds)
        if naive:
            costs |= measured(server.endpoint, [by_limits], "even", count, rounds=1)
        report("even", costs)
        for shape, size in list(sizes.items())[1:]:
            report(f"{shape}: {size}", measured(server.endpoint, paged[:2], shape, size))
        print(f"load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    main(numbers[0] if numbers else 20_000, naive="--naive" in sys.argv, once="--once" in sys.argv)
