"""Decides what the samples of the client's own metrics say, by method and by member."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from .records import Sample

CellKey: TypeAlias = tuple[str, str]
"""A method and an endpoint; "" for all."""

CALL_SECONDS = "etcdobs_explorer_call_seconds"
"""The explorer's own histogram: unary calls by method, endpoint and code, which the library's do not have together."""

_STREAMS = frozenset({"bidi_stream", "server_stream", "client_stream"})
_OK = "OK"
_HARMLESS = frozenset({_OK, "Canceled"})


@dataclass(slots=True)
class Cell:
    """What was counted of some calls since the client began."""

    is_stream: bool = False
    started: int = 0
    ended: int = 0
    failed: int = 0
    messages: int = 0
    codes: dict[str, int] = field(default_factory=dict[str, int])
    buckets: dict[float, float] = field(default_factory=dict[float, float])

    def end(self, code: str, number: int) -> None:
        """So many calls ended with that code."""
        self.ended += number
        self.failed += 0 if code in _HARMLESS else number
        if number:
            self.codes[code] = self.codes.get(code, 0) + number

    def bucket(self, bound: float, number: float) -> None:
        """So many took at most that many seconds."""
        self.buckets[bound] = self.buckets.get(bound, 0.0) + number

    def add(self, other: "Cell") -> None:
        """Count these as well."""
        self.started += other.started
        for code, number in other.codes.items():
            self.end(code, number)
        for bound, within in other.buckets.items():
            self.bucket(bound, within)


@dataclass(frozen=True, slots=True)
class Pulse:
    """What the client does of itself. Counts by reason; `states` of endpoints; the rest are gauges."""

    retries: Mapping[str, int] = field(default_factory=dict[str, int])
    failovers: Mapping[str, int] = field(default_factory=dict[str, int])
    resumes: Mapping[str, int] = field(default_factory=dict[str, int])
    watch_failures: Mapping[str, int] = field(default_factory=dict[str, int])
    renewals: Mapping[str, int] = field(default_factory=dict[str, int])
    states: Mapping[str, str] = field(default_factory=dict[str, str])
    watch_events: int = 0
    in_flight: int = 0
    watches: int = 0
    leases: int = 0
    streams: int = 0
    lag_revisions: int = 0
    lag_seconds: float = 0.0
    buffered: int = 0
    fill: float = 0.0

    def since(self, before: "Pulse") -> "Pulse":
        """What was counted after that; gauges stay."""
        return Pulse(
            _less(self.retries, before.retries),
            _less(self.failovers, before.failovers),
            _less(self.resumes, before.resumes),
            _less(self.watch_failures, before.watch_failures),
            _less(self.renewals, before.renewals),
            self.states,
            self.watch_events - before.watch_events,
            self.in_flight,
            self.watches,
            self.leases,
            self.streams,
            self.lag_revisions,
            self.lag_seconds,
            self.buffered,
            self.fill,
        )


def _less(now: Mapping[str, int], before: Mapping[str, int]) -> dict[str, int]:
    return {name: number - before.get(name, 0) for name, number in now.items() if number > before.get(name, 0)}


# -- by method and by member -----------------------------------------------------------------------------------


def cells_of(samples: Iterable[Sample]) -> dict[CellKey, Cell]:
    """What was counted: by method, by endpoint, by both, and in all."""
    cells: dict[CellKey, Cell] = {}
    for sample in samples:
        if sample.name.startswith("grpc_client_") and "grpc_method" in sample.labels:
            _take_method(cells.setdefault((_method(sample.labels), ""), Cell()), sample)
        elif sample.name.startswith(CALL_SECONDS):
            _take_both(cells, sample)
        elif sample.name == "etcdobs_endpoint_latency_seconds_bucket":
            cell = cells.setdefault(("", sample.labels["endpoint"]), Cell())
            cell.bucket(float(sample.labels["le"]), sample.value)
    everything = Cell()
    for (method, endpoint), cell in list(cells.items()):
        if method and not endpoint and not cell.is_stream:
            everything.add(cell)
    cells["", ""] = everything
    return {key: cell for key, cell in cells.items() if cell.started or cell.ended or cell.buckets or not any(key)}


def _method(labels: Mapping[str, str]) -> str:
    return f"{labels.get('grpc_service', '').rpartition('.')[2]}/{labels['grpc_method']}"


def _take_method(cell: Cell, sample: Sample) -> None:
    cell.is_stream = sample.labels.get("grpc_type", "") in _STREAMS
    match sample.name.removeprefix("grpc_client_"):
        case "started_total":
            cell.started += int(sample.value)
        case "handled_total":
            cell.end(sample.labels.get("grpc_code", ""), int(sample.value))
        case "msg_received_total":
            cell.messages += int(sample.value)
        case "handling_seconds_bucket" if not cell.is_stream:  # a stream's latency is how long it was wanted
            cell.bucket(float(sample.labels["le"]), sample.value)
        case _:
            pass


def _take_both(cells: dict[CellKey, Cell], sample: Sample) -> None:
    labels = sample.labels
    both = cells.setdefault((labels["method"], labels["endpoint"]), Cell())
    if sample.name.endswith("_bucket"):
        both.bucket(float(labels["le"]), sample.value)
    elif sample.name.endswith("_count"):
        both.end(labels["code"], int(sample.value))
        cells.setdefault(("", labels["endpoint"]), Cell()).end(labels["code"], int(sample.value))


# -- what the client does of itself ----------------------------------------------------------------------------

_COUNTS = {
    "etcdobs_retries_total": ("retries", "reason"),
    "etcdobs_failovers_total": ("failovers", "reason"),
    "etcdobs_watch_resumes_total": ("resumes", "cause"),
    "etcdobs_watch_failures_total": ("watch_failures", "cause"),
    "etcdobs_token_renewals_total": ("renewals", "outcome"),
}
_GAUGES = {
    "etcdobs_watch_events_total": "watch_events",
    "etcdobs_operations_in_flight": "in_flight",
    "etcdobs_watches_active": "watches",
    "etcdobs_leases_active": "leases",
    "etcdobs_watch_lag_revisions": "lag_revisions",
    "etcdobs_watch_buffer_events": "buffered",
}
_SECONDS = {"etcdobs_watch_lag_seconds": "lag_seconds", "etcdobs_watch_buffer_fill_ratio": "fill"}


def pulse_of(samples: Iterable[Sample]) -> Pulse:
    """What the client does of itself."""
    counts: dict[str, dict[str, int]] = {name: {} for name, _ in _COUNTS.values()}
    gauges: dict[str, int] = dict.fromkeys((*_GAUGES.values(), "streams"), 0)
    seconds: dict[str, float] = dict.fromkeys(_SECONDS.values(), 0.0)
    states: dict[str, str] = {}
    for sample in samples:
        if sample.name in _COUNTS:
            name, label = _COUNTS[sample.name]
            _count(counts[name], sample.labels.get(label, ""), int(sample.value))
        elif sample.name in _GAUGES:
            gauges[_GAUGES[sample.name]] += int(sample.value)
        elif sample.name in _SECONDS:
            seconds[_SECONDS[sample.name]] = sample.value
        elif sample.name == "etcdobs_endpoint_state" and sample.value:
            states[sample.labels["endpoint"]] = sample.labels["state"]
        else:
            gauges["streams"] += _open_streams(sample)
    return Pulse(**counts, states=states, **gauges, **seconds)  # type: ignore[arg-type]


def _count(counts: dict[str, int], reason: str, number: int) -> None:
    counts[reason] = counts.get(reason, 0) + number


def _open_streams(sample: Sample) -> int:
    if sample.labels.get("grpc_type") not in _STREAMS:
        return 0
    signs = {"grpc_client_started_total": 1, "grpc_client_handled_total": -1}
    return signs.get(sample.name, 0) * int(sample.value)
