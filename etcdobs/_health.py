"""Decides whether a member is healthy: it answers a read that takes a quorum, and no alarm is raised. No I/O.

The rule is etcdctl's `endpoint health`: to be denied the read is an answer too, given after the quorum was asked.
"""

from dataclasses import replace

from etcdobs._flow import unary
from etcdobs._steps import Flow, Now, Session
from etcdobs.config import Endpoint
from etcdobs.errors import DeadlineExceededError, EtcdError, PermissionDeniedError
from etcdobs.ops import kv, maintenance
from etcdobs.types import Alarm, EndpointHealth, StatusResponse

_KEY = b"health"
_LEAST_SECONDS = 0.1


def examine(session: Session, endpoint: Endpoint) -> Flow[EndpointHealth]:
    """How the member at `endpoint` is; takes the dial timeout at most."""
    began: float = yield Now()
    error = yield from _read(session, endpoint)
    answered: float = yield Now()
    if error is not None:
        return EndpointHealth(endpoint.text, False, str(error), answered - began, None, ())
    left = max(_LEAST_SECONDS, session.dial_timeout - (answered - began))
    status = yield from _status(session, endpoint, left)
    alarms = yield from _alarms(session, endpoint, left)
    trouble = _trouble(status, alarms)
    version = status.version if status is not None else None
    return EndpointHealth(endpoint.text, not trouble, trouble, answered - began, version, alarms)


def _read(session: Session, endpoint: Endpoint) -> Flow[EtcdError | None]:
    call = replace(kv.get(_KEY, timeout=session.dial_timeout), endpoint=endpoint.text)
    try:
        yield from unary(call, session)
    except PermissionDeniedError:
        return None
    except EtcdError as error:
        return error
    return None


def _status(session: Session, endpoint: Endpoint, seconds: float) -> Flow[StatusResponse | None]:
    try:
        return (yield from unary(maintenance.status(endpoint.text, timeout=seconds), session))
    except (PermissionDeniedError, DeadlineExceededError):
        return None


def _alarms(session: Session, endpoint: Endpoint, seconds: float) -> Flow[tuple[Alarm, ...]]:
    call = replace(maintenance.alarms(timeout=seconds), endpoint=endpoint.text)
    try:
        return tuple((yield from unary(call, session)))
    except (PermissionDeniedError, DeadlineExceededError):
        return ()


def _trouble(status: StatusResponse | None, alarms: tuple[Alarm, ...]) -> str | None:
    """What a member that answers complains of."""
    raised = [f"alarm {alarm.type.name} of member {alarm.member_id:x}" for alarm in alarms]
    said = [] if status is None or raised else list(status.errors)
    return "; ".join(raised + said) or None
