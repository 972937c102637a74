"""Closing amid trouble: whatever is under way ends at once, whoever closes, and nothing of the client stays behind."""

import asyncio
import contextlib
import gc
import threading
from collections.abc import Coroutine
from typing import Any

import grpc
import pytest

from etcdobs import AsyncClient, Client, ClosedError, Keys
from etcdobs.testing import Etcd, Relay, relay
from tests.conftest import OpenClient
from tests.waiting import Stopwatch, eventually


def own() -> set[str]:
    """The names of all threads and tasks of clients."""
    names = {thread.name for thread in threading.enumerate()} | {task.get_name() for task in asyncio.all_tasks()}
    return {name for name in names if name.startswith("etcdobs-")}


@pytest.mark.parametrize("fault", ["pause", "blackhole", "refuse"])
async def test_all_that_is_under_way_ends(open_client: OpenClient, etcd_server: Etcd, prefix: str, fault: str) -> None:
    with relay(etcd_server.endpoint) as link:
        async with (
            open_client(link.endpoint, timeout=None) as client,
            open_client(etcd_server.endpoint) as other,
            other.lock(prefix),
        ):
            batch = client.batched()
            await batch.put(prefix, "v")
            watcher = client.watch(prefix + "unheard")
            await watcher.__aenter__()
            await (await client.lease.grant(60)).keep_alive().__aenter__()
            under_way = begun(client.lock(prefix).acquire(), client.election(prefix).campaign("me"), watcher.get())
            await eventually(lambda: stand(other, prefix, 3))
            await asyncio.sleep(0.1)
            getattr(link, fault)()
            late = begun(
                client.get(prefix), client.put(prefix), batch.put(prefix, "w"), client.lock(prefix + "-").acquire()
            )
            await asyncio.sleep(0.1)
            with Stopwatch() as closing:
                await client.close()
                assert not {name for name in own() if "batch" in name}
                outcomes = await asyncio.gather(*under_way, *late, return_exceptions=True)
            assert closing.seconds < 2
            # Where only new connections are refused, some have been answered.
            ended = outcomes if fault != "refuse" else outcomes[: len(under_way)]
            assert {type(outcome) for outcome in ended} == {ClosedError}
            with pytest.raises(ClosedError):
                await client.get(prefix)


def begun(*calls: Coroutine[Any, Any, Any]) -> list[asyncio.Task[Any]]:
    return [asyncio.create_task(call) for call in calls]


async def stand(client: AsyncClient, name: str, count: int) -> bool:
    return await client.count(Keys.prefix(name + "/")) == count


async def test_a_thread_that_waits_for_a_lock_ends_when_another_closes(etcd_server: Etcd, prefix: str) -> None:
    client, other = Client(etcd_server.endpoint), Client(etcd_server.endpoint)
    outcome: list[BaseException] = []

    def wait() -> None:
        try:
            client.lock(prefix).acquire()
        except BaseException as error:  # noqa: BLE001 - told to the test's own thread
            outcome.append(error)

    with other, other.lock(prefix):
        thread = threading.Thread(target=wait)
        thread.start()
        await asyncio.to_thread(_until_two_stand, other, prefix)
        with Stopwatch() as closing:
            client.close()
            thread.join(5)
    assert closing.seconds < 1.5
    assert [type(error) for error in outcome] == [ClosedError]


def _until_two_stand(client: Client, name: str) -> None:
    while client.count(Keys.prefix(name + "/")) < 2:
        pass


async def test_connections_to_strangers_are_few(
    open_client: OpenClient, etcd_server: Etcd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks one member after another of a large fleet does not keep a connection to each."""
    monkeypatch.setattr("etcdobs._drive.channel.MOST_STRANGERS", 2)
    async with open_client(etcd_server.endpoint, timeout=0.2) as client:
        with contextlib.ExitStack() as stack:
            links = [stack.enter_context(relay(etcd_server.endpoint)) for _ in range(5)]
            for link in links:
                assert (await client.maintenance.status(link.endpoint, timeout=10)).version
            await eventually(lambda: [let_go(link) for link in links] == [True] * 3 + [False] * 2)
            await client.get("k", timeout=10)


def let_go(link: Relay) -> bool:
    gc.collect()  # grpc.aio drops a stream's connection when the collector finds the call
    return link.connections == 0


async def test_the_tasks_of_a_batch_end_with_its_client(etcd_server: Etcd, prefix: str) -> None:
    with relay(etcd_server.endpoint) as link:
        client = AsyncClient(link.endpoint)
        batch = client.batched()
        await batch.put(prefix, "v")
        link.pause()
        puts = begun(*(batch.put(prefix, "w") for _ in range(4)))
        await asyncio.sleep(0.1)
        await client.close()
        assert "etcdobs-batch" not in own()
        outcomes: list[Any] = await asyncio.gather(*puts, return_exceptions=True)
        assert [(type(one), one.outcome_unknown) for one in outcomes] == [(ClosedError, n == 0) for n in range(4)]
        assert "etcdobs-batch" not in own()


async def test_the_threads_of_a_batch_end_with_its_client(etcd_server: Etcd, prefix: str) -> None:
    with relay(etcd_server.endpoint) as link:
        client = Client(link.endpoint)
        batch = client.batched()
        batch.put(prefix, "v")
        link.pause()
        puts = [asyncio.create_task(asyncio.to_thread(batch.put, prefix, "w")) for _ in range(4)]
        await asyncio.sleep(0.1)
        client.close()
        assert "etcdobs-batch" not in own()
        outcomes: list[Any] = await asyncio.gather(*puts, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {ClosedError}


class _Late(grpc.UnaryUnaryClientInterceptor):
    """Holds up whoever is answered, however that is, until it is let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.let_go.set()

    def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        answered = continuation(client_call_details, request)
        answered.exception()
        self.let_go.wait(10)
        return answered


async def test_who_waits_behind_a_caller_that_goes_alone_ends_without_it(etcd_server: Etcd, prefix: str) -> None:
    late = _Late()
    with relay(etcd_server.endpoint) as link:
        client = Client(link.endpoint, interceptors=[late])
        batch = client.batched()
        batch.put(prefix, "v")
        link.pause()
        late.let_go.clear()
        alone = asyncio.create_task(asyncio.to_thread(batch.put, prefix, "w"))
        await asyncio.sleep(0.1)
        behind = begun(*(asyncio.to_thread(batch.put, key, "w") for key in (prefix, prefix, prefix + "other")))
        await asyncio.sleep(0.1)
        await asyncio.to_thread(client.close)
        outcomes: list[Any] = await asyncio.wait_for(asyncio.gather(*behind, return_exceptions=True), 5)
        assert [(type(one), one.outcome_unknown) for one in outcomes] == [(ClosedError, False)] * 3
        assert not alone.done()
        late.let_go.set()
        (outcome,) = await asyncio.gather(alone, return_exceptions=True)
        assert isinstance(outcome, ClosedError)
        assert outcome.outcome_unknown
        assert "etcdobs-batch" not in own()
