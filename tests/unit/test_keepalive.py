"""A lease's heartbeat counts from the send, and once a lease is lost it stays lost. The time is told."""

import pytest

from etcdobs._keepalive import Heart, KeepAliveClock
from etcdobs._wire import etcdserverpb as pb

T0 = 1000.0


def reply(id: int, ttl: int) -> pb.LeaseKeepAliveResponse:
    return pb.LeaseKeepAliveResponse(ID=id, TTL=ttl)


def due(clock: KeepAliveClock, now: float) -> list[int]:
    return [request.ID for request in clock.due(now)]


def kept(ttl: int = 9) -> tuple[KeepAliveClock, Heart]:
    """A lease of 9 s whose renewal was sent at T0 and answered a second later."""
    clock = KeepAliveClock()
    heart = clock.join(7)
    assert due(clock, T0) == [7]
    clock.received(reply(7, ttl), T0 + 1)
    return clock, heart


def test_a_new_lease_is_renewed_at_once() -> None:
    clock = KeepAliveClock()
    heart = clock.join(7)
    assert clock.seconds_to_next(T0) == 0.0
    assert due(clock, T0) == [7]
    assert not heart.lost(T0 + 10**6)
    assert heart.seconds_left(T0) is None


def test_its_life_counts_from_the_send_and_not_from_the_answer() -> None:
    _, heart = kept(ttl=9)
    assert heart.ttl == 9
    assert heart.seconds_left(T0 + 1) == 8.0
    assert not heart.lost(T0 + 8.99)
    assert heart.lost(T0 + 9)


def test_it_is_renewed_after_a_third_of_its_life() -> None:
    clock, _ = kept(ttl=9)
    assert clock.seconds_to_next(T0 + 1) == 2.0
    assert due(clock, T0 + 2.9) == []
    assert due(clock, T0 + 3) == [7]


def test_a_renewal_waits_for_its_answer() -> None:
    clock, _ = kept(ttl=9)
    due(clock, T0 + 3)
    assert due(clock, T0 + 5) == []
    assert clock.seconds_to_next(T0 + 5) == 1.0  # until the answer is overdue: a third of the ttl after the send


def test_a_stream_that_answers_nothing_is_overdue_though_nobody_wants_those_leases_any_more() -> None:
    """Else what fills it would be waited for for ever, and leases that begin now would never be renewed."""
    clock = KeepAliveClock()
    hearts = [clock.join(number) for number in range(512)]
    assert len(due(clock, T0)) == 512
    late = clock.join(1000)
    for heart in hearts:
        clock.leave(heart)
    assert due(clock, T0 + 1) == []
    assert clock.is_overdue(T0 + 2)
    clock.broken()
    assert due(clock, T0 + 2) == [1000]
    clock.received(reply(1000, 9), T0 + 3)
    assert late.seconds_left(T0 + 3) == 8.0
    assert not clock.is_overdue(T0 + 4)
    assert clock.expired() == []


def test_a_renewal_prolongs_from_its_own_send() -> None:
    clock, heart = kept(ttl=9)
    due(clock, T0 + 3)
    clock.received(reply(7, 9), T0 + 8)
    assert heart.seconds_left(T0 + 8) == 4.0


def test_an_answer_never_shortens_a_life() -> None:
    clock, heart = kept(ttl=9)
    due(clock, T0 + 3)
    clock.received(reply(7, 2), T0 + 4)
    assert heart.ttl == 2
    assert heart.seconds_left(T0 + 4) == 5.0


def test_lost_is_latched_by_looking_and_by_a_late_answer_not_undone() -> None:
    clock, heart = kept(ttl=9)
    due(clock, T0 + 3)
    assert heart.lost(T0 + 9)
    clock.received(reply(7, 9), T0 + 9.5)
    assert heart.lost(T0 + 9.5)
    assert heart.lost(T0)
    assert due(clock, T0 + 20) == []


def test_an_answer_that_comes_too_late_loses_the_lease_unlooked() -> None:
    clock, heart = kept(ttl=9)
    due(clock, T0 + 3)
    clock.received(reply(7, 9), T0 + 10)
    assert heart.ended
    assert heart.lost(T0)


def test_a_machine_that_slept_lost_its_lease() -> None:
    clock, heart = kept(ttl=9)
    assert due(clock, T0 + 3600) == []
    assert heart.lost(T0 + 3600)


@pytest.mark.parametrize("ttl", [0, -1])
def test_a_ttl_of_zero_is_the_end(ttl: int) -> None:
    clock, heart = kept(ttl=9)
    due(clock, T0 + 3)
    clock.received(reply(7, ttl), T0 + 4)
    assert heart.lost(T0 + 4)
    assert due(clock, T0 + 5) == []
    assert clock.seconds_to_next(T0 + 5) is None


def test_a_lease_that_never_was_is_lost_with_the_first_answer() -> None:
    _, heart = kept(ttl=0)
    assert heart.lost(T0 + 1)
    assert heart.ttl == 0
    assert heart.seconds_left(T0 + 1) == 0


def test_a_broken_stream_sends_everything_again_at_once() -> None:
    clock, heart = kept(ttl=9)
    due(clock, T0 + 3)
    clock.broken()
    assert clock.seconds_to_next(T0 + 4) == 0.0
    assert due(clock, T0 + 4) == [7]
    clock.received(reply(7, 9), T0 + 5)
    assert heart.seconds_left(T0 + 5) == 8.0


def test_a_broken_stream_renews_no_lease_that_is_lost() -> None:
    clock, heart = kept(ttl=9)
    assert heart.lost(T0 + 9)
    clock.broken()
    assert due(clock, T0 + 9) == []
    assert clock.seconds_to_next(T0 + 9) is None


def test_leases_are_renewed_each_in_its_own_time() -> None:
    clock = KeepAliveClock()
    clock.join(1)
    clock.join(2)
    assert due(clock, T0) == [1, 2]
    clock.received(reply(2, 30), T0)
    clock.received(reply(1, 9), T0)
    assert clock.seconds_to_next(T0) == 3.0
    assert due(clock, T0 + 3) == [1]
    assert due(clock, T0 + 10) == [2]


def test_an_answer_for_a_lease_that_nobody_keeps_is_ignored() -> None:
    clock, heart = kept()
    clock.leave(heart)
    clock.received(reply(7, 9), T0 + 3)
    clock.received(reply(8, 9), T0 + 3)
    assert len(clock) == 0


def test_two_users_of_a_lease_share_its_heart() -> None:
    clock, heart = kept()
    assert clock.join(7) is heart
    assert len(clock) == 1
    clock.leave(heart)
    assert due(clock, T0 + 3) == [7]
    clock.leave(heart)
    assert len(clock) == 0
    assert clock.hearts() == []
    assert due(clock, T0 + 6) == []


def test_a_lease_that_ended_begins_anew_and_the_old_users_leave_the_new_alone() -> None:
    clock, old = kept(ttl=0)
    new = clock.join(7)
    assert new is not old
    assert not new.lost(T0 + 1)
    clock.leave(old)
    assert clock.hearts() == [new]


def test_no_lease_no_hurry() -> None:
    assert KeepAliveClock().seconds_to_next(T0) is None
