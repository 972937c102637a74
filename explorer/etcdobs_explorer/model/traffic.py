"""Decides how the client's own metrics become traffic: rates, errors and quantiles over the last seconds."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import nan
from typing import NamedTuple

from .filter import Filter
from .histogram import Buckets, difference, quantile
from .records import Sample
from .samples import Cell, CellKey, Pulse, cells_of, pulse_of

WINDOWS = (10.0, 30.0, 60.0)
HISTORY = 60  # samples that sparklines go back
EVERYTHING: CellKey = ("", "")


class _Look(NamedTuple):
    """One reading of the metrics."""

    at: float
    cells: Mapping[CellKey, Cell]
    pulse: Pulse


class _Step(NamedTuple):
    """What came between one reading and the next."""

    rate: float
    failures: float
    latency: float


@dataclass(slots=True)
class TrafficRow:
    """Some calls: of a method, of a member, or of both; rates are a second, latencies in seconds.

    `method` and `endpoint` are "" for all. `rate` counts messages received where the method is a stream. `buckets` are
    of the window; `rates`, `failures` and `latencies` (p95, NaN where there was no call) go back a sample each, the
    newest last."""

    method: str
    endpoint: str
    depth: int = 0
    is_stream: bool = False
    rate: float = 0.0
    errors: int = 0
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    open: int = 0
    total: int = 0
    failed: int = 0
    codes: Mapping[str, int] = field(default_factory=dict[str, int])
    buckets: Buckets = field(default_factory=dict[float, float])
    rates: Sequence[float] = ()
    failures: Sequence[float] = ()
    latencies: Sequence[float] = ()
    has_parts: bool = False
    is_expanded: bool = False
    member: bytes = b""
    state: str = ""

    @property
    def identity(self) -> tuple[str, str, int]:
        """What tells the row from others."""
        return self.method, self.endpoint, self.depth


class Traffic:
    """The calls of this client by member and by method, over a window of seconds that slides."""

    def __init__(self) -> None:
        self.filter = Filter()
        self.rows: list[TrafficRow] = []
        self.window = WINDOWS[1]
        self.names: Mapping[str, bytes] = {}
        self._looks: deque[_Look] = deque(maxlen=HISTORY + 1)
        self._steps: dict[CellKey, deque[_Step]] = {}
        self._expanded: set[CellKey] = set()

    @property
    def pulse(self) -> Pulse:
        """What the client does of itself, counted since it began."""
        return self._looks[-1].pulse if self._looks else Pulse()

    @property
    def recent(self) -> Pulse:
        """The same, of the last window; gauges are as they are now."""
        return self.pulse.since(self._before().pulse) if self._looks else Pulse()

    @property
    def all(self) -> TrafficRow:
        """All calls."""
        return self._row(EVERYTHING) if self._looks else TrafficRow("", "")

    @property
    def seconds(self) -> float:
        """How much of the window has passed since the first reading."""
        return self._looks[-1].at - self._before().at if self._looks else 0.0

    def sampled(self, samples: Iterable[Sample], now: float, names: Mapping[str, bytes] | None = None) -> None:
        """A new reading of the metrics, at `now` on a monotonic clock; `names` are the members' by endpoint."""
        held = list(samples)
        look = _Look(now, cells_of(held), pulse_of(held))
        if self._looks:
            self._step(look, self._looks[-1])
        self._looks.append(look)
        self.names = names or self.names
        self._arrange()

    def _step(self, now: _Look, before: _Look) -> None:
        self._steps = {key: self._steps.get(key) or deque(maxlen=HISTORY) for key in now.cells}
        for key, steps in self._steps.items():
            steps.append(_step(now.cells[key], before.cells.get(key, _NONE), now.at - before.at))

    def set_filter(self, text: str) -> None:
        """Show only rows whose method, endpoint or member passes."""
        self.filter = Filter(text)
        self._arrange()

    def next_window(self) -> float:
        """Look further back, or from the furthest to the nearest; answers the seconds."""
        self.window = WINDOWS[(WINDOWS.index(self.window) + 1) % len(WINDOWS)]
        self._arrange()
        return self.window

    def toggle(self, row: TrafficRow) -> None:
        """Show of what a row is made, or no more."""
        if row.has_parts:
            self._expanded ^= {(row.method, row.endpoint)}
            self._arrange()

    def toggle_all(self) -> None:
        """Show of what all rows are made; where any does so already, no more."""
        parts = {(row.method, row.endpoint) for row in self.rows if row.has_parts}
        self._expanded = set() if self._expanded else parts
        self._arrange()

    def index_of(self, identity: tuple[str, str, int]) -> int | None:
        """The place of a row."""
        return next((index for index, row in enumerate(self.rows) if row.identity == identity), None)

    # -- rows ----------------------------------------------------------------------------------------------

    def _before(self) -> _Look:
        """The newest reading that is a window old, else the oldest."""
        edge = self._looks[-1].at - self.window - 0.5
        return next((look for look in self._looks if look.at >= edge), self._looks[-1])

    def _arrange(self) -> None:
        if not self._looks:
            return
        cells = self._looks[-1].cells
        members = sorted(key for key in cells if key[1] and not key[0])
        methods = sorted((key for key in cells if key[0] and not key[1]), key=lambda key: (-cells[key].ended, key))
        rows: list[TrafficRow] = []
        for key in (*members, *methods):
            rows += self._with_parts(key, cells)
        self.rows = [row for row in rows if self.filter.keeps(self._shown(row))]

    def _shown(self, row: TrafficRow) -> bytes:
        return f"{row.method} {row.endpoint} ".encode() + row.member

    def _with_parts(self, key: CellKey, cells: Mapping[CellKey, Cell]) -> list[TrafficRow]:
        method, endpoint = key
        parts = sorted(k for k in cells if all(k) and (k[0] == method if method else k[1] == endpoint))
        row = self._row(key)
        row.has_parts, row.is_expanded = bool(parts), key in self._expanded
        return [row, *(self._row(part, 1 if method else 2) for part in parts)] if row.is_expanded else [row]

    def _row(self, key: CellKey, depth: int = 0) -> TrafficRow:
        before, now = self._before(), self._looks[-1]
        cell, past = now.cells.get(key, _NONE), before.cells.get(key, _NONE)
        seconds = now.at - before.at
        buckets = difference(cell.buckets, past.buckets)
        steps = self._steps.get(key, ())
        return TrafficRow(
            *key,
            depth=depth,
            is_stream=cell.is_stream,
            rate=_moved(cell, past) / seconds if seconds > 0 else 0.0,
            errors=cell.failed - past.failed,
            p50=quantile(0.5, buckets),
            p95=quantile(0.95, buckets),
            p99=quantile(0.99, buckets),
            open=max(0, cell.started - cell.ended),
            total=cell.started or cell.ended,
            failed=cell.failed,
            codes=cell.codes,
            buckets=buckets,
            rates=[step.rate for step in steps],
            failures=[step.failures for step in steps],
            latencies=[step.latency for step in steps],
            member=self.names.get(key[1], b""),
            state=now.pulse.states.get(key[1], ""),
        )


_NONE = Cell()


def _moved(new: Cell, old: Cell) -> int:
    return new.messages - old.messages if new.is_stream else new.ended - old.ended


def _step(new: Cell, old: Cell, seconds: float) -> _Step:
    rate = _moved(new, old) / seconds if seconds > 0 else 0.0
    latency = quantile(0.95, difference(new.buckets, old.buckets))
    return _Step(rate, float(new.failed - old.failed), nan if latency is None else latency)
