"""What is owned is read from memory, and no read is ever older than a write that was acknowledged."""

import asyncio
import threading
from typing import Any

import pytest

from etcdobs import AsyncClient, ClosedError, DeadlineExceededError, Delete, Get, KeyNotFoundError, Keys, Put, Txn
from etcdobs.testing import Etcd
from tests.conftest import OpenClient
from tests.integration.leasing import leasing, owns
from tests.waiting import Stopwatch, eventually


async def test_a_read_makes_its_key_owned(client: AsyncClient, prefix: str) -> None:
    key = prefix + "k"
    await client.put(key, "x")
    async with leasing(client, prefix) as kv:
        assert not kv.owned
        for _ in range(2):
            assert await kv.get(key) == await client.get(key)
            assert owns(kv, key)
        marks = await client.range(Keys.prefix(f"leasing{prefix}"))
        assert [(kv.key, kv.value) for kv in marks] == [(f"leasing{prefix}{key}".encode(), b"")]
        assert marks[0].lease
    assert not (await client.range(Keys.prefix(f"leasing{prefix}"))).count


async def test_a_key_that_does_not_exist_is_owned_too(client: AsyncClient, prefix: str) -> None:
    async with leasing(client, prefix) as kv:
        assert await kv.get(prefix) is None
        assert await kv.get(prefix) is None
        assert owns(kv, prefix)
        assert (await kv.range(prefix)).count == 0


async def test_what_is_owned_is_read_without_a_server(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint, timeout=1) as client, leasing(client, "/") as kv:
        await client.put("k", "x")
        read = await kv.get("k")
        quick_etcd.stop()
        assert await kv.get("k") == read
        assert list(await kv.range("k")) == [read]
        assert list(await kv.do(Get("k"))) == [read]
        quick_etcd.start()


async def test_a_write_of_another_takes_it_away(client: AsyncClient, prefix: str) -> None:
    await client.put(prefix, "old")
    async with leasing(client, prefix) as owner, leasing(client, prefix) as writer:
        assert (await owner.get(prefix)).text == "old"
        with Stopwatch() as waited:
            written = await writer.put(prefix, "new")
        assert waited.seconds < 2
        assert (await owner.get(prefix)).text == "new"
        assert [kv.mod_revision for kv in await client.range(prefix)] == [written.revision]
        assert not owner.owned


@pytest.mark.parametrize("existing", [True, False])
async def test_a_write_of_another_is_seen_whether_the_key_existed(
    client: AsyncClient, prefix: str, existing: bool
) -> None:
    if existing:
        await client.put(prefix, "old")
    async with leasing(client, prefix) as owner, leasing(client, prefix) as writer:
        await owner.get(prefix)
        await writer.put(prefix, "new")
        assert (await owner.get(prefix)) == (await client.get(prefix))


async def test_many_owners_and_writers_see_one_truth(client: AsyncClient, prefix: str) -> None:
    async with leasing(client, prefix) as one, leasing(client, prefix) as two, leasing(client, prefix) as three:
        for number in range(6):
            writer = (one, two, three)[number % 3]
            await writer.put(f"{prefix}{number % 2}", str(number))
            for reader in (one, two, three):
                assert (await reader.get(f"{prefix}{number % 2}")).text == str(number)


async def test_the_owners_own_write_keeps_it_owned(client: AsyncClient, prefix: str) -> None:
    async with leasing(client, prefix) as kv:
        await kv.get(prefix)
        for number in range(3):
            written = await kv.put(prefix, str(number))
            assert written.prev_kv is None
            read = await kv.get(prefix)
            assert read == await client.get(prefix)
            assert (read.mod_revision, read.version) == (written.revision, number + 1)
            assert owns(kv, prefix)


async def test_the_owner_gets_what_it_asked_for(client: AsyncClient, prefix: str) -> None:
    async with leasing(client, prefix) as kv:
        await kv.put(prefix, "a")
        await kv.get(prefix)
        assert (await kv.put(prefix, "b", prev_kv=True)).prev_kv.text == "a"
        await kv.put(prefix, ignore_value=True)
        assert await kv.get(prefix) == await client.get(prefix)
        deleted = await kv.delete(prefix, prev_kv=True)
        assert (deleted.deleted, deleted.prev_kvs[0].text) == (1, "b")
        assert (await kv.delete(prefix)).deleted == 0
        assert await kv.get(prefix) is None
        assert owns(kv, prefix)


async def test_another_deletes_what_is_owned(client: AsyncClient, prefix: str) -> None:
    await client.put(prefix, "x")
    async with leasing(client, prefix) as owner, leasing(client, prefix) as other:
        await owner.get(prefix)
        assert (await other.delete(prefix)).deleted == 1
        assert await owner.get(prefix) is None
        assert await other.get(prefix) is None


async def test_a_key_that_was_taken_away_is_left_alone_for_a_while(client: AsyncClient, prefix: str) -> None:
    async with leasing(client, prefix) as owner, leasing(client, prefix) as other:
        await owner.get(prefix)
        await other.put(prefix, "x")
        assert (await owner.get(prefix)).text == "x"
        assert not owner.owned
        await asyncio.sleep(2.1)
        assert (await owner.get(prefix)).text == "x"
        assert owns(owner, prefix)


async def test_a_key_on_a_lease_is_never_owned(client: AsyncClient, prefix: str) -> None:
    lease = await client.lease.grant(60)
    await client.put(prefix, "x", lease=lease)
    async with leasing(client, prefix) as kv:
        assert (await kv.get(prefix)).text == "x"
        assert not kv.owned
        await kv.get(prefix + "2")
        assert owns(kv, prefix + "2")
        await kv.put(prefix + "2", "y", lease=lease)
        assert not kv.owned
        await lease.revoke()
        assert await kv.get(prefix) is None
        assert await kv.get(prefix + "2") is None


async def test_a_read_of_the_past_is_the_servers(client: AsyncClient, prefix: str) -> None:
    first = await client.put(prefix, "1")
    await client.put(prefix, "2")
    async with leasing(client, prefix) as kv:
        assert (await kv.get(prefix)).text == "2"
        assert (await kv.get(prefix, revision=first.revision)).text == "1"


async def test_a_serializable_read_owns_nothing(client: AsyncClient, prefix: str) -> None:
    async with leasing(client, prefix) as kv:
        await kv.get(prefix, serializable=True)
        assert not kv.owned
        await kv.get(prefix)
        assert await kv.get(prefix, serializable=True) is None


OPTIONS: list[dict[str, Any]] = [
    {"keys_only": True},
    {"count_only": True},
    {"limit": 1},
    {"min_mod_revision": 1 << 40},
    {"min_mod_revision": 1},
    {"max_mod_revision": 1},
    {"min_create_revision": 1 << 40},
    {"max_create_revision": 1},
    {"max_create_revision": 1 << 40},
    {"sort_by": "mod_revision", "descending": True},
]


async def test_every_option_of_a_read_is_answered_as_the_server_does(client: AsyncClient, prefix: str) -> None:
    await client.put(prefix, "x")
    async with leasing(client, prefix) as kv:
        for options in OPTIONS:
            for key in (prefix, prefix + "none"):
                for _ in range(2):
                    ours, theirs = await kv.range(key, **options), await client.range(key, **options)
                    assert (ours.kvs, ours.count, ours.more) == (theirs.kvs, theirs.count, theirs.more), options


async def test_ranges_are_the_servers_and_writes_to_them_take_all_away(client: AsyncClient, prefix: str) -> None:
    keys = [f"{prefix}{number}" for number in range(4)]
    async with leasing(client, prefix) as one, leasing(client, prefix) as two, leasing(client, prefix) as writer:
        for key in keys:
            await writer.put(key, "x")
        await one.get(keys[0])
        await two.get(keys[1])
        await writer.get(keys[2])
        assert len(await one.range(Keys.prefix(prefix))) == 4
        assert (await writer.delete(Keys.prefix(prefix))).deleted == 4
        for kv in (one, two, writer):
            for key in keys:
                assert await kv.get(key) is None
        assert keys[0].encode() not in one.owned
        assert keys[2].encode() in writer.owned


async def test_a_range_ends_where_it_says(client: AsyncClient, prefix: str) -> None:
    async with leasing(client, prefix) as owner, leasing(client, prefix) as writer:
        for name in "abcd":
            await owner.put(prefix + name, name)
            await owner.get(prefix + name)
        assert (await writer.delete(Keys.between(prefix + "b", prefix + "d"))).deleted == 2
        assert owns(owner, prefix + "a", prefix + "d")
        assert [await owner.get(prefix + name) is None for name in "abcd"] == [False, True, True, False]


async def test_a_delete_of_everything_takes_the_leasing_keys_too(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client, leasing(client, "/") as one, leasing(client, "/") as two:
        await client.put("a", "x")
        await one.get("a")
        await two.delete(Keys.all())
        await two.put("a", "y")
        assert (await one.get("a")).text == "y"
        await eventually(lambda: _acquired(one, "b"))
        await one.delete(Keys.from_key("a"))
        await two.put("b", "y")
        assert (await one.get("b")).text == "y"


async def _acquired(kv: Any, key: str) -> bool:
    await kv.get(key)
    return owns(kv, key)


async def test_concurrent_writes_of_one_owner(client: AsyncClient, prefix: str) -> None:
    async with leasing(client, prefix) as kv:
        await kv.get(prefix)
        await asyncio.gather(*(kv.put(prefix, str(number)) for number in range(16)))
        assert await kv.get(prefix) == await client.get(prefix)
        assert (await kv.get(prefix)).version == 16


async def test_an_error_of_the_server_is_told_and_nothing_old_is_served(client: AsyncClient, prefix: str) -> None:
    async with leasing(client, prefix) as kv:
        await kv.get(prefix)
        with pytest.raises(KeyNotFoundError):
            await kv.put(prefix, ignore_value=True)
        await kv.put(prefix, "x")
        assert await kv.get(prefix) == await client.get(prefix)


async def test_a_write_waits_no_longer_than_its_timeout(client: AsyncClient, prefix: str) -> None:
    # Nobody answers for this owner.
    lease = await client.lease.grant(60)
    await client.put(f"leasing{prefix}{prefix}", "", lease=lease)
    async with leasing(client, prefix) as kv:
        with Stopwatch() as waited, pytest.raises(DeadlineExceededError, match="did not give the key up") as failure:
            await kv.put(prefix, "x", timeout=0.3)
        assert 0.3 <= waited.seconds < 2
        assert not failure.value.outcome_unknown
        writing = asyncio.create_task(kv.put(prefix, "x"))
        assert not (await asyncio.wait([writing], timeout=0.2))[0]
        mark = await client.get(f"leasing{prefix}{prefix}")
        assert mark is not None
        assert (mark.value, mark.lease) == (b"REVOKE", lease.id)
        await lease.revoke()
        await asyncio.wait_for(writing, 5)
        assert (await kv.get(prefix)).text == "x"


async def test_any_operation_may_be_done(client: AsyncClient, prefix: str) -> None:
    async with leasing(client, prefix) as kv:
        assert (await kv.do(Get(prefix))).count == 0
        await kv.do(Put(prefix, "x"))
        assert (await kv.do(Txn(then=[Get(prefix)]))).responses[0].kvs[0].text == "x"
        assert (await kv.do(Delete(prefix))).deleted == 1
        with pytest.raises(TypeError, match="operation must be"):
            await kv.do("get")


async def test_closing_ends_its_thread_and_its_task_and_gives_all_up(client: AsyncClient, prefix: str) -> None:
    async with leasing(client, prefix) as kv:
        await kv.get(prefix)
        assert "etcdobs-leasing" in background()
    assert "etcdobs-leasing" not in background()
    assert not (await client.range(Keys.prefix(f"leasing{prefix}"))).count
    await kv.close()
    with pytest.raises(ClosedError):
        await kv.get(prefix)
    with pytest.raises(ClosedError):
        await kv.__aenter__()


def background() -> set[str]:
    return {task.get_name() for task in asyncio.all_tasks()} | {thread.name for thread in threading.enumerate()}


async def test_it_must_be_open_and_named(client: AsyncClient, prefix: str) -> None:
    with pytest.raises(RuntimeError, match="not open"):
        await leasing(client, prefix).get(prefix)
    with pytest.raises(ValueError, match="ttl must be"):
        leasing(client, prefix, ttl=0)


async def test_it_works_in_a_namespace(client: AsyncClient, prefix: str) -> None:
    inside = client.namespaced(prefix)
    async with leasing(inside, "/") as owner, leasing(inside, "/") as writer:
        await owner.put("k", "1")
        assert (await owner.get("k")).key == b"k"
        assert owns(owner, "k")
        await owner.put("k", "2")
        assert (await owner.get("k")).text == "2"
        await writer.put("k", "3")
        assert (await owner.get("k")).text == "3"
        assert (await writer.delete(Keys.all())).deleted
        assert await owner.get("k") is None
    assert not (await client.range(Keys.prefix("leasing/"))).count


async def test_no_read_is_older_than_a_write_that_was_acknowledged(client: AsyncClient, prefix: str) -> None:
    acknowledged = 0
    async with leasing(client, prefix) as one, leasing(client, prefix) as two:
        await one.put(prefix, "0")
        await one.get(prefix)

        async def write() -> None:
            nonlocal acknowledged
            for number in range(1, 61):
                # The owner's own writes, and now and then one of another.
                await (two if number % 20 == 0 else one).put(prefix, str(number))
                acknowledged = number

        async def read(kv: Any) -> None:
            while acknowledged < 60:
                least = acknowledged
                assert int((await kv.get(prefix)).text) >= least

        await asyncio.gather(write(), *(read(kv) for kv in (one, one, two)))
