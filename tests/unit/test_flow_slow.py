"""Slow is not dead: which attempts are cut short, what a probe decides, when one comes first. No server, no clock."""

from dataclasses import replace
from typing import Any

import pytest

from etcdobs import RetryPolicy
from etcdobs._attempts import LEAST_SLICE, LONGEST_SLICE, slice_of
from etcdobs._flow import open_stream
from etcdobs._probe import PROBE_SECONDS
from etcdobs._steps import Send
from etcdobs.errors import (
    ClosedError,
    ConnectionFailedError,
    DeadlineExceededError,
    EtcdError,
    PermissionDeniedError,
    UnavailableError,
)
from etcdobs.ops import kv, lease
from tests.unit.played import Played, make_session, reply_to

GET = kv.get("k")
PUT = kv.put("k", "v")


def is_probe(send: Send) -> bool:
    return bool(send.call.rpc.method == "Range" and send.call.request.count_only)


class Members:
    """Members that answer at once but for those that are frozen, or take `busy` seconds for what is no probe."""

    def __init__(self, *frozen: str, busy: float = 0.0) -> None:
        self.frozen = set(frozen)
        self.busy = busy
        self.played: Played

    def __call__(self, send: Send) -> Any:
        silent = send.endpoint.address[0] in self.frozen
        needed = float("inf") if silent else 0.0 if is_probe(send) else self.busy
        patience = float("inf") if send.timeout is None else send.timeout
        assert min(needed, patience) < float("inf"), "it would hang"
        self.played.now += min(needed, patience)
        return reply_to(send) if needed <= patience else DeadlineExceededError("too late")


def play(members: Members, endpoints: str = "a:1,b:1,c:1", **more: Any) -> Played:
    members.played = Played(make_session(endpoints, **more), members)
    return members.played


def made(played: Played) -> list[tuple[str, str, float | None]]:
    """What was sent: to whom, a probe or not, and for how long."""
    kinds = ("probe" if is_probe(send) else send.call.rpc.method for send in played.sends)
    return [(send.endpoint.address[0], kind, send.timeout) for kind, send in zip(kinds, played.sends, strict=True)]


@pytest.mark.parametrize(
    ("left", "choices", "expected"),
    [
        (10.0, 3, LONGEST_SLICE),
        (4.0, 3, 1.0),
        (2.0, 3, LEAST_SLICE),
        (1.9, 3, 1.9),
        (10.0, 1, 10.0),
        (None, 3, LONGEST_SLICE),
        (None, 1, None),
    ],
)
def test_a_slice_is_a_part_of_the_deadline(left: float | None, choices: int, expected: float | None) -> None:
    assert slice_of(left, choices) == expected


@pytest.mark.parametrize("call", [GET, lease.grant(5), kv.put("k", retry="at_least_once")], ids=lambda c: c.rpc.method)
@pytest.mark.parametrize("timeout", [10.0, None])
def test_a_repeatable_call_leaves_a_frozen_member_within_seconds(call: Any, timeout: float | None) -> None:
    played = play(Members("a"), timeout=timeout)
    began = played.now
    played.call(call)
    assert played.addresses == ["a:1", "a:1", "b:1"]
    assert played.now - began == pytest.approx(LONGEST_SLICE + PROBE_SECONDS)
    assert played.sleeps == []
    assert played.events == [("failed_over", "Silent"), ("retried", "Silent")]


def test_a_frozen_member_costs_one_call_its_time_and_no_other() -> None:
    members = Members("a")
    played = play(members)
    played.call(GET)
    after = played.now
    for _ in range(12):
        played.call(GET)
    assert {send.endpoint.address for send in played.sends[3:] if not is_probe(send)} == {"b:1", "c:1"}
    assert played.now - after - len(played.asides) * PROBE_SECONDS == pytest.approx(0)


def test_a_member_that_answers_a_probe_again_is_used_again() -> None:
    members = Members("a")
    played = play(members)
    played.call(GET)
    members.frozen.clear()
    played.now += 0.2
    played.sends.clear()
    for _ in range(4):
        played.call(GET)
    assert made(played)[0] == ("a", "probe", PROBE_SECONDS)
    assert len(played.asides) == 1
    assert ("a", "Range", LONGEST_SLICE) in made(played)


def test_probes_beside_the_calls_become_rare() -> None:
    played = play(Members("a"))
    played.call(GET)
    for _ in range(200):
        played.now += 0.1
        played.call(GET)
    assert 5 < len(played.asides) <= 20


def test_a_slow_member_that_is_alive_has_all_the_time_that_is_left() -> None:
    played = play(Members(busy=8.0))
    assert played.call(GET) is not None
    assert made(played) == [
        ("a", "Range", LONGEST_SLICE),
        ("a", "probe", PROBE_SECONDS),
        ("a", "Range", 10.0 - LONGEST_SLICE),
    ]
    assert played.events == [("retried", "Slow")]


def test_a_call_without_a_deadline_is_cut_once_at_most() -> None:
    played = play(Members(busy=300.0), timeout=None)
    played.call(GET)
    assert [timeout for _, kind, timeout in made(played) if kind == "Range"] == [LONGEST_SLICE, None]


def test_a_call_that_is_too_slow_for_its_deadline_says_so_and_no_more() -> None:
    played = play(Members(busy=30.0))
    with pytest.raises(DeadlineExceededError) as caught:
        played.call(GET)
    assert len(played.sends) == 3
    assert played.now - 1000.0 == pytest.approx(10.0)
    assert not caught.value.outcome_unknown


@pytest.mark.parametrize(
    ("call", "more"),
    [
        (PUT, {}),
        (replace(GET, endpoint="a:1"), {}),
        (GET, {"retry": None}),
        (GET, {"retry": RetryPolicy(max_attempts=1)}),
        (GET, {"endpoints": "a:1"}),
        (GET, {"timeout": 1.0}),
    ],
    ids=["mutation", "pinned", "no policy", "one attempt", "one endpoint", "short timeout"],
)
def test_what_cannot_move_is_not_cut(call: Any, more: dict[str, Any]) -> None:
    played = play(Members("a"), **more)
    with pytest.raises(DeadlineExceededError) as caught:
        played.call(call)
    assert made(played) == [("a", call.rpc.method, more.get("timeout", 10.0))]
    assert caught.value.outcome_unknown is (call is PUT)


def test_the_last_member_that_is_not_known_silent_is_given_the_rest() -> None:
    played = play(Members("a", "b", busy=4.0))
    played.call(GET)
    assert made(played)[-1] == ("c", "Range", 10.0 - 2 * (LONGEST_SLICE + PROBE_SECONDS))


def test_an_endpoint_that_made_a_call_miss_its_deadline_is_left_out_until_it_answers_a_probe() -> None:
    members = Members("a")
    played = play(members)
    with pytest.raises(DeadlineExceededError):
        played.call(PUT)
    for _ in range(6):
        played.call(PUT)
    assert {address for address, kind, _ in made(played)[1:] if kind == "Put"} == {"b", "c"}
    assert made(played)[1] == ("a", "probe", PROBE_SECONDS)


def heard_from_all(members: Members) -> Played:
    played = play(members)
    for _ in range(3):
        played.call(PUT)
    played.sends.clear()
    return played


def test_a_mutation_to_a_member_that_was_idle_is_preceded_by_a_probe() -> None:
    played = heard_from_all(Members())
    played.now += 60
    for _ in range(6):
        played.call(PUT)
    assert [kind for _, kind, _ in made(played)] == ["probe", "Put"] * 3 + ["Put"] * 3


def test_a_member_frozen_while_idle_gets_no_mutation() -> None:
    members = Members()
    played = heard_from_all(members)
    members.frozen.add("a")
    played.now += 60
    played.call(PUT)
    assert [(to, kind) for to, kind, _ in made(played)] == [("a", "probe"), ("b", "probe"), ("b", "Put")]
    assert played.sends[-1].timeout == 10.0 - PROBE_SECONDS


def test_when_all_others_are_silent_a_mutation_is_sent_unasked() -> None:
    members = Members()
    played = heard_from_all(members)
    members.frozen |= {"a", "b"}
    played.now += 60
    played.call(PUT)
    assert [(to, kind) for to, kind, _ in made(played)] == [("a", "probe"), ("b", "probe"), ("c", "Put")]


def test_reads_and_what_is_pinned_are_never_preceded_by_a_probe() -> None:
    played = heard_from_all(Members())
    played.now += 60
    played.call(GET)
    played.call(replace(PUT, endpoint="b:1"))
    assert [kind for _, kind, _ in made(played)] == ["Range", "Put"]


def test_to_be_refused_is_a_sign_of_life() -> None:
    def cluster(send: Send) -> Any:
        return PermissionDeniedError() if is_probe(send) else reply_to(send)

    played = Played(make_session(), cluster)
    for now in (1000.0, 1060.0):
        played.now = now
        for _ in range(3):
            played.call(PUT)
    assert played.addresses == ["a:1", "b:1", "c:1", "a:1", "a:1", "b:1", "b:1", "c:1", "c:1"]


@pytest.mark.parametrize("error", [UnavailableError, ConnectionFailedError, DeadlineExceededError])
def test_a_stream_is_opened_where_a_probe_is_answered(error: type[EtcdError]) -> None:
    played = Played(make_session(), lambda send: reply_to(send) if send.endpoint.address == "c:1" else error())
    endpoint, _ = played.run(open_stream(played.session, frozenset()))
    # The last that is left is not asked: there is nowhere else to go.
    assert (endpoint.address, played.addresses) == ("c:1", ["a:1", "b:1"])


def test_a_lone_endpoint_is_given_the_stream_unasked() -> None:
    played = Played(make_session("a:1"), lambda _send: UnavailableError())
    endpoint, _ = played.run(open_stream(played.session, frozenset()))
    assert (endpoint.address, played.sends) == ("a:1", [])


def test_a_client_closed_during_a_probe_is_closed() -> None:
    played = Played(make_session(), lambda _send: ClosedError())
    with pytest.raises(ClosedError):
        played.run(open_stream(played.session, frozenset()))
