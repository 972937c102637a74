"""A watcher's buffer hands out whole revisions in order, counts what it holds, and ends when it is empty."""

import random
import sys
from collections.abc import Callable

import pytest

from etcdobs import Event, EventType, KeyValue, WatchResponse
from etcdobs._inbox import Inbox
from etcdobs.errors import CompactedError, UnavailableError


def event(revision: int) -> Event:
    return Event(EventType.PUT, KeyValue(b"k", b"v", 1, revision, 1, 0))


def batch(*revisions: int) -> WatchResponse:
    return WatchResponse(tuple(map(event, revisions)), revisions[-1])


def progress(revision: int) -> WatchResponse:
    return WatchResponse((), revision)


def filled(*batches: WatchResponse, limit: int = 100) -> Inbox:
    inbox = Inbox(limit)
    for one in batches:
        inbox.put(one)
    return inbox


def state(inbox: Inbox) -> tuple[str, str]:
    return "full" if inbox.is_full else "room", "drained" if inbox.is_drained else "undrained"


def take_revision(inbox: Inbox) -> int | None:
    taken = inbox.take_event()
    return taken.kv.mod_revision if taken else None


def test_events_come_out_in_order_and_then_nothing() -> None:
    inbox = filled(batch(1, 1, 2), batch(3))
    assert [take_revision(inbox) for _ in range(5)] == [1, 1, 2, 3, None]
    assert not inbox.has_more


def test_the_revision_moves_when_all_of_it_is_handed_out() -> None:
    inbox = filled(batch(5, 5, 7, 7), batch(9))
    seen = []
    while inbox.take_event():
        seen.append(inbox.revision)
    assert seen == [0, 5, 5, 7, 9]


def test_the_revision_and_the_depth_follow_what_is_taken_of_the_batch_at_hand() -> None:
    inbox = filled(batch(5, 5, 7, 7, 8), batch(9), limit=6)
    assert take_revision(inbox) == 5
    seen = [(one.kv.mod_revision, inbox.revision, inbox.depth, *state(inbox)) for one in inbox.at_hand]
    assert seen == [
        (5, 5, 4, "room", "undrained"),
        (7, 5, 3, "room", "drained"),
        (7, 7, 2, "room", "drained"),
        (8, 8, 1, "room", "drained"),
    ]
    assert inbox.has_more


@pytest.mark.parametrize("take", [Inbox.take_event, Inbox.take_batch])
def test_what_was_taken_is_held_no_longer(take: Callable[[Inbox], object]) -> None:
    one = event(5)
    alone = sys.getrefcount(one)
    inbox = filled(WatchResponse((one,), 5))
    while take(inbox):
        pass
    assert sys.getrefcount(one) == alone


def test_a_batch_comes_out_whole() -> None:
    inbox = filled(batch(5, 6), batch(7))
    assert inbox.take_batch() == batch(5, 6)
    assert inbox.revision == 6
    assert inbox.take_batch() == batch(7)
    assert inbox.take_batch() is None


def test_the_rest_of_a_batch_that_was_begun_comes_out_as_one() -> None:
    inbox = filled(batch(5, 5, 6))
    inbox.take_event()
    assert inbox.take_batch() == WatchResponse((event(5), event(6)), 6)
    assert inbox.revision == 6
    assert inbox.depth == 0


def test_progress_is_a_batch_but_no_event() -> None:
    inbox = filled(progress(4), batch(5), progress(8))
    assert inbox.has_more
    assert take_revision(inbox) == 5
    assert inbox.has_more
    assert inbox.take_event() is None
    assert inbox.revision == 8
    assert filled(progress(4)).take_batch() == progress(4)


def test_an_older_progress_moves_the_revision_not_back() -> None:
    inbox = filled(batch(9), progress(4))
    inbox.take_batch()
    inbox.take_batch()
    assert inbox.revision == 9


def test_the_depth_counts_events() -> None:
    inbox = filled(batch(1, 2, 3), progress(3), batch(4))
    assert inbox.depth == 4
    inbox.take_event()
    assert inbox.depth == 3
    inbox.take_batch()
    assert inbox.depth == 1
    inbox.take_event()
    assert inbox.depth == 0


def test_it_is_full_at_its_limit_and_drained_at_half() -> None:
    inbox = filled(batch(1, 2, 3), limit=4)
    assert state(inbox) == ("room", "undrained")
    inbox.put(batch(4, 5))
    assert state(inbox) == ("full", "undrained")
    for _ in range(2):
        inbox.take_event()
    assert state(inbox) == ("room", "undrained")
    inbox.take_event()
    assert state(inbox) == ("room", "drained")


def test_a_limit_of_one_is_drained_when_empty() -> None:
    inbox = filled(batch(1), limit=1)
    assert state(inbox) == ("full", "undrained")
    inbox.take_event()
    assert state(inbox) == ("room", "drained")


def test_the_end_leaves_the_rest_to_be_taken() -> None:
    inbox = filled(batch(1, 2))
    inbox.end(error := CompactedError())
    assert inbox.closed
    assert inbox.error is error
    assert [take_revision(inbox) for _ in range(3)] == [1, 2, None]


def test_the_first_end_counts() -> None:
    inbox = Inbox(1)
    inbox.end(None)
    inbox.end(UnavailableError())
    assert inbox.error is None
    assert inbox.closed


def test_nothing_comes_in_after_the_end() -> None:
    inbox = filled(batch(1))
    inbox.end(None)
    inbox.put(batch(2))
    assert inbox.depth == 1
    assert [take_revision(inbox) for _ in range(2)] == [1, None]


def test_however_it_is_taken_nothing_is_lost_or_doubled() -> None:
    draw = random.Random(5)
    for _ in range(200):
        sent = sorted(draw.choices(range(1, 30), k=draw.randint(1, 40)))
        inbox = Inbox(10)
        for revision in sorted(set(sent)):
            inbox.put(batch(*[one for one in sent if one == revision]))
        taken: list[int] = []
        while inbox.has_more:
            if draw.random() < 0.5:
                taken += [one.kv.mod_revision for one in (inbox.take_batch() or progress(0)).events]
            elif one := inbox.take_event():
                taken.append(one.kv.mod_revision)
            assert inbox.depth == len(sent) - len(taken)
            handed_out = [one for one in set(sent) if one not in sent[len(taken) :]]
            assert inbox.revision == max(handed_out, default=0)
        assert taken == sent
