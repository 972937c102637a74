"""Decides what this process's own metrics say of its calls: by method, by member, over time."""

import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from prometheus_client.samples import Sample

from etcdobs import ClientMetrics
from etcdobs_explorer.model.histogram import quantile

_CALLS = "grpc_client_"
_ENDPOINT = "etcdobs_endpoint_latency_seconds"
_WATCHES = (
    "etcdobs_watch_lag_revisions",
    "etcdobs_watch_lag_seconds",
    "etcdobs_watches_active",
    "etcdobs_watch_events_total",
)
_MOST_READINGS = 600
_SELDOM = 0.2  # seconds between readings that nobody asked for


@dataclass(slots=True)
class MethodCalls:
    """The calls of one gRPC method; `rate` in calls a second since the reading before."""

    service: str
    method: str
    type: str
    started: int = 0
    handled: int = 0
    errors: int = 0
    rate: float = 0.0
    buckets: dict[float, float] = field(default_factory=dict[float, float])

    @property
    def identity(self) -> tuple[str, str]:
        """What tells it from others."""
        return self.service, self.method

    @property
    def running(self) -> int:
        """Calls that have not ended: open streams, mostly."""
        return max(0, self.started - self.handled)

    def quantile(self, q: float) -> float | None:
        """Seconds within which the share `q` of calls ended."""
        return quantile(q, self.buckets)


@dataclass(slots=True)
class MemberCalls:
    """The calls that one member answered well."""

    endpoint: str
    calls: int = 0
    seconds: float = 0.0
    buckets: dict[float, float] = field(default_factory=dict[float, float])

    @property
    def mean(self) -> float | None:
        """Seconds that an answer took."""
        return self.seconds / self.calls if self.calls else None

    def quantile(self, q: float) -> float | None:
        """Seconds within which the share `q` of calls ended."""
        return quantile(q, self.buckets)


@dataclass(frozen=True, slots=True)
class Reading:
    """The metrics at one moment, `at` in seconds since the first."""

    at: float
    methods: Sequence[MethodCalls]
    members: Sequence[MemberCalls]
    watches: Mapping[str, float]


class Telemetry:
    """Reads the metrics now and then, and keeps the readings."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.readings: deque[Reading] = deque(maxlen=_MOST_READINGS)

    def read(self) -> Reading:
        """The metrics now."""
        samples = [each for family in ClientMetrics.default().registry.collect() for each in family.samples]
        at = time.monotonic() - self._began
        reading = Reading(at, self._rated(_methods(samples), at), _members(samples), _watches(samples))
        self.readings.append(reading)
        return reading

    def glance(self) -> None:
        """Read unasked, for the charts: not where the last time was just now."""
        if not self.readings or time.monotonic() - self._began - self.readings[-1].at > _SELDOM:
            self.read()

    def _rated(self, methods: Sequence[MethodCalls], at: float) -> Sequence[MethodCalls]:
        before = self.readings[-1] if self.readings else None
        elapsed = at - before.at if before else 0.0
        known = {each.identity: each.started for each in before.methods} if before else {}
        for each in methods:
            each.rate = (each.started - known.get(each.identity, 0)) / elapsed if elapsed > 0 else 0.0
        return methods


def _methods(samples: Iterable[Sample]) -> list[MethodCalls]:
    found: dict[tuple[str, str], MethodCalls] = {}
    for sample in samples:
        if not sample.name.startswith(_CALLS) or "grpc_method" not in sample.labels:
            continue
        identity = sample.labels.get("grpc_service", ""), sample.labels["grpc_method"]
        if identity not in found:
            found[identity] = MethodCalls(*identity, sample.labels.get("grpc_type", ""))
        _take(found[identity], sample)
    return sorted((each for each in found.values() if each.started), key=lambda each: (-each.started, each.identity))


def _take(method: MethodCalls, sample: Sample) -> None:
    match sample.name.removeprefix(_CALLS):
        case "started_total":
            method.started += int(sample.value)
        case "handled_total":
            method.handled += int(sample.value)
            method.errors += 0 if _ended_well(sample.labels) else int(sample.value)
        case "handling_seconds_bucket":
            bound = float(sample.labels["le"])
            method.buckets[bound] = method.buckets.get(bound, 0.0) + sample.value
        case _:
            pass


def _ended_well(labels: Mapping[str, str]) -> bool:
    """Whether a call did; a stream is ended by cancelling it."""
    code = labels.get("grpc_code")
    return code == "OK" or (code == "Canceled" and labels.get("grpc_type") == "bidi_stream")


def _members(samples: Iterable[Sample]) -> list[MemberCalls]:
    found: dict[str, MemberCalls] = {}
    for sample in samples:
        if not sample.name.startswith(_ENDPOINT):
            continue
        endpoint = sample.labels.get("endpoint", "")
        member = found.setdefault(endpoint, MemberCalls(endpoint))
        match sample.name.removeprefix(_ENDPOINT):
            case "_bucket":
                member.buckets[float(sample.labels["le"])] = sample.value
            case "_sum":
                member.seconds = sample.value
            case "_count":
                member.calls = int(sample.value)
            case _:
                pass
    return [found[endpoint] for endpoint in sorted(found)]


def _watches(samples: Iterable[Sample]) -> dict[str, float]:
    return {sample.name: sample.value for sample in samples if sample.name in _WATCHES}
