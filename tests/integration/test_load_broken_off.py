"""A load that fails, is interrupted or waits for a pipe: what is sent twice, what it tells, and what is left."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from etcdobs import AsyncClient, Client, Keys, UnavailableError
from etcdobs._wire import etcdserverpb as pb
from etcdobs.testing import Etcd
from tests.conftest import OpenClient
from tests.fake_etcd import FakeEtcd, fake_etcd
from tests.waiting import eventually

TXN = "etcdserverpb.KV/Txn"
LINES = [f'{{"key": "{number:04}", "value": "v"}}' for number in range(1_000)]


class Store:
    """Takes transactions, the first so many at once."""

    def __init__(self) -> None:
        self.asked = 0
        self.lost = 0
        self.at_once = 1 << 30
        self.waits = threading.Event()
        self.answers = threading.Event()

    def txn(self, request: pb.TxnRequest, context: grpc.ServicerContext) -> pb.TxnResponse:
        self.asked += 1
        if self.asked <= self.lost:
            context.abort(grpc.StatusCode.UNAVAILABLE, "the answer is lost")
        if self.asked > self.at_once:
            self.waits.set()
            self.answers.wait(20)
        responses = [pb.ResponseOp(response_put=pb.PutResponse()) for _ in request.success]
        return pb.TxnResponse(header=pb.ResponseHeader(revision=7), succeeded=True, responses=responses)


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def server(store: Store) -> Iterator[FakeEtcd]:
    with fake_etcd({TXN: store.txn}) as served:
        yield served
        store.answers.set()


async def test_what_may_be_written_is_not_sent_again(open_client: OpenClient, store: Store, server: FakeEtcd) -> None:
    store.lost = 1
    async with open_client(server.endpoint) as client:
        with pytest.raises(UnavailableError) as told:
            await client.load(LINES[:3])
    assert store.asked == 1
    assert told.value.outcome_unknown
    assert told.value.__notes__ == [
        "lines of 1 to 3 may or may not be written, and may be loaded again",
        "all lines up to 0 are written: start=1 goes on there",
    ]


async def test_what_may_be_written_is_sent_again_where_that_is_wanted(
    open_client: OpenClient, store: Store, server: FakeEtcd
) -> None:
    store.lost = 1
    async with open_client(server.endpoint) as client:
        assert await client.load(LINES[:3], retry="at_least_once") == 3
    assert store.asked == 2


def left(name: str) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == name]


def test_an_interrupt_is_soon_over_and_tells_how_far_it_came(store: Store, server: FakeEtcd) -> None:
    """As Ctrl-C in the main thread, while four transactions are under way."""
    store.at_once = 1
    main = threading.main_thread().ident
    assert main is not None
    began = 0.0

    def interrupt() -> None:
        nonlocal began
        store.waits.wait(20)
        began = time.monotonic()
        signal.pthread_kill(main, signal.SIGINT)

    with Client(server.endpoint) as client:
        interrupting = threading.Thread(target=interrupt)
        interrupting.start()
        with pytest.raises(KeyboardInterrupt) as told:
            client.load(LINES)
        assert time.monotonic() - began < 3
        interrupting.join()
        assert any("may or may not be written" in note for note in told.value.__notes__)
        assert "goes on there" in told.value.__notes__[-1]
        store.answers.set()
        assert client.load(LINES[:1]) == 1


def test_closing_the_client_ends_its_load(store: Store, server: FakeEtcd) -> None:
    store.at_once = 0
    errors: list[BaseException] = []
    client = Client(server.endpoint, timeout=None)

    def load() -> None:
        try:
            client.load(LINES)
        except BaseException as error:  # noqa: BLE001 - asserted below
            errors.append(error)

    loading = threading.Thread(target=load)
    loading.start()
    store.waits.wait(20)
    client.close()
    loading.join(10)
    assert [type(error).__name__ for error in errors] == ["ClosedError"]
    assert not left("etcdobs-load")


async def test_cancelled_it_tells_how_far_it_came(store: Store, server: FakeEtcd) -> None:
    store.at_once = 0
    async with AsyncClient(server.endpoint) as client:
        loading = asyncio.create_task(client.load(LINES))
        await eventually(store.waits.is_set)
        loading.cancel()
        with pytest.raises(asyncio.CancelledError) as told:
            await loading
    assert told.value.__notes__[-1] == "all lines up to 0 are written: start=1 goes on there"


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


async def test_a_pipe_is_loaded(client: AsyncClient, prefix: str, pipe: Path) -> None:
    def write() -> None:
        with pipe.open("w") as file:
            for number in range(1_000):
                file.write(f'{{"key": "{prefix}{number}", "value": "v"}}\n')
                if number == 500:
                    file.flush()

    writing = threading.Thread(target=write)
    writing.start()
    assert await client.load(pipe) == 1_000
    writing.join()
    assert await client.count(Keys.prefix(prefix)) == 1_000


@pytest.mark.parametrize("has_writer", [True, False])
async def test_a_silent_pipe_holds_up_nobody(etcd_server: Etcd, pipe: Path, has_writer: bool) -> None:
    writer = os.open(pipe, os.O_RDWR) if has_writer else None
    async with AsyncClient(etcd_server.endpoint) as client:
        loading = asyncio.create_task(client.load(pipe))
        await client.get("k")
        loading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await loading
    if writer is not None:
        os.close(writer)
