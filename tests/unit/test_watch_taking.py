"""Taking an event that has come already is one call of Python; it forgets neither to fetch again nor that it forked."""

import asyncio
import gc
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from types import FrameType
from typing import Any

import pytest

from etcdobs import AsyncWatcher, Event, EventType, Keys, KeyValue, Watcher, WatchResponse
from etcdobs._drive.forks import Generation
from etcdobs._watch import Cursor
from etcdobs.errors import ClosedError

MANY = 500


def batch(first: int, count: int) -> WatchResponse:
    kvs = [KeyValue(b"k", b"", revision, revision, 1, 0) for revision in range(first, first + count)]
    return WatchResponse(tuple(Event(EventType.PUT, kv) for kv in kvs), first + count - 1)


class Stream:
    """What serves one watcher: more comes when it is asked to go on, and not before."""

    def __init__(self) -> None:
        self.resumed = 0
        self.forked = False

    def check_not_forked(self) -> None:
        if self.forked:
            raise ClosedError("forked")

    def resume(self, mailbox: Any) -> None:
        self.resumed += 1
        mailbox.put(batch(100_000, 1))

    def forget(self, _mailbox: Any) -> None:
        """It is garbage."""


@pytest.fixture(params=[Watcher, AsyncWatcher])
def made(request: pytest.FixtureRequest) -> Callable[[Stream, int], Any]:
    def make(stream: Stream, buffer: int) -> Any:
        watcher = request.param(stream, Cursor(Keys.all(), start_revision=1), buffer, None)
        watcher._entered = True
        return watcher

    return make


async def following(watcher: Any) -> Event:
    if isinstance(watcher, Watcher):
        return next(watcher)
    return await asyncio.wait_for(anext(watcher), 5)


async def test_an_event_at_hand_is_one_call(made: Callable[[Stream, int], Any]) -> None:
    watcher = made(Stream(), 2 * MANY)
    watcher._mailbox.put(batch(1, MANY))
    await following(watcher)
    called: list[str] = []

    def count(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            called.append(frame.f_code.co_name)

    gc.disable()  # some that are told of a collection are written in Python
    sys.setprofile(count)
    try:
        if isinstance(watcher, Watcher):
            _take_all(watcher)
        else:
            await _await_all(watcher)
    finally:
        sys.setprofile(None)
        gc.enable()
    assert len(called) <= MANY + 5
    assert watcher.pending == 0
    assert watcher.revision == MANY


def _take_all(events: Iterator[Event]) -> None:
    for event in events:
        if event.kv.mod_revision == MANY:
            return


async def _await_all(events: AsyncIterator[Event]) -> None:
    async for event in events:
        if event.kv.mod_revision == MANY:
            return


async def test_more_is_fetched_once_half_of_a_full_buffer_is_taken(made: Callable[[Stream, int], Any]) -> None:
    stream = Stream()
    watcher = made(stream, 4)
    assert watcher._mailbox.put(batch(1, 4))
    asked = []
    for _ in range(4):
        await following(watcher)
        asked.append(stream.resumed)
    assert asked == [0, 1, 1, 1]


async def test_more_is_fetched_for_a_buffer_that_was_emptied_while_it_was_found_full(
    made: Callable[[Stream, int], Any],
) -> None:
    stream = Stream()
    watcher = made(stream, 2)
    watcher._mailbox.put(batch(1, 2))
    # As when its user takes the last event between the reckoning that finds it full and the word that it is.
    watcher._mailbox.inbox.take_batch()
    assert (await following(watcher)).kv.mod_revision == 100_000
    assert stream.resumed == 1


async def test_a_forked_child_takes_not_what_was_at_hand(
    made: Callable[[Stream, int], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = Stream()
    watcher = made(stream, 10)
    watcher._mailbox.put(batch(1, 3))
    await following(watcher)
    monkeypatch.setattr(Generation, "number", Generation.number + 1)
    stream.forked = True
    with pytest.raises(ClosedError):
        await following(watcher)
