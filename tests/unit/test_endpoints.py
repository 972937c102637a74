"""Calls take turns over the endpoints, and leave out for a while those that failed."""

import pytest

from etcdobs._endpoints import Endpoints
from etcdobs.config import Endpoint, parse_endpoints

A, B, C = parse_endpoints("a:1,b:1,c:1")


def picks(endpoints: Endpoints, times: int, now: float = 0.0) -> list[Endpoint]:
    return [endpoints.pick(now) for _ in range(times)]


def test_endpoints_take_turns() -> None:
    assert picks(Endpoints((A, B, C)), 6) == [A, B, C, A, B, C]


def test_another_endpoint_at_the_same_address_was_not_heard_yet() -> None:
    endpoints = Endpoints((A, B))
    endpoints.succeeded(A, now=0.0)
    endpoints.replace(parse_endpoints("https://a:1,b:1"))
    assert endpoints.state(endpoints.all[0]) == "unused"
    assert not endpoints.is_idle(endpoints.all[0], now=60.0)


def test_what_was_picked_and_not_used_is_picked_again() -> None:
    endpoints = Endpoints((A, B, C))
    first = endpoints.pick(0.0)
    endpoints.put_back()
    assert picks(endpoints, 3) == [first, B, C]


def test_a_failed_endpoint_is_left_out_until_its_penalty_ends() -> None:
    endpoints = Endpoints((A, B, C))
    endpoints.failed(B, now=100.0)
    assert set(picks(endpoints, 6, now=100.0)) == {A, C}
    assert set(picks(endpoints, 6, now=200.0)) == {A, B, C}


def test_the_penalty_grows_with_every_failure_in_a_row_up_to_a_bound() -> None:
    endpoints = Endpoints((A, B))
    lengths = []
    for _ in range(12):
        endpoints.failed(A, now=0.0)
        lengths.append(next(ms / 100 for ms in range(1000) if A in picks(endpoints, 2, now=ms / 100)))
    assert lengths == sorted(lengths)
    assert lengths[0] < lengths[1] < lengths[2]
    assert lengths[-1] == lengths[-2] <= 2.0


def test_an_answer_clears_what_was_held_against_an_endpoint() -> None:
    endpoints = Endpoints((A, B))
    for _ in range(5):
        endpoints.failed(A, now=0.0)
    endpoints.succeeded(A)
    assert A in picks(endpoints, 2)
    endpoints.failed(A, now=0.0)
    assert A in picks(endpoints, 2, now=0.2)


def test_when_all_failed_the_one_whose_penalty_ends_first_is_tried() -> None:
    endpoints = Endpoints((A, B, C))
    endpoints.failed(A, now=0.0)
    endpoints.failed(C, now=0.01)
    endpoints.failed(B, now=0.02)
    assert set(picks(endpoints, 6, now=0.03)) == {A}


def test_what_is_to_be_avoided_is_avoided_even_for_one_that_failed() -> None:
    endpoints = Endpoints((A, B))
    endpoints.failed(B, now=0.0)
    avoid = frozenset({A.address})
    assert {endpoints.pick(0.0, avoid) for _ in range(4)} == {B}


def test_when_all_are_to_be_avoided_one_is_picked_all_the_same() -> None:
    endpoints = Endpoints((A, B))
    assert endpoints.pick(0.0, frozenset({A.address, B.address})) in (A, B)


def test_one_endpoint_is_picked_whatever_happened() -> None:
    endpoints = Endpoints((A,))
    endpoints.failed(A, now=0.0)
    assert endpoints.pick(0.0) is A
    assert endpoints.pick(0.0, frozenset({A.address})) is A


def test_a_name_finds_the_endpoint_of_that_address_however_it_is_spelled() -> None:
    (secure,) = parse_endpoints("https://a:1")
    endpoints = Endpoints((secure, B))
    assert endpoints.named("a:1") is secure
    assert endpoints.named("http://b:1") is B


def test_a_name_may_be_another_member() -> None:
    stranger = Endpoints((A,)).named("d:1")
    assert stranger.address == "d:1"
    with pytest.raises(ValueError, match="nonsense"):
        Endpoints((A,)).named("nonsense")


def test_a_stranger_that_failed_changes_no_turn() -> None:
    endpoints = Endpoints((A, B))
    endpoints.failed(C, now=0.0)
    assert picks(endpoints, 4) == [A, B, A, B]


def test_a_silent_endpoint_is_left_out_however_long_until_it_answers() -> None:
    endpoints = Endpoints((A, B, C))
    endpoints.silent(B, now=0.0)
    assert endpoints.is_silent(B)
    assert set(picks(endpoints, 6, now=10.0**6)) == {A, C}
    endpoints.succeeded(B)
    assert set(picks(endpoints, 6)) == {A, B, C}


def test_one_of_those_who_ask_is_told_to_probe_a_silent_endpoint() -> None:
    endpoints = Endpoints((A, B, C))
    assert endpoints.due(0.0) is None
    endpoints.silent(B, now=0.0)
    assert endpoints.due(0.0) is None
    assert [endpoints.due(5.0) for _ in range(3)] == [B, None, None]


def test_an_endpoint_in_doubt_is_to_be_probed_at_once() -> None:
    endpoints = Endpoints((A, B))
    endpoints.doubted(A, now=3.0)
    assert picks(endpoints, 2, now=3.0) == [B, B]
    assert endpoints.due(3.0) is A


def test_a_lone_endpoint_and_a_stranger_are_never_in_doubt() -> None:
    lone, pair = Endpoints((A,)), Endpoints((A, B))
    lone.doubted(A, now=3.0)
    pair.doubted(C, now=3.0)
    assert lone.due(9.0) is pair.due(9.0) is None


def test_a_lone_endpoint_that_kept_a_call_waiting_has_failed_until_it_answers() -> None:
    lone = Endpoints((A,))
    lone.succeeded(A, now=1.0)
    lone.doubted(A, now=3.0)
    assert (lone.state(A), lone.pick(3.0)) == ("failing", A)
    lone.succeeded(A, now=4.0)
    assert lone.state(A) == "up"


def test_those_that_are_left_share_the_calls_evenly() -> None:
    endpoints = Endpoints((A, B, C))
    endpoints.silent(A, now=0.0)
    assert picks(endpoints, 4) in ([B, C, B, C], [C, B, C, B])


def test_one_that_is_silent_is_the_last_resort() -> None:
    endpoints = Endpoints((A, B))
    endpoints.silent(A, now=0.0)
    endpoints.failed(B, now=0.0)
    assert picks(endpoints, 2, now=0.0) == [B, B]
    assert endpoints.pick(0.0, frozenset({B.address})) is A


def test_idle_is_who_answered_once_and_not_lately() -> None:
    endpoints = Endpoints((A, B))
    endpoints.succeeded(A, now=100.0)
    assert not endpoints.is_idle(A, now=101.0)
    assert endpoints.is_idle(A, now=160.0)
    assert not endpoints.is_idle(B, now=160.0)


def test_nothing_is_remembered_of_an_endpoint_that_is_in_use_no_more() -> None:
    endpoints = Endpoints((A, B))
    endpoints.succeeded(B, now=0.0)
    endpoints.silent(B, now=0.0)
    endpoints.replace((A,))
    endpoints.replace((A, B))
    assert not endpoints.is_silent(B)
    assert not endpoints.is_idle(B, now=60.0)
