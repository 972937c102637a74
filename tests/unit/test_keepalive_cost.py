"""A renewal costs the same however many leases are kept, and a stream that brings many answers has not stalled."""

import sys
from collections import deque
from types import FrameType

from etcdobs._keepalive import KeepAliveClock
from etcdobs._wire import etcdserverpb as pb

TTL = 30
AT_A_TIME = 512


def kept(leases: int) -> KeepAliveClock:
    clock = KeepAliveClock()
    for lease_id in range(1, leases + 1):
        clock.join(lease_id)
    assert len(clock.due(0.0)) == min(leases, AT_A_TIME)
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


def test_all_are_renewed_in_bounded_bursts_each_counting_from_its_own_send() -> None:
    clock, waiting, now, bursts = KeepAliveClock(), deque[int](), 0.0, list[int]()
    hearts = [clock.join(lease_id) for lease_id in range(1, 5001)]
    for _ in hearts:
        due = [request.ID for request in clock.due(now)]
        waiting += due
        bursts += [len(due)] if due else []
        assert len(waiting) <= AT_A_TIME
        now += 0.001
        clock.received(pb.LeaseKeepAliveResponse(ID=waiting.popleft(), TTL=TTL), now)
        assert not clock.is_overdue(now)
    assert len(bursts) < 25
    assert all(heart.seconds_left(now) for heart in hearts)
    assert [heart.expires_at for heart in hearts] == sorted(heart.expires_at or 0 for heart in hearts)
    assert (hearts[-1].seconds_left(now) or 0) > TTL - 1


def test_a_stream_that_answers_nothing_has_stalled_although_not_all_were_asked() -> None:
    clock = kept(2 * AT_A_TIME)
    assert clock.due(1.0) == []
    assert clock.seconds_to_next(1.0) == 1.0
    assert clock.is_overdue(2.0)
    clock.broken()
    assert len(clock.due(2.0)) == AT_A_TIME


def test_who_has_the_least_time_left_is_renewed_first_on_a_new_stream() -> None:
    clock = kept(3)
    for lease_id, ttl in ((1, 30), (2, 9), (3, 60)):
        clock.received(pb.LeaseKeepAliveResponse(ID=lease_id, TTL=ttl), 0.0)
    clock.join(4)
    clock.broken()
    assert [request.ID for request in clock.due(1.0)] == [4, 2, 1, 3]


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
