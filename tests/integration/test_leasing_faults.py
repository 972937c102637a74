"""Broken connections and lost sessions cost an owner its keys, never their truth."""

import asyncio
import random
from contextlib import suppress
from typing import Any

import pytest

from etcdobs import AsyncClient, ClosedError, Delete, EtcdError, Get, Keys, Put, Txn
from etcdobs.testing import Etcd, relay
from tests.conftest import OpenClient
from tests.integration.leasing import leasing, owns, tells_the_truth
from tests.waiting import Stopwatch, eventually


async def acquired(kv: Any, *keys: str) -> bool:
    for key in keys:
        await kv.get(key)
    return owns(kv, *keys)


async def test_an_owner_is_revoked_over_a_connection_that_breaks(open_client: OpenClient, quick_etcd: Etcd) -> None:
    with relay(quick_etcd.endpoint) as link:
        async with (
            open_client(quick_etcd.endpoint) as client,
            open_client(link.endpoint) as far,
            leasing(far, "/") as owner,
            leasing(client, "/") as writer,
        ):
            assert await acquired(owner, "k")
            link.refuse()
            link.reset()
            writing = asyncio.create_task(writer.put("k", "v"))
            assert not (await asyncio.wait([writing], timeout=0.5))[0]
            # Nobody was told that the write is done: what is in memory is the truth.
            assert await owner.get("k") is None
            link.accept()
            await asyncio.wait_for(writing, 10)
            assert (await owner.get("k")).text == "v"


async def test_a_revocation_that_is_compacted_is_heeded(open_client: OpenClient, quick_etcd: Etcd) -> None:
    with relay(quick_etcd.endpoint) as link:
        async with (
            open_client(quick_etcd.endpoint) as client,
            open_client(link.endpoint) as far,
            leasing(far, "/") as owner,
            leasing(client, "/") as writer,
        ):
            assert await acquired(owner, "k")
            link.refuse()
            link.reset()
            writing = asyncio.create_task(writer.put("k", "v"))
            await eventually(lambda: _is_revoked(client, "/k"))
            last = await client.put("elsewhere")
            await client.compact(last.revision)
            link.accept()
            await asyncio.wait_for(writing, 10)
            assert (await owner.get("k")).text == "v"
            await eventually(lambda: acquired(owner, "k"))


async def _is_revoked(client: AsyncClient, prefix: str) -> bool:
    marks = await client.range(Keys.prefix("leasing/"))
    return any(mark.value == b"REVOKE" for mark in marks)


@pytest.mark.parametrize("seed", range(2))
async def test_an_owner_whose_writes_break_tells_no_lies(open_client: OpenClient, quick_etcd: Etcd, seed: int) -> None:
    chance = random.Random(seed)
    with relay(quick_etcd.endpoint) as link:
        async with (
            open_client(quick_etcd.endpoint) as client,
            open_client(link.endpoint) as far,
            leasing(far, "/") as owner,
        ):
            for number in range(8):
                await owner.get("k")
                writing = asyncio.create_task(_write(owner, chance, str(number)))
                for _ in range(3):
                    link.reset()
                    await asyncio.sleep(0.001)
                with suppress(EtcdError):
                    await writing
                assert await tells_the_truth(owner, client, "k")


async def _write(kv: Any, chance: random.Random, value: str) -> None:
    write = chance.choice(
        [Put("k", value), Delete("k"), Txn(then=[Get("k"), Put("k", value)]), Delete(Keys.prefix("k"))]
    )
    await kv.do(write)


async def test_a_write_of_unknown_outcome_is_not_served_over(open_client: OpenClient, quick_etcd: Etcd) -> None:
    with relay(quick_etcd.endpoint) as link:
        async with (
            open_client(quick_etcd.endpoint) as client,
            open_client(link.endpoint) as far,
            leasing(far, "/") as owner,
        ):
            assert await acquired(owner, "k")
            quick_etcd.pause()
            with pytest.raises(EtcdError) as failure:
                await owner.put("k", "late", timeout=0.5)
            assert failure.value.outcome_unknown
            assert not owner.owned
            quick_etcd.resume()
            for _ in range(20):
                assert await tells_the_truth(owner, client, "k")
            await eventually(lambda: acquired(owner, "k"))
            assert await tells_the_truth(owner, client, "k")


async def test_a_session_that_is_lost_is_replaced(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with (
        open_client(quick_etcd.endpoint) as client,
        leasing(client, "/", ttl=1) as owner,
        leasing(client, "/") as writer,
    ):
        assert await acquired(owner, "k")
        (mark,) = await client.range(Keys.prefix("leasing/"))
        await client.lease.revoke(mark.lease)
        await writer.put("k", "v")
        await eventually(lambda: not owner.owned)
        assert (await owner.get("k")).text == "v"
        await eventually(lambda: acquired(owner, "k"))
        (again,) = await client.range(Keys.prefix("leasing/"))
        assert again.lease != mark.lease
        await writer.put("k", "w")
        assert (await owner.get("k")).text == "w"


async def test_nothing_is_served_once_the_session_may_be_over(open_client: OpenClient, quick_etcd: Etcd) -> None:
    with relay(quick_etcd.endpoint) as link:
        async with (
            open_client(quick_etcd.endpoint) as client,
            open_client(link.endpoint, timeout=0.5) as far,
            leasing(far, "/", ttl=1) as owner,
            leasing(client, "/") as writer,
        ):
            assert await acquired(owner, "k")
            link.blackhole()
            assert await owner.get("k") is None
            with Stopwatch() as waited:
                await writer.put("k", "v")
            assert waited.seconds < 9
            with pytest.raises(EtcdError):
                await owner.get("k")
            link.resume()
            await eventually(lambda: _reads(owner, "k", "v"))


async def _reads(kv: Any, key: str, value: str) -> bool:
    with suppress(EtcdError):
        return bool((await kv.get(key)).text == value)
    return False


async def test_reads_go_on_after_the_leasing_key_is_deleted_by_hand(client: AsyncClient, prefix: str) -> None:
    async with leasing(client, prefix) as owner, leasing(client, prefix) as writer:
        assert await acquired(owner, prefix)
        await client.delete(Keys.prefix(f"leasing{prefix}"))
        await eventually(lambda: not owner.owned)
        await owner.put(prefix, "x")
        await writer.put(prefix, "y")
        assert (await owner.get(prefix)).text == "y"


async def test_a_cancelled_write_leaves_nothing_stale(client: AsyncClient, prefix: str) -> None:
    async with leasing(client, prefix) as owner:
        for number in range(5):
            await owner.get(prefix)
            writing = asyncio.create_task(owner.put(prefix, str(number)))
            await asyncio.sleep(0)
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            assert await tells_the_truth(owner, client, prefix)


async def test_it_ends_with_its_client(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client, leasing(client, "/") as owner:
        assert await acquired(owner, "k")
        await client.close()
        await eventually(lambda: not owner.owned)
        with pytest.raises(ClosedError):
            await owner.get("k")
