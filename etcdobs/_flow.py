"""Decides how one call is carried out: attempts, endpoint, token, waits. It does none of it.

A flow is a generator. It yields a step, "do this for me", and is sent what came of it, or has the error thrown in:

    Send    make one attempt; answered with the reply, or an EtcdError is thrown in
    Sleep   wait so many seconds
    Now     answered with the monotonic time in seconds
    Renew   run `renew_token`, one at a time for the whole client
    Note    tell whoever counts; answered with nothing

The drivers in `_drive` do these steps, one by blocking and one by awaiting: that is all that differs between the two
clients. No clock, no thread, no socket is touched here: each rule can be tested by hand with `next` and `flow.throw`.
"""

import random
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, TypeVar

from etcdobs._call import CLIENT_DEFAULT, Call, Timeout
from etcdobs._endpoints import Endpoints
from etcdobs._retry import Verdict, judge, outcome_unknown, reason
from etcdobs._token import Credentials
from etcdobs.config import Endpoint, RetryPolicy
from etcdobs.errors import (
    AuthNotEnabledError,
    CallCancelledError,
    DeadlineExceededError,
    EtcdError,
    NotSupportedForLearnerError,
    UnavailableError,
)

T = TypeVar("T")
Metadata: TypeAlias = tuple[tuple[str, str], ...]

CLIENT_API_VERSION = "3.6.0"
TOKEN_RENEWALS = 3
# Seconds before the deadline from which on a reset of the stream counts as its passing.
_RESET_AT_DEADLINE = 0.1

# What says of a member that others had better be asked for a while.
_BAD_ENDPOINT = (UnavailableError, NotSupportedForLearnerError)


@dataclass(frozen=True, slots=True)
class Send:
    """Make one attempt of `call` at `endpoint`, within `timeout` seconds."""

    call: Call[Any]
    endpoint: Endpoint
    metadata: Metadata = field(repr=False)  # it holds the token
    timeout: float | None


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Now:
    """Tell the monotonic time."""


@dataclass(frozen=True, slots=True)
class Renew:
    """Replace the token that was refused (None: there was none yet), unless another call has done so meanwhile.

    Attributes:
        refused: the token.
        timeout: seconds that the call in need of it has left; None: no deadline.
    """

    refused: str | None = field(repr=False)
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Something that whoever watches the client would like to know.

    Attributes:
        event: "retried", "failed_over" or "token_renewed".
        detail: its cause, from a bounded set.
        method: the RPC, as `etcdserverpb.KV/Put`.
    """

    event: str
    detail: str
    method: str = ""


Step: TypeAlias = Send | Sleep | Now | Renew | Note
Flow: TypeAlias = Generator[Step, Any, T]

_NOW = Now()


@dataclass(slots=True)
class Session:
    """What all calls of a client share.

    Attributes:
        admission: what must succeed before any call is made, and then takes itself away; None: nothing.
    """

    endpoints: Endpoints
    credentials: Credentials
    retry: RetryPolicy | None
    timeout: float | None
    dial_timeout: float
    require_leader: bool = False
    jitter: random.Random = field(default_factory=random.Random)
    admission: "Callable[[Session], Flow[None]] | None" = None

    def metadata(self, *, leader: bool | None = None) -> Metadata:
        """What goes with a call; `leader`: whether the server must have one, else as the client was told."""
        pairs: tuple[tuple[str, str], ...] = (("client-api-version", CLIENT_API_VERSION),)
        if self.require_leader if leader is None else leader:
            pairs += (("hasleader", "true"),)
        token = self.credentials.token
        return (*pairs, ("token", token)) if token else pairs

    def seconds(self, timeout: Timeout) -> float | None:
        """A call's timeout in seconds; the client's own where the call names none."""
        return timeout if timeout is None or isinstance(timeout, (int, float)) else self.timeout


def unary(call: Call[T], session: Session) -> Flow[T]:
    """Carry out one call."""
    if session.admission is not None:
        yield from session.admission(session)
    attempts = _Attempts(call, session, (yield _NOW))
    if not session.credentials.asked:
        yield from attempts.renew(None)
    while True:
        endpoint, seconds = attempts.next()
        metadata = session.metadata()
        try:
            reply = yield Send(call, endpoint, metadata, seconds)
        except EtcdError as error:
            yield from attempts.failed(error, endpoint, metadata)
        else:
            session.endpoints.succeeded(endpoint)
            return _decoded(call, reply, endpoint)


def _decoded(call: Call[T], reply: Any, endpoint: Endpoint) -> T:
    try:
        return call.decode(reply)
    except EtcdError as error:
        error.endpoint = endpoint.address
        raise


def renew_token(session: Session, refused: str | None, timeout: Timeout = CLIENT_DEFAULT) -> Flow[None]:
    """Buy or ask for another token within `timeout`; nothing to do when `refused` is not the one held any more."""
    credentials = session.credentials
    if credentials.asked and credentials.token != refused:
        return
    purchase = credentials.buy()
    if purchase is None:
        credentials.hold(credentials.ask())
        return
    credentials.drop()
    try:
        credentials.hold((yield from _buy(replace(purchase, timeout=timeout), session)))
    except AuthNotEnabledError:
        # As clientv3: a user name given to a cluster without auth is no error.
        credentials.hold(None)
    yield Note("token_renewed", "ok")


def _buy(purchase: Call[str], session: Session) -> Flow[str]:
    attempts = _Attempts(purchase, session, (yield _NOW), needs_token=False)
    while True:
        endpoint, seconds = attempts.next()
        try:
            reply = yield Send(purchase, endpoint, (("client-api-version", CLIENT_API_VERSION),), seconds)
        except EtcdError as error:
            yield from attempts.failed(error, endpoint, ())
        else:
            return purchase.decode(reply)


class _Attempts:
    """The attempts of one call so far: where they went, how long there is left, whether there is another."""

    def __init__(self, call: Call[Any], session: Session, started: float, *, needs_token: bool = True) -> None:
        self._call = call
        # Buying a token must never wait for a token.
        self._has_credentials = needs_token and session.credentials.can_renew
        self._session = session
        self._started = self._now = started
        self._timeout = session.seconds(call.timeout)
        self._pinned = session.endpoints.named(call.endpoint) if call.endpoint else None
        self._count = 0
        self._renewals = 0
        self._reached = False
        self._tried: frozenset[str] = frozenset()
        self._last: EtcdError | None = None

    def next(self) -> tuple[Endpoint, float | None]:
        """Where the next attempt goes, and how many seconds it has; raises when there are none left."""
        left = self._left()
        return self._pinned or self._session.endpoints.pick(self._now, self._tried), left

    def renew(self, refused: str | None) -> Flow[None]:
        """Have the token replaced; raises when there is no time left for it."""
        yield Renew(refused, self._left())
        self._now = yield _NOW

    def _left(self) -> float | None:
        if self._timeout is None:
            return None
        left = self._timeout - (self._now - self._started)
        if left <= 0:
            raise self._out_of_time()
        return left

    def failed(self, error: EtcdError, endpoint: Endpoint, metadata: Metadata) -> Flow[None]:
        """Prepare the next attempt, or raise."""
        self._now = yield _NOW
        self._last = error = self._timed(error)
        if isinstance(error, _BAD_ENDPOINT):
            self._session.endpoints.failed(endpoint, self._now)
        verdict = self._verdict(error)
        if verdict is Verdict.RAISE:
            error.outcome_unknown = outcome_unknown(self._call, error)
            raise error
        if verdict is Verdict.RENEW_TOKEN:
            yield from self.renew(token_of(metadata))
        else:
            yield from self._elsewhere(error, endpoint, connected=verdict is Verdict.ASK_ELSEWHERE)
        yield Note("retried", reason(error), self._method)

    def _timed(self, error: EtcdError) -> EtcdError:
        """`error`, or what it really was: at the deadline some servers reset the stream before gRPC gives it up."""
        if not isinstance(error, CallCancelledError) or self._timeout is None:
            return error
        if self._now - self._started < self._timeout - _RESET_AT_DEADLINE:
            return error
        return DeadlineExceededError(error.details, method=error.method, endpoint=error.endpoint)

    def _verdict(self, error: EtcdError) -> Verdict:
        verdict = judge(self._call, error, endpoints=self._choices, has_credentials=self._has_credentials)
        if verdict is Verdict.RENEW_TOKEN:
            # No matter of the retry policy: without it a client would be of no use once its token has expired.
            self._renewals += 1
            return verdict if self._renewals <= TOKEN_RENEWALS else Verdict.RAISE
        self._count += 1
        policy = self._session.retry
        return Verdict.RAISE if policy is None or self._count >= policy.max_attempts else verdict

    @property
    def _choices(self) -> int:
        return 1 if self._pinned else len(self._session.endpoints.all)

    def _elsewhere(self, error: EtcdError, endpoint: Endpoint, *, connected: bool) -> Flow[None]:
        self._reached = self._reached or connected
        self._tried |= {endpoint.address}
        if len(self._tried) >= self._choices:
            self._tried = frozenset()
            yield from self._wait(error)
        if self._choices > 1:
            yield Note("failed_over", reason(error), self._method)

    def _wait(self, error: EtcdError) -> Flow[None]:
        seconds = self._backoff()
        if not self._reached:
            dialing = self._session.dial_timeout - (self._now - self._started)
            if dialing <= 0:
                raise self._unconnected(error)
            seconds = min(seconds, dialing)
        left = self._left()
        if left is not None and seconds >= left:
            raise self._out_of_time()
        yield Sleep(seconds)
        self._now = yield _NOW

    def _backoff(self) -> float:
        policy = self._session.retry or RetryPolicy()
        rounds = (self._count - 1) // self._choices
        longest = min(policy.backoff_base * 2 ** min(rounds, 16), policy.backoff_max)
        return self._session.jitter.uniform(longest / 2, longest)

    def _unconnected(self, error: EtcdError) -> EtcdError:
        names = ", ".join(endpoint.address for endpoint in self._session.endpoints.all)
        where = self._pinned.address if self._pinned else names
        return type(error)(
            f"no connection to {where} within {self._session.dial_timeout:g} s; last: {error.details}",
            code=error.code,
            method=error.method,
            endpoint=error.endpoint,
        )

    def _out_of_time(self) -> EtcdError:
        last = self._last
        return DeadlineExceededError(
            f"no answer within {self._timeout:g} s" + (f"; last: {last.details}" if last else ""),
            method=self._method,
            endpoint=last.endpoint if last else "",
        )

    @property
    def _method(self) -> str:
        return f"{self._call.rpc.service}/{self._call.rpc.method}"


def token_of(metadata: Metadata) -> str | None:
    """The token that went with a call."""
    return dict(metadata).get("token")


def open_stream(session: Session, avoid: frozenset[str]) -> Flow[tuple[Endpoint, Metadata]]:
    """Where the next stream of watches or keepalives goes, and what goes with it; `hasleader` always does."""
    if not session.credentials.asked:
        yield Renew(None, session.timeout)
    now: float = yield _NOW
    return session.endpoints.pick(now, avoid), session.metadata(leader=True)


__all__ = [
    "TOKEN_RENEWALS",
    "Flow",
    "Metadata",
    "Note",
    "Now",
    "Renew",
    "Send",
    "Session",
    "Sleep",
    "Step",
    "open_stream",
    "renew_token",
    "token_of",
    "unary",
]
