"""Decides how often something happens: a count for each of the last seconds, and nothing older."""

from collections import deque

KEPT = 120  # seconds
_WINDOW = 5  # seconds that the rate is reckoned from


class Pace:
    """How many times something happened in each of the last seconds. `now` is on one monotonic clock throughout."""

    def __init__(self) -> None:
        self._counts: deque[tuple[int, int]] = deque()

    def add(self, number: int, now: float) -> None:
        """It happened `number` times."""
        second = int(now)
        if self._counts and self._counts[-1][0] == second:
            number += self._counts.pop()[1]
        self._counts.append((second, number))
        while self._counts[0][0] <= second - KEPT:
            self._counts.popleft()

    def rate(self, now: float) -> float:
        """Times a second, over the last whole seconds."""
        return sum(self.series(now, _WINDOW)) / _WINDOW

    def series(self, now: float, seconds: int) -> list[float]:
        """The counts of the last `seconds` whole seconds, the oldest first."""
        end = int(now)
        counts = dict(self._counts)
        return [float(counts.get(second, 0)) for second in range(end - seconds, end)]

    def clear(self) -> None:
        """Forget it all."""
        self._counts.clear()
