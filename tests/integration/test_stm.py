"""A function of `client.stm` ran as if alone, as far as its isolation level promises."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest

from etcdobs import AsyncClient, Client, Keys
from etcdobs.recipes import AsyncSTM
from etcdobs.testing import Etcd
from tests.clients import BlockingAsAsync

LEVELS = ["serializable_snapshot", "serializable", "repeatable_reads", "read_committed"]
CHECKED = LEVELS[:3]


async def text(client: AsyncClient, key: str) -> str | None:
    kv = await client.get(key)
    return None if kv is None else kv.text


class Interfered:
    """A function for `client.stm` that counts its runs, and is interfered with in the first one only."""

    def __init__(
        self, body: Callable[[AsyncSTM, Callable[[], Awaitable[None]]], Awaitable[Any]], interfere: Callable[[], Any]
    ) -> None:
        self.runs = 0
        self._body = body
        self._interfere = interfere

    async def _once(self) -> None:
        if self.runs == 1:
            await self._interfere()

    async def run(self, stm: AsyncSTM) -> Any:
        self.runs += 1
        return await self._body(stm, self._once)


@pytest.mark.parametrize("level", LEVELS)
async def test_reads_writes_and_deletes(client: AsyncClient, prefix: str, level: Any) -> None:
    old = await client.put(prefix + "old", "1")
    await client.put(prefix + "gone", "2")

    async def work(stm: AsyncSTM) -> tuple[bytes, bytes, int, int]:
        before, missing = await stm.get(prefix + "old"), await stm.get(prefix + "none")
        await stm.put(prefix + "new", before + b"+")
        await stm.put(prefix + "old", b"3")
        await stm.put(prefix + "old", "4")
        await stm.delete(prefix + "gone")
        assert await stm.get(prefix + "old") == b"4"
        assert await stm.get(prefix + "gone") == b""
        assert await stm.get(prefix + "new") == b"1+"
        return before, missing, await stm.mod_revision(prefix + "old"), await stm.mod_revision(prefix + "none")

    assert await client.stm(work, level) == (b"1", b"", old.revision, 0)
    after = {kv.key.decode().removeprefix(prefix): kv for kv in await client.range(Keys.prefix(prefix))}
    assert {name: kv.text for name, kv in after.items()} == {"old": "4", "new": "1+"}
    assert after["old"].mod_revision == after["new"].mod_revision
    assert after["old"].version == 2


async def test_a_put_may_have_a_lease(client: AsyncClient, prefix: str) -> None:
    lease = await client.lease.grant(60)

    async def work(stm: AsyncSTM) -> None:
        await stm.put(prefix, "1", lease=lease)

    await client.stm(work)
    kv = await client.get(prefix)
    assert kv is not None
    assert kv.lease == lease.id


@pytest.mark.parametrize("level", LEVELS)
async def test_one_that_only_reads_changes_nothing(client: AsyncClient, prefix: str, level: Any) -> None:
    await client.put(prefix, "1")

    async def work(stm: AsyncSTM) -> bytes:
        return await stm.get(prefix)

    assert await client.stm(work, level) == b"1"
    kv = await client.get(prefix)
    assert kv is not None
    assert kv.version == 1


@pytest.mark.parametrize("level", LEVELS)
async def test_an_exception_aborts(client: AsyncClient, prefix: str, level: Any) -> None:
    async def work(stm: AsyncSTM) -> None:
        await stm.put(prefix, "1")
        raise KeyError(await stm.get(prefix))

    with pytest.raises(KeyError):
        await client.stm(work, level)
    assert await client.get(prefix) is None


@pytest.mark.parametrize("level", LEVELS)
async def test_what_was_read_and_changed_meanwhile_runs_it_again(client: AsyncClient, prefix: str, level: Any) -> None:
    """At all levels but read_committed, which overwrites it."""
    await client.put(prefix, "1")

    async def increment(stm: AsyncSTM, interfere: Callable[[], Awaitable[None]]) -> None:
        number = int(await stm.get(prefix))
        await interfere()
        await stm.put(prefix, str(number + 1))

    work = Interfered(increment, lambda: client.put(prefix, "10"))
    await client.stm(work.run, level)
    assert (work.runs, await text(client, prefix)) == ((1, "2") if level == "read_committed" else (2, "11"))


@pytest.mark.parametrize("level", LEVELS)
async def test_what_was_missing_and_appeared_meanwhile_runs_it_again(
    client: AsyncClient, prefix: str, level: Any
) -> None:
    async def claim(stm: AsyncSTM, interfere: Callable[[], Awaitable[None]]) -> bool:
        free = not await stm.get(prefix)
        await interfere()
        if free:
            await stm.put(prefix, "mine")
        return free

    work = Interfered(claim, lambda: client.put(prefix, "theirs"))
    claimed = await client.stm(work.run, level)
    assert (claimed, await text(client, prefix)) == ((True, "mine") if level == "read_committed" else (False, "theirs"))


@pytest.mark.parametrize("level", LEVELS)
async def test_two_reads_are_of_one_moment(client: AsyncClient, prefix: str, level: Any) -> None:
    """In the run itself, at the two serializable levels; the others may see a moment that never was."""
    a, b = prefix + "a", prefix + "b"
    await client.txn().then(_put(a, "1"), _put(b, "1")).commit()
    seen = []

    async def read_both(stm: AsyncSTM, interfere: Callable[[], Awaitable[None]]) -> None:
        first = await stm.get(a)
        await interfere()
        seen.append((first, await stm.get(b)))

    work = Interfered(read_both, lambda: client.txn().then(_put(a, "2"), _put(b, "2")).commit())
    await client.stm(work.run, level)
    if level.startswith("serializable"):
        assert seen == [(b"1", b"1"), (b"2", b"2")]
    elif level == "repeatable_reads":
        assert seen == [(b"1", b"2"), (b"2", b"2")]
    else:
        assert seen == [(b"1", b"2")]


@pytest.mark.parametrize("level", LEVELS)
async def test_a_key_reads_the_same_twice(client: AsyncClient, prefix: str, level: Any) -> None:
    await client.put(prefix, "1")

    async def read_twice(stm: AsyncSTM, interfere: Callable[[], Awaitable[None]]) -> bool:
        first = await stm.get(prefix)
        await interfere()
        return first == await stm.get(prefix)

    assert await client.stm(Interfered(read_twice, lambda: client.put(prefix, "2")).run, level)


@pytest.mark.parametrize("level", LEVELS)
async def test_a_blind_write_over_what_changed_meanwhile(client: AsyncClient, prefix: str, level: Any) -> None:
    """Only serializable_snapshot refuses to overwrite what was written after the moment that it reads."""

    async def overwrite(stm: AsyncSTM, interfere: Callable[[], Awaitable[None]]) -> None:
        await stm.get(prefix + "read")
        await interfere()
        await stm.put(prefix + "blind", "mine")

    work = Interfered(overwrite, lambda: client.put(prefix + "blind", "theirs"))
    await client.stm(work.run, level)
    assert await text(client, prefix + "blind") == "mine"
    assert work.runs == (2 if level == "serializable_snapshot" else 1)


def _put(key: str, value: str) -> Any:
    from etcdobs import Put

    return Put(key, value)


@pytest.mark.parametrize("level", CHECKED)
async def test_transfers_conserve_the_sum(etcd_server: Etcd, prefix: str, level: Any) -> None:
    """Eight writers at once, on clients of both kinds."""
    accounts = [f"{prefix}{number}" for number in range(5)]

    async def transfer(client: AsyncClient, source: str, target: str, amount: int) -> None:
        async def work(stm: AsyncSTM) -> None:
            held, had = int(await stm.get(source)), int(await stm.get(target))
            moved = min(amount, held)
            await stm.put(source, str(held - moved))
            await stm.put(target, str(had + moved))

        await client.stm(work, level)

    async def clerk(number: int) -> None:
        choice = random.Random(number)
        one: Any = AsyncClient(etcd_server.endpoint) if number % 2 else BlockingAsAsync(Client(etcd_server.endpoint))
        async with contextlib.AsyncExitStack() as stack:
            client = cast(AsyncClient, await stack.enter_async_context(one))
            for _ in range(8):
                source, target = choice.sample(accounts, 2)
                await transfer(client, source, target, choice.randrange(50))

    async with AsyncClient(etcd_server.endpoint) as client:
        for account in accounts:
            await client.put(account, "100")
        async with asyncio.TaskGroup() as tasks:
            for number in range(8):
                tasks.create_task(clerk(number))
        balances = [int(kv.value) for kv in await client.range(Keys.prefix(prefix))]
    assert sum(balances) == 500
    assert min(balances) >= 0


async def test_an_unknown_level(client: AsyncClient) -> None:
    async def work(stm: AsyncSTM) -> None:
        raise AssertionError

    with pytest.raises(ValueError, match="isolation must be one of serializable_snapshot, "):
        await client.stm(work, "strong")  # type: ignore[arg-type]
