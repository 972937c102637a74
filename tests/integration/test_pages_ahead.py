"""While the caller uses a page, the next one is on its way; nobody who stops early leaves anything behind."""

import asyncio
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from etcdobs import AsyncClient, Client, Keys, UnavailableError
from etcdobs._wire import etcdserverpb as pb
from tests.conftest import OpenClient
from tests.fake_etcd import FakeEtcd, fake_etcd
from tests.waiting import eventually

RANGE = "etcdserverpb.KV/Range"
KEYS = [b"/%05d" % number for number in range(300)]


class Store:
    """Answers pages, and knows which were asked for."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.sent: Counter[bytes] = Counter()
        self.answers = threading.Event()
        self.answers.set()
        self.fails = False
        self.keys = KEYS
        # Requests that are answered whatever happens, and that one more has come.
        self.at_once = 0
        self.waits = threading.Event()

    def range(self, request: pb.RangeRequest, context: grpc.ServicerContext) -> pb.RangeResponse:
        self.asked.append(request.key)
        if len(self.asked) > self.at_once:
            self.waits.set()
            self.answers.wait(20)
        if self.fails:
            context.abort(grpc.StatusCode.UNAVAILABLE, "gone")
        left = [
            key for key in self.keys if key >= request.key and (request.range_end == b"0" or key < request.range_end)
        ]
        page = left[: request.limit]
        self.sent.update(page)
        kvs: list[Any] = [{"key": key, "value": b"v"} for key in page]
        return pb.RangeResponse(
            header=pb.ResponseHeader(revision=7), kvs=kvs, count=len(left), more=len(page) < len(left)
        )


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def server(store: Store) -> Iterator[FakeEtcd]:
    with fake_etcd({RANGE: store.range}) as served:
        yield served
        store.answers.set()


async def test_the_next_page_is_asked_for_while_this_one_is_used(
    open_client: OpenClient, store: Store, server: FakeEtcd
) -> None:
    async with open_client(server.endpoint) as client:
        found = aiter(client.scan(Keys.prefix("/"), page_size=100))
        first = [await anext(found) for _ in range(50)]
        assert len(store.asked) == 1
        first.append(await anext(found))
        await eventually(lambda: len(store.asked) == 2)
        rest = [kv async for kv in found]
        assert [kv.key for kv in first + rest] == KEYS
        assert set(store.sent.values()) == {1}


async def test_who_comes_for_the_second_page_has_the_third_read_at_once(
    open_client: OpenClient, store: Store, server: FakeEtcd
) -> None:
    async with open_client(server.endpoint) as client:
        found = aiter(client.scan(Keys.prefix("/"), page_size=100))
        for _ in range(101):
            await anext(found)
        await eventually(lambda: len(store.asked) == 3)


async def test_an_error_of_the_next_page_comes_behind_this_one(
    open_client: OpenClient, store: Store, server: FakeEtcd
) -> None:
    async with open_client(server.endpoint, retry=None) as client:
        found = aiter(client.scan(Keys.prefix("/"), page_size=100))
        await anext(found)
        store.fails = True
        for _ in range(99):
            await anext(found)
        with pytest.raises(UnavailableError):
            await anext(found)


async def test_who_stops_early_leaves_nothing_behind(open_client: OpenClient, store: Store, server: FakeEtcd) -> None:
    async with open_client(server.endpoint) as client:
        found: Any = aiter(client.scan(Keys.prefix("/"), page_size=100))
        await anext(found)
        store.answers.clear()
        for _ in range(50):
            await anext(found)
        await eventually(lambda: len(store.asked) == 2)
        await found.aclose()
    await eventually(lambda: not [thread for thread in threading.enumerate() if thread.name == "etcdobs-page"])
    await eventually(lambda: not [task for task in asyncio.all_tasks() if task.get_name() == "etcdobs-page"])


@pytest.fixture
def directories(store: Store) -> Store:
    """Three large ones, of which the server only tells the first."""
    store.keys = [b"/%d/%04d" % (directory, number) for directory in range(3) for number in range(600)]
    store.at_once = 1
    store.answers.clear()
    return store


async def test_who_leaves_a_listing_leaves_nothing_behind(
    open_client: OpenClient, directories: Store, server: FakeEtcd
) -> None:
    async with open_client(server.endpoint) as client:
        found: Any = aiter(client.children("/"))
        assert (await anext(found)).name == b"0"
        await eventually(directories.waits.is_set)
        await found.aclose()
    await eventually(lambda: not [thread for thread in threading.enumerate() if thread.name == "etcdobs-page"])
    await eventually(lambda: not [task for task in asyncio.all_tasks() if task.get_name() == "etcdobs-page"])


async def test_a_listing_can_be_cancelled(directories: Store, server: FakeEtcd) -> None:
    async with AsyncClient(server.endpoint) as client:

        async def listed() -> list[bytes]:
            return [child.name async for child in client.children("/")]

        listing = asyncio.create_task(listed())
        await eventually(directories.waits.is_set)
        listing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listing
        await eventually(lambda: not [task for task in asyncio.all_tasks() if task.get_name() == "etcdobs-page"])
        directories.answers.set()
        assert await listed() == [b"0", b"1", b"2"]


def test_a_listing_can_be_interrupted(directories: Store, server: FakeEtcd) -> None:
    """As Ctrl-C in the main thread, while it waits for a page."""
    main = threading.main_thread().ident
    assert main is not None

    def interrupt() -> None:
        directories.waits.wait(20)
        signal.pthread_kill(main, signal.SIGINT)

    with Client(server.endpoint) as client:
        interrupting = threading.Thread(target=interrupt)
        interrupting.start()
        with pytest.raises(KeyboardInterrupt):
            list(client.children("/"))
        interrupting.join()
        directories.answers.set()
        assert [child.name for child in client.children("/")] == [b"0", b"1", b"2"]
