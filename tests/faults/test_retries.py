"""What is sent again when its answer is lost, and what the caller is told then."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest

from etcdobs import AsyncClient, Compare, Delete, Get, LeaseExistError, Put, UnavailableError
from etcdobs.testing import Etcd, Relay, relay
from tests.conftest import OpenClient
from tests.waiting import eventually


@pytest.fixture
def link(quick_etcd: Etcd) -> Iterator[Relay]:
    with relay(quick_etcd.endpoint) as opened:
        yield opened


@pytest.fixture
async def other(open_client: OpenClient, quick_etcd: Etcd) -> AsyncIterator[AsyncClient]:
    """A client that sees what is so, whatever happens to the relay."""
    async with open_client(quick_etcd.endpoint) as opened:
        yield opened


@pytest.fixture
async def client(open_client: OpenClient, link: Relay) -> AsyncIterator[AsyncClient]:
    """A client that is connected through the relay."""
    async with open_client(link.endpoint) as opened:
        await opened.get("k")
        yield opened


async def losing_its_answer(link: Relay, call: Awaitable[Any], applied: Callable[[], Awaitable[Any]]) -> Any:
    """What `call` comes to when its first answer is lost, once it was `applied`."""
    link.delay(0.2)
    under_way = asyncio.ensure_future(call)
    await eventually(applied)
    link.reset()
    link.delay(0)
    return await under_way


async def version(client: AsyncClient, key: str) -> int:
    kv = await client.get(key)
    return 0 if kv is None else kv.version


async def test_a_put_at_least_once_is_sent_again(client: AsyncClient, other: AsyncClient, link: Relay) -> None:
    put = client.put("a", "1", retry="at_least_once")
    response = await losing_its_answer(link, put, lambda: version(other, "a"))
    assert await version(other, "a") == 2
    assert response.revision == 3


async def test_a_put_is_sent_once_unless_asked_otherwise(client: AsyncClient, other: AsyncClient, link: Relay) -> None:
    with pytest.raises(UnavailableError) as caught:
        await losing_its_answer(link, client.put("a", "1"), lambda: version(other, "a"))
    assert caught.value.outcome_unknown
    assert await version(other, "a") == 1


async def test_a_transaction_at_least_once_tells_of_its_last_time(
    client: AsyncClient, other: AsyncClient, link: Relay
) -> None:
    transaction = client.txn().when(Compare.missing("a")).then(Put("a", "1")).otherwise(Get("a"))
    commit = transaction.commit(retry="at_least_once")
    response = await losing_its_answer(link, commit, lambda: version(other, "a"))
    assert not response.succeeded
    assert await version(other, "a") == 1


async def test_a_delete_at_least_once_tells_of_its_last_time(
    client: AsyncClient, other: AsyncClient, link: Relay
) -> None:
    await other.put("a", "1")

    async def is_gone() -> bool:
        return await version(other, "a") == 0

    response = await losing_its_answer(link, client.do(Delete("a"), retry="at_least_once"), is_gone)
    assert response.deleted == 0


async def test_a_transaction_that_only_reads_is_repeated(client: AsyncClient, other: AsyncClient, link: Relay) -> None:
    await other.put("a", "1")
    link.pause()
    reading = asyncio.ensure_future(client.txn().then(Get("a")).commit())
    await asyncio.sleep(0)
    link.reset()
    link.resume()
    response = await reading
    assert response.responses[0].kvs[0].text == "1"  # type: ignore[union-attr]


async def test_a_lease_whose_answer_was_lost_is_the_clients_own(
    client: AsyncClient, other: AsyncClient, link: Relay
) -> None:
    lease = await losing_its_answer(link, client.lease.grant(60), other.lease.list)
    assert await other.lease.list() == [lease.id]
    assert lease.ttl == 60


async def test_a_lease_of_a_given_id_is_asked_for_once(client: AsyncClient, other: AsyncClient, link: Relay) -> None:
    with pytest.raises(UnavailableError) as caught:
        await losing_its_answer(link, client.lease.grant(60, 77), other.lease.list)
    assert caught.value.outcome_unknown


async def test_a_lease_of_a_given_id_at_least_once(client: AsyncClient, other: AsyncClient, link: Relay) -> None:
    granting = client.lease.grant(60, 77, retry="at_least_once")
    assert (await losing_its_answer(link, granting, other.lease.list)).id == 77
    with pytest.raises(LeaseExistError):
        await client.lease.grant(60, 77, retry="at_least_once")


async def test_a_revocation_at_least_once_is_done_when_it_was_done(
    client: AsyncClient, other: AsyncClient, link: Relay
) -> None:
    lease = await client.lease.grant(60)

    async def is_gone() -> bool:
        return not await other.lease.list()

    await losing_its_answer(link, lease.revoke(retry="at_least_once"), is_gone)


async def test_a_compaction_at_least_once_is_done_when_it_was_done(
    client: AsyncClient, other: AsyncClient, link: Relay
) -> None:
    revision = (await other.put("a", "1")).revision
    await other.put("a", "2")

    async def is_compacted() -> bool:
        try:
            await other.get("a", revision=revision - 1)
        except Exception:  # noqa: BLE001 - what it says is another test's matter
            return True
        return False

    response = await losing_its_answer(link, client.compact(revision, retry="at_least_once"), is_compacted)
    assert response.revision == revision + 1
