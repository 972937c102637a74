"""A client in a namespace sees its own keys, whole and by their short names, and no other's."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest

from etcdobs import AsyncClient, Compare, Delete, Get, Keys, KeyValue, Put, RangeResponse, Txn, TxnResponse
from etcdobs.testing import Etcd
from tests.conftest import OpenClient
from tests.waiting import taken

NAMESPACES = [b"/app/", b"a", b"ends in \xff", b"\xff\xff", b"\x00"]


@pytest.fixture(params=NAMESPACES, ids=repr)
def namespace(request: pytest.FixtureRequest, prefix: str) -> bytes:
    """Below the test's own prefix, but for the one that is all 0xff."""
    name: bytes = request.param
    return name if name == b"\xff\xff" else prefix.encode() + name


def neighbours(namespace: bytes) -> list[bytes]:
    """Keys just outside."""
    after = Keys.prefix(namespace).end
    in_place = namespace[:-1] + bytes([(namespace[-1] + 1) % 256])
    found = {namespace, namespace[:-1] + bytes([namespace[-1] - 1]) if namespace[-1] else b"", in_place + b"x", after}
    return [key for key in found if key.strip(b"\0") and not (key.startswith(namespace) and key != namespace)]


def random_key(source: random.Random) -> bytes:
    return bytes(source.choice(b"\x00/ab\xfe\xff") for _ in range(source.randint(1, 4)))


def random_keys(source: random.Random) -> Keys:
    first, second = random_key(source), random_key(source)
    choices: list[Callable[[], Keys]] = [
        Keys.all,
        lambda: Keys.from_key(first),
        lambda: Keys.prefix(first),
        lambda: Keys.one(first),
        lambda: Keys.between(min(first, second), max(first, second) + b"\0"),
    ]
    return source.choice(choices)()


@pytest.mark.parametrize("seed", range(3))
async def test_it_is_as_a_cluster_that_holds_these_keys_alone(client: AsyncClient, namespace: bytes, seed: int) -> None:
    source = random.Random(seed)
    inside = client.namespaced(namespace)
    outside = neighbours(namespace)
    await client.delete(Keys.prefix(namespace))
    for key in outside:
        await client.put(key, "foreign")
    model: dict[bytes, bytes] = {}
    for number in range(40):
        key, keys, value = random_key(source), random_keys(source), str(number).encode()
        if source.random() < 0.7:
            previous = (await inside.put(key, value, prev_kv=True)).prev_kv
            assert (previous and (previous.key, previous.value)) == ((key, model[key]) if key in model else None)
            model[key] = value
        elif source.random() < 0.5:
            held = {name: model.pop(name) for name in sorted(model) if name in keys}
            assert pairs((await inside.delete(keys, prev_kv=True)).prev_kvs) == held
        wanted = {name: model[name] for name in sorted(model) if name in keys}
        assert pairs((await inside.range(keys)).kvs) == wanted
        assert await inside.count(keys) == len(wanted)
        assert pairs([kv async for kv in inside.scan(keys, page_size=3)]) == wanted
        assert ((await inside.get(key)) or NOTHING).value == model.get(key, b"")
    whole = pairs((await client.range(Keys.prefix(namespace))).kvs)
    assert {key: value for key, value in whole.items() if key not in outside} == {
        namespace + key: value for key, value in model.items()
    }
    for key in outside:
        assert ((await client.get(key)) or NOTHING).value == b"foreign"
        await client.delete(key)


NOTHING = KeyValue(b"", b"", 0, 0, 0, 0)


def pairs(kvs: Any) -> dict[bytes, bytes]:
    return {kv.key: kv.value for kv in kvs}


async def test_a_transaction_with_all_that_it_may_hold(client: AsyncClient, prefix: str) -> None:
    inside = client.namespaced(prefix)
    await inside.put("a", "1")
    operation = Txn(
        when=[Compare.value("a") == "1", Compare.exists(Keys.prefix("a")), Compare.version(Keys.all()) == 1],
        then=[
            Put("b", "2"),
            Put("a", "3", prev_kv=True),
            Txn(when=[Compare.missing("c")], then=[Get(Keys.from_key("a")), Delete("nothing")]),
        ],
    )
    before = repr(operation.request)
    for succeeds in (True, False):
        response = await inside.do(operation)
        assert isinstance(response, TxnResponse)
        assert response.succeeded is succeeds
        if succeeds:
            _, put, nested = response.responses
            assert put.prev_kv.key == b"a"  # type: ignore[union-attr]
            assert isinstance(nested, TxnResponse)
            found = nested.responses[0]
            assert isinstance(found, RangeResponse)
            assert [kv.key for kv in found] == [b"a", b"b"]
    assert repr(operation.request) == before
    built = await inside.txn().when(Compare.exists("a")).then(Delete(Keys.all(), prev_kv=True)).commit()
    assert [kv.key for kv in built.responses[0].prev_kvs] == [b"a", b"b"]  # type: ignore[union-attr]
    assert await client.count(Keys.prefix(prefix)) == 0


@pytest.mark.parametrize("name", [b"w/", b"w\xff"])
async def test_a_watch(client: AsyncClient, prefix: str, name: bytes) -> None:
    namespace = prefix.encode() + name
    inside = client.namespaced(namespace)
    async with inside.watch(Keys.all(), prev_kv=True) as all_keys, inside.watch("k") as one_key:
        for neighbour in neighbours(namespace):
            await client.put(neighbour, "foreign")
        await inside.put("k", "1")
        await client.put(namespace + b"k", "2")
        await inside.delete("k")
        first, second, third = await taken(all_keys, 3)
        assert [event.kv.key for event in (first, second, third)] == [b"k"] * 3
        assert [event.prev_kv and event.prev_kv.key for event in (first, second, third)] == [None, b"k", b"k"]
        assert [event.kv.value for event in await taken(one_key, 2)] == [b"1", b"2"]


async def test_children_and_the_keys_of_a_lease(client: AsyncClient, prefix: str) -> None:
    inside = client.namespaced(prefix)
    lease = await inside.lease.grant(60)
    await inside.put("dir/a", lease=lease)
    await inside.put("file", lease=lease)
    await client.put(f"{prefix[:-1]}-not inside", lease=lease)
    assert [(child.name, child.key) async for child in inside.children("")] == [(b"dir", b"dir/"), (b"file", b"file")]
    assert [child.key async for child in inside.children("dir/")] == [b"dir/a"]
    assert sorted((await lease.time_to_live(keys=True)).keys) == [b"dir/a", b"file"]
    assert len((await client.lease.time_to_live(lease, keys=True)).keys) == 3
    await lease.revoke()


async def test_recipes_are_inside(client: AsyncClient, prefix: str) -> None:
    inside = client.namespaced(prefix)
    async with inside.lock("mutex") as lock:
        assert lock.key.startswith(b"mutex/")
        assert await client.count(Keys.prefix(f"{prefix}mutex/")) == 1
        other = inside.lock("mutex", timeout=0.3)
        with pytest.raises(TimeoutError):
            await other.acquire()
        async with client.lock("mutex", timeout=5):
            pass
    async with inside.election("leader") as election:
        await election.campaign("me")
        leader = await election.leader()
        assert leader is not None
        assert (leader.key, leader.text) == (election.key, "me")
    await inside.put("n", "1")

    async def add_one(stm: Any) -> None:
        await stm.put("n", str(int(await stm.get("n")) + 1))

    await inside.stm(add_one)
    assert (await client.get(f"{prefix}n")).text == "2"  # type: ignore[union-attr]


async def test_a_lock_waits_for_its_predecessor(client: AsyncClient, prefix: str) -> None:
    inside = client.namespaced(prefix)
    first, second = inside.lock("mutex"), inside.lock("mutex", timeout=10)
    before = await inside.put("before", "")
    await first.acquire()
    async with inside.watch(Keys.prefix("mutex/"), start_revision=before.revision) as watcher:
        waiting = asyncio.ensure_future(second.acquire())
        await taken(watcher, 2)
        await first.release()
        await waiting
    await second.release()


async def test_namespaces_nest_and_share(client: AsyncClient, prefix: str) -> None:
    inner = client.namespaced(prefix).namespaced("inner/")
    await inner.put("k", "v")
    assert await client.get(f"{prefix}inner/k")
    await inner.close()
    async with client.namespaced(prefix) as view:
        assert await view.count("inner/k") == 1
    assert await client.count(f"{prefix}inner/k") == 1


async def test_a_client_in_a_namespace_from_the_start(
    open_client: OpenClient, etcd_server: Etcd, client: AsyncClient, prefix: str
) -> None:
    async with open_client(etcd_server.endpoint, namespace=prefix) as inside:
        await inside.put("k", "v")
        assert (await client.get(f"{prefix}k")).text == "v"  # type: ignore[union-attr]
        assert [kv.key async for kv in inside.scan(Keys.all())] == [b"k"]
        assert (await inside.cluster.members())[0].name == etcd_server.name


async def test_what_is_no_namespace(open_client: OpenClient, client: AsyncClient) -> None:
    with pytest.raises(TypeError, match="namespace must be str or bytes"):
        client.namespaced(5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="namespace must be str or bytes"):
        async with open_client(namespace=None):
            pass
