"""A key's history is whole when it is said to be, on servers that tell how far they are, and on those that lie."""

from collections.abc import Iterable
from typing import Any

import pytest

from etcdobs import CompactedError, DeadlineExceededError, EventType, KeyValue, PermissionDeniedError, UnavailableError
from etcdobs._history import Past, history, newest_first, read
from etcdobs._wire import etcdserverpb as pb
from etcdobs._wire import mvccpb
from etcdobs.errors import EtcdError
from etcdobs.ops._decode import event as decode_event
from etcdobs.types import Event, RangeResponse, ResponseHeader

TRUE, TOO_EARLY = "3.5.8", "3.5.7"


def put(revision: int) -> "mvccpb.Event":
    return mvccpb.Event(kv=mvccpb.KeyValue(key=b"outside", mod_revision=revision, create_revision=revision, version=1))


def gone(revision: int) -> "mvccpb.Event":
    return mvccpb.Event(type=mvccpb.Event.DELETE, kv=mvccpb.KeyValue(key=b"outside", mod_revision=revision))


def batch(events: Iterable[Any], revision: int = 100, *, fragment: bool = False) -> pb.WatchResponse:
    return pb.WatchResponse(header={"revision": revision}, events=list(events), fragment=fragment)


def progress(revision: int) -> pb.WatchResponse:
    return pb.WatchResponse(header={"revision": revision}, watch_id=-1)


def past(version: str, *, last: int = 0, until: int = 100) -> Past:
    opened = Past(b"k", until, last)
    assert opened.begin(version).create_request.start_revision == 1
    opened.receive(pb.WatchResponse(created=True), "")
    return opened


def revisions(told: Past) -> list[int]:
    return [event.kv.mod_revision for event in told.events]


@pytest.mark.parametrize("version", [TRUE, TOO_EARLY, ""])
def test_a_key_that_exists_ends_with_its_last_change(version: str) -> None:
    told = past(version, last=9)
    assert not told.asks
    told.receive(batch([put(3), put(5)]), "")
    assert not told.done
    told.receive(batch([put(9)]), "")
    assert revisions(told) == [3, 5, 9]
    assert told.done


@pytest.mark.parametrize("version", ["3.4.25", "3.5.8", "3.5.35", "3.6.0", "3.7.0-rc.1", "4.0.0"])
def test_a_true_answer_ends_it(version: str) -> None:
    told = past(version)
    assert told.asks
    told.receive(batch([put(3), gone(5)]), "")
    told.receive(progress(99), "")
    assert not told.done
    told.receive(progress(100), "")
    assert told.done


@pytest.mark.parametrize("version", ["3.4.24", "3.5.7", "3.3.27", "3.4", "", "unknown", "a.b.c"])
def test_an_answer_that_may_come_too_early_ends_it_after_silence(version: str) -> None:
    told = past(version)
    for _ in range(9):
        told.receive(progress(100), "")
    assert not told.done
    told.receive(progress(100), "")
    assert told.done


def test_silence_does_not_end_a_life() -> None:
    told = past(TOO_EARLY, until=5000)
    told.receive(batch([put(number) for number in range(1, 1001)], 5000), "")
    for _ in range(50):
        told.receive(progress(5000), "")
    assert not told.done


@pytest.mark.parametrize(("revision", "count", "done"), [(100, 2, True), (99, 2, False), (9000, 1000, False)])
def test_an_old_server_s_batch_is_whole_up_to_its_revision_unless_it_is_full(
    revision: int, count: int, done: bool
) -> None:
    told = past(TOO_EARLY, until=revision if count > 2 else 100)
    told.receive(batch([put(number) for number in range(2, count + 2)], revision, fragment=True), "")
    assert not told.done
    told.receive(batch([gone(count + 2)] if count == 2 else [], revision), "")
    assert told.done is done


def test_what_happened_after_it_was_asked_is_left_out_and_ends_it() -> None:
    told = past(TRUE, until=10)
    told.receive(batch([put(3), gone(7), put(11)]), "")
    assert told.done
    assert revisions(told) == [3, 7]


def test_another_stream_begins_with_the_last_event_and_gives_it_once() -> None:
    told = past(TRUE)
    told.receive(batch([put(3), put(5)]), "")
    assert told.begin(TRUE).create_request.start_revision == 5
    told.receive(batch([put(5), gone(8)]), "")
    assert revisions(told) == [3, 5, 8]


def test_a_compaction_begins_it_anew_from_there() -> None:
    told = past(TRUE)
    told.receive(batch([put(3)]), "")
    told.receive(pb.WatchResponse(canceled=True, compact_revision=20), "")
    assert (told.over, told.done, told.events) == (True, False, [])
    assert told.begin(TRUE).create_request.start_revision == 20
    assert not told.over


def test_a_key_that_rested_since_the_compaction_has_no_event() -> None:
    told = past(TRUE, last=20)
    told.receive(pb.WatchResponse(canceled=True, compact_revision=20), "")
    assert told.done


def test_a_refusal_is_told() -> None:
    with pytest.raises(PermissionDeniedError):
        past(TRUE).receive(pb.WatchResponse(canceled=True, cancel_reason="etcdserver: permission denied"), "")


# ---- the whole


def answer(revision: int, *kvs: KeyValue) -> RangeResponse:
    return RangeResponse(header=ResponseHeader(1, 1, revision, 1), kvs=kvs, count=len(kvs), more=False)


def test_a_broken_stream_is_opened_again_once_a_member_answers() -> None:
    reading = read(history("k"), b"")
    next(reading)
    told = reading.send(answer(10))
    assert isinstance(told, Past)
    assert not isinstance(reading.throw(UnavailableError("gone")), Past)
    assert reading.send(None) is told


@pytest.mark.parametrize("error", [DeadlineExceededError("late"), PermissionDeniedError("no")])
def test_what_another_stream_does_not_help_is_told(error: EtcdError) -> None:
    reading = read(history("k"), b"")
    next(reading)
    reading.send(answer(10))
    with pytest.raises(type(error)):
        reading.throw(error)


def test_streams_that_bring_nothing_come_to_an_end() -> None:
    reading = read(history("k"), b"")
    next(reading)
    reading.send(answer(10))
    for _ in range(2):
        reading.throw(UnavailableError("gone"))
        reading.send(None)
    with pytest.raises(UnavailableError):
        reading.throw(UnavailableError("gone"))


def test_a_compaction_past_all_begins_with_another_reading_and_not_for_ever() -> None:
    reading = read(history("k"), b"")
    step: Any = next(reading)
    for _ in range(4):
        assert isinstance(reading.send(answer(10)), Past)
        step = reading.throw(CompactedError("overtaken"))
        assert not isinstance(step, Past)
    reading.send(answer(10))
    with pytest.raises(CompactedError):
        reading.throw(CompactedError("overtaken"))


def test_events_bear_the_key_s_own_name_and_what_was_before() -> None:
    events: list[Event] = [decode_event(event) for event in (put(5), gone(8), put(9))]
    told = newest_first(b"k", KeyValue(b"k", b"old", 2, 3, 2, 0), events)
    assert [(event.type, event.kv.key, event.kv.mod_revision) for event in told] == [
        (EventType.PUT, b"k", 9),
        (EventType.DELETE, b"k", 8),
        (EventType.PUT, b"k", 5),
        (EventType.PUT, b"k", 3),
    ]
    assert [event.prev_kv and event.prev_kv.mod_revision for event in told] == [None, 5, 3, None]


def test_what_the_compaction_left_is_told_once() -> None:
    told = newest_first(b"k", KeyValue(b"k", b"", 5, 5, 1, 0), [decode_event(put(5))])
    assert [event.kv.mod_revision for event in told] == [5]
