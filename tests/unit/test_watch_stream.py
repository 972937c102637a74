"""What watchers that share a stream mean to each other: refusals, ids, and the order in which they resume."""

import random

import pytest

from etcdobs import errors
from etcdobs._watch import Ask, Batch, Created, CreationRefusedError, Cursor, Ended, Rebuild, WatchStream, may_resume
from etcdobs.errors import EtcdError, InvalidAuthTokenError, PermissionDeniedError
from tests.unit.watch_answers import DENIED, KEYS, TOKEN, answer, canceled, created, live, pinned, revisions, start


@pytest.mark.parametrize("id", [0, -1])
def test_a_refused_creation_ends_only_its_watcher(id: int) -> None:
    stream = WatchStream()
    stream.endpoint = "a:1"
    cursor = pinned()
    stream.create(cursor)
    (effect,) = stream.receive(created(id, canceled=True, cancel_reason=DENIED))
    assert isinstance(effect, Ended)
    assert effect.cursor is cursor
    assert isinstance(effect.error, PermissionDeniedError)
    assert (effect.error.method, effect.error.endpoint) == ("etcdserverpb.Watch/Watch", "a:1")
    assert len(stream) == 0


def test_a_refusal_with_the_id_of_another_rebuilds_the_stream() -> None:
    other, refused = pinned(), pinned()
    stream = live(other)
    stream.create(refused)
    ended, rebuild = stream.receive(created(0, canceled=True, cancel_reason=DENIED))
    assert isinstance(ended, Ended)
    assert ended.cursor is refused
    assert isinstance(rebuild, Rebuild)
    assert isinstance(rebuild.error, CreationRefusedError)
    assert may_resume(rebuild.error)
    assert stream.cursors() == [other]


@pytest.mark.parametrize("id", [-1, 7])
def test_a_refusal_that_silences_nobody_leaves_the_stream_alone(id: int) -> None:
    stream = live(pinned())
    stream.create(pinned())
    (effect,) = stream.receive(created(id, canceled=True, cancel_reason="mvcc: watcher range is empty"))
    assert isinstance(effect, Ended)
    assert isinstance(effect.error, errors.FailedPreconditionError)


def test_a_refusal_of_a_watcher_that_left_meanwhile_still_counts_for_the_others() -> None:
    other, gone = pinned(), pinned()
    stream = live(other)
    stream.create(gone)
    assert stream.cancel(gone) is None
    (effect,) = stream.receive(created(0, canceled=True, cancel_reason=DENIED))
    assert isinstance(effect, Rebuild)


def test_a_token_refused_at_creation_is_renewed_and_the_watcher_created_again() -> None:
    other, refused = Cursor(KEYS, start_revision=3), Cursor(KEYS, start_revision=4)
    stream = live(other)
    stream.create(refused)
    (effect,) = stream.receive(created(-1, canceled=True, cancel_reason=TOKEN))
    assert isinstance(effect, Rebuild)
    assert isinstance(effect.error, InvalidAuthTokenError)
    stream.broken()
    assert [start(request) for request in stream.restart()] == [3, 4]


def test_a_token_refused_later_is_renewed_and_the_watcher_resumes() -> None:
    cursor = pinned()
    stream = live(cursor)
    stream.receive(answer(15))
    (effect,) = stream.receive(canceled(0, cancel_reason=TOKEN))
    assert isinstance(effect, Rebuild)
    stream.broken()
    assert [start(request) for request in stream.restart()] == [16]


def test_a_denial_with_a_token_that_can_be_renewed_is_asked_again_once() -> None:
    cursor = Cursor(KEYS, start_revision=3)
    stream = WatchStream()
    stream.can_renew_token = True
    stream.create(cursor)
    (effect,) = stream.receive(created(0, canceled=True, cancel_reason=DENIED))
    assert isinstance(effect, Rebuild)
    assert isinstance(effect.error, InvalidAuthTokenError)
    stream.broken()
    assert [start(request) for request in stream.restart()] == [3]
    (effect,) = stream.receive(created(0, canceled=True, cancel_reason=DENIED))
    assert isinstance(effect, Ended)
    assert isinstance(effect.error, PermissionDeniedError)


def test_a_watch_that_was_created_since_may_be_denied_anew() -> None:
    cursor = Cursor(KEYS, start_revision=3)
    stream = WatchStream()
    stream.can_renew_token = True
    for _ in range(2):
        stream.create(cursor)
        (effect,) = stream.receive(created(0, canceled=True, cancel_reason=DENIED))
        assert isinstance(effect, Rebuild)
        stream.broken()
        stream.restart()
        assert stream.receive(created(0)) == [Created(cursor)]
        stream.cancel(cursor)


def test_a_watch_that_the_server_ends_is_over() -> None:
    stream = live(pinned())
    (effect,) = stream.receive(canceled(0))
    assert isinstance(effect, Ended)
    assert isinstance(effect.error, errors.WatchCanceledError)
    assert stream.receive(answer(20)) != []  # the id is nobody's now
    assert len(stream) == 0


def test_ids_are_matched_by_the_order_of_creation() -> None:
    first, second = pinned(), pinned()
    stream = WatchStream()
    stream.create(first)
    stream.create(second)
    assert stream.receive(created(5)) == [Created(first)]
    assert stream.receive(created(3)) == [Created(second)]
    (effect,) = stream.receive(answer(11, id=3))
    assert isinstance(effect, Batch)
    assert effect.cursor is second


def test_an_event_for_an_unknown_id_is_answered_with_one_cancel() -> None:
    stream = live(pinned())
    (effect,) = stream.receive(answer(11, id=42))
    assert isinstance(effect, Ask)
    assert effect.request.cancel_request.watch_id == 42
    assert stream.receive(answer(12, id=42)) == []


def test_a_creation_that_nobody_asked_for_is_cancelled() -> None:
    (effect,) = WatchStream().receive(created(4))
    assert isinstance(effect, Ask)
    assert effect.request.cancel_request.watch_id == 4


@pytest.mark.parametrize("id", [0, -1, -(2**63)])
def test_an_id_that_is_anothers_or_none_opens_the_stream_again_and_loses_no_watcher(id: int) -> None:
    first, second = Cursor(KEYS, start_revision=3), Cursor(KEYS, start_revision=4)
    stream = live(first)
    stream.create(second)
    (effect,) = stream.receive(created(id))
    assert isinstance(effect, Rebuild)
    assert isinstance(effect.error, errors.InternalError)
    assert may_resume(effect.error)
    stream.broken()
    assert [start(request) for request in stream.restart()] == [3, 4]


def test_a_live_watcher_is_cancelled_by_its_id_and_what_still_comes_is_ignored() -> None:
    cursor, other = pinned(), pinned()
    stream = live(cursor, other)
    request = stream.cancel(cursor)
    assert request is not None
    assert request.cancel_request.watch_id == 0
    assert stream.receive(answer(11, id=0)) == []
    assert stream.receive(canceled(0)) == []
    assert stream.cursors() == [other]
    assert stream.cancel(cursor) is None


def test_a_watcher_cancelled_while_it_is_created_is_cancelled_once_it_has_an_id() -> None:
    cursor, other = pinned(), pinned()
    stream = WatchStream()
    stream.create(cursor)
    stream.create(other)
    assert stream.cancel(cursor) is None
    assert stream.cursors() == [other]
    (effect,) = stream.receive(created(0))
    assert isinstance(effect, Ask)
    assert effect.request.cancel_request.watch_id == 0
    assert stream.receive(created(1)) == [Created(other)]


def test_a_watcher_cancelled_and_created_again_goes_on_where_it_was() -> None:
    cursor = pinned()
    stream = live(cursor)
    stream.receive(answer(11, 12))
    stream.cancel(cursor)
    assert start(stream.create(cursor)) == 13
    assert stream.receive(answer(13, id=0)) == []  # on its way when it was cancelled
    assert stream.receive(canceled(0)) == []
    assert stream.receive(created(1)) == [Created(cursor)]
    assert revisions(stream.receive(answer(13, id=1))) == [[13]]


def test_a_watcher_that_waits_for_a_stream_is_just_forgotten() -> None:
    cursor = pinned()
    stream = WatchStream()
    stream.hold(cursor)
    assert stream.cancel(cursor) is None
    assert stream.restart() == []


def test_a_restart_resumes_every_watcher_in_order() -> None:
    first, second, creating, held = (Cursor(KEYS, start_revision=revision) for revision in (1, 2, 3, 4))
    stream = live(first, second)
    stream.create(creating)
    stream.receive(answer(10, id=1))
    stream.broken()
    stream.hold(held)
    assert [start(request) for request in stream.restart()] == [1, 11, 3, 4]
    assert [stream.receive(created(id)) for id in range(4)] == [
        [Created(first)],
        [Created(second)],
        [Created(creating)],
        [Created(held)],
    ]
    assert stream.cursors() == [first, second, creating, held]


def test_a_restart_of_a_stream_that_was_not_known_to_be_broken_is_one_all_the_same() -> None:
    cursor = pinned()
    stream = live(cursor)
    stream.restart()
    assert stream.cursors() == [cursor]
    (effect,) = stream.receive(answer(11, id=0))
    assert isinstance(effect, Ask)


def test_a_restart_knows_no_id_of_the_stream_before() -> None:
    stream = live(pinned(), pinned())
    stream.receive(answer(11, id=9))
    stream.broken()
    stream.restart()
    (effect,) = stream.receive(answer(12, id=9))
    assert isinstance(effect, Ask)


RESUMABLE = (
    errors.DeadlineExceededError,
    errors.UnavailableError,
    errors.InternalError,
    errors.UnknownError,
    errors.CallCancelledError,
    errors.NotSupportedForLearnerError,
    errors.InvalidAuthTokenError,
    errors.AuthOldRevisionError,
    errors.UserEmptyError,
)


@pytest.mark.parametrize("name", errors.__all__)
def test_a_stream_is_opened_again_after_what_may_pass_and_no_other_error(name: str) -> None:
    kind: type[EtcdError] = getattr(errors, name)
    assert may_resume(kind()) == issubclass(kind, RESUMABLE)


def test_whatever_breaks_every_event_arrives_once_and_in_order() -> None:
    draw = random.Random(77)
    for _ in range(150):
        history = sorted(draw.choices(range(11, 60), k=draw.randint(1, 60)))
        cursor = pinned(10)
        stream = WatchStream()
        stream.create(cursor)
        seen: list[int] = []
        while len(seen) < len(history):
            seen += _serve_until_it_breaks(draw, stream, cursor, history)
            stream.broken()
            stream.restart()
        assert seen == history


def _serve_until_it_breaks(draw: random.Random, stream: WatchStream, cursor: Cursor, history: list[int]) -> list[int]:
    stream.receive(created(0))
    left = [revision for revision in history if revision >= cursor.next_revision]
    seen: list[int] = []
    while left and draw.random() < 0.9:
        upto = draw.choice(left)
        batch, left = [one for one in left if one <= upto], [one for one in left if one > upto]
        cut = draw.randrange(len(batch) + 1)
        for part, fragment in ((batch[:cut], True), (batch[cut:], False)):
            if fragment and not part:
                continue
            if not fragment and draw.random() < 0.1:
                return seen
            for effect in stream.receive(answer(*part, fragment=fragment, header=60)):
                assert isinstance(effect, Batch)
                seen += [event.kv.mod_revision for event in effect.response.events]
    return seen
