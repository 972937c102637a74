"""A server that closes a connection in good order (GOAWAY): calls under way end by their rule, new ones move on."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import grpc
import pytest

from etcdobs import EtcdError, PutResponse
from etcdobs._wire import etcdserverpb as pb
from etcdobs.testing import Etcd
from tests.conftest import OpenClient
from tests.fake_etcd import FakeEtcd, fake_etcd
from tests.waiting import eventually, taken

GOAWAY = 7


class Tap:
    """Where it listens, and what the server said with GOAWAY on the connections that went through it."""

    def __init__(self, port: int) -> None:
        self.said: list[bytes] = []
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = [self._listener]
        self.endpoint = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._sockets.append(client)
                threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self._target))
        except OSError:
            client.close()
            return
        self._sockets.append(server)
        threading.Thread(target=self._carry, args=(client, server, None), daemon=True).start()
        self._carry(server, client, bytearray())

    def _carry(self, source: socket.socket, sink: socket.socket, frames: bytearray | None) -> None:
        with suppress(OSError):
            while chunk := source.recv(65_536):
                if frames is not None:
                    self._read(frames, chunk)
                sink.sendall(chunk)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _read(self, frames: bytearray, chunk: bytes) -> None:
        frames += chunk
        while len(frames) >= 9 and len(frames) >= (end := 9 + int.from_bytes(frames[:3], "big")):
            if frames[3] == GOAWAY:
                self.said.append(bytes(frames[17:end]))
            del frames[:end]


@pytest.fixture
def tap(quick_etcd: Etcd) -> Iterator[Tap]:
    opened = Tap(quick_etcd.port)
    yield opened
    opened.close()


async def test_a_server_that_ends_in_good_order_costs_no_read(
    open_client: OpenClient, quick_etcd: Etcd, tap: Tap, server_version: tuple[int, int, int]
) -> None:
    """Told to end, etcd sends GOAWAY on all connections from 3.6 on, and is gone at once before."""
    async with open_client(tap.endpoint, timeout=20) as client:
        over = asyncio.Event()
        reading = asyncio.create_task(repeated(lambda: client.get("other"), over))
        writing = asyncio.create_task(repeated(lambda: client.put("k", "v"), over))
        for _ in range(2):
            await eventually(lambda: client.get("k"))
            before = tap.said.count(b"graceful_stop")
            await asyncio.to_thread(quick_etcd.stop)
            assert server_version < (3, 6) or tap.said.count(b"graceful_stop") > before
            await asyncio.to_thread(quick_etcd.start)
        over.set()
        assert not [read for read in await reading if isinstance(read, BaseException)]
        puts = await writing
        done = sum(isinstance(put, PutResponse) for put in puts)
        assert all(isinstance(put, PutResponse) or getattr(put, "outcome_unknown", False) for put in puts)
        kv = await client.get("k")
        assert kv is not None
        assert done <= kv.version <= len(puts)


async def repeated(call: Callable[[], Awaitable[Any]], over: asyncio.Event) -> list[Any]:
    """What the calls came to, one after another."""
    outcomes: list[Any] = []
    while not over.is_set():
        outcomes += await asyncio.gather(call(), return_exceptions=True)
        await asyncio.sleep(0.002)
    return outcomes


class Slow:
    """A server whose put and range begin, and end when they are let, or with their connection."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.go_on = threading.Event()

    def put(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._wait(context)
        return pb.PutResponse(header=pb.ResponseHeader(revision=7))

    def range(self, request: Any, context: grpc.ServicerContext) -> Any:
        if request.key != b"\0":
            self._wait(context)
        return pb.RangeResponse(header=pb.ResponseHeader(revision=7))

    def _wait(self, context: grpc.ServicerContext) -> None:
        context.add_callback(self.go_on.set)
        self.begun.release()
        self.go_on.wait(20)


@contextmanager
def serving(slow: Slow) -> Generator[FakeEtcd]:
    with fake_etcd({"etcdserverpb.KV/Put": slow.put, "etcdserverpb.KV/Range": slow.range}) as server:
        yield server


async def test_what_is_under_way_is_answered_and_what_is_new_goes_elsewhere(
    open_client: OpenClient, etcd_server: Etcd, prefix: str
) -> None:
    slow = Slow()
    with serving(slow) as server:
        async with open_client([server.endpoint, etcd_server.endpoint]) as client:
            putting = asyncio.create_task(client.put(prefix, "v"))
            await asyncio.to_thread(slow.begun.acquire)
            stopped = server.end(20)
            for number in range(6):
                await client.put(f"{prefix}{number}", "v", timeout=5)
            assert not putting.done()
            slow.go_on.set()
            assert (await putting).revision == 7
            await asyncio.to_thread(stopped.wait)
        assert len(server.called("etcdserverpb.KV/Put")) == 1


async def test_what_is_cut_off_is_repeated_where_it_may_be(
    open_client: OpenClient, etcd_server: Etcd, prefix: str
) -> None:
    slow = Slow()
    with serving(slow) as server:
        async with open_client([server.endpoint, etcd_server.endpoint]) as client:
            calls: list[asyncio.Task[Any]] = []
            for call in (client.put, client.get, client.get, client.put):
                calls.append(asyncio.create_task(called(call, prefix)))
                await asyncio.sleep(0.02)
            for _ in range(2):
                await asyncio.to_thread(slow.begun.acquire)
            await asyncio.to_thread(server.end(0.1).wait)
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
    put, *others = outcomes
    assert isinstance(put, EtcdError)
    assert put.outcome_unknown
    assert not [outcome for outcome in others if isinstance(outcome, BaseException)]
    assert (len(server.called("etcdserverpb.KV/Put")), len(server.called("etcdserverpb.KV/Range"))) == (1, 1)


async def called(call: Callable[..., Awaitable[Any]], key: str) -> Any:
    return await call(key)


async def test_pings_that_are_too_many_end_the_connection_and_nothing_else(
    open_client: OpenClient, quick_etcd: Etcd, tap: Tap
) -> None:
    """By etcd's default (--grpc-keepalive-min-time) no more than one in 5 s; the client's own are never so many."""
    with pytest.raises(ValueError, match="keepalive_time"):
        async with open_client(tap.endpoint, keepalive_time=1):
            pass
    options = (("grpc.keepalive_time_ms", 30), ("grpc.http2.min_time_between_pings_ms", 30))
    async with (
        open_client(quick_etcd.endpoint) as writer,
        open_client(tap.endpoint, options=options) as client,
        client.watch("k") as watcher,
    ):
        await eventually(lambda: b"too_many_pings" in tap.said)
        for number in range(20):
            await writer.put("k", str(number))
            await client.get("k")
        events = await taken(watcher, 20)
        assert [event.kv.text for event in events] == [str(number) for number in range(20)]
