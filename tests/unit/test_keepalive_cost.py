"""A renewal costs the same however many leases are kept, and a stream that brings many answers has not stalled."""

import sys
from types import FrameType

from etcdobs._keepalive import KeepAliveClock
from etcdobs._wire import etcdserverpb as pb

TTL = 30


def kept(leases: int) -> KeepAliveClock:
    clock = KeepAliveClock()
    for lease_id in range(1, leases + 1):
        clock.join(lease_id)
    assert len(clock.due(0.0)) == leases
    return clock


def answer(clock: KeepAliveClock, lease_id: int, now: float) -> None:
    """What a stream does with each answer."""
    clock.received(pb.LeaseKeepAliveResponse(ID=lease_id, TTL=TTL), now)
    clock.is_overdue(now)
    clock.due(now)
    clock.seconds_to_next(now)


def calls_of_an_answer(leases: int) -> float:
    clock, calls, answers = kept(leases), 0, 100

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        for lease_id in range(1, answers + 1):
            answer(clock, lease_id, 1.0)
    finally:
        sys.setprofile(None)
    return calls / answers


def test_an_answer_costs_the_same_however_many_leases_there_are() -> None:
    assert calls_of_an_answer(5000) < 2 * calls_of_an_answer(100)


def test_a_stream_that_brings_answers_one_by_one_has_not_stalled() -> None:
    clock = kept(100)
    for lease_id in range(1, 100):
        clock.received(pb.LeaseKeepAliveResponse(ID=lease_id, TTL=TTL), lease_id / 10)
        assert not clock.is_overdue(lease_id / 10)
    assert clock.is_overdue(9.9 + 2)


def test_an_answer_that_a_former_user_waited_for_counts_from_then() -> None:
    clock = KeepAliveClock()
    former = clock.join(7)
    clock.due(100.0)
    clock.leave(former)
    heart = clock.join(7)
    clock.due(105.0)
    clock.received(pb.LeaseKeepAliveResponse(ID=7, TTL=TTL), 106.0)
    assert heart.seconds_left(106.0) == 24.0
    clock.received(pb.LeaseKeepAliveResponse(ID=7, TTL=TTL), 107.0)
    assert heart.seconds_left(107.0) == 28.0
