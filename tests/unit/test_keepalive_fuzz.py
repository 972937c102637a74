"""However late a server answers renewals, if ever: a lease is called lost no later than the server lets it go."""

from collections import deque
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from etcdobs._keepalive import Heart, KeepAliveClock
from etcdobs._wire import etcdserverpb as pb

# Some are a moment, some a third of a life, and some are those of a machine that slept.
seconds = st.one_of(st.floats(0, 1), st.floats(0, 10), st.sampled_from([1 / 3, 1.0, 3.0, 9.0, 3600.0, 10**6]))
which = st.integers(0, 9)


@dataclass(slots=True)
class Lease:
    """A lease as the server has it, and what is on its way to and from there."""

    heart: Heart
    ttl: int
    expires_at: float
    to_server: deque[int] = field(default_factory=deque[int])
    to_client: deque[int] = field(default_factory=deque[int])

    def renew(self, now: float) -> None:
        """The oldest renewal on its way arrives."""
        self.to_server.popleft()
        alive = now < self.expires_at
        if alive:
            self.expires_at = now + self.ttl
        self.to_client.append(self.ttl if alive else 0)


class Beating(RuleBasedStateMachine):
    """Some leases, one clock, and a stream that carries, holds and loses what is sent on it."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.clock = KeepAliveClock()
        self.leases: dict[int, Lease] = {}
        self.answered: set[int] = set()
        self.lost: set[int] = set()

    @precondition(lambda self: len(self.leases) < 3)
    @rule(ttl=st.integers(1, 12), age=st.floats(0, 1))
    def grant(self, ttl: int, age: float) -> None:
        lease_id = len(self.leases) + 1
        self.leases[lease_id] = Lease(self.clock.join(lease_id), ttl, self.now + ttl * (1 - age))

    @rule(passed=seconds)
    def time_passes(self, passed: float) -> None:
        self.now += passed

    @rule()
    def send_what_is_due(self) -> None:
        for request in self.clock.due(self.now):
            self.leases[request.ID].to_server.append(request.ID)

    @rule()
    def wait_for_what_is_next(self) -> None:
        wait = self.clock.seconds_to_next(self.now)
        assert wait is None or wait >= 0
        self.now += wait or 0.0
        self.send_what_is_due()

    @precondition(lambda self: self.leases)
    @rule(at=which)
    def arrive(self, at: int) -> None:
        lease = self.one_of(at)
        if lease.to_server:
            lease.renew(self.now)

    @precondition(lambda self: self.leases)
    @rule(at=which)
    def answer(self, at: int) -> None:
        lease = self.one_of(at)
        if lease.to_client:
            self.answered.add(lease.heart.id)
            self.clock.received(pb.LeaseKeepAliveResponse(ID=lease.heart.id, TTL=lease.to_client.popleft()), self.now)

    @precondition(lambda self: self.leases)
    @rule(at=which)
    def revoke(self, at: int) -> None:
        """Somebody ends it before its first renewal arrives; later that is told with the next answer only."""
        lease = self.one_of(at)
        if lease.heart.id not in self.answered and not lease.to_client:
            lease.expires_at = self.now

    @rule(arrived=st.booleans())
    def break_off(self, arrived: bool) -> None:
        """What was under way arrived, or did not; no answer comes any more."""
        for lease in self.leases.values():
            while arrived and lease.to_server:
                lease.renew(self.now)
            lease.to_server.clear()
            lease.to_client.clear()
        self.clock.broken()

    def one_of(self, at: int) -> Lease:
        return list(self.leases.values())[at % len(self.leases)]

    @invariant()
    def what_the_server_let_go_is_lost(self) -> None:
        for lease_id in self.answered:
            lease = self.leases[lease_id]
            if self.now >= lease.expires_at:
                assert lease.heart.lost(self.now)

    @invariant()
    def what_is_lost_stays_lost_and_is_not_renewed(self) -> None:
        self.lost |= {lease_id for lease_id, lease in self.leases.items() if lease.heart.lost(self.now)}
        assert all(self.leases[lease_id].heart.lost(self.now) for lease_id in self.lost)

    @invariant()
    def the_living_are_renewed_or_waited_for(self) -> None:
        living = [lease for lease in self.leases.values() if not lease.heart.lost(self.now)]
        assert not living or self.clock.seconds_to_next(self.now) is not None


Beating.TestCase.settings = settings(deadline=None, max_examples=100, stateful_step_count=50)
TestBeating = Beating.TestCase

int64s = st.one_of(st.integers(-2, 12), st.integers(-(2**63), 2**63 - 1))


@settings(deadline=None)
@given(answers=st.lists(st.tuples(seconds, st.integers(0, 3), int64s), max_size=20))
def test_answers_nobody_asked_for_are_survived(answers: list[tuple[float, int, int]]) -> None:
    clock, now = KeepAliveClock(), 1000.0
    hearts = [clock.join(lease_id) for lease_id in (1, 2)]
    for passed, lease_id, ttl in answers:
        clock.due(now)
        now += passed
        clock.received(pb.LeaseKeepAliveResponse(ID=lease_id, TTL=ttl), now)
        wait = clock.seconds_to_next(now)
        assert wait is None or wait >= 0
    assert all(heart.lost(float("inf")) for heart in hearts if heart.expires_at is not None)
