"""Measures the explorer's key tree on a large directory: first rows, what the steps of the loop cost, memory.

    python -m benchmarks.explorer_tree [--keys 1000000] [--endpoint 127.0.0.1:2379] [--tops]

Without an endpoint an etcd is started, and the keys are loaded into it, which takes the longest part. For each scene:
the seconds that it took, the process's peak, and what the steps of the loop cost. `--tops` names the worst.
"""

import argparse
import asyncio
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager

from benchmarks.explorer_stage import Stage, begin, perform
from etcdobs import Client, Keys
from etcdobs.testing import etcd
from etcdobs_explorer.model.changes import Sought
from etcdobs_explorer.model.key_tree import Row
from etcdobs_explorer.model.search import Phase
from etcdobs_explorer.tui.messages import Changed, Work
from etcdobs_explorer.tui.widgets.key_list import KeyList

PREFIX = b"/huge/"
_MANY = 200_000


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


async def script(stage: Stage) -> None:
    """What a reader does with a directory of a million keys."""
    app, state = stage.app, stage.state
    directory = state.tree.directory(PREFIX)
    began = time.perf_counter()
    await stage.wait(lambda: state.tree.directory(b"/").children)
    await stage.scene("the tree", *":goto /huge/", "enter", rest=1.0)
    await stage.scene("the first rows", "right", until=lambda: directory.children, rest=0.0)
    await stage.scene("the first part", until=lambda: directory.more)
    await stage.scene("walked", "pagedown", "pagedown", "up", "end", "home", "end", "up", "home")
    last = await asyncio.to_thread(_last)

    def current() -> Row | None:
        return app.screen.query_one(KeyList).current

    def there() -> bool:
        row = current()
        return row is not None and row.key == last

    app.post_message(Changed(Sought(last, False)))
    await stage.scene("to the last key, which was not loaded", until=there)
    await stage.scene("earlier ones", "home", "enter", rest=2.0)
    await stage.scene("a search through all", *"S99999", "enter", until=lambda: state.search.phase is Phase.DONE)
    assert state.search.seen, time.perf_counter() - began
    await stage.scene("its hits walked", "tab", "tab", "tab", "pagedown", "end", "escape")
    app.post_message(Work("load", lambda feeds: feeds.keys.load(PREFIX, b"/", _MANY)))
    await stage.scene("200,000 siblings in one part", until=lambda: len(directory.children) >= _MANY and directory.more)
    await stage.scene("walked", "home", "pagedown", "end", "pageup", "home")
    await stage.scene("more, after them", "end", "enter", rest=5.0)
    await stage.scene("a filter typed", *"/k01234", rest=1.0)
    await stage.scene("a filter given up", "escape", "escape", rest=1.0)
    await stage.scene("another filter", *"/~9{3}", "enter", rest=1.0)
    with writer():
        await stage.scene("500 changes a second, filtered", rest=5.0)
        await stage.scene("unfiltered", "escape", "home", rest=5.0)
        await stage.scene("walked", "pagedown", "end", "home", "down", rest=1.0)
    await stage.scene("read again", "r", rest=5.0)
    await stage.scene("closed and opened", "home", "left", "left", "right", rest=2.0)


@contextmanager
def writer() -> Generator[None]:
    """Another process, which writes keys that are there: some of those in sight."""
    command = [sys.executable, "-m", "benchmarks.explorer_watch", "--write", sys.argv[1], "500", "10", "/huge/k00"]
    process = subprocess.Popen(command)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _last() -> bytes:
    with Client(sys.argv[1], timeout=30) as client:
        return b"/huge/k%07d" % (client.count(Keys.prefix(PREFIX)) - 1)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else "")
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--endpoint", default="")
    parser.add_argument("--tops", action="store_true")
    given = parser.parse_args()
    with server(given.endpoint, given.keys) as endpoint:
        perform("benchmarks.explorer_tree", endpoint)


if __name__ == "__main__":
    begin(script, main)
