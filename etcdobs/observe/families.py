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


_shared: WeakKeyDictionary[CollectorRegistry, dict[tuple[str, str], tuple[Shape, Families]]] = WeakKeyDictionary()
_lock = Lock()


def shared_families(registry: CollectorRegistry, shape: Shape) -> Families:
    """The families of that shape on `registry`, registered on first demand.

    Raises ValueError where the registry has them with other buckets or labels, or where another library registered
    one of the names.
    """
    with _lock:
        known = _shared.setdefault(registry, {})
        name = (shape.namespace, shape.subsystem)
        if name not in known:
            known[name] = (shape, _registered(registry, _families(shape)))
        first, families = known[name]
    if first != shape:
        raise ValueError(f"this registry has the metrics already, in another shape: {first}, asked for {shape}")
    return families


def _registered(registry: CollectorRegistry, families: Families) -> Families:
    done: list[Collector] = []
    try:
        for family in (getattr(families, field.name) for field in fields(families)):
            if not isinstance(family, InFlight | Tallies):
                registry.register(family)
                done.append(family)
    except ValueError:
        for family in done:
            registry.unregister(family)
        raise
    return families


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
