"""While the caller uses a page, the next one is on its way; nobody who stops early leaves anything behind."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from etcdobs import Keys, UnavailableError
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

    def range(self, request: pb.RangeRequest, context: grpc.ServicerContext) -> pb.RangeResponse:
        self.asked.append(request.key)
        self.answers.wait(20)
        if self.fails:
            context.abort(grpc.StatusCode.UNAVAILABLE, "gone")
        left = [key for key in KEYS if key >= request.key and (request.range_end == b"0" or key < request.range_end)]
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
