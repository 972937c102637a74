"""A transaction under leasing has the outcome that a plain client's has, and leaves no cache behind the truth."""

import asyncio
import random
from typing import Any

import pytest

from etcdobs import AsyncClient, Compare, Delete, Get, Keys, Operation, Put, Txn
from etcdobs.testing import Etcd
from tests.conftest import OpenClient
from tests.integration.leasing import leasing, owns, tells_the_truth


async def test_what_reads_owned_keys_only_needs_no_server(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint, timeout=1) as client, leasing(client, "/") as kv:
        for name in "ab":
            await client.put(name, name)
            await kv.get(name)
        reading = Txn([Compare.value("a") == "a"], [Get("a"), Txn(then=[Get("b")])], [Put("a", "no")])
        theirs: Any = await client.do(reading)
        quick_etcd.stop()
        ours = await kv.do(reading)
        assert ours.succeeded
        assert ours.responses[0].kvs == theirs.responses[0].kvs
        assert ours.responses[1].responses[0].kvs == theirs.responses[1].responses[0].kvs
        quick_etcd.start()


COMPARES = [
    *(compare for key in ("k", "none") for compare in (Compare.exists(key), Compare.missing(key))),
    *(target("k") == value for target, value in ((Compare.version, 2), (Compare.lease, 0), (Compare.value, "x"))),
    *(target("none") == 0 for target in (Compare.version, Compare.lease, Compare.mod_revision)),
    *(Compare.value(key) != "x" for key in ("k", "none")),
    *(Compare.value(key) < "y" for key in ("k", "none")),
    *(Compare.value(key) > "" for key in ("k", "none")),
    *(Compare.value(key) == "" for key in ("k", "none")),
    *(Compare.mod_revision(key) > 1 for key in ("k", "none")),
    *(Compare.create_revision(key) < 1 << 40 for key in ("k", "none")),
    Compare.version(Keys.prefix("k")) == 2,
    Compare.version(Keys.prefix("none")) == 0,
]


async def test_every_compare_holds_as_it_does_in_the_server(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client, leasing(client, "/") as kv:
        await client.put("k", "")
        await client.put("k", "x")
        await kv.get("k")
        await kv.get("none")
        for compare in COMPARES:
            theirs = await client.txn().when(compare).then(Get("k")).otherwise(Get("none")).commit()
            ours = await kv.txn().when(compare).then(Get("k")).otherwise(Get("none")).commit()
            assert outcome(ours) == outcome(theirs), compare


async def test_a_write_to_owned_keys_is_seen_in_memory(client: AsyncClient, prefix: str) -> None:
    a, b, c = (prefix + name for name in "abc")
    async with leasing(client, prefix) as kv:
        for key in (a, b):
            await kv.put(key, "old")
            await kv.get(key)
        response = await kv.txn().when(Compare.value(a) == "old").then(Put(a, "new"), Delete(b), Put(c, "x")).commit()
        assert response.succeeded
        assert response.responses[1].deleted == 1
        assert owns(kv, a, b)
        assert await kv.get(a) == await client.get(a)
        assert await kv.get(b) is None
        assert (await kv.get(a)).text == "new"
        failed = await kv.txn().when(Compare.value(a) == "old").then(Put(a, "no")).otherwise(Put(b, "yes")).commit()
        assert not failed.succeeded
        assert [(await kv.get(key)).text for key in (a, b, c)] == ["new", "yes", "x"]
        assert owns(kv, a, b, c)


async def test_a_write_to_what_others_own_takes_it_away(client: AsyncClient, prefix: str) -> None:
    a, b, c = (prefix + name for name in "abc")
    async with leasing(client, prefix) as owner, leasing(client, prefix) as writer:
        for key in (a, b, c):
            await owner.get(key)
        await writer.get(c)
        response = await writer.txn().then(Put(a, "1"), Txn(then=[Put(b, "2")]), Get(c)).commit()
        assert [kv.mod_revision for kv in await client.range(a)] == [response.revision]
        assert response.responses[1].responses[0].revision == response.revision
        assert [(await owner.get(key)).text for key in (a, b)] == ["1", "2"]
        assert owns(owner, c)


@pytest.mark.parametrize("where", ["then", "otherwise"])
async def test_a_range_is_deleted_in_a_transaction(client: AsyncClient, prefix: str, where: str) -> None:
    keys = [f"{prefix}{number}" for number in range(3)]
    async with leasing(client, prefix) as one, leasing(client, prefix) as two:
        for key in keys:
            await one.put(key, "x")
        await one.get(keys[0])
        await two.get(keys[1])
        condition = Compare.exists(keys[0]) if where == "then" else Compare.missing(keys[0])
        delete = {where: [Delete(Keys.prefix(prefix))]}
        response = await one.do(Txn([condition], **delete))
        assert response.responses[0].deleted == 3
        for kv in (one, two):
            assert [await kv.get(key) for key in keys] == [None] * 3


async def test_a_wide_write_gives_up_what_it_does_not_read_back(client: AsyncClient, prefix: str) -> None:
    keys = [f"{prefix}{number:02}" for number in range(40)]
    async with leasing(client, prefix) as kv:
        for key in keys:
            await kv.get(key)
        await kv.delete(Keys.prefix(prefix))
        assert len(kv.owned) == 32
        for key in keys:
            await kv.put(key, "x")
            assert await kv.get(key) == await client.get(key)


async def test_a_range_in_contention_is_deleted_whole(client: AsyncClient, prefix: str) -> None:
    keys = [f"{prefix}{number}" for number in range(6)]
    async with leasing(client, prefix) as owner, leasing(client, prefix) as writer:

        async def read_and_write() -> None:
            for _ in range(5):
                for key in keys:
                    await owner.put(key, "x")
                    assert await tells_the_truth(owner, client, key)

        contending = asyncio.create_task(read_and_write())
        for _ in range(5):
            await writer.delete(Keys.prefix(prefix))
        await contending
        await writer.delete(Keys.prefix(prefix))
        assert [await owner.get(key) for key in keys] == [None] * 6


def random_compare(chance: random.Random, keys: list[str]) -> Compare:
    key, number = chance.choice(keys), chance.randrange(3)
    return chance.choice(
        [Compare.exists(key), Compare.missing(key), Compare.version(key) > number, Compare.value(key) == str(number)]
    )


def random_operations(chance: random.Random, keys: list[str], depth: int = 1) -> list[Operation]:
    free = chance.sample(keys, chance.randrange(len(keys)))
    operations: list[Operation] = []
    for key in free:
        kinds: list[Operation] = [Get(key), Get(key, keys_only=True), Put(key, str(chance.randrange(3))), Delete(key)]
        operations.append(chance.choice(kinds))
    if depth and chance.random() < 0.3:
        others = [key for key in keys if key not in free]
        nested = Txn([random_compare(chance, keys)], random_operations(chance, others, 0) if others else [])
        operations.append(nested)
    return operations


def outcome(response: Any) -> Any:
    """All that a transaction answers but the revisions, which two histories do not share."""
    if hasattr(response, "responses"):
        return response.succeeded, [outcome(part) for part in response.responses]
    if hasattr(response, "kvs"):
        return response.count, [(kv.key[-1:], kv.value, kv.version) for kv in response.kvs]
    return getattr(response, "deleted", "put")


@pytest.mark.parametrize("seed", range(3))
async def test_random_transactions_have_the_outcome_of_a_plain_client(
    client: AsyncClient, prefix: str, seed: int
) -> None:
    plain = client.namespaced(f"plain{prefix}")
    leased = client.namespaced(prefix)
    keys, chance = [f"k{number}" for number in range(5)], random.Random(seed)
    async with leasing(leased, "/") as one, leasing(leased, "/") as two:
        for _ in range(25):
            kv = chance.choice([one, two])
            await asyncio.gather(*(kv.get(key) for key in chance.sample(keys, 2)))
            compares = [random_compare(chance, keys) for _ in range(chance.randrange(3))]
            txn = Txn(compares, random_operations(chance, keys), random_operations(chance, keys))
            assert outcome(await kv.do(txn)) == outcome(await plain.do(txn)), txn
            for key in chance.sample(keys, 2):
                assert await kv.get(key) == await leased.get(key)


@pytest.mark.parametrize("owned", [True, False])
async def test_half_as_many_operations_as_the_server_allows_may_write(
    client: AsyncClient, prefix: str, owned: bool
) -> None:
    keys = [f"{prefix}{number}" for number in range(64)]
    async with leasing(client, prefix) as kv:
        for key in keys if owned else ():
            await kv.get(key)
        await kv.do(Txn(then=[Put(key, "x") for key in keys]))
        assert {read.text for read in [await kv.get(key) for key in keys]} == {"x"}
