"""Decides whether a failed attempt may be made again. Pure.

The rules are those of clientv3's `retry.go`, less its one unsafe branch (a mutation is never repeated after
DEADLINE_EXCEEDED or CANCELLED, etcd issue 18424). Which calls are repeatable is a table in `_effects.py`.

    nothing was sent                      any call goes to another endpoint, or to the same one later
    the token was refused                 any call, once the token is renewed: it was refused before it ran
    a learner, or a member with no leader any call goes to another endpoint, if there is one: it was refused unread
    the member is unavailable, or gave    a repeatable call goes elsewhere; of a mutation the outcome is unknown
    the call up by itself (CANCELLED)
    anything else                         the caller is told
"""

import random
from enum import Enum, auto

from etcdobs._call import Call
from etcdobs.config import RetryPolicy
from etcdobs.errors import (
    AuthOldRevisionError,
    CallCancelledError,
    ClosedError,
    ConnectionFailedError,
    DeadlineExceededError,
    EtcdError,
    InternalError,
    InvalidAuthTokenError,
    NoLeaderError,
    NotSupportedForLearnerError,
    ResponseTooLargeError,
    UnavailableError,
    UnknownError,
    UserEmptyError,
)

TOKEN_REFUSED = (InvalidAuthTokenError, AuthOldRevisionError, UserEmptyError)
# A stream that ended so is opened again. It has no deadline of its own: the one that passed was that of a new token.
RESUMABLE = (
    UnavailableError,
    InternalError,
    UnknownError,
    CallCancelledError,
    DeadlineExceededError,
    NotSupportedForLearnerError,
)
# A reply that is too large says that the call was carried out, but not how it ended.
_AMBIGUOUS = (
    UnavailableError,
    DeadlineExceededError,
    UnknownError,
    InternalError,
    CallCancelledError,
    ClosedError,
    ResponseTooLargeError,
)
# Unavailable, yet surely not applied.
_REFUSED = (ConnectionFailedError, NoLeaderError)
# By a server that goes away, or a proxy before it: what the caller gave up never comes here.
_ENDED_THERE = (UnavailableError, CallCancelledError)
# What another member may do, and this one did not begin.
_REFUSED_HERE = (NotSupportedForLearnerError, NoLeaderError)


class Verdict(Enum):
    """What to do with a failed attempt."""

    RAISE = auto()
    RENEW_TOKEN = auto()
    CONNECT_ELSEWHERE = auto()
    ASK_ELSEWHERE = auto()


def judge(call: Call[object], error: EtcdError, *, endpoints: int, has_credentials: bool) -> Verdict:
    """The verdict on one failed attempt of `call`; `endpoints` is how many it could go to."""
    if isinstance(error, ConnectionFailedError):
        return Verdict.CONNECT_ELSEWHERE
    if isinstance(error, TOKEN_REFUSED) and has_credentials:
        return Verdict.RENEW_TOKEN
    if isinstance(error, _REFUSED_HERE) and endpoints > 1:
        return Verdict.ASK_ELSEWHERE
    if isinstance(error, _ENDED_THERE) and call.repeatable:
        return Verdict.ASK_ELSEWHERE
    return Verdict.RAISE


def outcome_unknown(call: Call[object], error: EtcdError) -> bool:
    """True when `call` is a mutation that `error` leaves undecided."""
    return call.mutates and isinstance(error, _AMBIGUOUS) and not isinstance(error, _REFUSED)


def reason(error: EtcdError) -> str:
    """A short, bounded name of the cause of a retry, for a metric's label."""
    return type(error).__name__.removesuffix("Error")


def backoff_bound(failures: int, first: float, longest: float) -> float:
    """The longest wait after so many failures: twice the one before, up to a limit."""
    return min(first * 2.0 ** min(failures, 16), longest)


class Budget:
    """What the repeated requests of a client may cost its cluster: a bucket that each empties, and successes refill.

    Attributes:
        full: what it holds at most.
        left: what it holds.
    """

    def __init__(self, policy: RetryPolicy | None) -> None:
        self.full: float = policy.budget if policy else 0.0
        self._refill: float = policy.budget_ratio if policy else 0.0
        self.left: float = self.full

    def spend(self) -> bool:
        """Take what one repeated request costs; False when there is not enough left."""
        if self.left < 1:
            return False
        self.left -= 1
        return True

    def earn(self) -> None:
        """A call succeeded."""
        self.left = min(self.full, self.left + self._refill)


class Backoff:
    """How long a broken stream waits to be opened again: random, up to a bound that doubles with each failure."""

    def __init__(self, jitter: random.Random, first: float = 0.025, longest: float = 1.0) -> None:
        self._jitter = jitter
        self._first = first
        self._longest = longest
        self._failures = 0

    def reset(self) -> None:
        """The stream works."""
        self._failures = 0

    def seconds(self) -> float:
        """The wait after one more failure."""
        bound = backoff_bound(self._failures, self._first, self._longest)
        self._failures = min(self._failures + 1, 16)
        return self._jitter.uniform(0, bound)
