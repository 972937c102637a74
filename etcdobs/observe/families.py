"""Decides the metric families: their names, help and labels, and that one registry holds each of them once."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib.metadata import PackageNotFoundError, version
from threading import Lock
from typing import Literal
from weakref import WeakKeyDictionary

import grpc
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

__all__ = ["Families", "Shape", "build", "shared_families"]

BUILD = ("version", "python", "grpc")
_METHOD = ("grpc_type", "grpc_service", "grpc_method")


@dataclass(frozen=True, slots=True)
class Shape:
    """What decides how families look: equal shapes on one registry are the same families."""

    namespace: str
    subsystem: str
    const_names: tuple[str, ...]
    buckets: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Families:
    """The families of one registry. The first five are go-grpc-prometheus's, by name, help and labels."""

    started: Counter
    handled: Counter
    msg_received: Counter
    msg_sent: Counter
    handling_seconds: Histogram
    retries: Counter
    token_renewals: Counter
    failovers: Counter
    watch_resumes: Counter
    watches_active: Gauge
    leases_active: Gauge
    lease_lost: Counter
    build_info: Gauge


_shared: WeakKeyDictionary[CollectorRegistry, dict[tuple[str, str], tuple[Shape, Families]]] = WeakKeyDictionary()
_lock = Lock()


def shared_families(registry: CollectorRegistry, shape: Shape) -> Families:
    """The families of that shape on `registry`, registered on first demand.

    Raises ValueError where the registry has them with other buckets or const labels, or where another library
    registered one of the names.
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
    done: list[Counter | Gauge | Histogram] = []
    try:
        for field in fields(families):
            family = getattr(families, field.name)
            registry.register(family)
            done.append(family)
    except ValueError:
        for family in done:
            registry.unregister(family)
        raise
    return families


# Name, help, labels.
_COUNTERS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "started": ("grpc_client_started_total", "Total number of RPCs started on the client.", _METHOD),
    "handled": (
        "grpc_client_handled_total",
        "Total number of RPCs completed by the client, regardless of success or failure.",
        (*_METHOD, "grpc_code"),
    ),
    "msg_received": (
        "grpc_client_msg_received_total",
        "Total number of RPC stream messages received by the client.",
        _METHOD,
    ),
    "msg_sent": (
        "grpc_client_msg_sent_total",
        "Total number of gRPC stream messages sent by the client.",
        _METHOD,
    ),
    "retries": (
        "etcdobs_retries_total",
        "Total number of attempts repeated by the client, by what made it repeat them.",
        ("grpc_service", "grpc_method", "reason"),
    ),
    "token_renewals": (
        "etcdobs_token_renewals_total",
        "Total number of times an auth token was asked for again.",
        ("outcome",),
    ),
    "failovers": ("etcdobs_failovers_total", "Total number of times calls moved to another endpoint.", ("reason",)),
    "watch_resumes": (
        "etcdobs_watch_resumes_total",
        "Total number of times a watch was resumed on a new stream.",
        ("cause",),
    ),
    "lease_lost": ("etcdobs_lease_lost_total", "Total number of leases that ended while kept alive.", ()),
}


def _families(shape: Shape) -> Families:
    def counter(row: str) -> Counter:
        name, text, labels = _COUNTERS[row]
        return Counter(name, text, (*labels, *shape.const_names), shape.namespace, shape.subsystem, registry=None)

    return Families(
        started=counter("started"),
        handled=counter("handled"),
        msg_received=counter("msg_received"),
        msg_sent=counter("msg_sent"),
        handling_seconds=_handling_seconds(shape),
        retries=counter("retries"),
        token_renewals=counter("token_renewals"),
        failovers=counter("failovers"),
        watch_resumes=counter("watch_resumes"),
        watches_active=_gauge(shape, "etcdobs_watches_active", "Number of watches open."),
        leases_active=_gauge(shape, "etcdobs_leases_active", "Number of leases kept alive."),
        lease_lost=counter("lease_lost"),
        build_info=_gauge(shape, "etcdobs_build_info", "What the client is made of; always 1.", BUILD, "livemax"),
    )


def build() -> tuple[str, ...]:
    """The values of the labels BUILD, in this process."""
    try:
        own = version("etcdobs")
    except PackageNotFoundError:
        own = "unknown"
    return own, platform.python_version(), str(grpc.__version__)


def _gauge(
    shape: Shape, name: str, text: str, labels: tuple[str, ...] = (), mode: Literal["livesum", "livemax"] = "livesum"
) -> Gauge:
    return Gauge(
        name,
        text,
        (*labels, *shape.const_names),
        shape.namespace,
        shape.subsystem,
        registry=None,
        multiprocess_mode=mode,
    )


def _handling_seconds(shape: Shape) -> Histogram:
    return Histogram(
        "grpc_client_handling_seconds",
        "Histogram of response latency (seconds) of the gRPC until it is finished by the application.",
        (*_METHOD, *shape.const_names),
        shape.namespace,
        shape.subsystem,
        registry=None,
        buckets=shape.buckets,
    )
