"""Measures what a scan costs beside one Range of all the keys, and beside pages that only have a limit.

    python benchmarks/scan.py [keys] [--naive]

Starts an etcd of its own (ETCDOBS_ETCD names another binary), loads it with transactions, and prints seconds and ratios
of one run; `--naive` also pages by limit alone, which costs the square on servers before 3.7.
"""

import sys
import time
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from typing import Any

from etcdobs import Client, Keys, Put
from etcdobs.testing import etcd

PREFIX = "/registry/pods/"
VALUE = "x" * 100
OPERATIONS = 100
ROUNDS = 3


@contextmanager
def loaded(count: int) -> Any:
    """A client of a server that holds so many keys."""
    with etcd() as server, Client(server.endpoint, timeout=600, metrics=None) as client:
        for first in range(0, count, OPERATIONS):
            puts = (Put(f"{PREFIX}{number:08}", VALUE) for number in range(first, min(count, first + OPERATIONS)))
            client.txn().then(*puts).commit()
        yield client


def by_limit(client: Client, size: int) -> Iterable[Any]:
    """Every key, by limit and the key after the last."""
    keys: Keys = Keys.prefix(PREFIX)
    more, revision = True, 0
    while more:
        page = client.range(keys, limit=size, revision=revision)
        revision, more = revision or page.revision, page.more
        yield from page
        keys = Keys(page[-1].key + b"\0", keys.end)


def seconds(read: Callable[[], Iterable[Any]], count: int) -> float:
    """How long it takes to read all keys."""
    began = time.perf_counter()
    found = sum(1 for _ in read())
    assert found == count, f"{found} keys of {count}"
    return time.perf_counter() - began


def main(count: int, *, naive: bool) -> None:
    """Prints a line for each way to read."""
    keys = Keys.prefix(PREFIX)
    with loaded(count) as client:
        ways: dict[str, Callable[[], Iterable[Any]]] = {
            "one Range": lambda: client.range(keys),
            "scan": lambda: client.scan(keys),
            "scan, pages of 1,000": lambda: client.scan(keys, page_size=1_000),
            "scan, keys only": lambda: client.scan(keys, keys_only=True),
        }
        print(f"etcd {client.maintenance.status().version}, {count} keys; best of {ROUNDS} rounds")
        best = {name: float("inf") for name in ways}
        # Turn about, so that a slow moment of the machine falls on all of them.
        for _ in range(ROUNDS):
            best = {name: min(took, seconds(ways[name], count)) for name, took in best.items()}
        if naive:
            best["limit alone, pages of 1,000"] = seconds(lambda: by_limit(client, 1_000), count)
        for name, took in best.items():
            print(f"{name:30}{took:8.2f} s{took / best['one Range']:8.2f}")


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    main(numbers[0] if numbers else 20_000, naive="--naive" in sys.argv)
