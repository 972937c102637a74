"""What a watcher delivers: each event once and in order, whole transactions, from whichever revision is asked for."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator

import pytest

from etcdobs import (
    AsyncClient,
    AsyncWatcher,
    ClosedError,
    CompactedError,
    DeadlineExceededError,
    Delete,
    Event,
    EventType,
    Keys,
    Put,
    WatchResponse,
)
from etcdobs.testing import Etcd, etcd, relay
from tests.conftest import OpenClient
from tests.waiting import QUICK, Stopwatch, eventually, taken, values


@pytest.fixture(scope="module")
def notifying_etcd() -> Iterator[Etcd]:
    """One that says four times a second how far it is."""
    with etcd(flags=[*QUICK, "--watch-progress-notify-interval=250ms"]) as server:
        yield server


async def test_events_say_what_happened(client: AsyncClient, prefix: str) -> None:
    async with client.watch(prefix) as watcher:
        created = await client.put(prefix, "1")
        await client.put(prefix, "2")
        deleted = await client.delete(prefix)
        first, second, third = await taken(watcher, 3)
    assert (first.type, first.is_create, first.is_modify) == (EventType.PUT, True, False)
    assert (second.type, second.is_create, second.is_modify) == (EventType.PUT, False, True)
    assert (third.type, third.is_create, third.is_modify) == (EventType.DELETE, False, False)
    assert (first.kv.key, first.kv.text, first.kv.version) == (prefix.encode(), "1", 1)
    assert (second.kv.create_revision, second.kv.version) == (created.revision, 2)
    assert (third.kv.key, third.kv.mod_revision, third.kv.version) == (prefix.encode(), deleted.revision, 0)
    assert (first.prev_kv, second.prev_kv, third.prev_kv) == (None, None, None)


async def test_no_write_after_entering_is_missed(client: AsyncClient, prefix: str) -> None:
    for number in range(30):
        async with client.watch(prefix) as watcher:
            await client.put(prefix, str(number))
            assert (await watcher.get(timeout=5)).kv.text == str(number)


async def test_nothing_from_before_entering_is_delivered(client: AsyncClient, prefix: str) -> None:
    await client.put(prefix, "before")
    async with client.watch(prefix) as watcher:
        await client.put(prefix, "after")
        assert await values(watcher, 1) == ["after"]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [("b", "b"), (Keys.prefix("b"), "b b/1 bb"), (Keys.from_key("b/1"), "b/1 bb c"), (Keys.between("a", "b/1"), "a b")],
)
async def test_only_the_keys_asked_for(client: AsyncClient, prefix: str, keys: str | Keys, expected: str) -> None:
    below = prefix.encode()
    single = isinstance(keys, str)
    wanted = prefix + keys if isinstance(keys, str) else Keys(below + keys.start, _below(below, keys.end))
    async with client.watch(wanted) as watcher:
        for name in ["a", "b", "b/1", "bb", "c"]:
            await client.put(prefix + name)
        await client.put(prefix + keys if single else below + keys.start, "last")  # type: ignore[operator,union-attr]
        found = [event.kv.key.decode().removeprefix(prefix) async for event in _until_last(watcher)]
    assert " ".join(found) == expected


def _below(prefix: bytes, end: bytes) -> bytes:
    return Keys.prefix(prefix).end if end == b"\0" else prefix + end


async def _until_last(watcher: AsyncWatcher) -> AsyncIterator[Event]:
    async for event in watcher:
        if event.kv.text == "last":
            return
        yield event


async def test_a_start_in_the_past_replays_history(client: AsyncClient, prefix: str) -> None:
    revisions = [(await client.put(prefix, str(number))).revision for number in range(4)]
    async with client.watch(prefix, start_revision=revisions[1]) as watcher:
        await client.put(prefix, "4")
        assert await values(watcher, 4) == ["1", "2", "3", "4"]


async def test_a_start_in_the_future_waits_for_it(client: AsyncClient, prefix: str) -> None:
    revision = (await client.put(prefix, "0")).revision
    async with client.watch(prefix, start_revision=revision + 3) as watcher:
        assert watcher.revision == revision + 2
        for number in range(1, 5):
            await client.put(prefix, str(number))
        assert (await watcher.get(timeout=5)).kv.mod_revision >= revision + 3


async def test_prev_kv_is_the_key_as_it_was(client: AsyncClient, prefix: str) -> None:
    async with client.watch(prefix, prev_kv=True) as watcher:
        await client.put(prefix, "1")
        await client.put(prefix, "2")
        await client.delete(prefix)
        created, changed, deleted = await taken(watcher, 3)
    assert created.prev_kv is None
    assert changed.prev_kv is not None
    assert deleted.prev_kv is not None
    assert (changed.prev_kv.text, deleted.prev_kv.text) == ("1", "2")


@pytest.mark.parametrize(("put", "delete", "expected"), [(True, False, "PUT PUT"), (False, True, "DELETE DELETE")])
async def test_events_are_filtered(client: AsyncClient, prefix: str, put: bool, delete: bool, expected: str) -> None:
    async with client.watch(prefix, put=put, delete=delete) as watcher:
        for _ in range(2):
            await client.put(prefix)
            await client.delete(prefix)
        assert " ".join(event.type.name for event in await taken(watcher, 2)) == expected


async def test_nothing_to_watch_is_an_error(client: AsyncClient, prefix: str) -> None:
    with pytest.raises(ValueError, match="nothing to watch"):
        client.watch(prefix, put=False, delete=False)


@pytest.mark.parametrize("named", [False, True])
async def test_progress_is_notified_when_asked_also_where_nothing_moves(
    open_client: OpenClient, notifying_etcd: Etcd, prefix: str, named: bool
) -> None:
    async with open_client(notifying_etcd.endpoint) as client:
        revision = (await client.put(prefix, "before")).revision
        start = revision + 1 if named else 0
        async with client.watch(prefix, start_revision=start, progress_notify=True) as watcher:
            batch = await asyncio.wait_for(anext(aiter(watcher.responses())), 5)
            assert batch == WatchResponse((), revision)
            assert batch.is_progress
            assert watcher.revision == revision
            await client.put(prefix, "after")
            assert await values(watcher, 1) == ["after"]


async def test_a_watch_that_is_told_progress_starts_at_the_compaction(
    open_client: OpenClient, quick_etcd: Etcd
) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        await client.put("k", "gone")
        kept = (await client.put("k", "kept")).revision
        await client.compact(kept)
        async with client.watch("k", start_revision=kept, progress_notify=True) as watcher:
            assert await values(watcher, 1) == ["kept"]


async def test_a_notification_of_progress_is_no_event(
    open_client: OpenClient, notifying_etcd: Etcd, prefix: str
) -> None:
    async with open_client(notifying_etcd.endpoint) as client, client.watch(prefix, progress_notify=True) as watcher:
        with Stopwatch() as waited, pytest.raises(TimeoutError):
            await watcher.get(timeout=0.7)
        assert 0.7 <= waited.seconds < 1.5
        await client.put(prefix, "1")
        assert await values(watcher, 1) == ["1"]


@pytest.mark.parametrize("fragment", [True, False])
async def test_a_large_backlog_arrives_whole(client: AsyncClient, prefix: str, fragment: bool) -> None:
    start = (await client.put(prefix + "first")).revision
    for number in range(8):
        await client.txn().then(*(Put(f"{prefix}{name}", str(number) * 300_000) for name in "abc")).commit()
    async with client.watch(Keys.prefix(prefix), start_revision=start + 1, fragment=fragment) as watcher:
        batches = aiter(watcher.responses())
        events: list[Event] = []
        while len(events) < 24:
            batch = await asyncio.wait_for(anext(batches), 10)
            assert not batch.is_progress
            assert batch.revision == batch.events[-1].kv.mod_revision
            assert len(batch.events) % 3 == 0
            events += batch.events
    assert [event.kv.text[0] for event in events] == [str(number) for number in range(8) for _ in "abc"]
    assert [event.kv.key.decode()[-1] for event in events] == list("abc") * 8
    await client.delete(Keys.prefix(prefix))


async def test_a_compacted_start_says_where_history_begins(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        old = (await client.put("k")).revision
        kept = (await client.put("k")).revision
        await client.compact(kept)
        with pytest.raises(CompactedError) as caught:
            async with client.watch("k", start_revision=old) as watcher:
                await watcher.get(timeout=5)
        assert caught.value.compact_revision == kept
        async with client.watch("k", start_revision=kept) as watcher:
            assert (await watcher.get(timeout=5)).kv.mod_revision == kept


async def test_the_error_that_ended_a_watcher_stays(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        old = (await client.put("k")).revision
        await client.compact((await client.put("k")).revision)
        watcher = client.watch("k", start_revision=old)
        for _ in range(2):
            with pytest.raises(CompactedError):
                await watcher.get(timeout=5)
        with pytest.raises(CompactedError):
            await anext(aiter(watcher.responses()))
        await watcher.close()


async def test_get_gives_up_in_time_and_loses_nothing(client: AsyncClient, prefix: str) -> None:
    async with client.watch(prefix) as watcher:
        with Stopwatch() as waited, pytest.raises(TimeoutError, match=r"nothing came within 0\.1 s"):
            await watcher.get(timeout=0.1)
        assert 0.1 <= waited.seconds < 1
        writing = asyncio.create_task(_write(client, prefix, 300))
        found: list[str] = []
        while len(found) < 300:
            try:
                found.append((await watcher.get(timeout=0.001)).kv.text)
            except TimeoutError:
                continue
        await writing
    assert found == [str(number) for number in range(300)]


async def _write(client: AsyncClient, key: str, count: int) -> None:
    for number in range(count):
        await client.put(key, str(number))


async def test_a_transaction_is_one_batch(client: AsyncClient, prefix: str) -> None:
    async with client.watch(Keys.prefix(prefix)) as watcher:
        await client.txn().then(*(Put(prefix + name) for name in "abc")).commit()
        response = await client.txn().then(Delete(prefix + "a"), Put(prefix + "b"), Put(prefix + "d")).commit()
        batches = aiter(watcher.responses())
        events = list((await anext(batches)).events)
        while len(events) < 6:
            batch = await anext(batches)
            assert len(batch.events) % 3 == 0
            events += batch.events
        assert watcher.revision == response.revision
    kinds = [(event.type.name, event.kv.key.decode()[-1]) for event in events[3:]]
    assert sorted(kinds) == [("DELETE", "a"), ("PUT", "b"), ("PUT", "d")]


async def test_revision_is_what_was_wholly_handed_out(client: AsyncClient, prefix: str) -> None:
    before = (await client.put(prefix)).revision
    async with client.watch(Keys.prefix(prefix)) as watcher:
        assert watcher.revision >= before
        entered = watcher.revision
        written = (await client.txn().then(Put(prefix + "a"), Put(prefix + "b")).commit()).revision
        await watcher.get(timeout=5)
        assert watcher.revision == entered
        await watcher.get(timeout=5)
        assert watcher.revision == written


async def test_closing_ends_an_iteration(client: AsyncClient, prefix: str) -> None:
    async with client.watch(prefix) as watcher:

        async def iterate() -> list[str]:
            return [event.kv.text async for event in watcher]

        iterating = asyncio.create_task(iterate())
        await client.put(prefix, "1")
        await eventually(lambda: watcher.revision >= 1 and watcher.pending == 0)
        await watcher.close()
        assert await asyncio.wait_for(iterating, 5) in (["1"], [])


async def test_closing_ends_a_waiting_get_and_batches(client: AsyncClient, prefix: str) -> None:
    async with client.watch(prefix) as one, client.watch(prefix) as two:
        getting = asyncio.create_task(one.get())
        batches = aiter(two.responses())
        waiting = asyncio.ensure_future(anext(batches, None))
        await asyncio.sleep(0)
        await one.close()
        await two.close()
        with pytest.raises(ClosedError, match="the watcher is closed"):
            await asyncio.wait_for(getting, 5)
        assert await asyncio.wait_for(waiting, 5) is None


async def test_what_came_before_the_close_is_still_handed_out(client: AsyncClient, prefix: str) -> None:
    async with client.watch(prefix) as watcher:
        await client.put(prefix, "1")
        await eventually(lambda: watcher.pending)
    assert [event.kv.text async for event in watcher] == ["1"]


async def test_closing_the_client_ends_a_waiting_get(open_client: OpenClient, etcd_server: Etcd, prefix: str) -> None:
    async with open_client(etcd_server.endpoint) as client, client.watch(prefix) as watcher:
        getting = asyncio.create_task(watcher.get())
        await asyncio.sleep(0)
        with Stopwatch() as closing:
            await client.close()
        with pytest.raises(ClosedError, match="the client is closed"):
            await asyncio.wait_for(getting, 5)
        assert closing.seconds < 2


async def test_a_cancelled_get_loses_nothing(client: AsyncClient, prefix: str) -> None:
    async with client.watch(prefix) as watcher:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(watcher.get(timeout=0.3), 0.4)
        await client.put(prefix, "1")
        assert await values(watcher, 1) == ["1"]


@pytest.mark.parametrize("buffer", [1, 2, 7])
async def test_a_slow_consumer_with_a_small_buffer_loses_nothing(client: AsyncClient, prefix: str, buffer: int) -> None:
    async with client.watch(prefix, buffer=buffer) as watcher:
        await _write(client, prefix, 60)
        assert await values(watcher, 60) == [str(number) for number in range(60)]


async def test_a_consumer_as_fast_as_the_writer_loses_nothing(client: AsyncClient, prefix: str) -> None:
    async with client.watch(prefix, buffer=1) as watcher:
        writing = asyncio.create_task(_write(client, prefix, 200))
        assert await values(watcher, 200) == [str(number) for number in range(200)]
        await writing


async def test_a_full_buffer_stops_the_server(client: AsyncClient, prefix: str) -> None:
    async with client.watch(prefix, buffer=5) as watcher, client.watch(prefix) as other:
        await _write(client, prefix, 100)
        await taken(other, 100)
        assert 5 <= watcher.pending < 100
        assert await values(watcher, 100) == [str(number) for number in range(100)]


async def test_two_hundred_watchers_share_a_few_threads(client: AsyncClient, prefix: str) -> None:
    before = threading.active_count()
    watchers = [client.watch(f"{prefix}{number}") for number in range(200)]
    for watcher in watchers:
        await watcher.__aenter__()
    await eventually(lambda: threading.active_count() - before < 20)
    await client.txn().then(*(Put(f"{prefix}{number}", str(number)) for number in range(100))).commit()
    await client.txn().then(*(Put(f"{prefix}{number}", str(number)) for number in range(100, 200))).commit()
    events = [await watcher.get(timeout=5) for watcher in watchers]
    assert [event.kv.text for event in events] == [str(number) for number in range(200)]
    for watcher in watchers:
        await watcher.close()


async def test_watchers_come_and_go_on_one_stream(client: AsyncClient, prefix: str) -> None:
    async with client.watch(prefix) as stays:
        for number in range(50):
            async with client.watch(prefix) as passes:
                await client.put(prefix, str(number))
                assert await values(passes, 1) == [str(number)]
        assert await values(stays, 50) == [str(number) for number in range(50)]


async def test_a_watcher_is_entered_by_its_first_use(client: AsyncClient, prefix: str) -> None:
    revision = (await client.put(prefix, "1")).revision
    watcher = client.watch(prefix, start_revision=revision)
    assert await values(watcher, 1) == ["1"]
    await watcher.close()


async def test_one_closed_before_its_first_use_is_closed(client: AsyncClient, prefix: str) -> None:
    watcher = client.watch(prefix)
    await watcher.close()
    await watcher.close()
    with pytest.raises(ClosedError):
        await watcher.get(timeout=1)


async def test_an_empty_range_is_refused(client: AsyncClient, prefix: str) -> None:
    from etcdobs import EtcdError

    async with client.watch(prefix) as other:
        with pytest.raises(EtcdError, match="range is empty"):
            async with client.watch(Keys(b"b", b"a"), start_revision=1):
                pass
        await client.put(prefix, "1")
        assert await values(other, 1) == ["1"]


async def test_a_watch_must_be_created_in_time(open_client: OpenClient, etcd_server: Etcd, prefix: str) -> None:
    with relay(etcd_server.endpoint) as link:
        async with open_client(link.endpoint) as client:
            await client.get(prefix)
            link.pause()
            with Stopwatch() as waited, pytest.raises(DeadlineExceededError):
                async with client.watch(prefix, start_revision=1, timeout=0.3):
                    pass
            assert 0.3 <= waited.seconds < 1.5
            with Stopwatch() as waited, pytest.raises(DeadlineExceededError):
                async with client.watch(prefix, timeout=0.3):
                    pass
            assert 0.3 <= waited.seconds < 1.5
