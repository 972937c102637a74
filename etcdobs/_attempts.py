"""Decides what the attempts of one call are: where each goes, how long it has, and whether there is another. No I/O.

Slow is not dead. Where a call may be repeated elsewhere, an attempt has a slice of its deadline; when that has passed
the member is probed. Is it silent, the call moves on and the picker leaves the member out; is it alive, it has all the
time that is left: a call that is merely slow is cut once. A mutation cannot be taken back from a member once it is
sent: one that has answered nothing for a while is probed first, and one that has no leader is to refuse it.
"""

from typing import Any, Generic, TypeVar

from etcdobs._call import CLIENT_DEFAULT, Call
from etcdobs._probe import PROBE_SECONDS, SilentError, probe, reconsider
from etcdobs._retry import Verdict, backoff_bound, judge, outcome_unknown, reason
from etcdobs._steps import BARE, NOW, Aside, Flow, Note, Renew, Send, Session, Sleep
from etcdobs.config import Endpoint, RetryPolicy
from etcdobs.errors import (
    CallCancelledError,
    DeadlineExceededError,
    EtcdError,
    NoLeaderError,
    NotSupportedForLearnerError,
    UnavailableError,
)

T = TypeVar("T")

TOKEN_RENEWALS = 3
LONGEST_SLICE = 1.5
# Seconds below which a slice would cut calls that are only busy.
LEAST_SLICE = 0.5
# Seconds before the deadline from which on a reset of the stream counts as its passing.
_RESET_AT_DEADLINE = 0.1

# Seconds before the deadline from which on no other attempt is waited for.
_LEAST_WAIT = 0.02

# What says of a member that others had better be asked for a while.
_BAD_ENDPOINT = (UnavailableError, NotSupportedForLearnerError)
_OUT_OF_TIME = (DeadlineExceededError, CallCancelledError)


def slice_of(left: float | None, choices: int) -> float | None:
    """The seconds of `left` that an attempt has before its member is probed, where it could move to `choices - 1`."""
    if choices < 2:
        return left
    part = LONGEST_SLICE if left is None else min(LONGEST_SLICE, left / (choices + 1))
    return part if part >= LEAST_SLICE else left


def answered(call: Call[T], session: Session, endpoint: Endpoint, sent_at: float, reply: Any) -> T:
    """What the caller gets for the `reply` of `endpoint`, which is told that it answered."""
    session.endpoints.succeeded(endpoint, sent_at)
    budget = session.budget
    if budget.left < budget.full:
        budget.earn()
    try:
        result: T = call.decode(reply)
    except EtcdError as error:
        error.endpoint = endpoint.address
        raise
    return result


class Attempts(Generic[T]):
    """The attempts of one call so far."""

    # Where every call begins; most end there too, and are spared the assignments.
    _count = 0
    _renewals = 0
    _reached = False
    _ambiguous = False
    _tried: frozenset[str] = frozenset()
    _silent: frozenset[str] = frozenset()
    _leaderless: frozenset[str] = frozenset()
    _proven: Endpoint | None = None
    _slice: float | None = None
    _last: EtcdError | None = None
    _due: Endpoint | None = None
    _aim: Endpoint

    def __init__(self, call: Call[T], session: Session, started: float, *, needs_token: bool = True) -> None:
        self._call: Call[Any] = call
        # Buying a token must never wait for a token.
        self._needs_token = needs_token
        self.session: Session = session
        self._started = self._now = started
        self._timeout = session.timeout if call.timeout is CLIENT_DEFAULT else call.timeout
        self._pinned = session.endpoints.named(call.endpoint) if call.endpoint else None
        # Whether it has an alternative to the member it goes to.
        self._is_free = session.retry is not None and self._pinned is None and len(session.endpoints.all) > 1
        # A member that is cut off would keep a mutation for seconds; refused, it goes to another. None: as the client.
        self._needs_leader: bool | None = True if self._is_free and call.mutates else None

    # ---- before an attempt

    def next(self) -> Send | None:
        """The next attempt; raises when there is no time left for one.

        None: members are to be asked first how they are, as `after_probes` does.
        """
        endpoints = self.session.endpoints
        if endpoints.silences:
            self._due = endpoints.due(self._now)
        self._aim = aim = self._pinned or self._proven or endpoints.pick(self._now, self._tried)
        if self._due is not None or (self._is_free and self._is_doubtful(aim)):
            return None
        return self._to(aim)

    def begin(self, first: Send) -> None:
        """Take that, of `first_attempt`, for what `next` would have said."""
        self._aim = first.endpoint
        # As they were when it was sent: the endpoints may have changed since.
        self._is_free = first.is_free
        self._needs_leader = True if first.is_free and self._call.mutates else None
        self._slice = None if first.timeout == self._timeout else first.timeout

    def after_probes(self) -> Flow[Send]:
        """What `next` could not tell yet."""
        due, self._due = self._due, None
        if due is not None:
            yield Aside(reconsider(self.session, due))
        while self._is_doubtful(self._aim):
            silence = yield from self._probed(self._aim)
            if silence is None:
                break
            yield from self._elsewhere(silence, self._aim, connected=True)
            self._aim = self._pinned or self._proven or self.session.endpoints.pick(self._now, self._tried)
        return self._to(self._aim)

    def _to(self, endpoint: Endpoint) -> Send:
        left = self._timeout if self._now == self._started else self._left()
        if self._is_free and self._call.repeatable:
            self._slice = self._cut(left)
        metadata = self.session.metadata(leader=self._needs_leader) if self._needs_token else BARE
        timeout = left if self._slice is None else self._slice
        return Send(self._call, endpoint, metadata, timeout, self._is_free)

    def _cut(self, left: float | None) -> float | None:
        """The slice of the next attempt; None: it is its last, or its member is known to live."""
        policy = self.session.retry
        if self._proven is not None or policy is None or self._count + 1 >= policy.max_attempts:
            return None
        return slice_of(left, self._choices - len(self._silent))

    def _is_doubtful(self, endpoint: Endpoint) -> bool:
        if not self._is_free or self._call.repeatable or len(self._silent) + 1 >= self._choices:
            return False
        return self.session.endpoints.is_idle(endpoint, self._now) or self.session.endpoints.is_silent(endpoint)

    def _probed(self, endpoint: Endpoint) -> Flow[EtcdError | None]:
        left = self._left()
        silence = yield from probe(self.session, endpoint, PROBE_SECONDS if left is None else min(PROBE_SECONDS, left))
        self._now = yield NOW
        if silence is not None:
            self._silent |= {endpoint.address}
        return silence

    def renew(self, refused: str | None) -> Flow[None]:
        """Have the token replaced; raises when there is no time left for it."""
        yield Renew(refused, self._left())
        self._now = yield NOW

    def _left(self) -> float | None:
        if self._timeout is None:
            return None
        left = self._timeout - (self._now - self._started)
        if left <= 0:
            raise self._out_of_time()
        return left

    # ---- after an attempt

    def answered(self, reply: Any) -> T:
        """What the caller gets for the reply to the latest attempt."""
        result: T = answered(self._call, self.session, self._aim, self._now, reply)
        return result

    def confirmation(self, error: EtcdError) -> Call[T] | None:
        """What to ask instead, when `error` says that an earlier attempt was carried out whose answer was lost."""
        known = self._call.confirmation
        return known.ask if known is not None and self._ambiguous and isinstance(error, known.error) else None

    def failed(self, error: EtcdError, sent: Send) -> Flow[None]:
        """Prepare the next attempt, or raise."""
        sent_at, endpoint = self._now, sent.endpoint
        self._now = yield NOW
        self._ambiguous = self._ambiguous or outcome_unknown(self._call, error)
        if self._is_slow(error, sent_at):
            yield from self._slow(error, endpoint)
            return
        self._last = error = self._timed(error)
        self._mark(error, endpoint, self._now - sent_at)
        verdict = self._verdict(error, endpoint)
        if verdict is Verdict.RAISE:
            error.outcome_unknown = self._ambiguous
            raise error
        if verdict is Verdict.RENEW_TOKEN:
            yield from self.renew(dict(sent.metadata).get("token"))
        else:
            yield from self._elsewhere(error, endpoint, connected=verdict is Verdict.ASK_ELSEWHERE)
        yield Note("retried", reason(error), self._method, endpoint.address)

    def _is_slow(self, error: EtcdError, sent_at: float) -> bool:
        if self._slice is None or not isinstance(error, _OUT_OF_TIME):
            return False
        left = self._timeout is None or self._now - self._started < self._timeout - _RESET_AT_DEADLINE
        return left and self._now - sent_at >= self._slice - _RESET_AT_DEADLINE

    def _slow(self, error: EtcdError, endpoint: Endpoint) -> Flow[None]:
        self._count += 1
        self._last = error
        if self.session.endpoints.is_silent(endpoint):
            # Another call has found out.
            self._silent |= {endpoint.address}
            silence: EtcdError | None = SilentError("it does not answer a probe", endpoint=endpoint.address)
        else:
            silence = yield from self._probed(endpoint)
        if silence is None:
            self._proven = endpoint
        else:
            self._last = silence
            yield from self._elsewhere(silence, endpoint, connected=True)
        yield Note("retried", "Slow" if silence is None else reason(silence), self._method, endpoint.address)

    def _timed(self, error: EtcdError) -> EtcdError:
        """`error`, or what it really was: at the deadline some servers reset the stream before gRPC gives it up."""
        if not isinstance(error, CallCancelledError) or self._timeout is None:
            return error
        if self._now - self._started < self._timeout - _RESET_AT_DEADLINE:
            return error
        return DeadlineExceededError(error.details, method=error.method, endpoint=error.endpoint)

    def _mark(self, error: EtcdError, endpoint: Endpoint, seconds: float) -> None:
        self._proven = None
        if isinstance(error, _BAD_ENDPOINT):
            self.session.endpoints.failed(endpoint, self._now)
        elif isinstance(error, DeadlineExceededError) and seconds >= LEAST_SLICE:
            self.session.endpoints.doubted(endpoint, self._now)

    def _verdict(self, error: EtcdError, endpoint: Endpoint) -> Verdict:
        has_credentials = self._needs_token and self.session.credentials.can_renew
        verdict = judge(self._call, error, endpoints=self._choices, has_credentials=has_credentials)
        if isinstance(error, NoLeaderError) and self._call.mutates and self._is_refused_again(endpoint):
            return Verdict.RAISE
        if verdict is Verdict.RENEW_TOKEN:
            # No matter of the retry policy: without it a client would be of no use once its token has expired.
            self._renewals += 1
            return verdict if self._renewals <= TOKEN_RENEWALS else Verdict.RAISE
        self._count += 1
        policy = self.session.retry
        if policy is None or self._count >= policy.max_attempts:
            return Verdict.RAISE
        # What reached no server, or was refused unread, adds nothing to its load.
        is_free = verdict is not Verdict.ASK_ELSEWHERE or isinstance(error, NoLeaderError)
        affordable = is_free or self.session.budget.spend()
        return verdict if affordable else Verdict.RAISE

    def _is_refused_again(self, endpoint: Endpoint) -> bool:
        """Whether the user asked to be told that there is no leader, and this member says so for the second time."""
        again = endpoint.address in self._leaderless
        self._leaderless |= {endpoint.address}
        if len(self._leaderless) >= self._choices:
            self._needs_leader = None  # no member has one: the next keeps the mutation until there is
        return again and self.session.require_leader

    @property
    def _choices(self) -> int:
        return 1 if self._pinned else len(self.session.endpoints.all)

    def _elsewhere(self, error: EtcdError, endpoint: Endpoint, *, connected: bool) -> Flow[None]:
        self._reached = self._reached or connected
        self._tried |= {endpoint.address}
        if len(self._tried) >= self._choices:
            self._tried = frozenset()
            yield from self._wait(error)
        if self._choices > 1:
            yield Note("failed_over", reason(error), self._method, endpoint.address)

    def _wait(self, error: EtcdError) -> Flow[None]:
        seconds = self._backoff()
        if not self._reached:
            dialing = self.session.dial_timeout - (self._now - self._started)
            if dialing <= 0:
                raise self._unconnected(error)
            seconds = min(seconds, dialing)
        left = self._left()
        if left is not None:
            if left < _LEAST_WAIT:
                raise self._out_of_time()
            # Once more before the deadline: what comes back in the last moment is still of use.
            seconds = min(seconds, left / 2)
        yield Sleep(seconds)
        self._now = yield NOW

    def _backoff(self) -> float:
        policy = self.session.retry or RetryPolicy()
        rounds = max(0, self._count - 1) // self._choices
        return self.session.jitter.uniform(0, backoff_bound(rounds, policy.backoff_base, policy.backoff_max))

    # ---- when there is none

    def _unconnected(self, error: EtcdError) -> EtcdError:
        names = ", ".join(endpoint.address for endpoint in self.session.endpoints.all)
        where = self._pinned.address if self._pinned else names
        return type(error)(
            f"no connection to {where} within {self.session.dial_timeout:g} s; last: {error.details}",
            code=error.code,
            method=error.method,
            endpoint=error.endpoint,
            outcome_unknown=self._ambiguous,
        )

    def _out_of_time(self) -> EtcdError:
        last = self._last
        return DeadlineExceededError(
            f"no answer within {self._timeout:g} s" + (f"; last: {last.details}" if last else ""),
            method=self._method,
            endpoint=last.endpoint if last else "",
            outcome_unknown=self._ambiguous,
        )

    @property
    def _method(self) -> str:
        return f"{self._call.rpc.service}/{self._call.rpc.method}"
