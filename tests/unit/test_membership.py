"""Which endpoints a client uses, given what the server says of the members."""

from typing import Any

import pytest

from etcdobs import Member, PermissionDeniedError, UnavailableError
from etcdobs._endpoints import Endpoints
from etcdobs._membership import endpoints_of, member_endpoints
from etcdobs._steps import Now, Send, Session
from etcdobs._token import Credentials
from etcdobs.config import parse_endpoints
from etcdobs.errors import EtcdError


def session(endpoints: str) -> Session:
    return Session(Endpoints(parse_endpoints(endpoints)), Credentials(None, None, None), None, 10.0, 5.0)


def failing(endpoints: str, error: EtcdError) -> Any:
    """What comes of a look at the members that fails so."""
    flow = member_endpoints(session(endpoints))
    step: Any = next(flow)
    try:
        while True:
            step = flow.throw(error) if isinstance(step, Send) else flow.send(0.0 if isinstance(step, Now) else None)
    except StopIteration as stop:
        return tuple(endpoint.text for endpoint in stop.value)


def test_learners_and_members_that_never_started_serve_nobody() -> None:
    members = [
        Member(1, "one", (), ("http://a:1", "http://b:1"), False),
        Member(2, "", (), ("http://c:1",), False),
        Member(3, "three", (), ("http://d:1",), True),
    ]
    assert endpoints_of(members) == ["http://a:1", "http://b:1"]


def test_where_the_member_list_is_denied_the_endpoints_stay() -> None:
    assert failing("a:1,b:2", PermissionDeniedError()) == ("a:1", "b:2")


def test_any_other_failure_is_the_callers() -> None:
    with pytest.raises(UnavailableError):
        failing("a:1", UnavailableError())
