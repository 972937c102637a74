"""Decides how the catalogue becomes metric families, and that one registry holds each of them once."""

import platform
from dataclasses import dataclass, fields
from importlib.metadata import PackageNotFoundError, version
from threading import Lock
from typing import TypeAlias
from weakref import WeakKeyDictionary

import grpc
from prometheus_client import CollectorRegistry, Gauge

from etcdobs.observe.catalogue import CATALOGUE, Row
from etcdobs.observe.live import LiveCollector
from etcdobs.observe.operations import InFlight
from etcdobs.observe.tallies import TalliedCounter, TalliedHistogram, Tallies

__all__ = ["Families", "Shape", "build", "shared_families"]

Collector: TypeAlias = TalliedCounter | Gauge | TalliedHistogram | LiveCollector


@dataclass(frozen=True, slots=True)
class Shape:
    """What decides how families look: equal shapes on one registry are the same families."""

    namespace: str
    subsystem: str
    const_names: tuple[str, ...]
    buckets: tuple[float, ...]
    context_names: tuple[str, ...] = ()

    def labels(self, row: Row) -> tuple[str, ...]:
        """The label names of that metric."""
        return (*row.labels, *(self.context_names if row.in_context else ()), *self.const_names)


@dataclass(frozen=True, slots=True)
class Families:
    """The families of one registry. The first five are go-grpc-prometheus's, by name, help and labels."""

    started: TalliedCounter
    handled: TalliedCounter
    msg_received: TalliedCounter
    msg_sent: TalliedCounter
    handling_seconds: TalliedHistogram
    operation_seconds: TalliedHistogram
    operations_in_flight: Gauge
    retries: TalliedCounter
    token_renewals: TalliedCounter
    failovers: TalliedCounter
    endpoint_seconds: TalliedHistogram
    watches_active: Gauge
    watch_events: TalliedCounter
    watch_batch_events: TalliedHistogram
    watch_resumes: TalliedCounter
    watch_failures: TalliedCounter
    leases_active: Gauge
    lease_lost: TalliedCounter
    lock_wait_seconds: TalliedHistogram
    batched_operations: TalliedHistogram
    build_info: Gauge
    live: LiveCollector
    in_flight: InFlight
    tallies: Tallies


@dataclass(slots=True)
class _Known:
    """What a registry has. `left_out`: families, by field, that are not on it for another library has their names."""

    shape: Shape
    families: Families
    left_out: dict[str, Collector]


_shared: WeakKeyDictionary[CollectorRegistry, dict[tuple[str, str], _Known]] = WeakKeyDictionary()
_lock = Lock()


def shared_families(
    registry: CollectorRegistry, shape: Shape, *, gives_way: bool = False
) -> tuple[Families, tuple[str, ...]]:
    """The families of that shape on `registry`, registered on first demand, and the names of those left out.

    Left out is, if this one `gives_way`, what is named `grpc_client_*` where another library registered the name.

    Raises ValueError where the registry has them with other buckets or labels, or where another library registered
    one of the names.
    """
    with _lock:
        names = _shared.setdefault(registry, {})
        prefix = (shape.namespace, shape.subsystem)
        known = names.get(prefix)
        if known is None:
            families = _families(shape)
            known = _Known(shape, families, _left_out(registry, _collectors(families), gives_way))
            names[prefix] = known
        if known.shape != shape:
            raise ValueError(f"this registry has the metrics already, in another shape: {known.shape}, not {shape}")
        if not gives_way:
            known.left_out = _left_out(registry, known.left_out, gives_way)
        return known.families, tuple(CATALOGUE[field].name for field in known.left_out)


def _left_out(registry: CollectorRegistry, collectors: dict[str, Collector], gives_way: bool) -> dict[str, Collector]:
    """Register them: all or none, but for those returned."""
    done: list[Collector] = []
    left: dict[str, Collector] = {}
    for field, family in collectors.items():
        try:
            registry.register(family)
        except ValueError:
            if not (gives_way and _is_of_any_client(field)):
                for registered in done:
                    registry.unregister(registered)
                raise
            left[field] = family
        else:
            done.append(family)
    return left


def _is_of_any_client(field: str) -> bool:
    return field in CATALOGUE and CATALOGUE[field].name.startswith("grpc_client_")


def _collectors(families: Families) -> dict[str, Collector]:
    found = {field.name: getattr(families, field.name) for field in fields(families)}
    return {name: family for name, family in found.items() if not isinstance(family, InFlight | Tallies)}


def _families(shape: Shape) -> Families:
    tallies = Tallies()

    def counter(field: str) -> TalliedCounter:
        row = CATALOGUE[field]
        made = TalliedCounter(row.name, row.help, shape.labels(row), shape.namespace, shape.subsystem, registry=None)
        made.tallies = tallies
        return made

    def gauge(field: str) -> Gauge:
        row = CATALOGUE[field]
        return Gauge(
            *(row.name, row.help, shape.labels(row), shape.namespace, shape.subsystem),
            registry=None,
            multiprocess_mode=row.mode,
        )

    def histogram(field: str) -> TalliedHistogram:
        row = CATALOGUE[field]
        made = TalliedHistogram(
            *(row.name, row.help, shape.labels(row), shape.namespace, shape.subsystem),
            registry=None,
            buckets=row.buckets or shape.buckets,
        )
        made.tallies = tallies
        return made

    operations_in_flight = gauge("operations_in_flight")
    return Families(
        started=counter("started"),
        handled=counter("handled"),
        msg_received=counter("msg_received"),
        msg_sent=counter("msg_sent"),
        handling_seconds=histogram("handling_seconds"),
        operation_seconds=histogram("operation_seconds"),
        operations_in_flight=operations_in_flight,
        retries=counter("retries"),
        token_renewals=counter("token_renewals"),
        failovers=counter("failovers"),
        endpoint_seconds=histogram("endpoint_seconds"),
        watches_active=gauge("watches_active"),
        watch_events=counter("watch_events"),
        watch_batch_events=histogram("watch_batch_events"),
        watch_resumes=counter("watch_resumes"),
        watch_failures=counter("watch_failures"),
        leases_active=gauge("leases_active"),
        lease_lost=counter("lease_lost"),
        lock_wait_seconds=histogram("lock_wait_seconds"),
        batched_operations=histogram("batched_operations"),
        build_info=gauge("build_info"),
        live=LiveCollector((shape.namespace, shape.subsystem), shape.const_names),
        in_flight=InFlight(operations_in_flight),
        tallies=tallies,
    )


def build() -> tuple[str, ...]:
    """The values of the labels of `build_info`, in this process."""
    try:
        own = version("etcdobs")
    except PackageNotFoundError:
        own = "unknown"
    return own, platform.python_version(), str(grpc.__version__)
