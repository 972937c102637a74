"""Decides what is told of the traffic under the cursor on a tall screen: where latencies lie, and its last minute."""

from collections.abc import Iterator

from textual.strip import Strip

from etcdobs_explorer.model import units
from etcdobs_explorer.model.histogram import Buckets, counts
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.traffic import HISTORY, TrafficRow
from etcdobs_explorer.tui.columns import meter

from .chart import chart
from .palette import Painted
from .strips import Spans, cell
from .table import Table

_LINES = 9
_NAMES = 20  # cells before and after a bar


class Distribution(Painted):
    """The latencies of the row under the cursor, by bucket, beside its rate, second by second."""

    def __init__(self, state: State, table: Table) -> None:
        super().__init__()
        self._state = state
        self._table = table

    def render_line(self, y: int) -> Strip:
        """A line of either half."""
        row: TrafficRow | None = self._table.current
        width = self.size.width - min(HISTORY + 14, self.size.width // 2)
        left, right = (self._left(row, width, y), self._right(row, y)) if row is not None else ((), ())
        style = self.rich_style
        halves = (
            cell(left, width, "left", self.role, style),
            cell(right, self.size.width - width, "left", self.role, style),
        )
        return Strip.join(halves)

    def _left(self, row: TrafficRow, width: int, y: int) -> Spans:
        if y == 0:
            name = row.method or row.endpoint
            return [(" Latencies", "title"), (f"  {name}, last {self._state.traffic.seconds:.0f} s", "muted")]
        if row.is_stream:
            return [("  a stream has no latency", "muted")] if y == 1 else ()
        bars = list(_bars(row.buckets, max(4, width - _NAMES)))
        if not bars:
            return [("  no calls within the window", "muted")] if y == 1 else ()
        return bars[y - 1] if y <= len(bars) else ()

    def _right(self, row: TrafficRow, y: int) -> Spans:
        what = "Messages a second" if row.is_stream else "Calls a second"
        if y == 0:
            return [(f" {what}", "title"), ("  the last minute", "muted")]
        lines, top = chart(row.rates, HISTORY, _LINES)
        if y > len(lines):
            return ()
        scale = units.rate(top) if y == 1 else "0" if y == _LINES else ""
        return [(f" {scale.rjust(6)} ", "muted"), lines[y - 1]]


def _bars(buckets: Buckets, width: int) -> Iterator[Spans]:
    """A bar a bucket, from the first that holds anything to the last."""
    found = counts(buckets)
    held = [index for index, (_, number) in enumerate(found) if number]
    shown = found[held[0] : held[-1] + 1][-_LINES:] if held else []
    most = max((number for _, number in shown), default=1)
    for bound, number in shown:
        name = f"≤ {units.latency(bound)}" if bound != float("inf") else "more"
        bar = meter(number / most, width)
        yield [(f" {name.rjust(9)} ", "muted"), (bar, "number"), (f" {units.count(round(number))}", "text")]
