"""What a watch asks for, what a batch is, and from where it resumes. No server, no clock."""

import pytest

from etcdobs import EventType
from etcdobs._watch import Ask, Batch, Created, Cursor, Ended, WatchStream
from etcdobs._wire import etcdserverpb as pb
from etcdobs.errors import CompactedError
from etcdobs.ops._decode import event as decode_event
from etcdobs.types import WatchResponse
from tests.unit.watch_answers import KEYS, answer, canceled, created, live, pinned, revisions, start


def test_a_request_holds_what_was_asked_for() -> None:
    request = Cursor(KEYS, start_revision=7, prev_kv=True, fragment=False).request().create_request
    assert (request.key, request.range_end, request.start_revision) == (KEYS.start, KEYS.end, 7)
    assert request.prev_kv
    assert not request.fragment
    assert list(request.filters) == []


@pytest.mark.parametrize(
    ("put", "delete", "filters"),
    [
        (True, True, []),
        (True, False, [pb.WatchCreateRequest.NODELETE]),
        (False, True, [pb.WatchCreateRequest.NOPUT]),
    ],
)
def test_what_is_not_wanted_is_filtered_by_the_server(put: bool, delete: bool, filters: list[int]) -> None:
    assert list(Cursor(KEYS, put=put, delete=delete).request().create_request.filters) == filters


def test_fragments_are_allowed_unless_refused_and_the_past_is_left_out_unless_wanted() -> None:
    request = Cursor(KEYS).request().create_request
    assert request.fragment
    assert not request.prev_kv


def test_a_pinned_start_is_the_revision_after() -> None:
    assert start(pinned(10).request()) == 11


def test_a_batch_is_handed_on_with_its_revision() -> None:
    cursor = pinned()
    stream = live(cursor)
    (effect,) = stream.receive(answer(11, 11, 12, header=40))
    assert isinstance(effect, Batch)
    assert effect.cursor is cursor
    assert effect.response.revision == 12
    assert [event.type for event in effect.response.events] == [EventType.PUT] * 3
    assert not effect.response.is_progress
    assert start(cursor.request()) == 13


def test_fragments_become_one_batch() -> None:
    cursor = pinned()
    stream = live(cursor)
    assert stream.receive(answer(11, 12, fragment=True)) == []
    assert stream.receive(answer(12, 12, fragment=True)) == []
    assert start(cursor.request()) == 11
    stream = live(cursor)
    stream.receive(answer(11, 12, fragment=True))
    assert revisions(stream.receive(answer(12, 13))) == [[11, 12, 12, 13]]
    assert start(cursor.request()) == 14


def test_fragments_of_a_broken_stream_are_forgotten() -> None:
    cursor = pinned()
    stream = live(cursor)
    stream.receive(answer(11, 12, fragment=True))
    stream.broken()
    assert [start(request) for request in stream.restart()] == [11]
    stream.receive(created(0))
    assert revisions(stream.receive(answer(11, 12, 12))) == [[11, 12, 12]]


def test_fragments_of_two_watchers_do_not_mix() -> None:
    stream = live(pinned(), pinned())
    stream.receive(answer(11, id=0, fragment=True))
    assert revisions(stream.receive(answer(12, id=1))) == [[12]]
    assert revisions(stream.receive(answer(12, id=0))) == [[11, 12]]


def test_events_from_before_the_resume_point_are_dropped() -> None:
    cursor = pinned(10)
    stream = live(cursor)
    assert stream.receive(answer(8, 9, 10)) == []
    assert revisions(stream.receive(answer(9, 10, 11, 12))) == [[11, 12]]
    assert stream.receive(answer(12)) == []
    assert start(cursor.request()) == 13


def test_progress_is_always_asked_for_and_told_to_whom_it_interests() -> None:
    told, untold = Cursor(KEYS, start_revision=5, progress_notify=True), Cursor(KEYS, start_revision=5)
    stream = live(told, untold)
    assert told.request().create_request.progress_notify
    assert untold.request().create_request.progress_notify
    (effect,) = stream.receive(answer(id=0, header=20))
    assert isinstance(effect, Batch)
    assert effect.response.is_progress
    assert effect.response.revision == 20
    assert stream.receive(answer(id=1, header=20)) == []


def test_progress_moves_the_resume_point_but_never_back() -> None:
    cursor = Cursor(KEYS, start_revision=5)
    stream = live(cursor)
    stream.receive(answer(id=0, header=20))
    assert start(cursor.request()) == 21
    stream.receive(answer(id=0, header=3))
    assert start(cursor.request()) == 21


def test_a_watcher_that_is_told_progress_starts_where_the_store_already_is() -> None:
    cursor = pinned(10, progress_notify=True)
    assert start(cursor.request()) == 10
    stream = live(cursor)
    assert stream.receive(answer(10, 10)) == []
    (effect,) = stream.receive(answer(header=10))
    assert effect == Batch(cursor, WatchResponse((), 10))
    assert start(cursor.request()) == 10
    assert revisions(stream.receive(answer(11))) == [[11]]
    assert start(cursor.request()) == 11
    assert stream.receive(answer(11)) == []


def test_the_first_revision_has_none_before_it() -> None:
    assert start(Cursor(KEYS, start_revision=1, progress_notify=True).request()) == 1
    assert start(Cursor(KEYS, start_revision=2, progress_notify=True).request()) == 1


@pytest.mark.parametrize("named", [True, False])
def test_a_compaction_of_what_was_seen_is_no_loss(named: bool) -> None:
    cursor = Cursor(KEYS, 11, progress_notify=True) if named else pinned(10, progress_notify=True)
    stream = live(cursor)
    stream.broken()
    stream.restart()
    stream.receive(created(0))
    (effect,) = stream.receive(canceled(0, compact_revision=11))
    assert isinstance(effect, Ask)
    assert start(effect.request) == 11
    stream.receive(created(1))
    assert revisions(stream.receive(answer(11, 12, id=1))) == [[11, 12]]
    assert start(cursor.request()) == 12


def test_a_compaction_of_the_first_revision_not_seen_is_a_loss() -> None:
    stream = live(Cursor(KEYS, 11, progress_notify=True))
    (effect,) = stream.receive(canceled(0, compact_revision=12))
    assert isinstance(effect, Ended)
    assert isinstance(effect.error, CompactedError)
    assert effect.error.compact_revision == 12


def test_progress_of_the_whole_stream_is_asked_for_by_nobody_and_means_nothing() -> None:
    cursors = [Cursor(KEYS, start_revision=5), Cursor(KEYS, start_revision=6)]
    stream = live(*cursors)
    assert stream.receive(answer(id=-1, header=20)) == []
    assert [start(cursor.request()) for cursor in cursors] == [5, 6]


def test_what_a_notification_said_not_to_exist_is_handed_on_all_the_same_and_once() -> None:
    cursor = Cursor(KEYS, start_revision=5)
    stream = live(cursor)
    stream.receive(answer(id=0, header=20))
    assert revisions(stream.receive(answer(7, 9))) == [[7, 9]]
    assert start(cursor.request()) == 10
    assert revisions(stream.receive(answer(9, 12))) == [[12]]


def test_the_events_of_a_batch_are_put_in_order() -> None:
    cursor = pinned(10)
    stream = live(cursor)
    stream.receive(answer(13, 12, fragment=True))
    assert revisions(stream.receive(answer(11, 13))) == [[11, 12, 13, 13]]
    assert start(cursor.request()) == 14


def test_after_the_last_revision_there_is_nothing_and_it_comes_once() -> None:
    cursor = pinned(10)
    stream = live(cursor)
    assert revisions(stream.receive(answer(2**63 - 1))) == [[2**63 - 1]]
    assert start(cursor.request()) == 2**63 - 1
    assert stream.receive(answer(2**63 - 1)) == []


def test_events_that_come_with_the_creation_are_delivered() -> None:
    cursor, stream = pinned(10), WatchStream()
    stream.create(cursor)
    assert stream.receive(created(0, 12, events=answer(11, 12).events)) == [
        Created(cursor),
        Batch(cursor, WatchResponse((*map(decode_event, answer(11, 12).events),), 12)),
    ]


def test_a_compaction_of_a_start_that_the_user_named_is_told() -> None:
    cursor = Cursor(KEYS, start_revision=5)
    stream = live(cursor)
    (effect,) = stream.receive(canceled(0, compact_revision=30))
    assert isinstance(effect, Ended)
    assert isinstance(effect.error, CompactedError)
    assert effect.error.compact_revision == 30
    assert effect.error.endpoint == "a:1"


def test_a_compaction_before_anything_was_seen_moves_a_pinned_start_to_it() -> None:
    cursor, stream = pinned(10), WatchStream()
    stream.create(cursor)
    stream.receive(created(0, 29))
    (effect,) = stream.receive(canceled(0, compact_revision=30))
    assert isinstance(effect, Ask)
    assert start(effect.request) == 30
    assert stream.receive(created(1)) == [Created(cursor)]
    assert revisions(stream.receive(answer(31, id=1))) == [[31]]


def test_a_compaction_after_an_event_is_told() -> None:
    stream = live(pinned(10))
    stream.receive(answer(11))
    (effect,) = stream.receive(canceled(0, compact_revision=30))
    assert isinstance(effect, Ended)
    assert isinstance(effect.error, CompactedError)


def test_a_compaction_while_the_stream_was_broken_is_told_for_something_may_be_missed() -> None:
    stream = live(pinned(10))
    stream.broken()
    stream.restart()
    stream.receive(created(0))
    (effect,) = stream.receive(canceled(0, compact_revision=30))
    assert isinstance(effect, Ended)
    assert isinstance(effect.error, CompactedError)


def test_a_stream_that_broke_before_the_creation_leaves_a_pinned_start_free() -> None:
    cursor = pinned(10)
    stream = WatchStream()
    stream.create(cursor)
    stream.broken()
    stream.restart()
    stream.receive(created(0, 40))
    (effect,) = stream.receive(canceled(0, compact_revision=30))
    assert isinstance(effect, Ask)


@pytest.mark.parametrize("compacted", [31, 2**63 - 1])
def test_a_compaction_of_what_came_after_the_creation_is_a_loss_before_any_event_too(compacted: int) -> None:
    stream = WatchStream()
    stream.create(pinned(10))
    stream.receive(created(0, 29))
    (effect,) = stream.receive(canceled(0, compact_revision=compacted))
    assert isinstance(effect, Ended)
    assert isinstance(effect.error, CompactedError)
    assert effect.error.compact_revision == compacted


@pytest.mark.parametrize("compacted", [-5, 3, 10, 11])
@pytest.mark.parametrize("early", [False, True])
def test_a_server_that_refuses_what_it_says_it_has_is_not_asked_the_same_again(compacted: int, early: bool) -> None:
    stream = live(Cursor(KEYS, 11, progress_notify=early))
    (effect,) = stream.receive(canceled(0, compact_revision=compacted))
    if early and compacted == 11:
        assert isinstance(effect, Ask)
        stream.receive(created(1))
        (effect,) = stream.receive(canceled(1, compact_revision=compacted))
    assert isinstance(effect, Ended)
    assert isinstance(effect.error, CompactedError)
