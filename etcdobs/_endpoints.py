"""Decides which endpoint a call goes to: in turn over those not known bad. Pure: the time is told, never asked."""

from itertools import count

from etcdobs.config import Endpoint

# How long a bad endpoint is left out; doubled with every failure in a row. Its channel reconnects at least as often.
_FIRST_PENALTY = 0.1
_LONGEST_PENALTY = 2.0


class Endpoints:
    """The endpoints of a client and what the outcomes of its calls say of each."""

    def __init__(self, endpoints: tuple[Endpoint, ...]) -> None:
        self.all: tuple[Endpoint, ...] = endpoints
        self._turn = count()
        self._failures: dict[str, tuple[int, float]] = {}

    @property
    def texts(self) -> tuple[str, ...]:
        """The endpoints as they were given."""
        return tuple(endpoint.text for endpoint in self.all)

    def replace(self, endpoints: tuple[Endpoint, ...]) -> list[Endpoint]:
        """Use these from now on; returns those that are in use no more. What is known of the others stays."""
        gone = [endpoint for endpoint in self.all if endpoint not in endpoints]
        self.all = endpoints
        for endpoint in gone:
            self._failures.pop(endpoint.address, None)
        return gone

    def pick(self, now: float, avoid: frozenset[str] = frozenset()) -> Endpoint:
        """The next endpoint in turn that is not known bad and not in `avoid`; else the one whose penalty ends first."""
        endpoints = self.all
        start = next(self._turn) % len(endpoints)
        if not self._failures and not avoid:
            return endpoints[start]
        in_turn = endpoints[start:] + endpoints[:start]
        for endpoint in in_turn:
            if endpoint.address not in avoid and self._until(endpoint) <= now:
                return endpoint
        left = [endpoint for endpoint in in_turn if endpoint.address not in avoid] or in_turn
        return min(left, key=self._until)

    def failed(self, endpoint: Endpoint, now: float) -> None:
        """Leave `endpoint` out for a while: a call to it found it unavailable."""
        if endpoint not in self.all:
            return
        times = self._failures.get(endpoint.address, (0, 0.0))[0]
        penalty = min(_FIRST_PENALTY * 2**times, _LONGEST_PENALTY)
        self._failures[endpoint.address] = (min(times + 1, 16), now + penalty)

    def succeeded(self, endpoint: Endpoint) -> None:
        """`endpoint` answered: whatever was held against it is forgotten."""
        if self._failures:
            self._failures.pop(endpoint.address, None)

    def named(self, text: str) -> Endpoint:
        """The endpoint of that address, one of these or any other.

        Raises:
            TypeError, ValueError: it is no endpoint.
        """
        wanted = Endpoint.parse(text)
        return next((one for one in self.all if one.address == wanted.address), wanted)

    def _until(self, endpoint: Endpoint) -> float:
        return self._failures.get(endpoint.address, (0, float("-inf")))[1]
