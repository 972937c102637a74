"""Decides how the client's own metrics become one row a method: calls, errors, rate, and latency quantiles."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .filter import Filter
from .records import Sample

_PREFIX = "grpc_client_"
_OK = "OK"


@dataclass(slots=True)
class MethodCalls:
    """The calls of one gRPC method in this process; quantiles in seconds, `rate` in calls a second."""

    service: str
    method: str
    type: str
    started: int = 0
    handled: int = 0
    errors: int = 0
    codes: dict[str, int] = field(default_factory=dict[str, int])
    buckets: dict[float, float] = field(default_factory=dict[float, float])
    rate: float = 0.0

    @property
    def identity(self) -> tuple[str, str]:
        """What tells the row from others."""
        return self.service, self.method

    @property
    def running(self) -> int:
        """Calls that have not ended: open streams, mostly."""
        return max(0, self.started - self.handled)

    def quantile(self, q: float) -> float | None:
        """The latency below which the share `q` of calls ended, as Prometheus's histogram_quantile has it."""
        return histogram_quantile(q, self.buckets)


class CallTable:
    """The calls of this process by method, busiest first."""

    def __init__(self) -> None:
        self.filter = Filter()
        self.rows: list[MethodCalls] = []
        self._methods: list[MethodCalls] = []
        self._before: dict[tuple[str, str], int] = {}
        self._before_at: float | None = None

    def sampled(self, samples: Iterable[Sample], now: float) -> None:
        """A new reading of the metrics, taken at `now` on a monotonic clock."""
        methods = _by_method(samples)
        elapsed = now - self._before_at if self._before_at is not None else 0.0
        for method in methods:
            before = self._before.get(method.identity, 0)
            method.rate = (method.started - before) / elapsed if elapsed > 0 else 0.0
        self._before = {method.identity: method.started for method in methods}
        self._before_at = now
        self._methods = sorted(methods, key=lambda method: (-method.started, method.identity))
        self._arrange()

    def set_filter(self, text: str) -> None:
        """Show only methods whose name passes."""
        self.filter = Filter(text)
        self._arrange()

    def index_of(self, identity: tuple[str, str]) -> int | None:
        """The place of a method."""
        return next((index for index, row in enumerate(self.rows) if row.identity == identity), None)

    @property
    def totals(self) -> tuple[int, int]:
        """Calls started and calls failed, over all methods."""
        return sum(m.started for m in self._methods), sum(m.errors for m in self._methods)

    def _arrange(self) -> None:
        self.rows = [m for m in self._methods if self.filter.keeps(f"{m.service}/{m.method}".encode())]


def histogram_quantile(q: float, buckets: Mapping[float, float]) -> float | None:
    """A quantile from cumulative buckets (upper bound -> count), linear within a bucket; None where empty."""
    bounds = sorted(buckets)
    if not bounds or buckets[bounds[-1]] <= 0:
        return None
    rank = q * buckets[bounds[-1]]
    at = next(index for index, bound in enumerate(bounds) if buckets[bound] >= rank)
    bound, lower = bounds[at], bounds[at - 1] if at else 0.0
    if bound == float("inf"):
        return lower
    below = buckets[lower] if at else 0.0
    inside = buckets[bound] - below
    return bound if inside <= 0 else lower + (bound - lower) * (rank - below) / inside


def _by_method(samples: Iterable[Sample]) -> list[MethodCalls]:
    methods: dict[tuple[str, str], MethodCalls] = {}
    for sample in samples:
        if not sample.name.startswith(_PREFIX) or "grpc_method" not in sample.labels:
            continue
        key = sample.labels.get("grpc_service", ""), sample.labels["grpc_method"]
        if key not in methods:
            methods[key] = MethodCalls(*key, sample.labels.get("grpc_type", ""))
        _take(methods[key], sample)
    return [method for method in methods.values() if method.started]


def _take(method: MethodCalls, sample: Sample) -> None:
    match sample.name.removeprefix(_PREFIX):
        case "started_total":
            method.started += int(sample.value)
        case "handled_total":
            code = sample.labels.get("grpc_code", "")
            method.handled += int(sample.value)
            method.errors += 0 if code == _OK else int(sample.value)
            method.codes[code] = method.codes.get(code, 0) + int(sample.value)
        case "handling_seconds_bucket":
            bound = float(sample.labels["le"])
            method.buckets[bound] = method.buckets.get(bound, 0.0) + sample.value
        case _:
            pass


def by_code(methods: Iterable[MethodCalls]) -> dict[str, int]:
    """Finished calls of all methods by their gRPC code."""
    codes: defaultdict[str, int] = defaultdict(int)
    for method in methods:
        for code, number in method.codes.items():
            codes[code] += number
    return dict(codes)
