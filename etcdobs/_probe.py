"""Decides whether a member is slow or of no use: it is asked for what costs nothing, but takes a quorum.

A member may be connected and answer nothing: frozen, or behind a network that swallows. gRPC's own pings find that out
after the keepalive time, 40 s unless set; a probe after PROBE_SECONDS. Or it may answer, cut off from the others: what
needs no quorum it goes on telling for ever, and for the rest it has callers wait for seconds.
"""

from contextlib import suppress

from etcdobs._endpoints import Endpoints
from etcdobs._steps import NOW, Flow, Send, Session
from etcdobs.config import Endpoint
from etcdobs.errors import (
    CallCancelledError,
    ClosedError,
    ConnectionFailedError,
    DeadlineExceededError,
    EtcdError,
    InternalError,
    NoLeaderError,
    UnavailableError,
    UnknownError,
)
from etcdobs.ops import kv

# Seconds that a member has for its answer, which takes it a round trip to its leader, and no lock that a write holds.
PROBE_SECONDS = 1.0

_PROBE = kv.range(b"\0", count_only=True)
_NO_ANSWER = (UnavailableError, DeadlineExceededError, CallCancelledError, InternalError, UnknownError)


class SilentError(UnavailableError):
    """The member is connected, and does not answer a probe: it is frozen, or cut off from the others."""


def probe(session: Session, endpoint: Endpoint, seconds: float = PROBE_SECONDS) -> Flow[EtcdError | None]:
    """Ask a member for a sign of life, and have the picker know; None: it gave one, else why not."""
    began: float = yield NOW
    try:
        yield Send(_PROBE, endpoint, session.metadata(leader=True), seconds)
    except _NO_ANSWER as error:
        return _unanswered(session.endpoints, endpoint, error, (yield NOW))
    except ClosedError:
        raise
    except EtcdError:
        # To be refused is an answer.
        pass
    session.endpoints.succeeded(endpoint, began)
    return None


def _unanswered(endpoints: Endpoints, endpoint: Endpoint, error: EtcdError, now: float) -> EtcdError:
    if isinstance(error, ConnectionFailedError):
        endpoints.failed(endpoint, now)
        return error
    endpoints.silent(endpoint, now)
    if isinstance(error, NoLeaderError):
        return error
    return SilentError("it does not answer a probe", method=error.method, endpoint=endpoint.address)


def reconsider(session: Session, endpoint: Endpoint) -> Flow[None]:
    """Probe a member that was silent, for the picker to know. Meant to run aside: no call waits for it."""
    with suppress(ClosedError):
        yield from probe(session, endpoint)
