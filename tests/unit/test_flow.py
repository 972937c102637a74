"""One call, step by step: where it goes, when it is made again, how long it may take. No server, no clock."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from etcdobs import RetryPolicy, errors
from etcdobs._call import Call
from etcdobs._steps import Send, Session
from etcdobs.errors import (
    ConnectionFailedError,
    DeadlineExceededError,
    EtcdError,
    KeyNotFoundError,
    LeaseNotFoundError,
    NoLeaderError,
    NotSupportedForLearnerError,
    UnavailableError,
)
from etcdobs.ops import kv, lease
from tests.unit.played import Answer, Played, make_session, reply_to, script

AMBIGUOUS = [
    errors.UnavailableError,
    errors.StoppedError,
    errors.LeaderChangedError,
    errors.ServerTimeoutError,
    errors.DeadlineExceededError,
    errors.ServerDeadlineExceededError,
    errors.UnknownError,
    errors.InternalError,
    errors.CallCancelledError,
    errors.ClosedError,
    errors.ResponseTooLargeError,
]


def get() -> Call[Any]:
    return kv.get("k")


def put(**more: Any) -> Call[Any]:
    return kv.put("k", "v", **more)


def by_address(**answers: Answer) -> Callable[[Send], Answer]:
    def cluster(send: Send) -> Answer:
        answer = answers[send.endpoint.address.partition(":")[0]]
        return reply_to(send) if answer is None else answer

    return cluster


def test_a_call_is_sent_once_and_its_reply_decoded() -> None:
    played = Played(make_session("a:1"), script(None))
    assert played.call(get()).value == b"v"
    assert len(played.sends) == 1
    assert played.sends[0].timeout == 10.0
    assert played.notes == []


def test_calls_take_turns_over_the_endpoints() -> None:
    played = Played(make_session(), script(None))
    for _ in range(6):
        played.call(get())
    assert played.addresses == ["a:1", "b:1", "c:1"] * 2


@pytest.mark.parametrize("kind", AMBIGUOUS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("call", [put(), kv.delete("k"), kv.compact(1)], ids=lambda call: call.rpc.method)
def test_a_mutation_that_may_have_been_applied_is_never_sent_twice(kind: type[EtcdError], call: Call[Any]) -> None:
    played = Played(make_session(), script(kind()))
    with pytest.raises(kind) as caught:
        played.call(call)
    assert len(played.sends) == 1
    assert caught.value.outcome_unknown
    assert "may or may not have been applied" in str(caught.value)


@pytest.mark.parametrize("kind", [KeyNotFoundError, errors.NoSpaceError, errors.PermissionDeniedError])
def test_a_refused_mutation_has_a_known_outcome(kind: type[EtcdError]) -> None:
    played = Played(make_session(), script(kind()))
    with pytest.raises(kind) as caught:
        played.call(put())
    assert len(played.sends) == 1
    assert not caught.value.outcome_unknown


def test_a_mutation_that_a_member_without_a_leader_refused_goes_to_another() -> None:
    played = Played(make_session(), by_address(a=NoLeaderError(), b=None, c=None))
    played.call(put())
    assert played.addresses == ["a:1", "b:1"]
    assert all(dict(send.metadata)["hasleader"] == "true" for send in played.sends)


@pytest.mark.parametrize(("endpoints", "require_leader", "sends"), [("a:1", False, 1), ("a:1,b:1,c:1", True, 4)])
def test_where_no_member_has_a_leader_whoever_asked_for_one_is_told(
    endpoints: str, require_leader: bool, sends: int
) -> None:
    played = Played(make_session(endpoints, require_leader=require_leader), script(NoLeaderError()))
    with pytest.raises(NoLeaderError) as caught:
        played.call(put())
    assert len(played.sends) == sends
    assert not caught.value.outcome_unknown


def test_where_no_member_has_a_leader_others_wait_for_one() -> None:
    played = Played(make_session(), script(NoLeaderError()))
    with pytest.raises(DeadlineExceededError) as caught:
        played.call(put())
    assert played.now - 1000 < 10
    assert not caught.value.outcome_unknown


def test_where_no_member_has_a_leader_one_is_given_the_mutation_to_keep() -> None:
    """As without others to go to: the server holds it back until there is a leader, for as long as it does that."""
    session = make_session()
    answers: list[EtcdError | None] = [NoLeaderError() for _ in range(3)]
    played = Played(session, script(*answers, None))
    played.call(put())
    assert [dict(send.metadata).get("hasleader") for send in played.sends] == ["true", "true", "true", None]


def test_a_mutation_that_was_refused_unread_costs_nothing_of_the_budget() -> None:
    session = make_session(retry=RetryPolicy(budget=0))
    played = Played(session, by_address(a=NoLeaderError(), b=None, c=None))
    played.call(put())
    assert played.addresses == ["a:1", "b:1"]


def test_a_failed_read_never_has_an_unknown_outcome() -> None:
    played = Played(make_session(), script(DeadlineExceededError()))
    with pytest.raises(DeadlineExceededError) as caught:
        played.call(get())
    assert len(played.sends) == 1
    assert not caught.value.outcome_unknown


def test_a_put_is_repeated_elsewhere_when_no_connection_was_made() -> None:
    played = Played(make_session(), script(ConnectionFailedError(), ConnectionFailedError(), None))
    played.call(put())
    assert played.addresses == ["a:1", "b:1", "c:1"]
    assert played.sleeps == []
    assert played.events == [("failed_over", "ConnectionFailed"), ("retried", "ConnectionFailed")] * 2


def test_a_put_after_a_put_that_was_never_connected_may_still_fail_for_good() -> None:
    played = Played(make_session(), script(ConnectionFailedError(), UnavailableError()))
    with pytest.raises(UnavailableError) as caught:
        played.call(put())
    assert len(played.sends) == 2
    assert caught.value.outcome_unknown


@pytest.mark.parametrize("kind", [UnavailableError, NoLeaderError, errors.StoppedError, ConnectionFailedError])
def test_a_get_goes_elsewhere_at_once(kind: type[EtcdError]) -> None:
    played = Played(make_session(), by_address(a=kind(), b=None, c=None))
    assert played.call(get()) is not None
    assert played.addresses == ["a:1", "b:1"]
    assert played.sleeps == []


def test_a_member_that_failed_a_put_is_not_the_next_to_be_asked() -> None:
    played = Played(make_session(), by_address(a=UnavailableError(), b=None, c=None))
    with pytest.raises(UnavailableError):
        played.call(put())
    for _ in range(4):
        played.call(put())
    assert "a:1" not in played.addresses[1:]


def test_a_get_asks_every_member_before_it_waits() -> None:
    played = Played(make_session(), script(*[UnavailableError()] * 4, None))
    played.call(get())
    assert sorted(played.addresses[:3]) == ["a:1", "b:1", "c:1"]
    assert len(played.sleeps) == 1


def test_a_learner_sends_any_call_elsewhere() -> None:
    for call in (get(), put()):
        played = Played(make_session(), by_address(a=NotSupportedForLearnerError(), b=None, c=None))
        played.call(call)
        assert played.addresses == ["a:1", "b:1"]


def test_a_lone_learner_is_told_of() -> None:
    played = Played(make_session("a:1"), script(NotSupportedForLearnerError()))
    with pytest.raises(NotSupportedForLearnerError):
        played.call(get())
    assert len(played.sends) == 1


@pytest.mark.parametrize("call", [get(), put()], ids=lambda call: call.rpc.method)
@pytest.mark.parametrize("endpoint", ["b:1", "http://b:1", "elsewhere:1"])
def test_a_pinned_call_never_leaves_its_endpoint(call: Call[Any], endpoint: str) -> None:
    played = Played(make_session(), script(ConnectionFailedError(), ConnectionFailedError(), None))
    played.call(replace(call, endpoint=endpoint))
    assert set(played.addresses) == {endpoint.removeprefix("http://")}
    assert len(played.sends) == 3
    assert len(played.sleeps) == 2
    assert ("failed_over", "ConnectionFailed") not in played.events


def test_a_pinned_call_to_nonsense_is_refused_before_anything_is_sent() -> None:
    played = Played(make_session(), script(None))
    with pytest.raises(ValueError, match="nonsense"):
        played.call(replace(get(), endpoint="nonsense"))
    assert played.sends == []


def test_a_lone_endpoint_is_no_fail_over() -> None:
    played = Played(make_session("a:1"), script(UnavailableError(), None))
    played.call(get())
    assert played.events == [("retried", "Unavailable")]


def test_the_deadline_spans_all_attempts() -> None:
    refused = ConnectionFailedError()
    played = Played(make_session(timeout=10.0), script(refused, refused, None), seconds_per_send=3)
    played.call(put())
    assert [send.timeout for send in played.sends] == [10.0, 7.0, 4.0]


def test_the_waits_count_towards_the_deadline() -> None:
    played = Played(make_session("a:1", timeout=10.0), script(UnavailableError(), UnavailableError(), None))
    played.call(get())
    first, second = played.sleeps
    timeouts = [send.timeout for send in played.sends]
    assert timeouts == pytest.approx([10.0, 10.0 - first, 10.0 - first - second])


def test_an_attempt_with_no_time_left_is_not_made() -> None:
    played = Played(make_session(timeout=10.0), script(ConnectionFailedError("gone")), seconds_per_send=6)
    with pytest.raises(DeadlineExceededError, match="no answer within 10 s; last: gone") as caught:
        played.call(put())
    assert [send.timeout for send in played.sends] == [10.0, 4.0]
    assert (caught.value.method, caught.value.endpoint) == ("etcdserverpb.KV/Put", "")
    assert not caught.value.outcome_unknown


def test_waits_that_would_outlast_the_deadline_are_halved_towards_it() -> None:
    policy = RetryPolicy(backoff_base=5, backoff_max=5)
    played = Played(make_session("a:1", timeout=2.0, retry=policy), script(UnavailableError("gone", endpoint="a:1")))
    with pytest.raises(DeadlineExceededError, match="within 2 s; last: gone") as caught:
        played.call(get())
    assert played.sleeps[:3] == [1.0, 0.5, 0.25]
    assert 1.95 < sum(played.sleeps) < 2
    assert caught.value.endpoint == "a:1"
    assert not caught.value.outcome_unknown


@pytest.mark.parametrize(("given", "first"), [(3.0, 3.0), (None, None)])
def test_a_calls_own_timeout_wins(given: float | None, first: float | None) -> None:
    played = Played(make_session(timeout=10.0), script(None))
    played.call(put(timeout=given))
    assert played.sends[0].timeout == first


def test_a_client_without_a_timeout_sets_no_deadline() -> None:
    played = Played(make_session("a:1", timeout=None), script(*[UnavailableError()] * 20, None), seconds_per_send=60)
    assert played.call(get()) is not None
    assert {send.timeout for send in played.sends} == {None}


def test_a_cluster_that_cannot_be_connected_is_given_up_after_the_dial_timeout() -> None:
    played = Played(make_session(timeout=None, dial_timeout=5.0), script(ConnectionFailedError("refused")))
    with pytest.raises(ConnectionFailedError) as caught:
        played.call(put())
    assert played.now - 1000.0 == pytest.approx(5.0)
    assert set(played.addresses) == {"a:1", "b:1", "c:1"}
    assert caught.value.details == "no connection to a:1, b:1, c:1 within 5 s; last: refused"
    assert not caught.value.outcome_unknown


def test_a_pinned_endpoint_that_cannot_be_connected_is_named_alone() -> None:
    played = Played(make_session(dial_timeout=1.0), script(ConnectionFailedError("refused")))
    with pytest.raises(ConnectionFailedError, match="no connection to b:1 within 1 s"):
        played.call(replace(get(), endpoint="b:1"))


def test_the_dial_timeout_is_about_connections_only() -> None:
    answers = by_address(a=ConnectionFailedError(), b=UnavailableError(), c=ConnectionFailedError())
    played = Played(make_session(timeout=30.0, dial_timeout=1.0, retry=RetryPolicy(max_attempts=10**6)), answers)
    with pytest.raises(DeadlineExceededError):
        played.call(get())
    assert played.now - 1000.0 > 28


def test_without_a_retry_policy_a_call_is_made_once() -> None:
    for call in (get(), put()):
        for kind in (UnavailableError, ConnectionFailedError, NotSupportedForLearnerError):
            played = Played(make_session(retry=None), script(kind()))
            with pytest.raises(kind):
                played.call(call)
            assert len(played.sends) == 1
            assert played.notes == []


@pytest.mark.parametrize("attempts", [1, 2, 7])
def test_attempts_are_bounded(attempts: int) -> None:
    played = Played(make_session(retry=RetryPolicy(max_attempts=attempts)), script(UnavailableError()))
    with pytest.raises(UnavailableError):
        played.call(get())
    assert len(played.sends) == attempts
    assert played.events.count(("retried", "Unavailable")) == attempts - 1


@pytest.mark.parametrize("endpoints", ["a:1", "a:1,b:1,c:1"])
def test_waits_double_with_every_round_up_to_the_bound(endpoints: str) -> None:
    policy = RetryPolicy(max_attempts=40, backoff_base=0.1, backoff_max=1.0)
    played = Played(make_session(endpoints, timeout=None, retry=policy), script(UnavailableError()))
    with pytest.raises(UnavailableError):
        played.call(get())
    bounds = [0.1, 0.2, 0.4, 0.8, *[1.0] * 40]
    assert len(played.sleeps) == 39 // len(endpoints.split(","))
    for bound, seconds in zip(bounds, played.sleeps, strict=False):
        assert 0 <= seconds <= bound
    assert played.sleeps[5] != played.sleeps[6]


def test_an_error_that_the_reply_holds_names_the_member() -> None:
    played = Played(make_session("a:1"), lambda _send: lease.KEEP_ALIVE.response(ID=7, TTL=0))
    with pytest.raises(LeaseNotFoundError) as caught:
        played.call(lease.keep_alive_once(7))
    assert str(caught.value).startswith("etcdserverpb.Lease/LeaseKeepAlive at a:1: ")


@pytest.mark.parametrize("require_leader", [True, False])
def test_a_leader_is_required_where_the_client_was_told(require_leader: bool) -> None:
    played = Played(make_session(require_leader=require_leader), script(None))
    played.call(get())
    metadata = dict(played.sends[0].metadata)
    assert metadata.get("hasleader") == ("true" if require_leader else None)
    assert metadata["client-api-version"]


def test_a_session_knows_the_timeout_of_a_call_that_names_none() -> None:
    from etcdobs._call import CLIENT_DEFAULT

    session: Session = make_session(timeout=4.0)
    assert session.seconds(CLIENT_DEFAULT) == 4.0
    assert session.seconds(None) is None
    assert session.seconds(2.5) == 2.5
