"""Waits for the events of one watch, keeps the last of them and counts all; who runs it draws between its steps."""

import time
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from etcdobs import ClosedError, EtcdError, Event, EventType, Watcher
from etcdobs_explorer.model import units
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.notebook import reading
from etcdobs_explorer.notebook.blocks import Block, Cell, Note, Table, Tone, Toned
from etcdobs_explorer.notebook.frames import Column
from etcdobs_explorer.notebook.limits import Limits
from etcdobs_explorer.notebook.results.past import event_columns, kind_of
from etcdobs_explorer.notebook.results.result import Framed

_SPARKS = "▁▂▃▄▅▆▇█"
_SECONDS = 30  # of the sparkline
_RATE = 5  # seconds over which the rate is taken


class Follow(Framed, Sequence[Event]):
    """The events of a watch, oldest first: a sequence of the last of them.

    Attributes:
        total: events in all, kept or not.
        ended: why it is over; "" while it is not.
    """

    def __init__(
        self,
        watcher: Watcher,
        what: bytes,
        limits: Limits,
        *,
        keep: int,
        seconds: float | None,
        most: int | None,
        start: int = 0,
    ) -> None:
        self.what = what
        self.limits = limits
        self.total = 0
        self.ended = ""
        self.error: EtcdError | None = None
        self._watcher = watcher
        self._kept: deque[Event] = deque(maxlen=keep)
        self._seconds = seconds
        self._most = most
        self._start = start
        self._began = time.monotonic()
        self._per_second: deque[tuple[int, int]] = deque(maxlen=_SECONDS)

    def __len__(self) -> int:
        return len(self._kept)

    def __getitem__(self, index: Any) -> Any:
        kept: Any = tuple(self._kept)
        return kept[index]

    @property
    def events(self) -> tuple[Event, ...]:
        """Those that are kept, oldest first."""
        return tuple(self._kept)

    @property
    def revision(self) -> int:
        """The last revision that was wholly seen."""
        return self._watcher.revision

    @property
    def rate(self) -> float:
        """Events a second, over the last few."""
        now = int(time.monotonic())
        recent = sum(number for second, number in tuple(self._per_second) if second > now - _RATE)
        return recent / min(_RATE, max(1.0, time.monotonic() - self._began))

    @property
    def left(self) -> float | None:
        """Seconds until it ends by itself; None where it does not."""
        return None if self._seconds is None else max(0.0, self._began + self._seconds - time.monotonic())

    # -- following -----------------------------------------------------------------------------------------

    def step(self, seconds: float) -> bool:
        """Take what comes within `seconds`; False once it is over."""
        until = time.monotonic() + (seconds if self.left is None else min(seconds, self.left))
        try:
            while not self.ended and self._has_room() and (left := until - time.monotonic()) > 0:
                self._take(self._watcher.get(timeout=left))
        except ClosedError:
            self.end("stopped")
        except TimeoutError as error:
            if isinstance(error, EtcdError):
                self._fail(error)
        except EtcdError as error:
            self._fail(error)
        if not self.ended and not self._has_room():
            self.end(f"after {units.plural(self.total, 'event')}")
        elif not self.ended and self.left == 0:
            self.end(f"after {_time(self._seconds or 0)}")
        return not self.ended

    def _has_room(self) -> bool:
        return self._most is None or self.total < self._most

    def _take(self, event: Event) -> None:
        self._kept.append(event)
        self.total += 1
        second = int(time.monotonic())
        if self._per_second and self._per_second[-1][0] == second:
            self._per_second[-1] = (second, self._per_second[-1][1] + 1)
        else:
            self._per_second.append((second, 1))

    def _fail(self, error: EtcdError) -> None:
        self.error = error
        self.end(inert(str(error), 300).plain)

    def end(self, why: str) -> None:
        """It is over; the watch is closed."""
        self.ended = self.ended or why
        with suppress(EtcdError):
            self._watcher.close()

    # -- what is drawn -------------------------------------------------------------------------------------

    def blocks(self) -> Iterable[Block]:
        """The last events, the newest first, with how many there were and how fast they come."""
        kept = tuple(self._kept)
        shown = kept[-self.limits.window(len(kept)) :][::-1] if kept else ()
        if shown:
            names = ["revision", "", "key", "value"]
            yield Table(names, [self._row(event) for event in shown], frozenset({"revision"}))
        yield Note([cell for cell in self._said(len(shown)) if cell])

    def _row(self, event: Event) -> list[Cell]:
        gone = event.type is EventType.DELETE
        value = Toned("", Tone.MUTED) if gone else reading.short(event.kv.value, self.limits)
        return [event.kv.mod_revision, kind_of(event), event.kv.key, value]

    def _said(self, shown: int) -> list[Cell]:
        amount = units.plural(self.total, "event")
        part = f"the last {shown:,} of {amount}" if shown < self.total else amount
        state = Toned(f"ended: {self.ended}", Tone.MUTED) if self.ended else Toned("live", Tone.GOOD)
        left = f"{units.duration(self.left)} left" if self.left is not None and not self.ended else ""
        pace = "" if self.ended else f"{self.rate:.1f}/s {self.sparkline()}"
        return [state, part, pace, left, f"rev {self.revision}" if self.revision and not self._is_ahead else ""]

    @property
    def _is_ahead(self) -> bool:
        """Whether it waits for a revision that is not there yet."""
        return not self.total and self.revision < self._start

    def sparkline(self) -> str:
        """Events in each of the last seconds."""
        now = int(time.monotonic())
        counts = dict(tuple(self._per_second))
        numbers = [counts.get(second, 0) for second in range(now - _SECONDS + 1, now + 1)]
        highest = max(numbers)
        if not highest:
            return ""
        return "".join(_SPARKS[min(7, number * 8 // (highest + 1))] if number else " " for number in numbers).strip()

    def columns(self, *, raw: bool = False, json: bool = False, **_options: Any) -> Sequence[Column]:
        """The columns key, revision, type, version, lease, size and value of the events kept."""
        return event_columns(self.events, self.limits, raw=raw, json=json)


def _time(seconds: float) -> str:
    return units.duration(seconds) if seconds >= 60 or seconds == int(seconds) else f"{seconds:g}s"
