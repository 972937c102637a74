"""Measures what the library itself takes for batched operations and for bulk loads: CPU, with a server that costs none.

    python -m benchmarks.batch_cost [rounds]

First a key of 100 bytes, in transactions of 128: made as raw messages, by `client.txn()`, and from lines as `load`
reads them, each answered and the answer decoded. Then an operation of 64, of 8 and of one caller through
`client.batched()`, on a channel that answers at once. Prints the least of the rounds in microseconds, which a busy
machine disturbs least.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any
from unittest.mock import patch

import grpc

from benchmarks.batched import by_tasks, by_threads
from benchmarks.suite import keyspace
from benchmarks.suite.contenders.raw_messages import txn_request
from etcdobs import AsyncClient, Client, Put, Txn
from etcdobs._load import load
from etcdobs._wire import etcdserverpb as pb
from tests.instant import InstantAioChannel, InstantChannel

KEYS = next(iter(keyspace.chunks("/bench/load/", keyspace.OPERATIONS)))
LINES = list(keyspace.lines("/bench/load/", 40 * keyspace.OPERATIONS))
FOUND = pb.RangeResponse(count=1, kvs=[{"key": b"k", "value": keyspace.VALUE, "version": 1}])


def answer(request: Any) -> Any:
    """What the server would say."""
    if isinstance(request, pb.PutRequest):
        return pb.PutResponse()
    if isinstance(request, pb.RangeRequest):
        return FOUND
    reads = request.success[0].HasField("request_range")
    part: dict[str, Any] = {"response_range": FOUND} if reads else {"response_put": {}}
    return pb.TxnResponse(succeeded=True, responses=[part] * len(request.success))


def raw() -> int:
    """Messages, and nothing else."""
    txn_request(KEYS).SerializeToString()
    return len(KEYS)


def by_operations() -> int:
    """As `client.txn().then(*puts).commit()`."""
    txn = Txn(then=[Put(key, keyspace.VALUE) for key in KEYS])
    txn.request.SerializeToString()
    txn.decode(ANSWER)
    return len(KEYS)


def by_lines() -> int:
    """As `client.load`."""
    loading = load(LINES)
    loading.begin(LINES)
    while entries := loading.next():
        call = loading.call(entries)
        call.request.SerializeToString()
        call.decode(ANSWER)
        loading.settled(entries)
    return loading.finish()


ANSWER = answer(txn_request(KEYS))


def each(action: Callable[[], int]) -> float:
    """Microseconds of this thread a key."""
    began = time.thread_time()
    count = action()
    return (time.thread_time() - began) / count * 1e6


def blocking(rounds: int, callers: int) -> None:
    """By threads."""
    with Client() as client, client.batched() as batch:
        ways: dict[str, Callable[[str], object]] = {"put": lambda key: batch.put(key, "v"), "get": batch.get}
        for name, ask in ways.items():
            least = min(by_threads(ask, 3_200 // callers, callers).cpu for _ in range(rounds))
            print(f"sync {name}, {callers:2} callers {least:8.1f} us")


async def awaited(rounds: int, callers: int) -> None:
    """By tasks."""
    async with AsyncClient() as client, client.batched() as batch:
        ways: dict[str, Callable[[str], Awaitable[object]]] = {
            "put": lambda key: batch.put(key, "v"),
            "get": batch.get,
        }
        for name, ask in ways.items():
            least = min([(await by_tasks(ask, 3_200 // callers, callers)).cpu for _ in range(rounds)])
            print(f"aio  {name}, {callers:2} callers {least:8.1f} us")


def main(rounds: int) -> None:
    """Measure all."""
    for action in (raw, by_operations, by_lines):
        least = min(each(action) for _ in range(rounds * 5))
        print(f"{action.__name__:21}{least:8.2f} us a key")
    with (
        patch.object(grpc, "insecure_channel", lambda *_, **__: InstantChannel(answer)),
        patch.object(grpc.aio, "insecure_channel", lambda *_, **__: InstantAioChannel(answer)),
    ):
        for callers in (64, 8, 1):
            blocking(rounds, callers)
            asyncio.run(awaited(rounds, callers))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
