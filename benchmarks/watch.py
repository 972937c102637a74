"""Measures how fast the events of a watch reach their user, beside aetcd and beside a bare gRPC loop.

    python benchmarks/watch.py [rounds] [events]

A server of its own answers a watch with messages made beforehand, as fast as they are taken: with one event each, as
when keys change one by one, and with 100 events each, as after a transaction or in a replay. Each way to take them runs
in a process of its own, turn about. CPU time is that of the taking process, and says more where the machine is shared.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import Any

import grpc

from etcdobs import AsyncClient, Client, Keys
from etcdobs._wire import etcdserverpb as pb

METHOD = "/etcdserverpb.Watch/Watch"
SHAPES = (1, 100)
CREATE = pb.WatchRequest(create_request=pb.WatchCreateRequest(key=b"/", range_end=b"0", start_revision=1))
ALL = Keys.prefix("/")
RAW = {"sync": "raw gRPC, sync", "aio": "raw gRPC, asyncio"}

# ---- the server


def message(revision: int, events: int) -> bytes:
    """A batch: all keys that one revision changed."""
    kvs = [
        {
            "key": b"/app/%08d" % n,
            "value": bytes(100),
            "create_revision": revision,
            "mod_revision": revision,
            "version": 1,
        }
        for n in range(events)
    ]
    return pb.WatchResponse(header={"revision": revision}, events=[{"kv": kv} for kv in kvs]).SerializeToString()


def answers(messages: list[bytes], requests: Iterator[pb.WatchRequest]) -> Iterator[bytes]:
    """Creates, resumes and cancels the one watch of a stream, and sends it what there is."""
    asked: SimpleQueue[pb.WatchRequest | None] = SimpleQueue()

    def listen() -> None:
        try:
            for request in requests:
                asked.put(request)
        except Exception:  # noqa: BLE001 - the client has gone
            pass
        asked.put(None)

    ThreadPoolExecutor(1).submit(listen)
    at = len(messages)
    while True:
        try:
            request = asked.get(block=at >= len(messages))
        except Empty:
            yield messages[at]
            at += 1
            continue
        if request is None:
            return
        if request.HasField("create_request"):
            at = max(request.create_request.start_revision, 1) - 1
            yield pb.WatchResponse(header={"revision": 1}, created=True).SerializeToString()
        elif request.HasField("cancel_request"):
            at = len(messages)
            yield pb.WatchResponse(header={"revision": 1}, canceled=True).SerializeToString()


def serve(events: int, shape: int) -> None:
    """Says its port, and serves until its input ends."""
    messages = [message(number + 1, shape) for number in range(events // shape)]
    handler = grpc.stream_stream_rpc_method_handler(
        lambda requests, _: answers(messages, requests), pb.WatchRequest.FromString, lambda data: data
    )
    server = grpc.server(ThreadPoolExecutor(8))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("etcdserverpb.Watch", {"Watch": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    sys.stdin.read()
    server.stop(None)


# ---- the ways to take them


def read(event: Any) -> None:
    """What every way reads of an event, a bare message too: what its user reads of one to act upon it."""
    kv = event.kv
    _ = event.type, kv.key, kv.value, kv.mod_revision


def read_aetcd(event: Any) -> None:
    """The same of an event of aetcd, by its names."""
    kv = event.kv
    _ = event.kind, kv.key, kv.value, kv.mod_revision


def raw_sync(port: int, events: int) -> None:
    """A bare blocking stream."""
    requests: SimpleQueue[Any] = SimpleQueue()
    requests.put(CREATE)
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stream = channel.stream_stream(METHOD, pb.WatchRequest.SerializeToString, pb.WatchResponse.FromString)
        call = stream(iter(requests.get, None))
        for response in call:
            for event in response.events:
                read(event)
            events -= len(response.events)
            if events <= 0:
                break
        call.cancel()
        requests.put(None)


async def raw_aio(port: int, events: int) -> None:
    """A bare asyncio stream."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stream = channel.stream_stream(METHOD, pb.WatchRequest.SerializeToString, pb.WatchResponse.FromString)
        call = stream()
        await call.write(CREATE)
        async for response in call:
            for event in response.events:
                read(event)
            events -= len(response.events)
            if events <= 0:
                break
        call.cancel()


def ours_sync(port: int, events: int) -> None:
    """Event by event."""
    with Client(f"127.0.0.1:{port}") as client, client.watch(ALL, start_revision=1) as watcher:
        for event in watcher:
            read(event)
            events -= 1
            if not events:
                break


def ours_sync_batches(port: int, events: int) -> None:
    """Batch by batch."""
    with Client(f"127.0.0.1:{port}") as client, client.watch(ALL, start_revision=1) as watcher:
        for batch in watcher.responses():
            for event in batch.events:
                read(event)
            events -= len(batch.events)
            if events <= 0:
                break


async def ours_aio(port: int, events: int) -> None:
    """Event by event."""
    async with AsyncClient(f"127.0.0.1:{port}") as client, client.watch(ALL, start_revision=1) as watcher:
        async for event in watcher:
            read(event)
            events -= 1
            if not events:
                break


async def ours_aio_batches(port: int, events: int) -> None:
    """Batch by batch."""
    async with AsyncClient(f"127.0.0.1:{port}") as client, client.watch(ALL, start_revision=1) as watcher:
        async for batch in watcher.responses():
            for event in batch.events:
                read(event)
            events -= len(batch.events)
            if events <= 0:
                break


async def aetcd(port: int, events: int) -> None:
    """The asyncio client of that name, which hands out event by event."""
    import aetcd as peer

    async with peer.Client("127.0.0.1", port) as client:
        async for event in await client.watch(b"/", b"0", start_revision=1):
            read_aetcd(event)
            events -= 1
            if not events:
                break


Way = Callable[[int, int], Coroutine[Any, Any, None] | None]
WAYS: Mapping[str, tuple[str, Way]] = {
    RAW["sync"]: ("", raw_sync),
    "etcdobs, sync": (RAW["sync"], ours_sync),
    "etcdobs, sync, batches": (RAW["sync"], ours_sync_batches),
    RAW["aio"]: ("", raw_aio),
    "etcdobs, asyncio": (RAW["aio"], ours_aio),
    "etcdobs, asyncio, batches": (RAW["aio"], ours_aio_batches),
    "aetcd, asyncio": (RAW["aio"], aetcd),
}


async def take(name: str, port: int, events: int) -> None:
    """Runs one way, and says what that took."""
    for times in (max(100, events // 50), events):  # the first for what is loaded and connected once
        began, cpu = time.perf_counter(), time.process_time()
        running = WAYS[name][1](port, times)
        if running is not None:
            await running
        took = time.perf_counter() - began, time.process_time() - cpu
    print(json.dumps(took))


# ---- the comparison


def child(*arguments: object, **options: Any) -> "subprocess.Popen[str]":
    """This program, in a process of its own."""
    command = [sys.executable, __file__, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options)


def measured(shape: int, events: int, rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Wall and CPU seconds of each way, round by round."""
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in WAYS}
    server = child("--serve", events, shape)
    assert server.stdout is not None
    port = int(server.stdout.readline())
    try:
        for _ in range(rounds):
            for name in WAYS:
                said, _ = child("--take", name, port, events).communicate(timeout=120)
                took[name].append(tuple(json.loads(said)))
    finally:
        server.communicate()
    return took


def show(shape: int, events: int, took: Mapping[str, list[tuple[float, float]]]) -> None:
    """A line for each way."""
    print(f"\n{events:,} events, {shape} a message: events a second; CPU a event; speed as a share of the floor's")
    for name, (floor, _) in WAYS.items():
        wall, cpu = (statistics.median(both) for both in zip(*took[name], strict=True))
        line = f"{name:28}{events / wall:10,.0f}/s{cpu / events * 1e6:8.1f} us"
        if floor:
            pairs = list(zip(took[name], took[floor], strict=True))
            low, middle, high = statistics.quantiles([its[0] / own[0] for own, its in pairs], n=4)
            by_cpu = statistics.median(its[1] / own[1] for own, its in pairs)
            line += f"{middle:7.2f} ({low:.2f} to {high:.2f}), by CPU {by_cpu:.2f} of {floor}"
        print(line)


def main(rounds: int, events: int) -> None:
    """Prints a table for each shape."""
    print(f"Python {sys.version.split()[0]}, grpcio {grpc.__version__}, {rounds} rounds, interleaved")
    for shape in SHAPES:
        show(shape, events, measured(shape, events, rounds))


if __name__ == "__main__":
    arguments = sys.argv[1:]
    if arguments[:1] == ["--serve"]:
        serve(int(arguments[1]), int(arguments[2]))
    elif arguments[:1] == ["--take"]:
        asyncio.run(take(arguments[1], int(arguments[2]), int(arguments[3])))
    else:
        main(int(arguments[0]) if arguments else 7, int(arguments[1]) if arguments[1:] else 20_000)
