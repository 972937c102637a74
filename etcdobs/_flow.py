"""Decides how one call is carried out, how a token is renewed, and where a stream goes.

What a flow is, and what it may ask for, is in `_steps.py`; the rules of the attempts are in `_attempts.py`.
"""

from dataclasses import replace
from typing import Any, TypeVar

from etcdobs._attempts import TOKEN_RENEWALS, Attempts
from etcdobs._call import CLIENT_DEFAULT, Call, Timeout
from etcdobs._probe import probe, reconsider
from etcdobs._steps import (
    CLIENT_API_VERSION,
    NOW,
    Aside,
    Flow,
    Metadata,
    Note,
    Now,
    Other,
    Renew,
    Send,
    Session,
    Sleep,
    Step,
)
from etcdobs.config import Endpoint
from etcdobs.errors import AuthNotEnabledError, EtcdError

T = TypeVar("T")


def unary(call: Call[T], session: Session, started: float | None = None) -> Flow[T]:
    """Carry out one call; `started`: the monotonic time, where whoever begins it knows."""
    if session.admission is not None:
        yield from session.admission(session)
        started = None
    attempts = Attempts(call, session, (yield NOW) if started is None else started)
    if not session.credentials.asked:
        yield from attempts.renew(None)
    while True:
        endpoint, seconds = attempts.next() or (yield from attempts.after_probes())
        metadata = session.metadata(leader=attempts.needs_leader)
        try:
            reply = yield Send(call, endpoint, metadata, seconds)
        except EtcdError as error:
            instead: Call[T] | None = attempts.confirmation(error)
            if instead is not None:
                return (yield from unary(instead, session))
            yield from attempts.failed(error, endpoint, metadata)
        else:
            attempts.succeeded(endpoint)
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
    attempts = Attempts(purchase, session, (yield NOW), needs_token=False)
    while True:
        endpoint, seconds = attempts.next() or (yield from attempts.after_probes())
        try:
            reply = yield Send(purchase, endpoint, (("client-api-version", CLIENT_API_VERSION),), seconds)
        except EtcdError as error:
            yield from attempts.failed(error, endpoint, ())
        else:
            return purchase.decode(reply)


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


__all__ = [
    "CLIENT_API_VERSION",
    "TOKEN_RENEWALS",
    "Aside",
    "Flow",
    "Metadata",
    "Note",
    "Now",
    "Other",
    "Renew",
    "Send",
    "Session",
    "Sleep",
    "Step",
    "is_silent",
    "open_stream",
    "renew_token",
    "token_of",
    "unary",
]
