"""How a call gets its token: before the first attempt, anew when it is refused, once for all who need it."""

from typing import Any

import pytest

from etcdobs import RetryPolicy
from etcdobs._call import Call
from etcdobs._flow import open_stream, renew_token, token_of, unary
from etcdobs._steps import Renew, Send
from etcdobs.errors import (
    AuthenticationFailedError,
    AuthNotEnabledError,
    AuthOldRevisionError,
    ClosedError,
    ConnectionFailedError,
    DeadlineExceededError,
    EtcdError,
    InvalidAuthTokenError,
    UnavailableError,
    UserEmptyError,
)
from etcdobs.ops import kv
from tests.unit.played import Answer, Played, make_session, reply_to, script

REFUSALS = [InvalidAuthTokenError, AuthOldRevisionError, UserEmptyError]
CANARY = "canary-7f3a"


def get() -> Call[Any]:
    return kv.get("k")


def put() -> Call[Any]:
    return kv.put("k", "v")


class GuardedCluster:
    """Sells tokens t1, t2, ... and takes the last one only; `expire` makes it take none that was sold."""

    def __init__(self, refusal: type[EtcdError] = InvalidAuthTokenError) -> None:
        self.sold = 0
        self.valid: str | None = None
        self._refusal = refusal

    def expire(self) -> None:
        self.valid = None

    def __call__(self, send: Send) -> Answer:
        reply = reply_to(send)
        if send.call.rpc.method == "Authenticate":
            self.sold += 1
            reply.token = self.valid = f"t{self.sold}"
            return reply
        return reply if token_of(send.metadata) == self.valid is not None else self._refusal()


def user(**more: Any) -> Any:
    return make_session(username="root", password=CANARY, **more)


def test_a_token_is_bought_before_the_first_call_only() -> None:
    played = Played(user(), GuardedCluster())
    played.call(put())
    played.call(get())
    assert played.methods == ["Authenticate", "Put", "Range"]
    assert played.tokens == [None, "t1", "t1"]
    assert played.events == [("token_renewed", "ok")]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("call", [get(), put(), kv.delete("k")], ids=lambda call: call.rpc.method)
def test_a_refused_token_is_renewed_once_for_reads_and_mutations(refusal: type[EtcdError], call: Call[Any]) -> None:
    cluster = GuardedCluster(refusal)
    played = Played(user(), cluster)
    played.call(get())
    cluster.expire()
    played.call(call)
    assert played.methods[2:] == [call.rpc.method, "Authenticate", call.rpc.method]
    assert played.tokens[2:] == ["t1", None, "t2"]
    assert played.sleeps == []


@pytest.mark.parametrize("retry", [None, RetryPolicy(max_attempts=1)])
def test_a_token_is_renewed_whatever_the_retry_policy(retry: RetryPolicy | None) -> None:
    cluster = GuardedCluster()
    played = Played(user(retry=retry), cluster)
    played.call(put())
    cluster.expire()
    played.call(put())
    assert played.tokens == [None, "t1", "t1", None, "t2"]


def test_a_token_that_is_refused_again_and_again_is_told_of() -> None:
    played = Played(user(), lambda send: reply_to(send) if send.call.rpc.method == "Authenticate" else UserEmptyError())
    with pytest.raises(UserEmptyError) as caught:
        played.call(put())
    assert played.methods.count("Put") == 4
    assert not caught.value.outcome_unknown


@pytest.mark.parametrize("session", [make_session(), make_session(token=CANARY)])
def test_without_credentials_a_refusal_is_told_at_once(session: Any) -> None:
    played = Played(session, script(InvalidAuthTokenError()))
    with pytest.raises(InvalidAuthTokenError):
        played.call(get())
    assert played.methods == ["Range"]


def test_a_token_made_elsewhere_goes_with_every_call() -> None:
    played = Played(make_session(token="mine"), script(None))
    played.call(get())
    assert played.tokens == ["mine"]


def test_a_token_callable_is_asked_first_and_when_its_token_is_refused() -> None:
    tokens = iter(["first", "second"])
    played = Played(make_session(token=lambda: next(tokens)), script(None, InvalidAuthTokenError(), None))
    played.call(get())
    played.call(put())
    assert played.methods == ["Range", "Put", "Put"]
    assert played.tokens == ["first", "first", "second"]


def test_a_password_callable_is_asked_for_every_token() -> None:
    passwords = iter(["old", "new"])
    cluster = GuardedCluster()
    played = Played(make_session(username="root", password=lambda: next(passwords)), cluster)
    played.call(get())
    cluster.expire()
    played.call(get())
    bought = [send.call.request.password for send in played.sends if send.call.rpc.method == "Authenticate"]
    assert bought == ["old", "new"]


def test_wrong_credentials_are_told_by_every_call_and_nothing_else_is_sent() -> None:
    played = Played(user(), script(AuthenticationFailedError()))
    for call in (get(), put()):
        with pytest.raises(AuthenticationFailedError) as caught:
            played.call(call)
        assert not caught.value.outcome_unknown
    assert played.methods == ["Authenticate", "Authenticate"]


def test_a_cluster_without_auth_takes_credentials_for_no_error() -> None:
    played = Played(user(), script(AuthNotEnabledError(), None))
    played.call(put())
    played.call(put())
    assert played.methods == ["Authenticate", "Put", "Put"]
    assert played.tokens == [None, None, None]


def test_auth_that_is_enabled_later_is_noticed() -> None:
    played = Played(user(), script(AuthNotEnabledError(), None, UserEmptyError(), None))
    played.call(put())
    played.call(put())
    assert played.methods == ["Authenticate", "Put", "Put", "Authenticate", "Put"]
    assert played.tokens[-1] == "bought"


def test_renewing_a_token_that_is_held_no_more_does_nothing() -> None:
    played = Played(user(), GuardedCluster())
    played.call(get())
    played.run(renew_token(played.session, "an older one"))
    played.run(renew_token(played.session, None))
    assert played.methods.count("Authenticate") == 1
    played.run(renew_token(played.session, "t1"))
    assert played.methods.count("Authenticate") == 2
    assert played.session.credentials.token == "t2"


def test_calls_that_were_refused_together_buy_one_token() -> None:
    cluster = GuardedCluster()
    played = Played(user(), cluster)
    played.call(get())
    cluster.expire()
    flows = [unary(put(), played.session) for _ in range(3)]
    sends = []
    for flow in flows:
        next(flow)
        sends.append(flow.send(played.now))
    steps = []
    for flow in flows:
        flow.throw(InvalidAuthTokenError())
        steps.append(flow.send(played.now))
    assert [token_of(send.metadata) for send in sends if isinstance(send, Send)] == ["t1"] * 3
    for step in steps:
        assert isinstance(step, Renew)
        played.run(renew_token(played.session, step.refused))
    assert cluster.sold == 2


def test_buying_a_token_goes_elsewhere_as_a_read_does() -> None:
    played = Played(user(), script(UnavailableError(), ConnectionFailedError(), None))
    played.call(put())
    assert played.methods == ["Authenticate"] * 3 + ["Put"]
    assert sorted(played.addresses[:3]) == ["a:1", "b:1", "c:1"]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda kind: kind.__name__)
def test_buying_a_token_never_waits_for_a_token(refusal: type[EtcdError]) -> None:
    played = Played(user(), script(refusal()))
    with pytest.raises(refusal):
        played.call(put())
    assert played.methods == ["Authenticate"]
    assert len(played.renewals) == 1


def test_a_failed_purchase_leaves_the_next_call_to_try_again() -> None:
    played = Played(user(retry=None), script(UnavailableError(), None))
    with pytest.raises(UnavailableError):
        played.call(put())
    played.call(put())
    assert played.methods == ["Authenticate", "Authenticate", "Put"]


def test_the_token_is_bought_within_the_calls_own_timeout() -> None:
    played = Played(user(endpoints="a:1", timeout=10.0), script(None), seconds_per_send=2.0)
    played.call(kv.put("k", timeout=3.0))
    assert [(send.call.rpc.method, send.timeout) for send in played.sends] == [("Authenticate", 3.0), ("Put", 1.0)]


def test_a_call_whose_time_went_into_the_token_is_not_sent() -> None:
    played = Played(user(), script(None), seconds_per_send=4.0)
    with pytest.raises(DeadlineExceededError) as caught:
        played.call(kv.put("k", timeout=3.0))
    assert played.methods == ["Authenticate"]
    assert not caught.value.outcome_unknown
    assert caught.value.method == "etcdserverpb.KV/Put"


def test_a_put_whose_token_was_refused_too_late_was_surely_not_applied() -> None:
    cluster = GuardedCluster()
    played = Played(user(), cluster, seconds_per_send=2.0)
    played.call(get())
    cluster.expire()
    with pytest.raises(DeadlineExceededError, match="last: etcdserver: invalid auth token") as caught:
        played.call(kv.put("k", timeout=3.0))
    assert not caught.value.outcome_unknown


def test_a_token_is_not_renewed_for_a_call_that_has_no_time_left() -> None:
    cluster = GuardedCluster()
    played = Played(user(), cluster, seconds_per_send=2.0)
    played.call(get())
    cluster.expire()
    with pytest.raises(DeadlineExceededError):
        played.call(kv.put("k", timeout=1.5))
    assert played.methods == ["Authenticate", "Range", "Put"]


def test_a_client_that_is_closed_while_it_waits_raises_that() -> None:
    flow = unary(get(), make_session("a:1"))
    next(flow)
    flow.send(0.0)
    flow.throw(UnavailableError())
    step = flow.send(0.0)
    assert type(step).__name__ == "Sleep"
    with pytest.raises(ClosedError):
        flow.throw(ClosedError())


def test_a_stream_has_a_token_and_always_requires_a_leader() -> None:
    played = Played(user(), GuardedCluster())
    endpoint, metadata = played.run(open_stream(played.session, frozenset()))
    assert endpoint in played.session.endpoints.all
    assert token_of(metadata) == "t1"
    assert dict(metadata)["hasleader"] == "true"
    assert [renewal.timeout for renewal in played.renewals] == [10.0]


def test_a_stream_avoids_what_it_is_told_to() -> None:
    played = Played(make_session(), script(None))
    avoid = frozenset({"a:1", "b:1"})
    found = {played.run(open_stream(played.session, avoid))[0].address for _ in range(4)}
    assert found == {"c:1"}


def test_neither_password_nor_token_is_shown_by_what_a_flow_asks_for() -> None:
    for session in (user(), make_session(token=CANARY), make_session(token=lambda: CANARY)):
        steps: list[Any] = []

        def cluster(send: Send, steps: list[Any] = steps) -> Answer:
            steps.extend((send, send.call))
            if send.call.rpc.method == "Authenticate":
                reply = reply_to(send)
                reply.token = CANARY
                return reply
            return InvalidAuthTokenError()

        played = Played(session, cluster)
        with pytest.raises(InvalidAuthTokenError) as caught:
            played.call(put())
        shown = [*steps, *played.notes, *played.renewals, session, caught.value]
        assert any(CANARY in value for send in played.sends for _, value in send.metadata)
        assert CANARY not in " ".join(text for thing in shown for text in (repr(thing), str(thing)))
