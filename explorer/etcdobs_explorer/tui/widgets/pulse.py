"""Decides what is said of the whole of the traffic: three sparklines, and what the client does of itself."""

from collections.abc import Mapping

from textual.strip import Strip

from etcdobs_explorer.model import units
from etcdobs_explorer.model.samples import Pulse as Counts
from etcdobs_explorer.model.state import State

from .palette import Painted
from .sparkline import sparkline
from .strips import Span, Spans, cells_of, line

_WORDS = 50  # cells of the first line that are no sparkline


class Pulse(Painted):
    """Two lines: rate, errors and latency of all calls; retries, failovers, streams and lag."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state

    def render_line(self, y: int) -> Strip:
        """The lively line, then the counts."""
        spans = self._lively() if y == 0 else self._counts()
        return line([(" ", "text"), *spans], self.size.width, self.role, self.rich_style)

    def _lively(self) -> Spans:
        everything = self._state.traffic.all
        width = max(6, min(40, (self.size.width - _WORDS) // 3))
        errors: Span = (f"{everything.errors} ", "bad" if everything.errors else "text")
        return [
            ("calls/s ", "muted"),
            (f"{units.rate(everything.rate)} ", "strong"),
            *sparkline(everything.rates, width),
            ("   errors ", "muted"),
            errors,
            *sparkline(everything.failures, width, top=1.0, role="bad"),
            ("   p95 ", "muted"),
            (f"{units.latency(everything.p95)} ", "strong"),
            *sparkline(everything.latencies, width, top=0.001),
        ]

    def _counts(self) -> Spans:
        """As many parts as fit, the most telling first."""
        spans: list[Span] = []
        for part in self._parts():
            if cells_of(spans) + cells_of(part) < self.size.width:
                spans.extend(part)
        return spans

    def _parts(self) -> list[Spans]:
        total, recent = self._state.traffic.pulse, self._state.traffic.recent
        lag = f"{units.count(recent.lag_revisions)} rev {units.latency(recent.lag_seconds)}"
        return [
            _counted("retries", total.retries, recent.retries),
            _counted("failovers", total.failovers, recent.failovers),
            _counted("resumes", total.resumes, recent.resumes),
            [("streams ", "muted"), (f"{total.streams}  ", "text")],
            [("watch lag ", "muted"), (f"{lag}  ", "warn" if recent.lag_seconds >= 1 else "text")],
            _counted("watch failures", total.watch_failures, recent.watch_failures),
            _counted("tokens renewed", total.renewals, recent.renewals),
            _reasons(recent),
            [("in flight ", "muted"), (f"{total.in_flight}  ", "text")],
            [("buffered ", "muted"), (f"{units.count(total.buffered)}  ", "warn" if total.fill >= 1 else "text")],
        ]


def _counted(name: str, total: Mapping[str, int], recent: Mapping[str, int]) -> Spans:
    number, fresh = sum(total.values()), sum(recent.values())
    return [(f"{name} ", "muted"), (f"{number}  ", "warn" if fresh else "text")]


def _reasons(recent: Counts) -> Spans:
    """Why, of all of them in the window."""
    reasons = sorted({*recent.retries, *recent.failovers, *recent.resumes, *recent.watch_failures})
    return [("because of ", "muted"), (", ".join(reasons) + "  ", "warn")] if reasons else []
