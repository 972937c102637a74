"""Measures the explorer's key tree on a large directory: first rows, the longest stall, memory, the way to a key.

    python -m benchmarks.explorer_tree [--keys 1000000] [--endpoint 127.0.0.1:2379]

Without an endpoint an etcd is started, and the keys are loaded into it, which takes the longest part.
"""

import argparse
import asyncio
import resource
import time
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager

from etcdobs import AsyncClient, Client, Keys
from etcdobs.testing import etcd
from etcdobs_explorer.gateway import EtcdGateway
from etcdobs_explorer.model.changes import Sought
from etcdobs_explorer.model.key_tree import Row
from etcdobs_explorer.model.search import Phase, Query
from etcdobs_explorer.model.state import State
from etcdobs_explorer.tui.app import ExplorerApp
from etcdobs_explorer.tui.messages import Changed, Work
from etcdobs_explorer.tui.widgets.key_list import KeyList

PREFIX = b"/huge/"
_TICK = 0.005


class Stalls:
    """The longest time in which the event loop ran nothing else; `busy` is how much of the processor the process itself
    had in one: where others keep the machine busy, the rest was theirs."""

    def __init__(self) -> None:
        self.longest = self.busy = 0.0

    async def watch(self) -> None:
        """Look for ever."""
        before, spent = time.perf_counter(), time.process_time()
        while True:
            await asyncio.sleep(_TICK)
            now, used = time.perf_counter(), time.process_time()
            self.longest = max(self.longest, now - before - _TICK)
            self.busy = max(self.busy, used - spent)
            before, spent = now, used

    def take(self) -> str:
        """What was seen since this was asked last."""
        told = f"stall {self.longest * 1000:4.0f} ms, busy {self.busy * 1000:4.0f} ms"
        self.longest = self.busy = 0.0
        return told


def lines(count: int) -> Iterator[str]:
    for number in range(count):
        yield f'{{"key": "/huge/k{number:07d}", "value": "v{number}"}}'


@contextmanager
def server(endpoint: str, keys: int) -> Generator[str]:
    if endpoint:
        yield endpoint
        return
    with etcd() as started, Client(started.endpoint, timeout=30) as client:
        began = time.perf_counter()
        client.load(lines(keys))
        print(f"{keys:,} keys loaded in {time.perf_counter() - began:.0f} s")
        yield started.endpoint


@asynccontextmanager
async def explorer(endpoint: str) -> AsyncGenerator[tuple[ExplorerApp, State]]:
    gateway = EtcdGateway(AsyncClient(endpoint, timeout=30.0))
    state = State("benchmark")
    app = ExplorerApp(gateway, state)
    try:
        async with app.run_test(size=(140, 40)):
            yield app, state
    finally:
        await gateway.close()


def memory() -> float:
    """The most that the process has held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def measured(endpoint: str) -> None:
    stalls = Stalls()
    watching = asyncio.create_task(stalls.watch())
    async with explorer(endpoint) as (app, state):
        began = time.perf_counter()

        async def until(what: str, holds: object) -> None:
            assert callable(holds)
            while not holds():  # noqa: ASYNC110 - a screen tells nobody
                await asyncio.sleep(_TICK)
            taken = time.perf_counter() - began
            print(f"{what:40} {taken:7.2f} s   {stalls.take()}   {memory():5.0f} MiB")

        def current() -> Row:
            row = app.screen.query_one(KeyList).current
            assert row is not None
            return row

        await until("the root", lambda: state.tree.directory(b"").children)
        began = time.perf_counter()
        state.tree.expand(PREFIX)
        app.post_message(Work("load", lambda feeds: feeds.keys.load(PREFIX, b"/")))
        await until("first rows of the directory", lambda: state.tree.directory(PREFIX).children)
        await until("the first part of it", lambda: state.tree.directory(PREFIX).more)
        began = time.perf_counter()
        last = await asyncio.to_thread(_last, endpoint)
        app.post_message(Changed(Sought(last, False)))
        await until("to the last key, which was not loaded", lambda: current().key == last)
        began = time.perf_counter()
        app.post_message(Work("search", lambda feeds: feeds.keys.search(Query("99999", PREFIX))))
        await until("a search through all keys", lambda: state.search.phase is Phase.DONE)
        print(f"  {state.search.seen:,} keys seen, {len(state.search.hits) + state.search.left_out:,} hits")
        began, directory = time.perf_counter(), state.tree.directory(PREFIX)
        app.post_message(Work("load", lambda feeds: feeds.keys.load(PREFIX, b"/", 200_000)))
        await until("200,000 siblings in one part", lambda: len(directory.children) >= 200_000 and directory.more)
        began = time.perf_counter()
        state.tree.set_filter("1234")
        await until("a filter over them", lambda: 0 < len(state.tree.rows) < 100_000)
    watching.cancel()


def _last(endpoint: str) -> bytes:
    with Client(endpoint, timeout=30) as client:
        return b"/huge/k%07d" % (client.count(Keys.prefix(PREFIX)) - 1)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else "")
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--endpoint", default="")
    given = parser.parse_args()
    with server(given.endpoint, given.keys) as endpoint:
        asyncio.run(measured(endpoint))


if __name__ == "__main__":
    main()
