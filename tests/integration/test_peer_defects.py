"""What other etcd clients have got wrong, each shown here to be right."""

import asyncio
import dataclasses
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message

from etcdobs import (
    AsyncClient,
    Compare,
    DeadlineExceededError,
    EtcdError,
    EventType,
    Get,
    Keys,
    LeaseNotFoundError,
    Put,
    UnavailableError,
    UnknownError,
)
from etcdobs._wire import RPCS, mvccpb
from etcdobs._wire import etcdserverpb as pb
from etcdobs.testing import Etcd, relay
from tests.conftest import OpenClient
from tests.fake_etcd import Refusal, fake_etcd
from tests.waiting import Stopwatch, eventually, values

CALLS: dict[str, Callable[[Any], Awaitable[object]]] = {
    "get": lambda client: client.get("k", timeout=0.3),
    "range": lambda client: client.range(Keys.all(), timeout=0.3),
    "count": lambda client: client.count("k", timeout=0.3),
    "scan": lambda client: listed(client.scan(Keys.all(), timeout=0.3)),
    "children": lambda client: listed(client.children("/", timeout=0.3)),
    "put": lambda client: client.put("k", timeout=0.3),
    "delete": lambda client: client.delete("k", timeout=0.3),
    "compact": lambda client: client.compact(1, timeout=0.3),
    "txn": lambda client: client.txn().then(Put("k")).commit(timeout=0.3),
    "grant": lambda client: client.lease.grant(60, timeout=0.3),
    "revoke": lambda client: client.lease.revoke(1, timeout=0.3),
    "time_to_live": lambda client: client.lease.time_to_live(1, timeout=0.3),
    "leases": lambda client: client.lease.list(timeout=0.3),
    "keep_alive_once": lambda client: client.lease.keep_alive_once(1, timeout=0.3),
    "members": lambda client: client.cluster.members(timeout=0.3),
    "add": lambda client: client.cluster.add("http://127.0.0.1:1", timeout=0.3),
    "remove": lambda client: client.cluster.remove(1, timeout=0.3),
    "status": lambda client: client.maintenance.status(timeout=0.3),
    "alarms": lambda client: client.maintenance.alarms(timeout=0.3),
    "hash_kv": lambda client: client.maintenance.hash_kv(client.endpoints[0], timeout=0.3),
    "defragment": lambda client: client.maintenance.defragment(client.endpoints[0], timeout=0.3),
    "snapshot": lambda client: listed(client.maintenance.snapshot(timeout=0.3)),
    "auth status": lambda client: client.auth.status(timeout=0.3),
    "user_list": lambda client: client.auth.user_list(timeout=0.3),
    "role_get": lambda client: client.auth.role_get("r", timeout=0.3),
}


async def listed(items: Any) -> list[Any]:
    return [item async for item in items]


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
async def test_every_call_keeps_its_deadline(open_client: OpenClient, call: Callable[[Any], Awaitable[object]]) -> None:
    over = threading.Event()

    def silent(request: Any, context: grpc.ServicerContext) -> Any:
        over.wait(10)
        return iter(())

    try:
        with fake_etcd(dict.fromkeys(RPCS, silent)) as server:
            async with open_client(server.endpoint) as client:
                with Stopwatch() as waited, pytest.raises(DeadlineExceededError):
                    await call(client)
                assert waited.seconds < 2
                over.set()
    finally:
        over.set()


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
async def test_every_failure_is_an_error_of_the_librarys_own_and_keeps_its_cause(
    open_client: OpenClient, call: Callable[[Any], Awaitable[object]]
) -> None:
    with fake_etcd(dict.fromkeys(RPCS, Refusal(grpc.StatusCode.UNKNOWN, "out of order"))) as server:
        async with open_client(server.endpoint) as client:
            with pytest.raises(EtcdError) as caught:
                await call(client)
    assert type(caught.value) is UnknownError
    assert "out of order" in str(caught.value)
    assert caught.value.method in RPCS
    assert caught.value.endpoint == server.endpoint


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
async def test_every_call_carries_the_token(open_client: OpenClient, call: Callable[[Any], Awaitable[object]]) -> None:
    with fake_etcd(dict.fromkeys(RPCS, Refusal(grpc.StatusCode.UNKNOWN, "out of order"))) as server:
        async with open_client(server.endpoint, token="the-token") as client:
            with pytest.raises(EtcdError):
                await call(client)
        assert server.calls
        assert {metadata.get("token") for _, metadata in server.calls} == {"the-token"}


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED])
@pytest.mark.parametrize("call", ["put", "delete", "compact", "txn", "add", "remove"])
async def test_a_write_that_may_have_been_done_is_sent_once(
    open_client: OpenClient, code: grpc.StatusCode, call: str
) -> None:
    with fake_etcd(dict.fromkeys(RPCS, Refusal(code, "gone"))) as server:
        async with open_client([server.endpoint, server.endpoint.replace("127.0.0.1", "localhost")]) as client:
            with pytest.raises((UnavailableError, DeadlineExceededError)) as caught:
                await CALLS[call](client)
        assert caught.value.outcome_unknown
        assert len(server.calls) == 1


async def test_reads_are_linearizable_unless_told_otherwise(open_client: OpenClient) -> None:
    asked: list[Any] = []

    def answer(request: Any, context: grpc.ServicerContext) -> Any:
        asked.append(request)
        return pb.RangeResponse()

    with fake_etcd({"etcdserverpb.KV/Range": answer}) as server:
        async with open_client(server.endpoint) as client:
            await client.get("k")
            await client.range(Keys.all())
            await client.count("k")
            await listed(client.scan(Keys.all(), page_size=10))
    assert len(asked) >= 4
    assert not any(request.serializable for request in asked)


class Broken:
    """Answers a watch in two streams: the first is created, late in history, and ends before it delivers anything."""

    def __init__(self, end: str) -> None:
        self.starts: list[int] = []
        self._end = end
        self._over = threading.Event()

    def __call__(self, requests: Iterator[Any], context: grpc.ServicerContext) -> Iterator[Any]:
        context.add_callback(self._over.set)
        first = next(requests)
        self.starts.append(first.create_request.start_revision)
        yield pb.WatchResponse(header=pb.ResponseHeader(revision=100), watch_id=7, created=True)
        if len(self.starts) == 1:
            if self._end == "error":
                context.abort(grpc.StatusCode.UNAVAILABLE, "gone")
            return
        kv = mvccpb.KeyValue(key=b"k", value=b"old", mod_revision=5, create_revision=5, version=1)
        yield pb.WatchResponse(header=pb.ResponseHeader(revision=100), watch_id=7, events=[mvccpb.Event(kv=kv)])
        next(requests, None)


@pytest.mark.parametrize("end", ["error", "no error"])
async def test_a_stream_that_ends_in_any_way_is_resumed_at_what_was_not_yet_delivered(
    open_client: OpenClient, end: str
) -> None:
    """And not at the revision that its creation told: the history before that is still to come."""
    broken = Broken(end)
    with fake_etcd({"etcdserverpb.Watch/Watch": broken}) as server:
        async with open_client(server.endpoint) as client, client.watch("k", start_revision=5) as watcher:
            event = await watcher.get(timeout=10)
        assert (event.kv.text, event.kv.mod_revision) == ("old", 5)
    assert broken.starts == [5, 5]


async def test_watches_created_together_each_get_their_own_events(client: AsyncClient, prefix: str) -> None:
    watchers = [client.watch(f"{prefix}{number}") for number in range(40)]
    await asyncio.gather(*(watcher.__aenter__() for watcher in watchers))
    await client.txn().then(*(Put(f"{prefix}{number}", str(number)) for number in range(40))).commit()
    for number, watcher in enumerate(watchers):
        assert await values(watcher, 1) == [str(number)]
        await watcher.close()


async def test_a_watch_may_be_added_while_another_is_read(client: AsyncClient, prefix: str) -> None:
    async with client.watch(prefix) as outer:
        await client.put(prefix, "1")
        async for event in outer:
            async with client.watch(prefix + event.kv.text) as inner:
                await client.put(prefix + event.kv.text, "inner")
                assert await values(inner, 1) == ["inner"]
            break


async def test_who_waits_for_a_lock_does_not_keep_its_holder_from_releasing(client: AsyncClient, prefix: str) -> None:
    holder, waiter = client.lock(prefix), client.lock(prefix)
    async with holder:
        waiting = asyncio.create_task(waiter.__aenter__())
        await eventually(lambda: two_stand(client, prefix))
    await asyncio.wait_for(waiting, 5)
    assert waiter.held
    await waiter.__aexit__(None, None, None)


async def two_stand(client: AsyncClient, prefix: str) -> bool:
    return await client.count(Keys.prefix(prefix)) == 2


async def test_a_lock_that_is_not_had_leaves_no_lease(client: AsyncClient, prefix: str) -> None:
    async with client.lock(prefix):
        before = set(await client.lease.list())
        for _ in range(3):
            with pytest.raises(DeadlineExceededError):
                await client.lock(prefix, timeout=0.05).__aenter__()
        assert set(await client.lease.list()) <= before


async def test_making_a_client_and_looking_at_it_sends_nothing(open_client: OpenClient, etcd_server: Etcd) -> None:
    with relay(etcd_server.endpoint) as link:
        async with open_client(link.endpoint, username="root", password="x", auto_sync_interval=None) as client:
            for _ in range(3):
                assert client.endpoints == (link.endpoint,)
                repr(client)
            assert link.connections == 0
            await client.get("k")
            assert link.connections


async def test_nothing_that_comes_out_is_a_message_of_the_wire(client: AsyncClient, prefix: str) -> None:
    lease = await client.lease.grant(60)
    answers = [
        await client.put(prefix, "v", lease=lease, prev_kv=True),
        await client.get(prefix),
        await client.range(Keys.prefix(prefix)),
        await client.txn().when(Compare.exists(prefix)).then(Get(prefix), Put(prefix, "w")).commit(),
        await client.lease.time_to_live(lease, keys=True),
        await client.cluster.members(),
        await client.maintenance.status(),
        await client.delete(prefix, prev_kv=True),
    ]
    async with client.watch(prefix, prev_kv=True) as watcher:
        await client.put(prefix, "v")
        event = await watcher.get(timeout=5)
    assert isinstance(event.type, EventType)
    assert not [part for answer in (*answers, event) for part in parts(answer) if isinstance(part, Message)]


def parts(value: object) -> Iterator[object]:
    """The value and all it holds."""
    yield value
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from parts(getattr(value, field.name))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from parts(item)


async def test_lists_are_lists_and_not_iterators(client: AsyncClient) -> None:
    for answer in (
        await client.cluster.members(),
        await client.maintenance.alarms(),
        await client.lease.list(),
        await client.auth.user_list(),
        await client.auth.role_list(),
    ):
        assert isinstance(answer, list)


async def test_a_number_given_as_text_is_refused_by_name(client: AsyncClient, prefix: str) -> None:
    with pytest.raises(TypeError, match="start_revision must be an int, not str"):
        client.watch(prefix, start_revision="1")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="revision must be an int, not str"):
        await client.get(prefix, revision="1")  # type: ignore[arg-type]


async def test_errors_are_told_apart_although_they_share_a_code(client: AsyncClient, prefix: str) -> None:
    with pytest.raises(LeaseNotFoundError) as caught:
        await client.lease.revoke(987654321)
    assert caught.value.__cause__ is not None
    assert caught.value.details == "etcdserver: requested lease not found"
