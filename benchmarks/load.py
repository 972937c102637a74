"""Measures `load` and `dump` on both clients: keys a second, and CPU of this process for each.

    python benchmarks/load.py [keys]

Each client loads keys with values of 100 bytes into an etcd of its own, which leaves fsync out, and dumps them again.
"""

import asyncio
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from etcdobs import AsyncClient, Client, Keys
from etcdobs.testing import Etcd, etcd

FLAGS = ["--quota-backend-bytes=8589934592"]


def lines(count: int) -> Iterable[str]:
    """The keys, as `load` takes them."""
    for number in range(count):
        yield f'{{"key": "/registry/pods/{number:08}", "value": "{"x" * 100}"}}\n'


class Lap:
    """What one way costs, from when it is made until `told`."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def told(self, name: str, count: int) -> None:
        """Print it."""
        seconds, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{name:12}{count / seconds:10.0f} keys/s{cpu / count * 1e6:8.1f} us CPU a key{peak:8.0f} MiB at most")


def blocking(server: Etcd, source: Path, target: Path) -> None:
    """The blocking client."""
    with Client(server.endpoint, timeout=60) as client:
        client.get("warm")
        lap = Lap()
        lap.told("sync load", client.load(source))
        lap = Lap()
        lap.told("sync dump", client.dump(Keys.all(), target))


async def awaited(server: Etcd, source: Path, target: Path) -> None:
    """The asyncio client."""
    async with AsyncClient(server.endpoint, timeout=60) as client:
        await client.get("warm")
        lap = Lap()
        lap.told("aio load", await client.load(source))
        lap = Lap()
        lap.told("aio dump", await client.dump(Keys.all(), target))


def main(count: int) -> None:
    """Measure both clients."""
    print(f"{count} keys, Python {sys.version.split()[0]}, load average {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as directory:
        source, target = Path(directory, "source"), Path(directory, "target")
        with source.open("w") as file:
            file.writelines(lines(count))
        with etcd(flags=FLAGS) as server:
            blocking(server, source, target)
        with etcd(flags=FLAGS) as server:
            asyncio.run(awaited(server, source, target))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
