"""Large answers of a real server, which come by columns, say what the same in small pieces say."""

from typing import Any

import grpc
import pytest

from etcdobs import AsyncClient, Client, Delete, EventType, Keys, Put
from etcdobs._wire import etcdserverpb as pb
from etcdobs.testing import Etcd
from tests.waiting import taken

MANY = 60


async def written(client: AsyncClient, lease: int = 0) -> int:
    """Keys of more bytes than one answer has before it is worth columns; the revision that they have."""
    puts = [Put(f"k{number:03}", bytes([number]) * 100, lease=lease) for number in range(MANY)]
    return (await client.txn().then(*puts).commit()).revision


@pytest.mark.parametrize("leased", [0, 1, MANY])
async def test_a_range_says_what_one_read_a_key_says(client: AsyncClient, prefix: str, leased: int) -> None:
    inside = client.namespaced(prefix)
    lease = await client.lease.grant(60)
    await written(inside)
    await inside.txn().then(*[Put(f"k{number:03}", bytes(100), lease=lease) for number in range(leased)]).commit()
    one_by_one = [await inside.get(f"k{number:03}") for number in range(MANY)]
    assert list(await inside.range(Keys.all())) == one_by_one
    assert [kv.key for kv in await client.range(Keys.prefix(prefix))] == [
        prefix.encode() + kv.key for kv in one_by_one if kv is not None
    ]
    bare = await inside.range(Keys.all(), keys_only=True)
    assert [(kv.key, kv.version, kv.value) for kv in bare] == [(kv.key, kv.version, b"") for kv in one_by_one if kv]


async def test_a_watch_says_each_change(client: AsyncClient, prefix: str) -> None:
    inside = client.namespaced(prefix)
    first = await written(inside)
    second = await written(inside)
    await inside.delete(Keys.all())
    await inside.txn().then(*[Put(f"k{number:03}", bytes(100)) for number in range(MANY - 1)], Delete("no")).commit()
    for source, start in ((inside, b""), (client, prefix.encode())):
        keys = Keys.prefix(start) if start else Keys.all()
        async with source.watch(keys, start_revision=first, prev_kv=True) as watcher:
            events = await taken(watcher, 4 * MANY - 1)
        names = [start + b"k%03d" % number for number in range(MANY)]
        assert [event.kv.key for event in events] == [*names, *names, *names, *names[:-1]]
        assert [event.type for event in events[2 * MANY : 3 * MANY]] == [EventType.DELETE] * MANY
        assert {event.kv.mod_revision for event in events[:MANY]} == {first}
        assert [event.prev_kv for event in events[MANY : 2 * MANY]] == [event.kv for event in events[:MANY]]
        assert [event.kv.value for event in events[:MANY]] == [bytes([number]) * 100 for number in range(MANY)]
        assert {event.kv.mod_revision for event in events[MANY : 2 * MANY]} == {second}


async def test_history_of_one_key_comes_by_columns_too(client: AsyncClient, prefix: str) -> None:
    for number in range(8):
        await client.put(prefix, bytes([number]) * 1000)
    found = [event.kv.value[0] async for event in client.history(prefix)]
    assert found == list(reversed(range(8)))


class _Seeing(grpc.UnaryUnaryClientInterceptor):
    def __init__(self) -> None:
        self.seen: list[Any] = []

    def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        answered = continuation(client_call_details, request)
        self.seen.append(answered.result())
        return answered


class _SeeingAio(grpc.aio.UnaryUnaryClientInterceptor):
    def __init__(self) -> None:
        self.seen: list[Any] = []

    async def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        answered = await continuation(client_call_details, request)
        self.seen.append(await answered)
        return answered


async def test_what_an_interceptor_of_the_users_sees_is_the_message(etcd_server: Etcd, prefix: str) -> None:
    seeing, seeing_aio = _Seeing(), _SeeingAio()
    async with AsyncClient(etcd_server.endpoint, interceptors=[seeing_aio]) as client:
        await written(client.namespaced(prefix))
        received = await client.range(Keys.prefix(prefix))
    with Client(etcd_server.endpoint, interceptors=[seeing]) as blocking:
        assert blocking.range(Keys.prefix(prefix)).kvs == received.kvs
    for message in (seeing.seen[-1], seeing_aio.seen[-1]):
        assert type(message) is pb.RangeResponse
        assert [kv.key for kv in message.kvs] == [kv.key for kv in received]
