"""What is tried again, and where: nothing that may have been applied is ever sent twice."""

import math
import random
from typing import Any

import pytest

from etcdobs import RetryPolicy, errors
from etcdobs._call import Call
from etcdobs._retry import Backoff, Budget, Verdict, judge, outcome_unknown, reason
from etcdobs.errors import ConnectionFailedError, EtcdError, InvalidAuthTokenError, UnavailableError
from etcdobs.ops import kv

READ: Call[Any] = kv.get("k")
MUTATIONS: list[Call[Any]] = [kv.put("k"), kv.delete("k"), kv.compact(1)]
EVERY_ERROR: list[type[EtcdError]] = [getattr(errors, name) for name in errors.__all__]
TOKEN_REFUSED = (errors.InvalidAuthTokenError, errors.AuthOldRevisionError, errors.UserEmptyError)
REFUSED_HERE = (errors.NotSupportedForLearnerError, errors.NoLeaderError)
SURELY_NOT_APPLIED = (ConnectionFailedError, *TOKEN_REFUSED, *REFUSED_HERE)
AMBIGUOUS = (
    errors.UnavailableError,
    errors.DeadlineExceededError,
    errors.UnknownError,
    errors.InternalError,
    errors.CallCancelledError,
    errors.ClosedError,
    errors.ResponseTooLargeError,
)


def verdict(call: Call[Any], error: EtcdError, endpoints: int = 3, has_credentials: bool = True) -> Verdict:
    return judge(call, error, endpoints=endpoints, has_credentials=has_credentials)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda call: call.rpc.method)
@pytest.mark.parametrize("kind", EVERY_ERROR, ids=lambda kind: kind.__name__)
def test_a_mutation_is_repeated_only_when_it_was_surely_not_applied(kind: type[EtcdError], mutation: Call[Any]) -> None:
    again = verdict(mutation, kind()) is not Verdict.RAISE
    assert again == issubclass(kind, SURELY_NOT_APPLIED)


@pytest.mark.parametrize("kind", EVERY_ERROR, ids=lambda kind: kind.__name__)
def test_a_read_is_repeated_also_when_a_member_is_unavailable_or_gave_it_up(kind: type[EtcdError]) -> None:
    again = verdict(READ, kind()) is not Verdict.RAISE
    assert again == issubclass(kind, (*SURELY_NOT_APPLIED, UnavailableError, errors.CallCancelledError))


@pytest.mark.parametrize("kind", EVERY_ERROR, ids=lambda kind: kind.__name__)
def test_the_outcome_of_a_mutation_is_unknown_when_it_may_have_been_applied(kind: type[EtcdError]) -> None:
    refused = (ConnectionFailedError, errors.NoLeaderError)
    expected = issubclass(kind, AMBIGUOUS) and not issubclass(kind, refused)
    assert all(outcome_unknown(mutation, kind()) is expected for mutation in MUTATIONS)
    assert not outcome_unknown(READ, kind())


@pytest.mark.parametrize("call", [READ, *MUTATIONS], ids=lambda call: call.rpc.method)
def test_each_cause_has_its_way(call: Call[Any]) -> None:
    assert verdict(call, ConnectionFailedError()) is Verdict.CONNECT_ELSEWHERE
    assert verdict(call, InvalidAuthTokenError()) is Verdict.RENEW_TOKEN
    assert all(verdict(call, kind()) is Verdict.ASK_ELSEWHERE for kind in REFUSED_HERE)


def test_without_credentials_a_refused_token_is_the_callers_matter() -> None:
    for kind in TOKEN_REFUSED:
        assert verdict(READ, kind(), has_credentials=False) is Verdict.RAISE


def test_a_lone_learner_is_not_asked_again() -> None:
    assert verdict(READ, errors.NotSupportedForLearnerError(), endpoints=1) is Verdict.RAISE


def test_the_reason_of_a_retry_is_a_name_from_a_bounded_set() -> None:
    assert reason(UnavailableError("a:1 went away")) == "Unavailable"
    assert reason(errors.LeaderChangedError()) == "LeaderChanged"


def test_a_streams_wait_is_random_and_doubles_up_to_a_bound() -> None:
    backoff = Backoff(random.Random(3), first=0.1, longest=1.0)
    waits = [backoff.seconds() for _ in range(40)]
    for bound, seconds in zip([0.1, 0.2, 0.4, 0.8] + [1.0] * 36, waits, strict=True):
        assert 0 <= seconds <= bound
    assert len(set(waits)) == 40


def test_a_stream_that_works_waits_little_again() -> None:
    backoff = Backoff(random.Random(3), first=0.1, longest=1.0)
    for _ in range(5):
        backoff.seconds()
    backoff.reset()
    assert backoff.seconds() <= 0.1


def spent(budget: Budget) -> int:
    return next(number for number in range(10**6) if not budget.spend())


def test_a_budget_is_spent_to_its_end_and_refilled_by_successes() -> None:
    budget = Budget(RetryPolicy(budget=5, budget_ratio=0.5))
    assert spent(budget) == 5
    for _ in range(4):
        budget.earn()
    assert spent(budget) == 2


def test_a_budget_holds_no_more_than_it_held_at_first() -> None:
    budget = Budget(RetryPolicy(budget=3, budget_ratio=1))
    for _ in range(100):
        budget.earn()
    assert spent(budget) == 3


def test_a_budget_may_be_without_bound_or_empty() -> None:
    unbounded = Budget(RetryPolicy(budget=math.inf))
    assert all(unbounded.spend() for _ in range(10_000))
    assert not Budget(RetryPolicy(budget=0)).spend()


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_attempts": 0},
        {"backoff_base": 0},
        {"backoff_base": 2, "backoff_max": 1},
        {"backoff_max": math.inf},
        {"backoff_max": math.nan},
        {"budget": -1},
        {"budget": math.nan},
        {"budget_ratio": -0.1},
        {"budget_ratio": 1.1},
        {"budget_ratio": math.nan},
    ],
    ids=str,
)
def test_a_knob_out_of_its_bounds_is_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        RetryPolicy(**wrong)


@pytest.mark.parametrize("knob", ["max_attempts", "backoff_base", "backoff_max", "budget", "budget_ratio"])
@pytest.mark.parametrize("wrong", ["1", None, True])
def test_a_knob_that_is_no_number_is_named(knob: str, wrong: object) -> None:
    with pytest.raises(TypeError, match=f"{knob} must be"):
        RetryPolicy(**{knob: wrong})  # type: ignore[arg-type]


def test_every_knob_is_documented() -> None:
    for knob in RetryPolicy.__dataclass_fields__:
        assert f"{knob}:" in (RetryPolicy.__doc__ or "")
