"""Decides which calls the calls view holds: a bounded ring, a filter with words of its own, and a pause that counts."""

import re
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from .calls import OPEN, CallRecord, LoggedCall
from .filter import Filter

CAPACITY = 5_000
SLOW = 0.05  # seconds
_SLOW = re.compile(r"slow(?::([0-9]+(?:\.[0-9]+)?)(ms|s))?")
_Test: TypeAlias = Callable[[LoggedCall], bool]
_WORDS: dict[str, _Test] = {
    "errors": lambda call: any(record.is_error for record in call.attempts),
    "retried": lambda call: len(call.attempts) > 1,
    "poll": lambda call: call.first.is_poll,
}


@dataclass(frozen=True, slots=True)
class CallFilter(Filter):
    """Words that must all hold: `slow` (from 50 ms on; `slow:200ms`), `errors` (of any attempt), `retried`, `poll`,
    else a text; `!word` is not."""

    def keeps_call(self, call: LoggedCall) -> bool:
        """Whether a call passes."""
        return all(test(call) for test in _tests(self.text))


@lru_cache(maxsize=64)
def _tests(text: str) -> tuple[_Test, ...]:
    return tuple(_test(word) for word in text.split() if word != "!")


def _test(word: str) -> _Test:
    bare = word.removeprefix("!")
    is_wanted = bare == word
    if (found := _SLOW.fullmatch(bare)) is not None:
        limit = _seconds(found)
        return lambda call: ((call.seconds or 0.0) >= limit) is is_wanted
    if (holds := _WORDS.get(bare)) is not None:
        return lambda call: holds(call) is is_wanted
    text = Filter(word)
    return lambda call: text.keeps(call.haystack)


def _seconds(found: re.Match[str]) -> float:
    if found[1] is None:
        return SLOW
    return float(found[1]) * (0.001 if found[2] == "ms" else 1.0)


class CallLog:
    """The last calls, oldest first. While paused, `rows` stands still and what arrives waits."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.capacity = capacity
        self.filter: Filter = Filter()
        self._words = CallFilter()
        self.rows: list[LoggedCall] = []
        self.paused = False
        self.total = 0
        self.errors = 0
        self._ring: deque[LoggedCall] = deque()
        self._open: dict[int, LoggedCall] = {}
        self._traced: dict[str, LoggedCall] = {}
        self._newest = -1
        self._paused_at = 0

    @property
    def held(self) -> int:
        """How many calls are held, those that the filter hides among them."""
        return len(self._ring)

    @property
    def waiting(self) -> int:
        """How many calls arrived since the pause."""
        return self.total - self._paused_at if self.paused else 0

    def add(self, records: Iterable[CallRecord]) -> None:
        """Take in RPCs in the order in which they ended, and news of streams."""
        fresh: list[LoggedCall] = []
        are_changed = False
        for record in records:
            self.errors += record.is_error
            known = self._known(record)
            if known is not None:
                known.take(record)
                are_changed = True
            elif record.number > self._newest:  # else news of a stream that the ring let go of
                fresh.append(self._enter(record))
            self._newest = max(self._newest, record.number)
            self._remember_open(record)
        if self.paused:
            return
        if are_changed and self.filter:
            self._show_all()
        else:
            self._show(fresh)

    def _known(self, record: CallRecord) -> LoggedCall | None:
        if record.number in self._open:
            return self._open[record.number]
        if not record.attempt:
            return None
        known = self._traced.get(record.trace_id)
        return known if known is not None and known.first.method == record.method else None

    def _remember_open(self, record: CallRecord) -> None:
        if record.code != OPEN:
            self._open.pop(record.number, None)

    def _enter(self, record: CallRecord) -> LoggedCall:
        call = LoggedCall([record])
        if len(self._ring) >= self.capacity:
            self._forget(self._ring.popleft())
        self._ring.append(call)
        self.total += 1
        if record.code == OPEN:
            self._open[record.number] = call
        if record.trace_id:
            self._traced[record.trace_id] = call
        return call

    def _forget(self, call: LoggedCall) -> None:
        self._open.pop(call.number, None)
        if self._traced.get(call.first.trace_id) is call:
            del self._traced[call.first.trace_id]

    def set_filter(self, text: str) -> None:
        """Show only calls that pass."""
        self.filter, self._words = Filter(text), CallFilter(text)
        self._show_all()

    def pause(self, paused: bool) -> None:
        """Hold the rows still, or show all that came meanwhile."""
        self.paused, self._paused_at = paused, self.total
        if not paused:
            self._show_all()

    def clear(self) -> None:
        """Forget all calls but the streams that are open."""
        self._ring = deque(self._open.values())
        self._traced.clear()
        self.total = len(self._ring)
        self.errors = self._paused_at = 0
        self._show_all()

    def index_of(self, number: int) -> int | None:
        """The place of a call by its number; of the first later one where it is gone."""
        at = bisect_left(self.rows, number, key=lambda row: row.number)
        return at if at < len(self.rows) else None

    def _keeps(self, call: LoggedCall) -> bool:
        return self._words.keeps_call(call)

    def _show(self, fresh: Iterable[LoggedCall]) -> None:
        self.rows.extend(filter(self._keeps, fresh))
        if self._ring and self.rows and self.rows[0].number < self._ring[0].number:
            del self.rows[: bisect_left(self.rows, self._ring[0].number, key=lambda row: row.number)]

    def _show_all(self) -> None:
        self.rows = list(filter(self._keeps, self._ring))
