"""Decides how this process's own calls are shown: by method, and by the member that answered."""

from collections.abc import Iterable, Sequence
from typing import Any

from etcdobs_explorer.model import units
from etcdobs_explorer.notebook.blocks import Block, Heading, Note, Table
from etcdobs_explorer.notebook.frames import Column
from etcdobs_explorer.notebook.limits import Limits
from etcdobs_explorer.notebook.telemetry import MemberCalls, MethodCalls, Reading

from .result import Framed

_QUANTILES = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
_NUMBERS = frozenset({"calls", "running", "errors", "rate", "mean", "p50", "p95", "p99"})


class Calls(Framed):
    """The calls of this process: latency and rate, of every client in it."""

    def __init__(self, reading: Reading, limits: Limits) -> None:
        self.reading = reading
        self.limits = limits

    @property
    def methods(self) -> Sequence[MethodCalls]:
        """One entry a gRPC method, the busiest first."""
        return self.reading.methods

    @property
    def members(self) -> Sequence[MemberCalls]:
        """One entry an endpoint."""
        return self.reading.members

    def blocks(self) -> Iterable[Block]:
        """Two tables, and how the watches are."""
        names = ["method", "type", "calls", "running", "errors", "rate", "p50", "p95", "p99"]
        yield Table(names, [_method_row(each) for each in self.methods], _NUMBERS)
        if self.members:
            yield Heading("by member, where it answered well")
            names = ["endpoint", "calls", "mean", "p50", "p95", "p99"]
            yield Table(names, [_member_row(each) for each in self.members], _NUMBERS)
        watches = self.reading.watches
        active, lag = watches.get("etcdobs_watches_active", 0), watches.get("etcdobs_watch_lag_revisions", 0)
        events = int(watches.get("etcdobs_watch_events_total", 0))
        yield Note(
            (units.plural(int(active), "watch", "watches"), units.plural(events, "event"), f"{lag:g} revisions behind")
        )

    def columns(self, *, by: str = "method", **_options: Any) -> Sequence[Column]:
        """Latency in seconds, rate in calls a second since the reading before.

        Args:
            by: "method": service, method, type, calls, running, errors, rate, p50, p95, p99; "member": endpoint, calls,
                mean, p50, p95, p99.
        """
        if by == "member":
            return _member_columns(self.members)
        if by != "method":
            raise ValueError(f"by must be 'method' or 'member', not {by!r}")
        return _method_columns(self.methods)


def _method_columns(found: Sequence[MethodCalls]) -> Sequence[Column]:
    return (
        Column("service", "text", [each.service for each in found]),
        Column("method", "text", [each.method for each in found]),
        Column("type", "text", [each.type for each in found]),
        Column("calls", "int", [each.started for each in found]),
        Column("running", "int", [each.running for each in found]),
        Column("errors", "int", [each.errors for each in found]),
        Column("rate", "float", [each.rate for each in found]),
        *(Column(name, "float", [each.quantile(q) for each in found]) for name, q in _QUANTILES),
    )


def _member_columns(found: Sequence[MemberCalls]) -> Sequence[Column]:
    return (
        Column("endpoint", "text", [each.endpoint for each in found]),
        Column("calls", "int", [each.calls for each in found]),
        Column("mean", "float", [each.mean for each in found]),
        *(Column(name, "float", [each.quantile(q) for each in found]) for name, q in _QUANTILES),
    )


def _method_row(each: MethodCalls) -> list[Any]:
    quantiles = [units.latency(each.quantile(q)) for _, q in _QUANTILES]
    name = f"{each.service.removeprefix('etcdserverpb.')}/{each.method}"
    return [name, each.type, each.started, each.running, each.errors, f"{each.rate:.1f}/s", *quantiles]


def _member_row(each: MemberCalls) -> list[Any]:
    quantiles = [units.latency(each.quantile(q)) for _, q in _QUANTILES]
    return [each.endpoint, each.calls, units.latency(each.mean), *quantiles]
