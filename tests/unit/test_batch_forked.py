"""A child that was forked while its parent waited for an answer leaves the batch that it inherited at once."""

import subprocess
import sys

import pytest

HEAD = """
import asyncio, os, signal, threading
import grpc
from etcdobs import AsyncClient, Client

asked = threading.Event()

class Silent:
    def unary_unary(self, *_, **__):
        return lambda *_, **__: asked.set() or self.never().wait()
    unary_stream = stream_stream = unary_unary

class Blocking(Silent):
    never = threading.Event
    def close(self): ...

class Awaiting(Silent):
    never = asyncio.Event
    async def close(self): ...

grpc.insecure_channel = lambda *_, **__: Blocking()
grpc.aio.insecure_channel = lambda *_, **__: Awaiting()

def parent(child):
    print("status", os.waitpid(child, 0)[1], flush=True)
    os._exit(0)
"""
BLOCKING = """
batch = Client(metrics=None).batched()
threading.Thread(target=batch.put, args=("k",), daemon=True).start()
asked.wait()
if child := os.fork():
    parent(child)
signal.alarm(5)
batch.close()
os._exit(0)
"""
AWAITING = """
async def main():
    batch = AsyncClient(metrics=None).batched()
    asking = [asyncio.create_task(batch.get("k")), asyncio.create_task(batch.put("k"))]
    while not asked.is_set():
        await asyncio.sleep(0)
    if child := os.fork():
        parent(child)
    signal.alarm(5)
    await batch.close()
    os._exit(0)
asyncio.run(main())
"""


@pytest.mark.parametrize("program", [BLOCKING, AWAITING], ids=["sync", "aio"])
def test_a_child_waits_for_no_answer_to_its_parent(program: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", HEAD + program], capture_output=True, text=True, timeout=20, check=False
    )
    assert done.stdout == "status 0\n", done.stderr
