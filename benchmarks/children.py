"""Measures what listing a directory costs beside counts of all that lies in it, in CPU time of the server.

    python benchmarks/children.py [keys] [--words]

Starts an etcd of its own (ETCDOBS_ETCD names another binary) and loads the keys into 97 directories, which are
numbered, or with `--words` have names that say nothing of where the next is. What the server's CPU does is told apart
from what else the machine does, so that the ratios hold on a busy one too; "one directory" is the read with limit=1
that listing by hand takes for each of them.
"""

import os
import random
import re
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from etcdobs import Client, Keys
from etcdobs.testing import etcd

PREFIX = "/registry/"
DIRECTORIES = 97
ROUNDS = 3
TICKS = os.sysconf("SC_CLK_TCK")


def words() -> list[str]:
    """Names of 3 to 14 letters."""
    draw, letters = random.Random(1), "abcdefghijklmnopqrstuvwxyz-"
    names: set[str] = set()
    while len(names) < DIRECTORIES:
        names.add("".join(draw.choices(letters, k=draw.randint(3, 14))))
    return sorted(names)


def lines(count: int, names: Sequence[str]) -> Iterable[str]:
    """The keys, as `load` takes them."""
    for number in range(count):
        yield f'{{"key": "{PREFIX}{names[number % DIRECTORIES]}/{number // DIRECTORIES:08}", "value": "{"x" * 100}"}}'


def server_process(endpoint: str) -> Path:
    """Where the kernel tells of the server that listens at `endpoint`."""
    address = endpoint.rpartition("/")[2].encode()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if address in command and re.match(rb"[^\0]*etcd\0", command):
            return process
    raise LookupError(f"no process serves {endpoint}")


def cpu(process: Path) -> float:
    """Seconds of CPU that it has used."""
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def main(count: int, names: Sequence[str]) -> None:
    """Prints a line for each way."""
    with etcd(flags=["--quota-backend-bytes=8589934592"]) as server, Client(server.endpoint, timeout=600) as client:
        client.load(lines(count, names))
        process = server_process(server.endpoint)
        ways: dict[str, Callable[[], object]] = {
            "count": lambda: client.count(Keys.prefix(PREFIX)),
            "one directory": lambda: client.range(Keys.prefix(PREFIX), limit=1),
            "children, the first": lambda: next(client.children(PREFIX)),
            "children": lambda: sum(1 for _ in client.children(PREFIX)),
            "children, counts": lambda: sum(child.count or 0 for child in client.children(PREFIX, counts=True)),
        }
        print(f"etcd {client.maintenance.status().version}, {count} keys in {DIRECTORIES}; best of {ROUNDS} rounds")
        print(f"{'':24}{'server':>9}{'counts':>9}{'wall':>9}")
        best = {name: (float("inf"), float("inf")) for name in ways}
        for _ in range(ROUNDS):
            for name, ask in ways.items():
                used, began = cpu(process), time.perf_counter()
                ask()
                best[name] = min(best[name], (cpu(process) - used, time.perf_counter() - began))
        one = max(best["count"][0], 1 / TICKS)
        for name, (used, wall) in best.items():
            print(f"{name:24}{used:7.2f} s{used / one:9.1f}{wall:7.2f} s")


if __name__ == "__main__":
    numbered = [f"{number:02}" for number in range(DIRECTORIES)]
    numbers = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    main(numbers[0] if numbers else 200_000, words() if "--words" in sys.argv else numbered)
