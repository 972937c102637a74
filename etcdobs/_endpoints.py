"""Decides which endpoint a call goes to: in turn over those not known bad. Pure: the time is told, never asked.

Bad is of two kinds. An endpoint that failed says so at once: it is left out for a moment, and then the next call finds
out. One that is silent costs whoever asks it seconds: it is left out until a probe, which no call waits for, finds it
alive.
"""

from typing import Literal, TypeAlias, get_args

from etcdobs.config import Endpoint

State: TypeAlias = Literal["unused", "up", "failing", "silent"]
"""Never heard of yet; answers; failed, and is tried again soon; left out until it answers a probe."""

STATES: tuple[State, ...] = get_args(State)

# How long a bad endpoint is left out; doubled with every failure in a row. Its channel reconnects at least as often.
_FIRST_PENALTY = 0.1
_LONGEST_PENALTY = 2.0
# Seconds without an answer after which an endpoint may have fallen silent unnoticed.
_IDLE = 5.0


class Endpoints:
    """The endpoints of a client and what the outcomes of its calls say of each.

    Attributes:
        all: in the order they were given.
        silences: those that are left out until they answer a probe, by address.
    """

    def __init__(self, endpoints: tuple[Endpoint, ...]) -> None:
        self.all: tuple[Endpoint, ...] = endpoints
        # Of two threads both may get one turn; that is no harm, and a lock would be in each call.
        self._turn = 0
        self._failures: dict[str, tuple[int, float]] = {}
        self.silences: dict[str, tuple[int, float]] = {}
        self._heard: dict[str, float] = {}

    @property
    def texts(self) -> tuple[str, ...]:
        """The endpoints as they were given."""
        return tuple(endpoint.text for endpoint in self.all)

    def replace(self, endpoints: tuple[Endpoint, ...]) -> list[Endpoint]:
        """Use these from now on; returns those that are in use no more. What is known of the others stays."""
        gone = [endpoint for endpoint in self.all if endpoint not in endpoints]
        self.all = endpoints
        for endpoint in gone:
            for known in (self._failures, self.silences, self._heard):
                known.pop(endpoint.address, None)
        return gone

    def pick(self, now: float, avoid: frozenset[str] = frozenset()) -> Endpoint:
        """The next endpoint in turn that is not known bad and not in `avoid`; else the one whose penalty ends first."""
        endpoints = self.all
        turn = self._turn
        self._turn = turn + 1
        start = turn % len(endpoints)
        if not (self._failures or self.silences or avoid):
            return endpoints[start]
        in_turn = endpoints[start:] + endpoints[:start]
        left = [endpoint for endpoint in in_turn if endpoint.address not in avoid] or in_turn
        good = [endpoint for endpoint in left if self._until(endpoint) <= now]
        if not good:
            return min(left, key=self._until)
        # The neighbour of one that is out would get its share as well, were it always the next.
        return good[0] if avoid else sorted(good, key=endpoints.index)[turn % len(good)]

    def put_back(self) -> None:
        """The endpoint that was picked last was not used: it is its turn again."""
        self._turn -= 1

    def failed(self, endpoint: Endpoint, now: float) -> None:
        """Leave `endpoint` out for a while: a call to it found it unavailable."""
        if endpoint in self.all:
            _penalize(self._failures, endpoint.address, now)

    def silent(self, endpoint: Endpoint, now: float) -> None:
        """Leave `endpoint` out until it answers: a probe of it was not answered."""
        if endpoint in self.all:
            _penalize(self.silences, endpoint.address, now)

    def doubted(self, endpoint: Endpoint, now: float) -> None:
        """Leave `endpoint` out until it answers a probe, which is due at once: it kept a call waiting for long.

        One that has no other beside it can't be left out, and is not probed: it failed.
        """
        if len(self.all) > 1 and endpoint in self.all:
            self.silences.setdefault(endpoint.address, (0, now))
        else:
            self.failed(endpoint, now)

    def due(self, now: float) -> Endpoint | None:
        """A silent endpoint that it is time to probe; whoever is told does it, others are not told for a while."""
        if self.silences:
            for endpoint in self.all:
                times, at = self.silences.get(endpoint.address, (0, float("inf")))
                if at <= now:
                    self.silences[endpoint.address] = (times, now + _LONGEST_PENALTY)
                    return endpoint
        return None

    def is_silent(self, endpoint: Endpoint) -> bool:
        """True when it is left out until it answers a probe."""
        return endpoint.address in self.silences

    def state(self, endpoint: Endpoint) -> State:
        """What the outcomes of calls say of it."""
        if endpoint.address in self.silences:
            return "silent"
        if endpoint.address in self._failures:
            return "failing"
        return "up" if endpoint.address in self._heard else "unused"

    def is_idle(self, endpoint: Endpoint, now: float) -> bool:
        """True when it has answered, but not lately. (What is connected anew has just answered gRPC itself.)"""
        return now - self._heard.get(endpoint.address, now) > _IDLE

    def succeeded(self, endpoint: Endpoint, now: float | None = None) -> None:
        """`endpoint` answered, at `now` or later: whatever was held against it is forgotten."""
        if now is not None and endpoint in self.all:
            self._heard[endpoint.address] = now
        if self._failures or self.silences:
            self._failures.pop(endpoint.address, None)
            self.silences.pop(endpoint.address, None)

    def named(self, text: str) -> Endpoint:
        """The endpoint of that address, one of these or any other.

        Raises:
            TypeError, ValueError: it is no endpoint.
        """
        wanted = Endpoint.parse(text)
        return next((one for one in self.all if one.address == wanted.address), wanted)

    def _until(self, endpoint: Endpoint) -> float:
        if endpoint.address in self.silences:
            return float("inf")
        return self._failures.get(endpoint.address, (0, float("-inf")))[1]


def _penalize(penalties: dict[str, tuple[int, float]], address: str, now: float) -> None:
    times = penalties.get(address, (0, 0.0))[0]
    penalties[address] = (min(times + 1, 16), now + min(_FIRST_PENALTY * 2**times, _LONGEST_PENALTY))
