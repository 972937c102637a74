"""A scan takes what the server streams, where it streams, and goes on in pages wherever that ends."""

import threading
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from prometheus_client import CollectorRegistry

from etcdobs import AsyncClient, ClientMetrics, CompactedError, DeadlineExceededError, Keys, Put
from etcdobs._drive import streamless
from etcdobs._wire import etcdserverpb as pb
from etcdobs.testing import Etcd
from tests.conftest import OpenClient
from tests.fake_etcd import FakeEtcd, Refusal, fake_etcd
from tests.samples import samples
from tests.waiting import eventually

RANGE, STREAM = "etcdserverpb.KV/Range", "etcdserverpb.KV/RangeStream"
KEYS = [b"/%05d" % number for number in range(3_000)]
PART = 100


class Store:
    """Answers as etcd 3.7 does, for one revision; its streams break, or stall, when told."""

    def __init__(self, breaks: Callable[[int, grpc.ServicerContext], None] = lambda parts, context: None) -> None:
        self._breaks = breaks
        self.requests: list[pb.RangeRequest] = []

    def range(self, request: pb.RangeRequest, context: grpc.ServicerContext) -> pb.RangeResponse:
        assert request.revision in (0, 7)
        found = self._found(request)
        page = found[: request.limit or None]
        header = pb.ResponseHeader(revision=7)
        return pb.RangeResponse(header=header, kvs=_kvs(page), count=len(found), more=len(page) < len(found))

    def stream(self, request: pb.RangeRequest, context: grpc.ServicerContext) -> Iterator[pb.RangeStreamResponse]:
        self.requests.append(request)
        assert (request.revision, request.limit) == (7, 0)
        found = self._found(request)
        for first in range(0, len(found), PART):
            self._breaks(first // PART, context)
            part = pb.RangeResponse(kvs=_kvs(found[first : first + PART]))
            if first + PART >= len(found):
                part.header.revision, part.count = 7, len(found)
            yield pb.RangeStreamResponse(range_response=part)

    @staticmethod
    def _found(request: pb.RangeRequest) -> list[bytes]:
        end = len(KEYS) if request.range_end in (b"\0", b"0") else bisect_left(KEYS, request.range_end)
        return KEYS[bisect_left(KEYS, request.key) : end]

    def serve(self) -> Any:
        return fake_etcd({RANGE: self.range, STREAM: self.stream})


def _kvs(keys: list[bytes]) -> list[Any]:
    return [{"key": key, "value": b"v", "mod_revision": 3} for key in keys]


async def read(client: AsyncClient, **more: Any) -> list[bytes]:
    return [kv.key async for kv in client.scan(Keys.prefix("/"), **more)]


def counts(server: FakeEtcd) -> tuple[int, int]:
    return len(server.called(RANGE)), len(server.called(STREAM))


async def test_a_page_and_then_a_stream(open_client: OpenClient) -> None:
    with Store().serve() as server:
        async with open_client(server.endpoint) as client:
            assert await read(client) == KEYS
            assert counts(server) == (1, 1)


async def test_a_broken_stream_is_gone_on_with(open_client: OpenClient) -> None:
    def breaks(parts: int, context: grpc.ServicerContext) -> None:
        if parts == 2:
            context.abort(grpc.StatusCode.UNAVAILABLE, "etcdserver: server stopped")

    with Store(breaks).serve() as server:
        async with open_client(server.endpoint) as client:
            assert await read(client) == KEYS
            assert server.called(STREAM)


async def test_a_server_without_streams_is_asked_for_one_once(open_client: OpenClient) -> None:
    with fake_etcd({RANGE: Store().range, STREAM: Refusal(grpc.StatusCode.UNIMPLEMENTED, "unknown method")}) as server:
        async with open_client(server.endpoint) as client:
            assert await read(client) == KEYS
            assert await read(client) == KEYS
            assert len(server.called(STREAM)) == 1


async def test_a_server_that_learns_to_stream_is_asked_again(
    open_client: OpenClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streamless, "FORGOTTEN_AFTER", 0.05)
    refusals = iter([Refusal(grpc.StatusCode.UNIMPLEMENTED, "unknown method")])
    store = Store()

    def stream(request: Any, context: grpc.ServicerContext) -> Any:
        return next(refusals, store.stream)(request, context)

    with fake_etcd({RANGE: store.range, STREAM: stream}) as server:
        async with open_client(server.endpoint) as client:
            assert await read(client) == KEYS
            assert store.requests == []
            await eventually(lambda: streamed_again(client, store))


async def streamed_again(client: AsyncClient, store: Store) -> bool:
    return await read(client) == KEYS and len(store.requests) == 1


async def test_pages_of_a_size_are_pages(open_client: OpenClient) -> None:
    with Store().serve() as server:
        async with open_client(server.endpoint) as client:
            assert await read(client, page_size=500) == KEYS
            assert counts(server)[1] == 0


async def test_a_stream_that_stalls_is_left_at_its_deadline(open_client: OpenClient) -> None:
    def stalls(parts: int, context: grpc.ServicerContext) -> None:
        if parts == 20:
            gone = threading.Event()
            context.add_callback(gone.set)
            gone.wait(10)

    with Store(stalls).serve() as server:
        async with open_client(server.endpoint) as client:
            assert await read(client, timeout=0.3) == KEYS


async def test_an_error_that_stays_is_told(open_client: OpenClient) -> None:
    store = Store(lambda parts, context: context.abort(grpc.StatusCode.OUT_OF_RANGE, COMPACTED))

    def range_once(request: pb.RangeRequest, context: grpc.ServicerContext) -> pb.RangeResponse:
        if request.revision:
            context.abort(grpc.StatusCode.OUT_OF_RANGE, COMPACTED)
        return store.range(request, context)

    with fake_etcd({RANGE: range_once, STREAM: store.stream}) as server:
        async with open_client(server.endpoint) as client:
            with pytest.raises(CompactedError):
                await read(client)


COMPACTED = "etcdserver: mvcc: required revision has been compacted"


async def test_a_scan_in_a_namespace_streams_its_keys(open_client: OpenClient) -> None:
    with Store().serve() as server:
        async with open_client(server.endpoint, namespace="/0") as client:
            found = [kv.key async for kv in client.scan(Keys.all())]
            assert found == [key[2:] for key in KEYS]
            assert counts(server) == (1, 1)


async def test_leaving_a_scan_ends_its_stream(open_client: OpenClient) -> None:
    streams, gone = threading.Event(), threading.Event()

    def waits(parts: int, context: grpc.ServicerContext) -> None:
        if parts == 3:
            context.add_callback(gone.set)
            streams.set()
            gone.wait(10)

    with Store(waits).serve() as server:
        async with open_client(server.endpoint) as client:
            keys: Any = aiter(client.scan(Keys.prefix("/")))
            for _ in range(700):
                await anext(keys)
            await eventually(streams.is_set)
            await keys.aclose()
            await eventually(gone.is_set)


async def test_what_is_streamed_is_counted(
    open_client: OpenClient, etcd_server: Etcd, server_version: tuple[int, int, int], prefix: str
) -> None:
    registry = CollectorRegistry()
    async with open_client(etcd_server.endpoint, metrics=ClientMetrics(registry)) as client:
        for first in range(0, 1_000, 100):
            await client.txn().then(*(Put(f"{prefix}{first + number:04}") for number in range(100))).commit()
        for _ in range(2):
            assert len([kv async for kv in client.scan(Keys.prefix(prefix))]) == 1_000
        code, times = ("OK", 2) if server_version >= (3, 7, 0) else ("Unimplemented", 1)
        told = {labels: count for labels, count in samples(registry).items() if "KV,RangeStream" in labels}
        streams = {labels: count for labels, count in told.items() if labels.startswith("grpc_client_handled_total")}
        assert streams == {f"grpc_client_handled_total{{server_stream,etcdserverpb.KV,RangeStream,{code}}}": times}
        await client.delete(Keys.prefix(prefix))


async def test_a_server_that_never_answers_is_told(open_client: OpenClient) -> None:
    def stalls(request: pb.RangeRequest, context: grpc.ServicerContext) -> Any:
        gone = threading.Event()
        context.add_callback(gone.set)
        gone.wait(10)

    with fake_etcd({RANGE: stalls}) as server:
        async with open_client(server.endpoint) as client:
            with pytest.raises(DeadlineExceededError):
                await read(client, timeout=0.2)
