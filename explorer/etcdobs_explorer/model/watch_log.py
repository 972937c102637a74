"""Decides which events the watch view holds: a bounded ring, a filter over it, and a pause that counts."""

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from .filter import Filter
from .records import EventRecord

CAPACITY = 10_000
_RATE_WINDOW = 5.0


class LoggedEvent(NamedTuple):
    """An event with its number in the log and the wall-clock second at which it arrived."""

    number: int
    at: float
    event: EventRecord


class WatchLog:
    """The last events of a watch. While paused, `rows` stands still and what arrives waits."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.capacity = capacity
        self.filter = Filter()
        self.rows: list[LoggedEvent] = []
        self.paused = False
        self.total = 0
        self.skipped = 0
        self._ring: deque[LoggedEvent] = deque(maxlen=capacity)
        self._arrivals: deque[tuple[float, int]] = deque()
        self._paused_at = 0

    @property
    def dropped(self) -> int:
        """How many events are no longer held, or were never: the ring was full or the screen fell behind."""
        return self.total - len(self._ring)

    @property
    def waiting(self) -> int:
        """How many events arrived since the pause."""
        return self.total - self._paused_at if self.paused else 0

    def rate(self, now: float) -> float:
        """Events a second over the last seconds; `now` is on the clock of `add`."""
        while self._arrivals and self._arrivals[0][0] < now - _RATE_WINDOW:
            self._arrivals.popleft()
        return sum(number for _, number in self._arrivals) / _RATE_WINDOW

    def add(self, events: Iterable[EventRecord], now: float, skipped: int = 0, *, at: float = 0.0) -> None:
        """Take in events in their order; `skipped` were left out before them because too many came at once.

        `now` is the monotonic time, which the rate counts by; `at` is the wall-clock time, which is shown.
        """
        fresh = [LoggedEvent(self.total + skipped + n, at, event) for n, event in enumerate(events)]
        self.skipped += skipped
        self.total += skipped + len(fresh)
        self._ring.extend(fresh)
        self._arrivals.append((now, len(fresh) + skipped))
        if not self.paused:
            self._show(fresh)

    def set_filter(self, text: str) -> None:
        """Show only events whose key passes."""
        self.filter = Filter(text)
        self._show_all()

    def pause(self, paused: bool) -> None:
        """Hold the rows still, or show all that came meanwhile."""
        self.paused, self._paused_at = paused, self.total
        if not paused:
            self._show_all()

    def clear(self) -> None:
        """Forget all events."""
        self._ring.clear()
        self.rows = []
        self.total = self.skipped = self._paused_at = 0

    def index_of(self, number: int) -> int | None:
        """The place of an event by its number; of the first later one where it is gone."""
        at = bisect_left(self.rows, number, key=lambda row: row.number)
        return at if at < len(self.rows) else None

    def _show(self, fresh: list[LoggedEvent]) -> None:
        self.rows.extend(row for row in fresh if self.filter.keeps(row.event.key))
        if self._ring and self.rows and self.rows[0].number < self._ring[0].number:
            del self.rows[: bisect_left(self.rows, self._ring[0].number, key=lambda row: row.number)]

    def _show_all(self) -> None:
        self.rows = [row for row in self._ring if self.filter.keeps(row.event.key)]
