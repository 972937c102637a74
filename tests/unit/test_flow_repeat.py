"""Mutations that are sent again: leases of the client's own id, and whatever the caller wants at least once."""

from typing import Any

import pytest

from etcdobs import RetryPolicy
from etcdobs._call import Call
from etcdobs._steps import Send
from etcdobs._wire import etcdserverpb as pb
from etcdobs.errors import (
    CompactedError,
    ConnectionFailedError,
    EtcdError,
    LeaseExistError,
    LeaseNotFoundError,
    PermissionDeniedError,
    UnavailableError,
)
from etcdobs.ops import kv, lease
from tests.unit.played import Played, make_session, script

AT_LEAST_ONCE: list[Call[Any]] = [
    kv.put("k", "v", retry="at_least_once"),
    kv.delete("k", retry="at_least_once"),
    kv.compact(5, retry="at_least_once"),
    lease.revoke(7, retry="at_least_once"),
    lease.grant(5, 7, retry="at_least_once"),
    lease.grant(5),
]
# What is sent, what the second attempt meets, what is asked then, and what the caller gets.
DONE_BEFORE: list[tuple[Call[Any], EtcdError, Any, Any]] = [
    (lease.grant(5, 7, retry="at_least_once"), LeaseExistError(), {"ID": 7, "TTL": 4, "grantedTTL": 5}, (7, 5)),
    (lease.grant(5), LeaseExistError(), {"ID": 9, "TTL": 4, "grantedTTL": 5}, (9, 5)),
    (lease.revoke(7, retry="at_least_once"), LeaseNotFoundError(), {"ID": 7, "TTL": -1}, None),
]


@pytest.mark.parametrize("call", AT_LEAST_ONCE, ids=lambda call: call.rpc.method)
def test_it_is_sent_again_after_an_ambiguous_failure(call: Call[Any]) -> None:
    played = Played(make_session(), script(UnavailableError(), UnavailableError(), None))
    played.call(call)
    assert played.methods == [call.rpc.method] * 3
    assert played.addresses == ["a:1", "b:1", "c:1"]


@pytest.mark.parametrize("call", AT_LEAST_ONCE, ids=lambda call: call.rpc.method)
@pytest.mark.parametrize("last", [UnavailableError, ConnectionFailedError, PermissionDeniedError])
def test_its_outcome_is_unknown_once_an_attempt_may_have_been_applied(call: Call[Any], last: type[EtcdError]) -> None:
    played = Played(make_session(retry=RetryPolicy(max_attempts=2)), script(UnavailableError(), last()))
    with pytest.raises(last) as caught:
        played.call(call)
    assert caught.value.outcome_unknown


def test_its_outcome_is_unknown_also_when_the_time_ran_out_between_attempts() -> None:
    played = Played(make_session("a:1"), script(UnavailableError(), ConnectionFailedError()), seconds_per_send=4)
    with pytest.raises(EtcdError) as caught:
        played.call(AT_LEAST_ONCE[0])
    assert caught.value.outcome_unknown


@pytest.mark.parametrize(("call", "met", "told", "result"), DONE_BEFORE, ids=lambda part: str(part)[:40])
def test_that_it_was_done_before_is_success(call: Call[Any], met: EtcdError, told: Any, result: Any) -> None:
    played = Played(make_session(), script(UnavailableError(), met, pb.LeaseTimeToLiveResponse(**told)))
    assert played.call(call) == result
    assert played.methods == [call.rpc.method] * 2 + ["LeaseTimeToLive"]
    assert played.sends[2].call.request.ID == played.sends[0].call.request.ID


def test_a_compaction_that_was_done_before_is_success() -> None:
    answer = pb.RangeResponse(header={"revision": 12})
    played = Played(make_session(), script(UnavailableError(), CompactedError(), answer))
    assert played.call(kv.compact(5, retry="at_least_once")).revision == 12


@pytest.mark.parametrize(("call", "met", "told", "result"), DONE_BEFORE, ids=lambda part: str(part)[:40])
@pytest.mark.parametrize("before", [[], [ConnectionFailedError()]], ids=["at first", "after one that was not sent"])
def test_the_same_answer_is_an_error_when_no_attempt_can_have_done_it(
    call: Call[Any], met: EtcdError, told: Any, result: Any, before: list[EtcdError]
) -> None:
    played = Played(make_session(), script(*before, met))
    with pytest.raises(type(met)) as caught:
        played.call(call)
    assert not caught.value.outcome_unknown


def test_a_lease_of_ones_own_that_expired_meanwhile_is_not_found() -> None:
    gone = pb.LeaseTimeToLiveResponse(ID=7, TTL=-1)
    played = Played(make_session(), script(UnavailableError(), LeaseExistError(), gone))
    with pytest.raises(LeaseNotFoundError):
        played.call(lease.grant(5))


def test_a_lease_of_a_given_id_is_granted_at_most_once() -> None:
    played = Played(make_session(), script(UnavailableError()))
    with pytest.raises(UnavailableError) as caught:
        played.call(lease.grant(5, 7))
    assert len(played.sends) == 1
    assert caught.value.outcome_unknown


def test_without_a_policy_nothing_is_sent_at_least_once() -> None:
    played = Played(make_session(retry=None), script(UnavailableError()))
    with pytest.raises(UnavailableError):
        played.call(AT_LEAST_ONCE[0])
    assert len(played.sends) == 1


def test_an_empty_budget_ends_a_call_with_its_last_error() -> None:
    policy = RetryPolicy(budget=4, budget_ratio=0.5)
    played = Played(make_session("a:1", retry=policy), script(UnavailableError("busy")))
    with pytest.raises(UnavailableError, match="busy"):
        played.call(kv.get("k"))
    assert len(played.sends) == 5
    with pytest.raises(UnavailableError):
        played.call(kv.get("k"))
    assert len(played.sends) == 6


def test_calls_that_succeed_fill_the_budget_again() -> None:
    down = True

    def cluster(send: Send) -> Any:
        return UnavailableError() if down else send.call.rpc.response()

    played = Played(make_session("a:1", retry=RetryPolicy(budget=4, budget_ratio=0.5)), cluster)
    with pytest.raises(UnavailableError):
        played.call(kv.get("k"))
    down = False
    for _ in range(4):
        played.call(kv.put("k"))
    down = True
    played.sends.clear()
    with pytest.raises(UnavailableError):
        played.call(kv.get("k"))
    assert len(played.sends) == 3


def test_what_reached_no_server_costs_nothing_of_the_budget() -> None:
    policy = RetryPolicy(budget=0)
    played = Played(make_session(retry=policy), script(*[ConnectionFailedError()] * 8, None))
    played.call(kv.put("k"))
    assert len(played.sends) == 9
