"""A key's history is all that happened to it, newest first, whatever has become of the key and of the compaction."""

import threading
from collections.abc import Iterable, Iterator
from typing import Any

import grpc
import pytest

from etcdobs import AsyncClient, Client, DeadlineExceededError, Event, EventType, Keys
from etcdobs._wire import etcdserverpb as pb
from etcdobs.testing import Etcd
from tests.conftest import OpenClient
from tests.fake_etcd import fake_etcd

PUT, DELETE = EventType.PUT, EventType.DELETE


async def live(client: AsyncClient, key: str, deeds: str) -> list[int]:
    """A letter puts it as the value, a dot deletes the key, a blank writes elsewhere; the revisions."""
    revisions = []
    for deed in deeds:
        if deed == ".":
            revisions.append((await client.delete(key)).revision)
        else:
            revisions.append((await client.put(key if deed != " " else key + "/elsewhere", deed)).revision)
    return revisions


def told(events: Iterable[Event]) -> str:
    """The events in the letters of `live`, oldest first."""
    return "".join("." if event.type is DELETE else event.kv.text for event in reversed(list(events)))


async def history(client: AsyncClient, key: Any, **more: Any) -> list[Event]:
    return [event async for event in client.history(key, **more)]


@pytest.mark.parametrize(
    "deeds",
    ["a", "abc", "ab.", "ab.c", ".a.b.", "a..b", "a b .  c  ", "a. ", "   ", ""],
)
async def test_all_that_happened_is_told(client: AsyncClient, prefix: str, deeds: str) -> None:
    await live(client, prefix + "k", deeds)
    await client.put(prefix + "k2", "a neighbour")
    happened = deeds.replace(" ", "").lstrip(".").replace("..", ".")
    assert told(await history(client, prefix + "k")) == happened


async def test_an_event_says_what_was_before_it(client: AsyncClient, prefix: str) -> None:
    first, second, gone, again = await live(client, prefix, "ab.c")
    events = await history(client, prefix)
    assert [event.kv.mod_revision for event in events] == [again, gone, second, first]
    assert [event.type for event in events] == [PUT, DELETE, PUT, PUT]
    assert [event.prev_kv and event.prev_kv.text for event in events] == [None, "b", "a", None]
    assert [event.kv.create_revision for event in events] == [again, 0, first, first]
    assert {event.kv.key for event in events} == {prefix.encode()}


@pytest.mark.parametrize(
    ("deeds", "left"),
    [
        ("ab|c", "bc"),
        ("ab |c", "bc"),
        ("ab |", "b"),
        ("ab|", "b"),
        ("ab| ", "b"),
        ("ab|.", "b."),
        ("ab|.c", "b.c"),
        ("ab. |cd", "cd"),
        ("ab. |cd.", "cd."),
        ("ab. |", ""),
        ("a.b|.c.", "b.c."),
    ],
)
async def test_what_the_compaction_left_is_the_oldest(
    open_client: OpenClient, quick_etcd: Etcd, deeds: str, left: str
) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        before, after = deeds.split("|")
        await client.compact((await live(client, "k", before))[-1])
        await live(client, "k", after)
        events = await history(client, "k")
        assert told(events) == left
        assert not events or events[-1].prev_kv is None


@pytest.mark.parametrize("count", [999, 1000, 2500])
async def test_more_than_a_batch_of_the_server(client: AsyncClient, prefix: str, count: int) -> None:
    with Client(client.endpoints) as quick:
        for number in range(count):
            quick.put(prefix, str(number))
    assert [event.kv.version for event in await history(client, prefix)] == list(range(count, 0, -1))
    await client.delete(prefix)
    assert [event.kv.version for event in await history(client, prefix)] == [0, *range(count, 0, -1)]


async def test_a_namespace_keeps_its_history(client: AsyncClient, prefix: str) -> None:
    await client.put("k", "outside")
    inside = client.namespaced(prefix)
    await live(inside, "k", "ab.")
    events = await history(inside, "k")
    assert told(events) == "ab."
    assert {event.kv.key for event in events} == {b"k"}
    assert events[0].prev_kv is not None
    assert events[0].prev_kv.key == b"k"
    await client.delete("k")


async def test_nothing_is_sent_before_it_is_asked_for(open_client: OpenClient) -> None:
    async with open_client("127.0.0.1:1", timeout=0.1) as client:
        client.history("k")


async def test_the_answer_ends_where_the_asking_began(client: AsyncClient, prefix: str) -> None:
    await live(client, prefix, "ab")
    events = client.history(prefix)
    newest = await anext(aiter(events))
    await live(client, prefix, "c")
    assert newest.kv.text == "b"


@pytest.mark.parametrize(
    ("key", "kind"), [(Keys.prefix("a"), TypeError), (None, TypeError), ("", ValueError), (b"", ValueError)]
)
async def test_it_is_of_one_key(client: AsyncClient, key: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind, match="key"):
        client.history(key)


async def test_a_timeout_is_seconds(client: AsyncClient, prefix: str) -> None:
    await live(client, prefix, "a")
    assert told(await history(client, prefix, timeout=5)) == "a"
    with pytest.raises(ValueError, match="timeout"):
        client.history(prefix, timeout=-1)


async def test_a_time_that_is_over_is_not_held_against_the_member(open_client: OpenClient) -> None:
    over = threading.Event()

    def stalls(requests: Any, context: grpc.ServicerContext) -> Iterator[pb.WatchResponse]:
        next(requests)
        yield pb.WatchResponse(created=True)
        over.wait(10)

    answers: dict[str, Any] = {
        "etcdserverpb.Watch/Watch": stalls,
        "etcdserverpb.KV/Range": lambda request, context: pb.RangeResponse(header=pb.ResponseHeader(revision=5)),
        "etcdserverpb.Maintenance/Status": lambda request, context: pb.StatusResponse(version="3.6.0"),
    }
    with fake_etcd(answers) as server:
        async with open_client(server.endpoint, timeout=0.3) as client:
            with pytest.raises(DeadlineExceededError):
                await history(client, "k")
            endpoints = getattr(client, "_target", client)._driver.session.endpoints
            assert endpoints.state(endpoints.all[0]) == "up"
        over.set()
