"""Decides what is shown of the living clients: read off them when the metrics are asked for, and never kept."""

from collections.abc import Callable, Iterable, Iterator
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias
from weakref import ref

from etcdobs.observe.catalogue import LIVE, LiveRow
from etcdobs.observe.failure import FailureLog

if TYPE_CHECKING:
    from prometheus_client.metrics_core import GaugeMetricFamily

__all__ = ["Live", "LiveCollector", "Reading"]


class Reading(NamedTuple):
    """What one source shows now: a row of LIVE, its value, and its labels' values."""

    row: str
    value: float
    labels: tuple[str, ...] = ()


class Live(Protocol):
    """What has readings for as long as it lives. They may be asked for from any thread."""

    def readings(self) -> Iterable[Reading]: ...


_Source: TypeAlias = "tuple[ref[Live], tuple[str, ...]]"
_Samples: TypeAlias = dict[tuple[str, ...], float]

_TOGETHER: dict[str, Callable[[float, float], float]] = {"sum": lambda one, two: one + two, "max": max, "min": min}


class LiveCollector:
    """A collector of prometheus_client over all that it was told to follow; it keeps none of it alive."""

    def __init__(self, prefix: tuple[str, str], const_names: tuple[str, ...]) -> None:
        self._prefix = prefix
        self._const_names = const_names
        self._sources: tuple[_Source, ...] = ()
        self._lock = Lock()
        self._failures = FailureLog()

    def follow(self, source: Live, const: tuple[str, ...]) -> None:
        """Show what `source` reads, with those values of the const labels, until it is gone."""
        # Replaced and never changed: who collects meanwhile, on another thread, goes on over the old ones.
        with self._lock:
            self._sources = (*(known for known in self._sources if known[0]() is not None), (ref(source), const))

    def describe(self) -> Iterator["GaugeMetricFamily"]:
        """The families, without samples."""
        return (self._family(row) for row in LIVE.values())

    def collect(self) -> Iterator["GaugeMetricFamily"]:
        """The families, as things are now."""
        found = self._samples()
        for field, row in LIVE.items():
            family = self._family(row)
            for labels, value in found[field].items():
                family.add_metric(labels, value)
            yield family

    def endpoints(self, const: tuple[str, ...]) -> set[str]:
        """The endpoints in use by any client, of those with these const labels."""
        samples = self._samples()["endpoint_state"]
        return {labels[0] for labels in samples if labels[2:] == const}

    def _samples(self) -> dict[str, _Samples]:
        found: dict[str, _Samples] = {field: {} for field in LIVE}
        for field, value, labels in self._readings():
            samples = found[field]
            samples[labels] = _TOGETHER[LIVE[field].together](samples[labels], value) if labels in samples else value
        return found

    def _readings(self) -> Iterator[Reading]:
        for known, const in self._sources:
            source = known()
            if source is not None:
                yield from (Reading(row, value, (*labels, *const)) for row, value, labels in self._of(source))

    def _of(self, source: Live) -> Iterable[Reading]:
        try:
            return list(source.readings())
        except Exception:  # noqa: BLE001 - one that fails hides no other
            self._failures.report("reading a client's state")
            return ()

    def _family(self, row: LiveRow) -> "GaugeMetricFamily":
        # prometheus_client is loaded with the first metrics, not with the library.
        from prometheus_client.metrics_core import GaugeMetricFamily  # noqa: PLC0415

        name = "_".join(part for part in (*self._prefix, row.name) if part)
        return GaugeMetricFamily(name, row.help, labels=(*row.labels, *self._const_names))
