"""Decides which events a watch holds: a bounded ring, a filter over it, and a pause that counts."""

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Final, NamedTuple, TypeAlias, overload

from .filter import Filter
from .pace import Pace
from .records import EventRecord

CAPACITY = 10_000  # events
ROOM = 4 * 1024 * 1024  # bytes of keys and of the heads of values


class LoggedEvent(NamedTuple):
    """An event with its number in the log and the wall-clock second at which it arrived."""

    number: int
    at: float
    event: EventRecord


# What is held of a LoggedEvent: plain tuples, which the garbage collector lets out of its sight. Ten thousand objects
# of classes are looked through again and again, and the screen stands still meanwhile.
_KEY: Final = 2
_HEAD: Final = 3
_Held: TypeAlias = tuple[int, float, tuple[bool, bool, bytes, bytes, int, int, int, int, int]]


def _made(held: _Held) -> LoggedEvent:
    return LoggedEvent(held[0], held[1], EventRecord(*held[2]))


def _number(held: _Held) -> int:
    return held[0]


class LogRows(Sequence[LoggedEvent]):
    """The events that are shown, each made when it is asked for."""

    def __init__(self, held: list[_Held]) -> None:
        self._held = held

    def __len__(self) -> int:
        return len(self._held)

    @overload
    def __getitem__(self, index: int) -> LoggedEvent: ...
    @overload
    def __getitem__(self, index: slice) -> list[LoggedEvent]: ...
    def __getitem__(self, index: int | slice) -> LoggedEvent | list[LoggedEvent]:
        if isinstance(index, slice):
            return list(map(_made, self._held[index]))
        return _made(self._held[index])


class Kinds(Enum):
    """Which kinds of events are shown."""

    ALL = "all"
    PUTS = "puts"
    DELETES = "deletes"

    def keeps(self, *, is_delete: bool) -> bool:
        """Whether an event is of a kind that is shown."""
        return self is Kinds.ALL or is_delete is (self is Kinds.DELETES)

    @property
    def next(self) -> "Kinds":
        """What follows when one goes round."""
        kinds = list(Kinds)
        return kinds[(kinds.index(self) + 1) % len(kinds)]


class WatchLog:
    """The last events of a watch. While paused, `rows` stands still and what arrives waits."""

    def __init__(self, capacity: int = CAPACITY, room: int = ROOM) -> None:
        self.capacity = capacity
        self.filter = Filter()
        self.kinds = Kinds.ALL
        self._shown: list[_Held] = []
        self.paused = False
        self.total = 0
        self.pace = Pace()
        self._ring: deque[_Held] = deque()
        self._room = room
        self._used = 0
        self._paused_at = 0

    @property
    def rows(self) -> LogRows:
        """The events that are shown."""
        return LogRows(self._shown)

    @property
    def dropped(self) -> int:
        """How many events are no longer held: the ring was full."""
        return self.total - len(self._ring)

    @property
    def waiting(self) -> int:
        """How many events arrived since the pause."""
        return self.total - self._paused_at if self.paused else 0

    @property
    def missed(self) -> int:
        """How many events that arrived since the pause will not be shown after it: the ring was full again."""
        return max(0, self._first - self._paused_at) if self.paused else 0

    @property
    def held(self) -> int:
        """How many events are held, shown or not."""
        return len(self._ring)

    @property
    def is_filtered(self) -> bool:
        """Whether events that are held may be left out."""
        return bool(self.filter) or self.kinds is not Kinds.ALL

    @property
    def _first(self) -> int:
        """The number of the oldest event held."""
        return self._ring[0][0] if self._ring else self.total

    def rate(self, now: float) -> float:
        """Events a second over the last seconds; `now` is on the clock of `add`."""
        return self.pace.rate(now)

    def add(self, events: Iterable[EventRecord], now: float, *, at: float = 0.0) -> None:
        """Take in events in their order.

        `now` is the monotonic time, which the rate counts by; `at` is the wall-clock time, which is shown.
        """
        fresh: list[_Held] = [(number, at, event[:]) for number, event in enumerate(events, self.total)]
        self.total += len(fresh)
        self._keep(fresh)
        self.pace.add(len(fresh), now)
        if not self.paused:
            self._show(fresh)

    def _keep(self, fresh: list[_Held]) -> None:
        self._ring.extend(fresh)
        self._used += sum(map(_cost, fresh))
        while len(self._ring) > self.capacity or (self._used > self._room and len(self._ring) > 1):
            self._used -= _cost(self._ring.popleft())

    def set_filter(self, text: str) -> None:
        """Show only events whose key passes."""
        self.filter = Filter(text)
        self._show_all()

    def set_kinds(self, kinds: Kinds) -> None:
        """Show only events of some kinds."""
        self.kinds = kinds
        self._show_all()

    def pause(self, paused: bool) -> None:
        """Hold the rows still, or show all that came meanwhile."""
        self.paused, self._paused_at = paused, self.total
        if not paused:
            self._show_all()

    def clear(self) -> None:
        """Forget all events."""
        self._ring.clear()
        self.pace.clear()
        self._shown = []
        self.total = self._paused_at = self._used = 0

    def index_of(self, number: int) -> int | None:
        """The place of an event by its number; of the first later one where it is gone."""
        at = bisect_left(self._shown, number, key=_number)
        return at if at < len(self._shown) else None

    def before(self, number: int) -> LoggedEvent | None:
        """The last event held of the same key before the one of that number."""
        held = list(self._ring)
        at = bisect_left(held, number, key=_number)
        if at >= len(held) or held[at][0] != number:
            return None
        key = held[at][2][_KEY]
        return next((_made(row) for row in reversed(held[:at]) if row[2][_KEY] == key), None)

    def _keeps(self, row: _Held) -> bool:
        return self.kinds.keeps(is_delete=row[2][0]) and self.filter.keeps(row[2][_KEY])

    def _show(self, fresh: list[_Held]) -> None:
        self._shown.extend(filter(self._keeps, fresh) if self.is_filtered else fresh)
        if self._shown and self._shown[0][0] < self._first:
            del self._shown[: bisect_left(self._shown, self._first, key=_number)]

    def _show_all(self) -> None:
        """Show the events held, of those that a pause shows only the ones that had come by then."""
        end = self._paused_at if self.paused else self.total
        self._shown = [row for row in self._ring if row[0] < end and self._keeps(row)]


def _cost(row: _Held) -> int:
    return len(row[2][_KEY]) + len(row[2][_HEAD])
