"""Decides how one call is carried out, how a token is renewed, and where a stream goes.

What a flow is, and what it may ask for, is in `_steps.py`; the rules of the attempts are in `_attempts.py`.
"""

from dataclasses import replace
from typing import TypeVar

from etcdobs._attempts import Attempts
from etcdobs._call import CLIENT_DEFAULT, Call, Timeout
from etcdobs._probe import probe, reconsider
from etcdobs._steps import NOW, Aside, Flow, Metadata, Note, Renew, Send, Session
from etcdobs.config import Endpoint
from etcdobs.errors import AuthNotEnabledError, EtcdError

T = TypeVar("T")


def unary(
    call: Call[T],
    session: Session,
    started: float | None = None,
    first: Send | None = None,
    failed: EtcdError | None = None,
) -> Flow[T]:
    """Carry out one call; `started`: the monotonic time, where whoever begins it knows.

    `first`: what `first_attempt` told, if it did; `failed`: what came of that, where it was made already.
    """
    if session.admission is not None:
        yield from session.admission(session)
        started = None
    attempts = Attempts(call, session, (yield NOW) if started is None else started)
    if first is not None:
        attempts.begin(first)
        return (yield from attempted(attempts, first, failed))
    if not session.credentials.asked:
        yield from attempts.renew(None)
    return (yield from attempted(attempts, attempts.next()))


def attempted(attempts: Attempts[T], send: Send | None, failed: EtcdError | None = None) -> Flow[T]:
    """Carry out a call from its next attempt on, `send`; `failed`: what came of that, where it was made already."""
    while True:
        send = send or (yield from attempts.after_probes())
        try:
            if failed is not None:
                raise failed
            reply = yield send
        except EtcdError as error:
            failed = None
            instead = attempts.confirmation(error)
            if instead is not None:
                return (yield from unary(instead, attempts.session))
            yield from attempts.failed(error, send)
        else:
            return attempts.answered(reply)
        send = attempts.next()


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
    attempts = Attempts(purchase, session, (yield NOW), needs_token=False)
    return (yield from attempted(attempts, attempts.next()))


def token_of(metadata: Metadata) -> str | None:
    """The token that went with a call."""
    return dict(metadata).get("token")


def open_stream(session: Session, avoid: frozenset[str]) -> Flow[tuple[Endpoint, Metadata]]:
    """Where the next stream of watches or keepalives goes, and what goes with it; `hasleader` always does.

    A stream may be silent for long, so its member is probed first, where there is another to go to.
    """
    if not session.credentials.asked:
        yield Renew(None, session.timeout)
    now: float = yield NOW
    due = session.endpoints.due(now)
    if due is not None:
        yield Aside(reconsider(session, due))
    endpoint = session.endpoints.pick(now, avoid)
    while len(session.endpoints.all) - len(avoid) > 1 and (yield from probe(session, endpoint)) is not None:
        avoid |= {endpoint.address}
        endpoint = session.endpoints.pick((yield NOW), avoid)
    return endpoint, session.metadata(leader=True)


def is_silent(session: Session, endpoint: Endpoint) -> Flow[bool]:
    """Whether the stream that `endpoint` serves had better be served by another: it does not answer a probe."""
    if len(session.endpoints.all) < 2:
        return False
    return (yield from probe(session, endpoint)) is not None
