"""A call whose first attempt is made without a flow ends as one with a flow, whatever comes of that attempt."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from etcdobs import errors
from etcdobs._call import Call
from etcdobs._flow import attempted, directly
from etcdobs.errors import EtcdError
from etcdobs.ops import kv
from tests.unit.played import Played, make_session, script

CALLS: dict[str, Callable[[], Call[Any]]] = {
    "get": lambda: kv.get("k"),
    "put": lambda: kv.put("k", "v"),
    "put at least once": lambda: kv.put("k", "v", retry="at_least_once"),
    "compact at least once": lambda: kv.compact(7, retry="at_least_once"),
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
        attempts = directly(call, self.session, self.now)
        if attempts is None:
            self.flows += 1
            return super().call(call)
        send = attempts.next()
        failure: EtcdError | None = None
        if send is not None:
            answer = self._send(send)
            if not isinstance(answer, EtcdError):
                return attempts.answered(answer)
            failure = answer
        self.flows += 1
        return self.run(attempted(attempts, send, failure))


def outcome(played: Played, call: Call[Any]) -> tuple[Any, ...]:
    """How it ended, and all that was done for it."""
    try:
        ended: object = repr(played.call(call))
    except EtcdError as error:
        ended = (type(error), str(error), error.outcome_unknown)
    sends = [(send.endpoint.address, send.call.rpc.method, send.metadata, send.timeout) for send in played.sends]
    return ended, sends, played.sleeps, played.events, len(played.asides), played.renewals, played.now


@pytest.mark.parametrize("endpoints", ["a:1", "a:1,b:1,c:1"])
@pytest.mark.parametrize("answers", ANSWERS)
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("seconds", [0.0, 3.0])
def test_it_ends_as_one_with_a_flow(call: str, answers: str, endpoints: str, seconds: float) -> None:
    ended: list[tuple[Any, ...]] = []
    for way in (Played, PlayedDirectly):
        session = make_session(endpoints, username="root", password="secret")
        session.credentials.hold("held")
        cluster = script(*[kind and kind("so it was told") for kind in ANSWERS[answers]])
        played = way(session, cluster, seconds_per_send=seconds)
        ended.append(outcome(played, CALLS[call]()))
    assert ended[0] == ended[1]


def test_a_call_that_goes_well_needs_no_flow() -> None:
    played = PlayedDirectly(make_session(), script(None))
    for call in CALLS.values():
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
