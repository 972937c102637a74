"""Watches of a real server: what each brings, why it ends, and the view with an event's difference."""

import asyncio

import pytest

from etcdobs import Client, Put
from etcdobs_explorer.feeds import Feeds
from etcdobs_explorer.gateway import EtcdGateway
from etcdobs_explorer.model.changes import Change, EventsArrived, WatchBegan, WatchFailed
from etcdobs_explorer.model.history import RevisionError
from etcdobs_explorer.model.records import EventBatch, EventRecord
from etcdobs_explorer.model.watches import WatchSpec
from tests.explorer.fake import FakeGateway
from tests.explorer.screens import WIDE, explorer


async def turns() -> None:
    """Let tasks go on until all of them wait."""
    for _ in range(10):
        await asyncio.sleep(0)


async def first_events(gateway: EtcdGateway, spec: WatchSpec, number: int) -> list[EventRecord]:
    """The first events that a watch brings."""
    found: list[EventRecord] = []
    async for batch in gateway.watch(spec):
        found += batch.events
        assert len(batch.values) == len(batch.events)
        if len(found) >= number:
            return found
    raise AssertionError("the watch ended")


async def test_of_one_key_from_the_past_without_deletes(gateway: EtcdGateway, client: Client) -> None:
    first = client.put("/a", "1").revision
    client.put("/a/below", "x")
    client.delete("/a")
    last = client.put("/a", b"\xff" * 1000).revision
    spec = WatchSpec(b"/a", is_prefix=False, start_revision=first, deletes=False)
    events = await first_events(gateway, spec, 2)
    assert [(event.mod_revision, event.is_create, event.version) for event in events] == [
        (first, True, 1),
        (last, True, 1),
    ]
    assert (events[1].size, len(events[1].head), events[1].create_revision) == (1000, 256, last)


async def test_before_the_compaction(gateway: EtcdGateway, client: Client) -> None:
    client.put("/a", "1")
    revision = client.put("/a", "2").revision
    client.compact(revision)
    with pytest.raises(RevisionError) as failure:
        await first_events(gateway, WatchSpec(b"/a", start_revision=1), 1)
    assert failure.value.floor == revision


async def test_a_flood_is_handed_on_whole_at_the_rate_of_screen_updates(gateway: EtcdGateway, client: Client) -> None:
    posted: list[Change] = []
    feeds = Feeds(gateway, posted.append)
    for _ in range(3):
        client.put("/k", "v")
    running = asyncio.create_task(feeds.watch.follow(7, WatchSpec(b"/k", start_revision=1)))
    while sum(len(each.events) for each in posted if isinstance(each, EventsArrived)) < 3:
        await asyncio.sleep(0.01)
        feeds.watch.flush()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert isinstance(posted[0], WatchBegan)
    assert not [each for each in posted if isinstance(each, WatchFailed)]


async def test_a_response_of_any_size_is_handed_on_in_parts_that_say_how_far_they_are_complete(
    gateway: EtcdGateway, client: Client
) -> None:
    writes = [client.txn().then(*(Put(f"/k/{n}/{key}", "v") for key in range(120))).commit() for n in range(10)]
    batches: list[EventBatch] = []
    async for batch in gateway.watch(WatchSpec(b"/k/", start_revision=writes[0].revision)):
        batches += [batch] if batch.events else []
        if sum(len(each.events) for each in batches) >= 1200:
            break
    assert max(len(batch.events) for batch in batches) <= 500
    following = [batch.events[0].mod_revision for batch in batches[1:]]
    assert [batch.revision for batch in batches[:-1]] == [revision - 1 for revision in following]
    assert batches[-1].revision == writes[-1].revision


@pytest.mark.parametrize(("number", "due"), [(99, 1), (300, 3), (4000, 1)])
async def test_in_a_flood_screen_updates_share_a_drawing_unless_it_would_be_long(number: int, due: int) -> None:
    posted: list[Change] = []
    gateway = FakeGateway()
    feed = Feeds(gateway, posted.append).watch
    running = asyncio.create_task(feed.follow(7, WatchSpec(b"/k")))
    await turns()
    gateway.tell([EventRecord(False, False, b"/k", b"v", 1, 1)] * number)
    await turns()
    posted.clear()
    updates = list[bool]()
    for _ in range(due):
        feed.flush()
        updates.append(bool(posted))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert updates == [False] * (due - 1) + [True]


async def test_the_view(gateway: EtcdGateway, client: Client) -> None:
    client.put("/config/a", '{"on": true, "same": 1}')
    async with explorer(gateway, WIDE) as shown:
        await shown.see("live")
        await shown.press("4", "n")
        await shown.see("new watch")
        await shown.press(*"/config/", "tab", "tab", "1", "enter")
        await shown.see("/config/… from 1", "CREATE")
        client.put("/config/a", '{"on": false, "same": 1}')
        await shown.see("PUT")
        await shown.press("enter")
        await shown.see('-   "on": true', '+   "on": false', "JSON")
        await shown.press("escape", "d")
        await shown.see("1 watch")
