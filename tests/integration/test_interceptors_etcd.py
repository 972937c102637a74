"""What is recorded of a real etcd's calls: Range, Put, Watch, LeaseKeepAlive, Snapshot, on both kinds of channel."""

import queue
from collections.abc import AsyncIterator, Iterator
from typing import Any

import grpc
import pytest
from prometheus_client import CollectorRegistry

from etcdobs._wire import Rpc, rpc
from etcdobs._wire import etcdserverpb as pb
from etcdobs.observe import ClientMetrics, Instruments, aio_client_interceptors, client_interceptors
from etcdobs.testing import Etcd
from tests.echo_service import Counted, aio_until, counted, over, until

RANGE, PUT, WATCH = rpc("etcdserverpb.KV/Range"), rpc("etcdserverpb.KV/Put"), rpc("etcdserverpb.Watch/Watch")
GRANT, KEEP_ALIVE = rpc("etcdserverpb.Lease/LeaseGrant"), rpc("etcdserverpb.Lease/LeaseKeepAlive")
SNAPSHOT = rpc("etcdserverpb.Maintenance/Snapshot")


class Recorded:
    """The multicallables of a channel, recorded to a registry of their own."""

    def __init__(self, channel: Any, instruments: Instruments | None, registry: CollectorRegistry) -> None:
        self._channel = channel
        self._instruments = instruments
        self._registry = registry

    def __call__(self, method: Rpc) -> Any:
        make = {
            "unary": self._channel.unary_unary,
            "server_stream": self._channel.unary_stream,
            "bidi_stream": self._channel.stream_stream,
        }[method.kind]
        bare = make(method.path, method.request.SerializeToString, method.response.FromString)
        if self._instruments is None:
            return bare
        aio = isinstance(self._channel, grpc.aio.Channel)
        bind = self._instruments.bind_aio if aio else self._instruments.bind_sync
        return bind(bare, method=method.path, kind=method.kind, target="")

    def counted(self, method: Rpc) -> Counted:
        return counted(self._registry, method.kind, method.path)


def target(server: Etcd) -> str:
    return server.endpoint.removeprefix("http://")


@pytest.fixture(params=["intercepted", "bound"])
def recorded(request: pytest.FixtureRequest, etcd_server: Etcd) -> Iterator[Recorded]:
    registry = CollectorRegistry()
    metrics = ClientMetrics(registry)
    with grpc.insecure_channel(target(etcd_server)) as channel:
        if request.param == "bound":
            yield Recorded(channel, Instruments(metrics), registry)
        else:
            yield Recorded(grpc.intercept_channel(channel, *client_interceptors(metrics)), None, registry)


@pytest.fixture(params=["intercepted", "bound"])
async def aio_recorded(request: pytest.FixtureRequest, etcd_server: Etcd) -> AsyncIterator[Recorded]:
    registry = CollectorRegistry()
    metrics = ClientMetrics(registry)
    instruments = Instruments(metrics) if request.param == "bound" else None
    interceptors = [] if instruments else aio_client_interceptors(metrics)
    async with grpc.aio.insecure_channel(target(etcd_server), interceptors=interceptors) as channel:
        yield Recorded(channel, instruments, registry)


def put(prefix: str, value: bytes = b"v") -> pb.PutRequest:
    return pb.PutRequest(key=prefix.encode(), value=value)


def watch(prefix: str) -> pb.WatchRequest:
    return pb.WatchRequest(create_request=pb.WatchCreateRequest(key=prefix.encode()))


def test_a_put_and_a_range(recorded: Recorded, prefix: str) -> None:
    recorded(PUT)(put(prefix), timeout=5)
    assert recorded(RANGE)(pb.RangeRequest(key=prefix.encode()), timeout=5).kvs[0].value == b"v"
    assert recorded.counted(PUT) == recorded.counted(RANGE) == over("OK", sent=1, received=1)


def test_a_range_that_etcd_refuses(recorded: Recorded) -> None:
    with pytest.raises(grpc.RpcError):
        recorded(RANGE)(pb.RangeRequest(key=b"k", revision=2**40), timeout=5)
    assert recorded.counted(RANGE) == over("OutOfRange", sent=1)


def test_a_watch_that_is_cancelled(recorded: Recorded, prefix: str) -> None:
    requests: queue.SimpleQueue[pb.WatchRequest | None] = queue.SimpleQueue()
    requests.put(watch(prefix))
    events = recorded(WATCH)(iter(requests.get, None), timeout=30)
    assert next(events).created
    recorded(PUT)(put(prefix), timeout=5)
    assert next(events).events[0].kv.value == b"v"
    until(lambda: recorded.counted(WATCH), Counted(sent=1, received=2))
    events.cancel()
    requests.put(None)
    assert recorded.counted(WATCH) == over("Canceled", sent=1, received=2)


def test_a_lease_kept_alive_ends_well_when_its_requests_end(recorded: Recorded) -> None:
    lease = recorded(GRANT)(pb.LeaseGrantRequest(TTL=60), timeout=5)
    beats = [pb.LeaseKeepAliveRequest(ID=lease.ID)] * 3
    assert [answer.TTL for answer in recorded(KEEP_ALIVE)(iter(beats), timeout=5)] == [60, 60, 60]
    assert recorded.counted(KEEP_ALIVE) == over("OK", sent=3, received=3)


def test_a_snapshot_read_to_its_end(recorded: Recorded) -> None:
    pieces = [piece.blob for piece in recorded(SNAPSHOT)(pb.SnapshotRequest(), timeout=30)]
    assert recorded.counted(SNAPSHOT) == over("OK", sent=1, received=len(pieces))


def test_a_snapshot_given_up_after_a_piece(recorded: Recorded) -> None:
    snapshot = recorded(SNAPSHOT)(pb.SnapshotRequest(), timeout=30)
    assert next(snapshot).blob
    snapshot.cancel()
    # All of a small snapshot may have arrived by then.
    assert recorded.counted(SNAPSHOT) in [over(code, sent=1, received=1) for code in ("Canceled", "OK")]


async def test_an_asyncio_put_and_a_range(aio_recorded: Recorded, prefix: str) -> None:
    await aio_recorded(PUT)(put(prefix), timeout=5)
    assert (await aio_recorded(RANGE)(pb.RangeRequest(key=prefix.encode()), timeout=5)).count == 1
    assert aio_recorded.counted(PUT) == aio_recorded.counted(RANGE) == over("OK", sent=1, received=1)


async def test_an_asyncio_range_that_etcd_refuses(aio_recorded: Recorded) -> None:
    with pytest.raises(grpc.aio.AioRpcError):
        await aio_recorded(RANGE)(pb.RangeRequest(key=b"k", revision=2**40), timeout=5)
    assert aio_recorded.counted(RANGE) == over("OutOfRange", sent=1)


async def test_an_asyncio_watch_that_is_cancelled(aio_recorded: Recorded, prefix: str) -> None:
    events = aio_recorded(WATCH)(timeout=30)
    await events.write(watch(prefix))
    assert (await events.read()).created
    await aio_recorded(PUT)(put(prefix), timeout=5)
    assert (await events.read()).events[0].kv.value == b"v"
    await aio_until(lambda: aio_recorded.counted(WATCH), Counted(sent=1, received=2))
    events.cancel()
    await aio_until(lambda: aio_recorded.counted(WATCH), over("Canceled", sent=1, received=2))


async def test_an_asyncio_lease_kept_alive_ends_well_when_its_requests_end(aio_recorded: Recorded) -> None:
    lease = await aio_recorded(GRANT)(pb.LeaseGrantRequest(TTL=60), timeout=5)
    beats = aio_recorded(KEEP_ALIVE)(timeout=5)
    for _ in range(3):
        await beats.write(pb.LeaseKeepAliveRequest(ID=lease.ID))
        assert (await beats.read()).TTL == 60
    await beats.done_writing()
    assert await beats.read() is grpc.aio.EOF
    assert aio_recorded.counted(KEEP_ALIVE) == over("OK", sent=3, received=3)


async def test_an_asyncio_snapshot_read_to_its_end(aio_recorded: Recorded) -> None:
    pieces = [piece.blob async for piece in aio_recorded(SNAPSHOT)(pb.SnapshotRequest(), timeout=30)]
    assert aio_recorded.counted(SNAPSHOT) == over("OK", sent=1, received=len(pieces))
