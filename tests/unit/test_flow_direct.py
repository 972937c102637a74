"""A call whose first attempt is made without a flow ends as one with a flow, whatever comes of that attempt."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from etcdobs import errors
from etcdobs._attempts import answered
from etcdobs._call import Call
from etcdobs._endpoints import Endpoints
from etcdobs._first_attempt import first_attempt
from etcdobs._flow import unary
from etcdobs._steps import Flow, Note, Send, Session
from etcdobs._wire import rpc
from etcdobs.config import RetryPolicy, parse_endpoints
from etcdobs.errors import EtcdError
from etcdobs.ops import kv
from tests.unit.played import Cluster, Played, make_session, script

CALLS: dict[str, Callable[[], Call[Any]]] = {
    "get": lambda: kv.get("k"),
    "put": lambda: kv.put("k", "v"),
    "put at least once": lambda: kv.put("k", "v", retry="at_least_once"),
    "compact at least once": lambda: kv.compact(7, retry="at_least_once"),
    "get within 4 s": lambda: kv.get("k", timeout=4.0),
    "get of one member": lambda: replace(kv.get("k"), endpoint="b:1"),
}
ANSWERS: dict[str, Sequence[type[EtcdError] | None]] = {
    "well": [None],
    "refused once": [errors.ConnectionFailedError, None],
    "refused always": [errors.ConnectionFailedError],
    "unavailable once": [errors.UnavailableError, None],
    "unavailable always": [errors.UnavailableError],
    "compacted by the first": [errors.UnavailableError, errors.CompactedError, None],
    "no leader once": [errors.NoLeaderError, None],
    "no leader anywhere": [errors.NoLeaderError],
    "slow": [errors.DeadlineExceededError, None],
    "no key": [errors.KeyNotFoundError],
    "token refused": [errors.InvalidAuthTokenError, None],
}


class PlayedDirectly(Played):
    """As the drivers do: the first attempt is made here, and a flow goes on where it failed."""

    flows = 0

    def call(self, call: Any) -> Any:
        started = self.now
        send = first_attempt(call, self.session, started)
        if send is None:
            self.flows += 1
            return super().call(call)
        answer = self._send(send)
        if not isinstance(answer, EtcdError):
            return answered(call, self.session, send.endpoint, started, answer)
        self.flows += 1
        return self.run(unary(call, self.session, started, send, answer))


class PlayedUnconnected(Played):
    """As the drivers do where the channel is yet to be made: a flow has the first attempt to make."""

    def call(self, call: Any) -> Any:
        started = self.now
        return self.run(unary(call, self.session, started, first_attempt(call, self.session, started)))


def outcome(played: Played, call: Call[Any]) -> tuple[Any, ...]:
    """How it ended, and all that was done for it."""
    try:
        ended: object = repr(played.call(call))
    except EtcdError as error:
        ended = (type(error), str(error), error.outcome_unknown)
    sends = [(send.endpoint.address, send.call.rpc.method, send.metadata, send.timeout) for send in played.sends]
    return ended, sends, played.sleeps, played.events, len(played.asides), played.renewals, played.now


SESSIONS: dict[str, dict[str, Any]] = {
    "as a client is": {},
    "that retries nothing": {"retry": None},
    "that makes one attempt": {"retry": RetryPolicy(max_attempts=1)},
    "that needs a leader": {"require_leader": True},
    "without a deadline": {"timeout": None},
    "of a short deadline": {"timeout": 1.0},
    "of one that is cut": {"timeout": 3.0},
}


def _heard(*ages: float) -> "Callable[[Endpoints, float], None]":
    def tell(endpoints: Endpoints, now: float) -> None:
        for endpoint, age in zip(endpoints.all, ages, strict=False):
            endpoints.succeeded(endpoint, now - age)

    return tell


STATES: dict[str, Callable[[Endpoints, float], None]] = {
    "at first": _heard(),
    "heard lately": _heard(0, 0, 0),
    "heard long ago": _heard(60, 60, 60),
    "one heard long ago": _heard(60),
    "one failed": lambda endpoints, now: endpoints.failed(endpoints.all[0], now),
    "one silent": lambda endpoints, now: endpoints.silent(endpoints.all[0], now),
    "one in doubt": lambda endpoints, now: endpoints.doubted(endpoints.all[0], now),
}


def ended_all_ways(
    call: str, answers: str, endpoints: str, seconds: float, session: str, state: str, later: str = ""
) -> list[list[tuple[Any, ...]]]:
    """Three calls each way; `later`: the endpoints from the first attempt on."""
    ended: list[list[tuple[Any, ...]]] = []
    for way in (Played, PlayedDirectly, PlayedUnconnected):
        made = make_session(endpoints, username="root", password="secret", **SESSIONS[session])
        made.credentials.hold("held")
        cluster = script(*[kind and kind("so it was told") for kind in ANSWERS[answers]])
        if later:
            cluster = _moving(made, cluster, later)
        played = way(made, cluster, seconds_per_send=seconds)
        STATES[state](made.endpoints, played.now)
        ended.append([outcome(played, CALLS[call]()) for _ in range(3)])
    return ended


def _moving(session: Session, cluster: Cluster, later: str) -> Cluster:
    def answer(send: Send) -> Any:
        session.endpoints.replace(parse_endpoints(later))
        return cluster(send)

    return answer


@pytest.mark.parametrize("endpoints", ["a:1", "a:1,b:1,c:1"])
@pytest.mark.parametrize("answers", ANSWERS)
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("seconds", [0.0, 3.0])
def test_it_ends_as_one_with_a_flow(call: str, answers: str, endpoints: str, seconds: float) -> None:
    with_flow, *others = ended_all_ways(call, answers, endpoints, seconds, "as a client is", "at first")
    assert all(other == with_flow for other in others)


@pytest.mark.parametrize("endpoints", ["a:1", "a:1,b:1", "a:1,b:1,c:1"])
@pytest.mark.parametrize(
    ("answers", "seconds"), [("well", 0.0), ("unavailable once", 0.0), ("slow", 1.0), ("slow", 3.0)]
)
@pytest.mark.parametrize("call", CALLS)
def test_it_begins_as_one_with_a_flow(call: str, answers: str, seconds: float, endpoints: str) -> None:
    """Whatever is known of the members, and whatever the client was told: the rule of the first attempt is in two
    places."""
    for session, state in product(SESSIONS, STATES):
        with_flow, *others = ended_all_ways(call, answers, endpoints, seconds, session, state)
        assert all(other == with_flow for other in others), (session, state)


@pytest.mark.parametrize("endpoints", ["a:1", "a:1,b:1", "a:1,b:1,c:1"])
@pytest.mark.parametrize("later", ["a:1", "b:1,c:1", "a:1,b:1,c:1,d:1"])
@pytest.mark.parametrize(
    ("answers", "seconds"), [("slow", 0.75), ("slow", 1.0), ("slow", 3.0), ("unavailable once", 0.0)]
)
@pytest.mark.parametrize("call", CALLS)
def test_endpoints_that_change_meanwhile_change_nothing(
    call: str, answers: str, seconds: float, endpoints: str, later: str
) -> None:
    for session in SESSIONS:
        with_flow, *others = ended_all_ways(call, answers, endpoints, seconds, session, "at first", later)
        assert all(other[0] == with_flow[0] for other in others), session


def test_a_call_on_a_stream_is_no_first_attempt() -> None:
    session = make_session()
    assert first_attempt(kv.get("k"), session, 0.0) is not None
    assert first_attempt(replace(kv.get("k"), rpc=rpc("etcdserverpb.Lease/LeaseKeepAlive")), session, 0.0) is None


def test_what_is_asked_once_before_any_call_comes_first() -> None:
    played = PlayedDirectly(make_session(), script(None))

    def admission(session: Session) -> Flow[None]:
        session.admission = None
        yield Note("retried", "asked")

    played.session.admission = admission
    played.call(kv.get("k"))
    assert played.events == [("retried", "asked")]


def test_a_call_that_goes_well_needs_no_flow() -> None:
    played = PlayedDirectly(make_session(), script(None))
    for call in CALLS.values():
        if call().endpoint is None:
            played.call(call())
    assert played.flows == 0


def test_a_member_that_is_to_be_probed_first_is() -> None:
    """None is sent to it before, and it is asked once only."""
    played = PlayedDirectly(make_session(), script(None))
    played.session.endpoints.silent(played.session.endpoints.all[1], played.now)
    played.now += 60
    played.call(kv.get("k"))
    assert played.flows == 1
    assert len(played.asides) == 1
    assert sorted(played.addresses) == ["a:1", "b:1"]


def test_a_call_that_has_to_buy_a_token_first_does() -> None:
    played = PlayedDirectly(make_session("a:1", username="root", password="secret"), script(None))
    played.call(kv.get("k"))
    assert played.methods == ["Authenticate", "Range"]
    assert played.tokens == [None, "bought"]
