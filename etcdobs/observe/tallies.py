"""Decides how what happens in every call is counted: tallied as it happens, and added up when the metrics are read.

Each step of a counter of prometheus_client takes a lock, and a histogram two: the seven of a call were most of what
metrics cost. To append to a deque takes none. See docs/decisions/metrics-cost.md.
"""

import os
from bisect import bisect_left
from collections import Counter as Numbers
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import repeat
from typing import Any, Protocol

from prometheus_client import Counter, Histogram
from prometheus_client.metrics_core import Metric

__all__ = ["MANY", "Calls", "TalliedCounter", "TalliedHistogram", "Tallies"]

MANY = 256
"""So many are added up by the call that comes next: memory stays bounded where nobody reads the metrics."""


# The second is the old name, which prometheus_client still takes.
_MULTIPROCESS = frozenset({"PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir"})


class Tallies:
    """All tallies of one registry's families. `add_up` leaves none behind that was made before."""

    def __init__(self) -> None:
        # What prometheus_client's multiprocess mode keeps in files is read by processes that can ask for nothing.
        self._is_read_elsewhere = not _MULTIPROCESS.isdisjoint(os.environ)
        self._by_child: dict[object, _Tally] = {}

    def observer(self, child: "TalliedHistogram") -> Callable[[float], None]:
        """What observes an amount in that label child, from any thread."""
        if self._is_read_elsewhere:
            return child.observe
        return self._by_child.setdefault(child, _Amounts(child)).tally

    def counter(self, child: Counter) -> Callable[[None], object]:
        """What steps that label child, from any thread."""
        if self._is_read_elsewhere:
            return lambda _: child.inc()
        return self._by_child.setdefault(child, _Steps(child)).tally

    def summed(self, counter: Counter, child: "TalliedHistogram") -> Callable[[float], None]:
        """What observes an amount in that label child, and adds it to a counter; from any thread."""
        if self._is_read_elsewhere:
            return partial(_sum_at_once, counter, child)
        return self._by_child.setdefault(child, _Sums(counter, child)).tally

    def calls(self, counted: "_Counted", seconds: "TalliedHistogram") -> "Calls":
        """What counts the calls of one method that end well."""
        if self._is_read_elsewhere:
            return _CallsAtOnce(counted, seconds)
        known = self._by_child.setdefault(seconds, _TalliedCalls(counted, seconds))
        assert isinstance(known, _TalliedCalls)
        return known

    def forget(self, child: object) -> None:
        """Let go of a label child that is removed from its family."""
        self._by_child.pop(child, None)

    def add_up(self) -> None:
        """Add all that was tallied to the metrics."""
        for tally in tuple(self._by_child.values()):
            tally.add_up()

    @property
    def waiting(self) -> int:
        """How many steps are yet to be added."""
        return sum(tally.waiting for tally in tuple(self._by_child.values()))


class TalliedCounter(Counter):
    """A counter that is up to date when it is collected."""

    tallies: Tallies | None = None

    def collect(self) -> Iterable[Metric]:
        """As prometheus_client's, after all that was tallied was added."""
        if self.tallies is not None:
            self.tallies.add_up()
        return super().collect()


class TalliedHistogram(Histogram):
    """A histogram that is up to date when it is collected."""

    tallies: Tallies | None = None

    def collect(self) -> Iterable[Metric]:
        """As prometheus_client's, after all that was tallied was added."""
        if self.tallies is not None:
            self.tallies.add_up()
        return super().collect()

    def observe_all(self, amounts: Sequence[float]) -> None:
        """Observe many amounts in one step for each bucket."""
        own: Any = self
        bounds = self._upper_bounds
        own._sum.inc(sum(amounts))
        for bucket, number in Numbers(map(bisect_left, repeat(bounds), amounts)).items():
            own._buckets[bucket].inc(number)


class Calls(Protocol):
    """What counts calls that end well. Both may be called from any thread."""

    def started(self, _: None, /) -> object: ...
    def ended(self, seconds: float, /) -> None: ...


_Counted = tuple[tuple[Counter, ...], tuple[Counter, ...]]
"""The counters that step when a call starts, and those that step when it ends well."""


class _Tally(Protocol):
    @property
    def waiting(self) -> int: ...
    def add_up(self) -> None: ...
    def tally(self, amount: Any, /) -> None: ...


class _Steps:
    def __init__(self, child: Counter) -> None:
        self._child = child
        self._steps: deque[None] = deque()
        self._append = self._steps.append

    @property
    def waiting(self) -> int:
        return len(self._steps)

    def tally(self, _: None) -> None:
        self._append(None)
        if len(self._steps) > MANY:
            self.add_up()

    def add_up(self) -> None:
        if self._steps:
            self._child.inc(len(_taken(self._steps)))


class _Amounts:
    def __init__(self, child: TalliedHistogram) -> None:
        self._child = child
        self._amounts: deque[float] = deque()
        self._append = self._amounts.append

    @property
    def waiting(self) -> int:
        return len(self._amounts)

    def tally(self, amount: float) -> None:
        self._append(amount)
        if len(self._amounts) > MANY:
            self.add_up()

    def add_up(self) -> None:
        if self._amounts:
            self._child.observe_all(_taken(self._amounts))


class _Sums(_Amounts):
    def __init__(self, counter: Counter, child: TalliedHistogram) -> None:
        super().__init__(child)
        self._counter = counter

    def add_up(self) -> None:
        if self._amounts:
            amounts = _taken(self._amounts)
            self._counter.inc(sum(amounts))
            self._child.observe_all(amounts)


class _TalliedCalls(_Amounts):
    def __init__(self, counted: _Counted, seconds: TalliedHistogram) -> None:
        super().__init__(seconds)
        self._at_start, self._at_end = counted
        self._starts: deque[None] = deque()
        self.started: Callable[[None], object] = self._starts.append
        self.ended: Callable[[float], None] = self.tally

    @property
    def waiting(self) -> int:
        return len(self._starts) + len(self._amounts)

    def add_up(self) -> None:
        starts = len(_taken(self._starts))
        amounts = _taken(self._amounts)
        for counter in self._at_start:
            counter.inc(starts)
        for counter in self._at_end:
            counter.inc(len(amounts))
        self._child.observe_all(amounts)


class _CallsAtOnce:
    def __init__(self, counted: _Counted, seconds: TalliedHistogram) -> None:
        self._at_start, self._at_end = counted
        self._seconds = seconds

    def started(self, _: None) -> None:
        for counter in self._at_start:
            counter.inc()

    def ended(self, seconds: float) -> None:
        for counter in self._at_end:
            counter.inc()
        self._seconds.observe(seconds)


def _sum_at_once(counter: Counter, child: TalliedHistogram, amount: float) -> None:
    counter.inc(amount)
    child.observe(amount)


def _taken(tallied: deque[Any]) -> list[Any]:
    """What is there now. Two threads may take at a time: each one's goes to one of them."""
    taken: list[Any] = []
    for _ in range(len(tallied)):
        try:
            taken.append(tallied.popleft())
        except IndexError:  # the other thread was faster
            break
    return taken
