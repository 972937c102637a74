"""A mirror shows all keys as of one revision, then every change after it; copied elsewhere, they are the same there."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from typing import Any, cast

import pytest

from etcdobs import AsyncClient, CompactedError, Delete, EventType, Keys, KeyValue, PermissionDeniedError, Put, Txn
from etcdobs.recipes import AsyncMirror, Mirror
from etcdobs.testing import Etcd, etcd
from tests.clients import BlockingAsAsync, in_thread
from tests.conftest import OpenClient
from tests.waiting import QUICK

MORE_THAN_A_PAGE = 10_500


def mirror(client: Any, keys: Any, **options: Any) -> AsyncMirror:
    """Of the client's kind."""
    if type(client) is BlockingAsAsync:
        return cast("AsyncMirror", BlockingAsAsync(Mirror(client._target, keys, **options)))
    return AsyncMirror(client, keys, **options)


async def rest(iterator: Any) -> list[KeyValue]:
    """All that is left: in one thread, not one a key."""
    if type(iterator) is BlockingAsAsync:
        return cast("list[KeyValue]", await in_thread(list, iterator._target))
    return [kv async for kv in iterator]


async def copied(copying: AsyncIterator[int]) -> int:
    """The next revision that is copied."""
    return await asyncio.wait_for(anext(copying), 10)


async def pairs(client: AsyncClient, keys: Keys) -> dict[str, str]:
    return {kv.key.decode(): kv.text for kv in await client.range(keys)}


@pytest.fixture(scope="module")
def destination_etcd() -> Iterator[Etcd]:
    """Takes few operations in a transaction."""
    with etcd(flags=[*QUICK, "--max-txn-ops=16"]) as server:
        yield server


async def test_the_base_then_what_came_after_it(client: AsyncClient, prefix: str) -> None:
    first = await client.put(prefix + "foo", "bar")
    mirrored = mirror(client, Keys.prefix(prefix))
    foo, lease = f"{prefix}foo".encode(), 0
    assert [kv async for kv in mirrored.base()] == [KeyValue(foo, b"bar", first.revision, first.revision, 1, lease)]
    assert mirrored.revision == first.revision
    second = await client.put(prefix + "foo", "baz")
    async with mirrored.updates() as watcher:
        event = await watcher.get(timeout=10)
    assert event.type is EventType.PUT
    assert event.kv == KeyValue(foo, b"baz", first.revision, second.revision, 2, lease)


async def test_the_base_is_of_one_moment_however_many_pages_it_has(client: AsyncClient, prefix: str) -> None:
    for start in range(0, MORE_THAN_A_PAGE, 125):
        await client.do(Txn(then=[Put(f"{prefix}{number:05}", "before") for number in range(start, start + 125)]))
    mirrored = mirror(client, Keys.prefix(prefix))
    base = mirrored.base()
    seen = [await anext(base)]
    await client.put(f"{prefix}{MORE_THAN_A_PAGE - 1:05}", "after")
    await client.put(f"{prefix}zzz", "after")
    await client.delete(f"{prefix}{MORE_THAN_A_PAGE - 2:05}")
    seen += await rest(base)
    assert len(seen) == MORE_THAN_A_PAGE
    assert {kv.value for kv in seen} == {b"before"}
    async with mirrored.updates() as watcher:
        events = [await watcher.get(timeout=10) for _ in range(3)]
    assert [event.type for event in events] == [EventType.PUT, EventType.PUT, EventType.DELETE]
    assert await rest(mirrored.base()) == seen


async def test_rights_on_the_prefix_suffice(open_client: OpenClient) -> None:
    with etcd(root_password="secret", flags=[*QUICK, "--bcrypt-cost=4"]) as server:
        server.etcdctl("user", "add", "syncer:syncfoo")
        server.etcdctl("role", "add", "syncer")
        server.etcdctl("role", "grant-permission", "--prefix", "syncer", "readwrite", "/syncpath")
        server.etcdctl("user", "grant-role", "syncer", "syncer")
        server.etcdctl("put", "/syncpath/foo", "bar")
        async with open_client(server.endpoint, username="syncer", password="syncfoo") as client:
            mirrored = mirror(client, Keys.prefix("/syncpath"))
            assert [kv.value async for kv in mirrored.base()] == [b"bar"]
            async with mirrored.updates() as watcher:
                await client.put("/syncpath/foo", "baz")
                assert (await watcher.get(timeout=10)).kv.value == b"baz"
            with pytest.raises(PermissionDeniedError):
                assert [kv async for kv in mirror(client, Keys.all()).base()]


async def test_a_revision_is_never_split(client: AsyncClient, prefix: str) -> None:
    mirrored = mirror(client, Keys.prefix(prefix), revision=(await client.put(prefix + "a")).revision)
    await client.do(Txn(then=[Put(prefix + "b"), Delete(prefix + "a"), Put(prefix + "c")]))
    async with mirrored.updates() as watcher:
        batch = await asyncio.wait_for(anext(aiter(watcher.responses())), 10)
    assert len(batch.events) == 3
    assert {event.kv.mod_revision for event in batch.events} == {mirrored.revision + 1}


async def test_it_is_within_the_clients_namespace(client: AsyncClient, prefix: str) -> None:
    await client.put(prefix + "a", "1")
    mirrored = mirror(client.namespaced(prefix), Keys.all())
    assert [kv.key async for kv in mirrored.base()] == [b"a"]
    await client.put(prefix + "b", "2")
    async with mirrored.updates() as watcher:
        assert (await watcher.get(timeout=10)).kv.key == b"b"


async def test_lost_history_is_told_with_what_to_do(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        first = await client.put("a")
        mirrored = mirror(client, "a")
        assert [kv.key async for kv in mirrored.base()] == [b"a"]
        await client.put("a")
        compacted = (await client.put("a")).revision
        await client.compact(compacted)
        with pytest.raises(CompactedError) as lost:
            async with mirrored.updates() as watcher:
                await watcher.get(timeout=10)
        assert lost.value.compact_revision == compacted
        with pytest.raises(CompactedError) as unread:
            assert [kv async for kv in mirror(client, "a", revision=first.revision).base()]
        assert "read base() of a new Mirror" in unread.value.__notes__[0]
        with pytest.raises(CompactedError) as uncopied:
            await copied(mirrored.copy_to(client, base=False))
        assert "read base() of a new Mirror" in uncopied.value.__notes__[0]


async def test_updates_need_a_base(client: AsyncClient, prefix: str) -> None:
    with pytest.raises(RuntimeError, match=r"read base\(\) first"):
        mirror(client, prefix).updates()
    for keys, revision, wrong in ((1, 0, TypeError), ("", 0, ValueError), ("a", -1, ValueError), ("a", "1", TypeError)):
        with pytest.raises(wrong):
            mirror(client, keys, revision=revision)


async def test_a_copy_follows_under_another_prefix(
    open_client: OpenClient, client: AsyncClient, destination_etcd: Etcd, prefix: str
) -> None:
    await client.do(Txn(then=[Put(f"{prefix}{number:02}", str(number)) for number in range(40)]))
    async with open_client(destination_etcd.endpoint) as destination:
        mirrored = mirror(client, Keys.prefix(prefix))
        copying = mirrored.copy_to(destination, destination_prefix=f"copy{prefix}", max_txn_ops=16)
        assert await copied(copying) == mirrored.revision
        there = Keys.prefix(f"copy{prefix}")
        assert len(await pairs(destination, there)) == 40
        await client.do(Txn(then=[Put(prefix + "new", "1"), Put(prefix + "00", "changed"), Delete(prefix + "01")]))
        assert await copied(copying) == mirrored.revision + 1
        changed = [await destination.get(f"copy{prefix}{name}") for name in ("new", "00", "01")]
        assert [kv and kv.value for kv in changed] == [b"1", b"changed", None]
        assert len({kv.mod_revision for kv in changed if kv}) == 1
        await client.delete(Keys.prefix(prefix))
        await copied(copying)
        assert await pairs(destination, there) == {}
        await copying.aclose()  # type: ignore[attr-defined]


async def test_a_copy_goes_on_where_another_ended(
    open_client: OpenClient, client: AsyncClient, destination_etcd: Etcd, prefix: str
) -> None:
    keys = Keys.prefix(prefix)
    await client.put(prefix + "a", "1")
    async with open_client(destination_etcd.endpoint) as destination:
        async with aclosing(cast("Any", mirror(client, keys).copy_to(destination))) as copying:
            last = await copied(copying)
        await client.put(prefix + "b", "2")
        await client.put(prefix + "c", "3")
        resumed = mirror(client, keys, revision=last).copy_to(destination, base=False)
        async with aclosing(cast("Any", resumed)) as copying:
            assert await copied(copying) == last + 1
            assert await copied(copying) == last + 2
        assert await pairs(destination, keys) == {prefix + "a": "1", prefix + "b": "2", prefix + "c": "3"}
