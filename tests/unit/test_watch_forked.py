"""A child that asks for a watch of a client that it inherited is told so, each time that it asks."""

import subprocess
import sys

import pytest

HEAD = """
import asyncio, os, signal
from etcdobs import AsyncClient, Client, ClosedError

def parent(child):
    print("status", os.waitpid(child, 0)[1], flush=True)
    os._exit(0)
"""
BLOCKING = """
client = Client(metrics=None)
if child := os.fork():
    parent(child)
signal.alarm(5)
watcher = client.watch("k")
for take in (watcher.__enter__, watcher.get, watcher.__next__, lambda: next(watcher.responses())):
    try:
        take()
    except ClosedError:
        print("closed", flush=True)
os._exit(0)
"""
AWAITING = """
client = AsyncClient(metrics=None)
if child := os.fork():
    parent(child)
signal.alarm(5)
watcher = client.watch("k")
async def main():
    for take in (watcher.__aenter__, watcher.get, watcher.__anext__, lambda: anext(watcher.responses())):
        try:
            await take()
        except ClosedError:
            print("closed", flush=True)
asyncio.run(main())
os._exit(0)
"""


@pytest.mark.parametrize("program", [BLOCKING, AWAITING], ids=["sync", "aio"])
def test_a_child_is_told_whatever_it_asks_of_a_watch(program: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", HEAD + program], capture_output=True, text=True, timeout=20, check=False
    )
    assert done.stdout == "closed\n" * 4 + "status 0\n", done.stderr
