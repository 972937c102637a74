"""What many ask for goes in few transactions, and each gets its own answer."""

import asyncio
import gc
import signal
import threading
import time
import weakref
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from etcdobs import (
    AsyncClient,
    Client,
    ClientMetrics,
    ClosedError,
    DeadlineExceededError,
    EmptyKeyError,
    EtcdError,
    Keys,
    LeaseNotFoundError,
    PermissionDeniedError,
    RequestTooLargeError,
)
from etcdobs.testing import Etcd, etcd
from tests.conftest import OpenClient
from tests.frozen import frozen
from tests.waiting import QUICK, eventually


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
async def counted(open_client: OpenClient, etcd_server: Etcd, registry: CollectorRegistry) -> AsyncIterator[Any]:
    """A client whose calls `transactions` counts."""
    async with open_client(etcd_server.endpoint, metrics=ClientMetrics(registry)) as client:
        yield client


def calls(registry: CollectorRegistry, *methods: str) -> float:
    return sum(
        sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name == "grpc_client_started_total" and sample.labels["grpc_method"] in methods
    )


def sent(registry: CollectorRegistry) -> float:
    """All calls: what goes alone is no transaction."""
    return calls(registry, "Txn", "Put", "Range")


async def outcomes(*asked: Any) -> list[Any]:
    return await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 20)


async def test_each_gets_its_own_answer(counted: Any, registry: CollectorRegistry, prefix: str) -> None:
    async with counted.batched() as batch:
        written = await outcomes(*(batch.put(f"{prefix}{number}", str(number)) for number in range(100)))
        read = await outcomes(*(batch.get(f"{prefix}{number}") for number in range(100)))
    assert [kv.text for kv in read] == [str(number) for number in range(100)]
    assert [kv.mod_revision for kv in read] == [response.revision for response in written]
    assert all(response.header.member_id and response.prev_kv is None for response in written)
    assert calls(registry, "Txn") > 0
    assert sent(registry) < 200


async def test_what_is_asked_while_one_is_under_way_goes_together(
    open_client: OpenClient, quick_etcd: Etcd, registry: CollectorRegistry
) -> None:
    async with open_client(quick_etcd.endpoint, metrics=ClientMetrics(registry)) as client, client.batched() as batch:
        await batch.put("k")
        with frozen(quick_etcd):
            first = asyncio.create_task(batch.put("k"))
            await eventually(lambda: sent(registry) == 2)
            asked = [asyncio.create_task(batch.put(str(number))) for number in range(40)]
            await asyncio.sleep(0.5)
        await asyncio.gather(first, *asked)
        assert sent(registry) == 3


async def test_as_few_transactions_as_may_be(etcd_server: Etcd, registry: CollectorRegistry, prefix: str) -> None:
    """Tasks that ask in one turn of the loop share one."""
    async with AsyncClient(etcd_server.endpoint, metrics=ClientMetrics(registry)) as client, client.batched() as batch:
        await asyncio.gather(*(batch.put(f"{prefix}{number}") for number in range(128)))
        assert calls(registry, "Txn") == 1
        assert len({kv.mod_revision for kv in await client.range(Keys.prefix(prefix))}) == 1


async def test_no_more_operations_than_asked_for(counted: Any, registry: CollectorRegistry, prefix: str) -> None:
    async with counted.batched(max_ops=4) as batch:
        await outcomes(*(batch.put(f"{prefix}{number}") for number in range(40)))
    revisions = [kv.mod_revision for kv in await counted.range(Keys.prefix(prefix))]
    assert max(map(revisions.count, revisions)) <= 4
    assert calls(registry, "Txn") >= 10


async def test_one_key_many_times_and_in_order(client: AsyncClient, prefix: str) -> None:
    async with client.batched() as batch:
        for number in range(20):
            put, got = await outcomes(batch.put(prefix, str(number)), batch.get(prefix))
            assert put.revision > 0
            assert got is None or got.text in (str(number), str(number - 1))
            found = await batch.get(prefix)
            assert found is not None
            assert found.text == str(number)
        await outcomes(*(batch.put(prefix, str(number)) for number in range(10)))
        found = await batch.get(prefix)
        assert found is not None
        assert found.version == 30


async def test_what_is_asked_in_one_turn_is_done_in_order(etcd_server: Etcd, prefix: str) -> None:
    async with AsyncClient(etcd_server.endpoint) as client, client.batched() as batch:
        done: list[Any] = await asyncio.gather(
            *(each for number in range(20) for each in (batch.put(prefix, str(number)), batch.get(prefix))),
        )
        revisions = [response.revision for response in done[::2]]
        assert revisions == sorted(set(revisions))
        for number, found in enumerate(done[1::2]):
            assert int(found.text) >= number


async def test_puts_and_deletes_with_their_options(client: AsyncClient, prefix: str) -> None:
    async with client.session() as session, client.batched() as batch:
        await batch.put(prefix, "1", lease=session.lease.id)
        second = await batch.put(prefix, "2", prev_kv=True)
        assert second.prev_kv is not None
        assert (second.prev_kv.text, second.prev_kv.lease) == ("1", session.lease.id)
        deleted = await batch.delete(prefix, prev_kv=True)
        assert (deleted.deleted, deleted.prev_kvs[0].text) == (1, "2")
        assert (await batch.delete(prefix)).deleted == 0
        assert await batch.get(prefix) is None


async def test_one_bad_operation_fails_alone(client: AsyncClient, prefix: str) -> None:
    async with client.batched() as batch:
        good = [batch.put(f"{prefix}{number}", "v") for number in range(20)]
        bad = [
            batch.put(prefix + "lease", "v", lease=12345),
            batch.put(prefix + "large", b"x" * 1_700_000),
            batch.put(prefix + "larger", b"x" * 3_000_000),
            batch.put("", "v"),
            batch.put(prefix, 1),  # type: ignore[arg-type]
        ]
        done = await outcomes(*good[:10], *bad, *good[10:])
    failed = done[10:15]
    expected = [LeaseNotFoundError, RequestTooLargeError, RequestTooLargeError, EmptyKeyError, TypeError]
    assert [type(error) for error in failed] == expected
    assert not any(error.outcome_unknown for error in failed[:3])
    assert [one for one in done[:10] + done[15:] if isinstance(one, BaseException)] == []
    assert await client.count(Keys.prefix(prefix)) == 20


async def test_much_is_spread_over_transactions(client: AsyncClient, prefix: str) -> None:
    async with client.batched() as batch:
        done = await outcomes(*(batch.put(f"{prefix}{number}", b"x" * 200_000) for number in range(20)))
    assert [one for one in done if isinstance(one, BaseException)] == []


async def test_a_key_that_is_forbidden_fails_alone(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as root:
        await root.auth.user_add("root", "root")
        await root.auth.user_grant_role("root", "root")
        await root.auth.role_add("some")
        await root.auth.role_grant_permission("some", "readwrite", Keys.prefix("/mine/"))
        await root.auth.user_add("user", "user")
        await root.auth.user_grant_role("user", "some")
        await root.auth.enable()
    as_user = open_client(quick_etcd.endpoint, username="user", password="user")
    async with as_user as client, client.batched() as batch:
        for ask in (batch.put, batch.get):
            done = await outcomes(*map(ask, ("/mine/1", "/mine/2", "/other", "/mine/3")))
            assert [isinstance(one, BaseException) for one in done] == [False, False, True, False]
            assert isinstance(done[2], PermissionDeniedError)


@pytest.fixture(scope="module")
def strict_etcd() -> Iterator[Etcd]:
    """Takes four operations in a transaction, and 100 kB."""
    with etcd(flags=(*QUICK, "--max-txn-ops=4", "--max-request-bytes=100000")) as server:
        yield server


async def test_a_server_that_takes_less(open_client: OpenClient, strict_etcd: Etcd, prefix: str) -> None:
    async with open_client(strict_etcd.endpoint) as client, client.batched() as batch:
        for size in (10, 30_000):
            done = await outcomes(*(batch.put(f"{prefix}{number}", b"x" * size) for number in range(30)))
            assert [one for one in done if isinstance(one, BaseException)] == []
            read = await outcomes(*(batch.get(f"{prefix}{number}") for number in range(30)))
            assert {len(kv.value) for kv in read} == {size}


async def test_a_client_that_receives_little(open_client: OpenClient, etcd_server: Etcd, prefix: str) -> None:
    async with open_client(etcd_server.endpoint, max_receive_bytes=100_000) as client, client.batched() as batch:
        await outcomes(*(batch.put(f"{prefix}{number}", b"x" * 30_000) for number in range(20)))
        read = await outcomes(*(batch.get(f"{prefix}{number}") for number in range(20)))
        assert {len(kv.value) for kv in read} == {30_000}


async def test_a_server_that_is_gone(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint, timeout=1, dial_timeout=0.3) as client, client.batched() as batch:
        await batch.put("k", "1")
        quick_etcd.stop()
        done = await outcomes(*(batch.put(str(number)) for number in range(5)), batch.get("k"))
        assert all(isinstance(one, EtcdError) for one in done)
        assert not done[-1].outcome_unknown
        quick_etcd.start()

        async def back() -> Any:
            return (await outcomes(batch.get("k", timeout=2)))[0]

        found = await eventually(back)
        while isinstance(found, EtcdError):
            found = await back()
        assert found.text == "1"


async def test_each_has_its_own_timeout(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client, client.batched() as batch:
        await batch.put("k", "1")
        with frozen(quick_etcd):
            patient = asyncio.create_task(batch.put("k", "2", timeout=20))
            hasty = [batch.put("a", timeout=0.3), batch.put("k", "3", timeout=0.4), batch.get("b", timeout=0.3)]
            errors = await outcomes(*hasty)
            assert all(isinstance(error, DeadlineExceededError) for error in errors)
            assert [error.outcome_unknown for error in errors[1:]] == [False, False]
            assert not patient.done()
        assert (await patient).revision > 0
        found = await batch.get("k")
        assert found is not None
        assert found.text == "2"


async def test_what_is_cancelled_before_it_is_sent_is_dropped(quick_etcd: Etcd) -> None:
    async with AsyncClient(quick_etcd.endpoint) as client, client.batched() as batch:
        await batch.put("k", "1")
        with frozen(quick_etcd):
            first = asyncio.create_task(batch.put("a"))
            await asyncio.sleep(0.1)
            second = asyncio.create_task(batch.put("b"))
            third = asyncio.create_task(batch.put("c"))
            await asyncio.sleep(0.1)
            second.cancel()
            assert (await outcomes(second))[0].__class__ is asyncio.CancelledError
        await asyncio.gather(first, third)
        assert [kv.key for kv in await client.range(Keys.all())] == [b"a", b"c", b"k"]


async def test_whoever_cancels_all_tasks_leaves_no_caller_waiting(etcd_server: Etcd, prefix: str) -> None:
    async with AsyncClient(etcd_server.endpoint) as client, client.batched() as batch:
        caller = asyncio.create_task(batch.put(prefix, "1", timeout=None))
        await asyncio.sleep(0)  # it asks
        await asyncio.sleep(0)  # its transaction has a task, which has not begun
        (sending,) = [task for task in asyncio.all_tasks() if task.get_name() == "etcdobs-batch"]
        sending.cancel()
        with pytest.raises(ClosedError, match="cancelled"):
            await caller
        assert (await batch.put(prefix, "2")).revision


async def test_what_is_over_leaves_no_timer(etcd_server: Etcd, prefix: str) -> None:
    async with AsyncClient(etcd_server.endpoint) as client:
        batch = client.batched()
        await batch.get(prefix, timeout=3600)
        await batch.put(prefix, timeout=3600)
        kept = weakref.ref(batch._batcher)
        del batch
    del client
    gc.collect()
    assert kept() is None


async def test_leaving_it_waits_for_what_was_asked(etcd_server: Etcd, prefix: str) -> None:
    async with AsyncClient(etcd_server.endpoint) as client:
        async with client.batched(max_ops=2) as batch:
            asked = [asyncio.create_task(batch.put(f"{prefix}{number}")) for number in range(20)]
            await asyncio.sleep(0)
        assert all(task.done() for task in asked)
        assert await client.count(Keys.prefix(prefix)) == 20


async def test_nothing_is_taken_after_it(client: AsyncClient, prefix: str) -> None:
    async with client.batched() as batch:
        await batch.put(prefix)
    for ask in (batch.get, batch.put, batch.delete):
        with pytest.raises(ClosedError, match="batch is closed"):
            await ask(prefix)
    await batch.close()


async def test_closing_the_client_ends_what_is_asked(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        batch = client.batched()
        await batch.put("k")
        with frozen(quick_etcd):
            asked = [asyncio.create_task(batch.put(str(number))) for number in range(3)]
            await asyncio.sleep(0.2)
            await asyncio.wait_for(client.close(), 5)
            assert [type(error) for error in await outcomes(*asked)] == [ClosedError] * 3
        with pytest.raises(ClosedError):
            await batch.get("k")


def test_no_thread_outlives_it(etcd_server: Etcd, prefix: str) -> None:
    def senders() -> list[str]:
        return [thread.name for thread in threading.enumerate() if thread.name == "etcdobs-batch"]

    with Client(etcd_server.endpoint) as client:
        with client.batched() as batch:
            callers = [threading.Thread(target=batch.put, args=(f"{prefix}{number}",)) for number in range(30)]
            for caller in callers:
                caller.start()
            for caller in callers:
                caller.join()
            assert senders()
        assert senders() == []
        assert client.count(Keys.prefix(prefix)) == 30


def test_an_interrupt_leaves_it_usable(quick_etcd: Etcd) -> None:
    """As Ctrl-C in the main thread, while it waits for its answer."""
    main = threading.main_thread().ident
    assert main is not None
    with Client(quick_etcd.endpoint) as client, client.batched() as batch:
        batch.put("k", "1")
        with frozen(quick_etcd):
            timer = threading.Timer(0.3, signal.pthread_kill, (main, signal.SIGINT))
            timer.start()
            with pytest.raises(KeyboardInterrupt):
                batch.put("k", "2")
            timer.join()
        found = batch.get("k")
        assert found is not None
        assert found.text in ("1", "2")
        assert batch.put("k", "3").revision > found.mod_revision


async def test_in_a_namespace(client: AsyncClient, prefix: str) -> None:
    async with client.namespaced(prefix).batched() as batch:
        await batch.put("a", "1")
        found = await batch.get("a")
        assert found is not None
        assert (found.key, found.text) == (b"a", "1")
        await batch.put("a", "2")
        deleted = await batch.delete("a", prev_kv=True)
        assert deleted.prev_kvs[0].key == b"a"
    assert await client.count(Keys.prefix(prefix)) == 0


async def test_wrong_arguments(client: AsyncClient, prefix: str) -> None:
    with pytest.raises(ValueError, match="max_ops must be from 1"):
        client.batched(max_ops=0)
    async with client.batched() as batch:
        with pytest.raises(ValueError, match="timeout must be above 0"):
            await batch.get(prefix, timeout=0)
        with pytest.raises(TypeError, match="prev_kv must be"):
            await batch.delete(prefix, prev_kv="yes")  # type: ignore[arg-type]


async def test_a_deadline_counts_from_when_it_was_asked(client: AsyncClient, prefix: str) -> None:
    """Not from the beginning of the loop's turn, which others may have made long."""

    async def late() -> object:
        time.sleep(0.4)  # noqa: ASYNC251 - the loop is to be kept
        return await batch.put(prefix, "v", timeout=0.3)

    async with client.batched() as batch:
        await batch.put(prefix, "v")
        _, written = await asyncio.gather(batch.put(f"{prefix}other", "v"), late())
    assert written is not None
