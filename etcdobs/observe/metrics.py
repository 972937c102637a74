"""Decides what a client's metrics are recorded in: one `ClientMetrics` to a registry, or several that share it."""

import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING, ClassVar

from etcdobs.observe.arguments import (
    bounds_of,
    check_labels,
    check_methods,
    check_prefix,
    check_registry,
    known_operations,
)
from etcdobs.observe.context import Context
from etcdobs.observe.failure import FailureLog
from etcdobs.observe.live import Live
from etcdobs.observe.operations import OperationMetrics
from etcdobs.observe.recorder import Kind, MethodMetrics, split_method

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

    from etcdobs.observe.families import Families

__all__ = ["DEFAULT_BUCKETS", "ClientMetrics"]

DEFAULT_BUCKETS: tuple[float, ...] = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025),
    *(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
"""Upper bounds in seconds: client_golang's eleven, and five below them, where a call in one datacentre ends."""

_LOGGER = logging.getLogger("etcdobs.observe")
_REMEDY = (
    "Client(metrics=ClientMetrics(registry)) shows them on a registry of yours, ClientMetrics(namespace=...) beside"
)


class ClientMetrics:
    """The Prometheus metrics of RPC clients. Two of them on one registry share its families.

    `registry`: None is prometheus_client's own. `buckets`: upper bounds in seconds of the latency histograms.
    `exemplars`: put trace and span id on `grpc_client_handling_seconds` where the call's span is sampled, on each
    bucket ten times a second at most. `namespace` and `subsystem` go before each name. `const_labels`: labels that
    every sample carries. `context_labels`: labels that calls and operations carry, each with a function, such as the
    `get` of a ContextVar, that gives its value where the call starts; more than a hundred combinations of values are
    counted as "other".

    Raises:
        ValueError: the registry has one of the names already from elsewhere, or has them with other buckets or label
            names; a label is one of the metrics' own or twice there; a name is none; the buckets do not go up.
        TypeError: a const label's value is no str, a context label has no function, or another argument is of another
            type than its own.
    """

    _default: ClassVar["ClientMetrics | None"] = None
    _default_lock: ClassVar[Lock] = Lock()
    _gives_way: ClassVar[bool] = False

    def __init__(
        self,
        registry: "CollectorRegistry | None" = None,
        *,
        buckets: Sequence[float] = DEFAULT_BUCKETS,
        exemplars: bool = True,
        namespace: str = "",
        subsystem: str = "",
        const_labels: Mapping[str, str] | None = None,
        context_labels: Mapping[str, Callable[[], str]] | None = None,
    ) -> None:
        # prometheus_client is loaded with the first instance, not with the library.
        from prometheus_client import REGISTRY  # noqa: PLC0415

        from etcdobs.observe.families import Shape, build, shared_families  # noqa: PLC0415

        check_registry(registry)
        check_prefix(namespace, subsystem)
        check_labels(const_labels, context_labels)
        const = dict(sorted((const_labels or {}).items()))
        self._failures = FailureLog()
        self._context = Context(dict(sorted((context_labels or {}).items())), self._failures)
        self.registry: CollectorRegistry = REGISTRY if registry is None else registry
        self._const = tuple(const.values())
        self._bounds = bounds_of(buckets)
        shape = Shape(namespace, subsystem, tuple(const), self._bounds, self._context.names)
        self._families: Families
        self._families, self._left_out = shared_families(self.registry, shape, gives_way=self._gives_way)
        self._families.build_info.labels(*build(), *self._const).set(1)
        self._exemplars = exemplars
        self._methods: dict[tuple[str, Kind, tuple[str, ...]], MethodMetrics] = {}
        self._operations: dict[tuple[str, tuple[str, ...]], OperationMetrics] = {}
        self._tally_events: Callable[[float], None] | None = None

    def __repr__(self) -> str:
        whose = "the process-wide one, " if self is ClientMetrics._default else ""
        return f"<ClientMetrics {whose}of {len(self._methods)} RPC methods>"

    @classmethod
    def default(cls) -> "ClientMetrics":
        """The process-wide instance on prometheus_client's own registry, made on first demand.

        Where another library, such as py-grpc-prometheus, holds `grpc_client_*` names there, those of this one are not
        shown; where the others cannot be there either, they all stay on a registry of their own (`.registry`). The log
        says so.
        """
        with ClientMetrics._default_lock:
            if ClientMetrics._default is None:
                ClientMetrics._default = _default_metrics()
            return ClientMetrics._default

    def initialize(self, methods: Mapping[str, Kind] | None = None, operations: Iterable[str] = ()) -> None:
        """Show the series of these from now on, at zero, instead of from their first call on.

        `methods`: RPCs by full name, `/etcdserverpb.KV/Put`, with their `grpc_type`; `operations`: values of `op`.

        Raises ValueError where a method is of another form or its type or an operation is not known; TypeError where
        an argument is of another type than its own.
        """
        check_methods(methods)
        names = known_operations(operations)
        for method, kind in (methods or {}).items():
            self.method(method, kind)
        for op in names:
            self.operation(op)

    # ---- calls

    @property
    def is_one_for_all(self) -> bool:
        """True when `method` does not depend on the caller's context."""
        return not self._context.names

    def method(self, method: str, kind: Kind) -> MethodMetrics:
        """The metrics of one RPC method, such as `/etcdserverpb.KV/Put`; the same object each time."""
        context = self._context.values()
        known = self._methods.get((method, kind, context))
        if known is None:
            made = MethodMetrics(
                self._families,
                method,
                kind,
                more_labels=(*context, *self._const),
                buckets=self._bounds,
                exemplars=self._exemplars,
                failures=self._failures,
            )
            known = self._methods.setdefault((method, kind, context), made)
        return known

    def operation(self, op: str) -> OperationMetrics:
        """The metrics of one operation, such as "get"; the same object each time."""
        context = self._context.values() if self._context.names else ()
        known = self._operations.get((op, context))
        if known is None:
            made = OperationMetrics(self._families, op, context, self._const, self._failures)
            known = self._operations.setdefault((op, context), made)
        return known

    def endpoint(self, endpoint: str) -> Callable[[float], None]:
        """What to call with the seconds of each answer of an endpoint in use, by its address; it may raise."""
        return self._families.tallies.observer(self._families.endpoint_seconds.labels(endpoint, *self._const))

    def endpoints_left(self, endpoints: Iterable[str]) -> None:
        """One client uses these no more: their series go, unless another client has them in use."""
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            return  # prometheus_client can remove nothing there
        for endpoint in set(endpoints) - self._families.live.endpoints(self._const):
            labels = (endpoint, *self._const)
            self._families.tallies.forget(self._families.endpoint_seconds.labels(*labels))
            self._families.endpoint_seconds.remove(*labels)

    def follow(self, source: Live) -> None:
        """Show what `source` reads whenever the metrics are asked for, for as long as it lives."""
        self._families.live.follow(source, self._const)

    # ---- what a client does of itself

    def retried(self, method: str, reason: str) -> None:
        """An attempt of `method` (`/service/method`) failed and is made again."""
        self._count(self._families.retries, 1, *split_method(method), reason)

    def token_renewed(self, outcome: str) -> None:
        """An auth token was asked for, with that outcome."""
        self._count(self._families.token_renewals, 1, outcome)

    def failed_over(self, reason: str) -> None:
        """Calls moved to another endpoint."""
        self._count(self._families.failovers, 1, reason)

    def watch_resumed(self, cause: str, watches: int = 1) -> None:
        """So many watches were resumed on a new stream."""
        self._count(self._families.watch_resumes, watches, cause)

    def watch_failed(self, cause: str) -> None:
        """A watch ended with an error that nothing resumes it from."""
        self._count(self._families.watch_failures, 1, cause)

    def watch_received(self, events: int) -> None:
        """A watch received so many events together."""
        try:
            if self._tally_events is None:
                counter, histogram = self._families.watch_events, self._families.watch_batch_events
                const = self._const
                self._tally_events = self._families.tallies.summed(
                    counter.labels(*const) if const else counter, histogram.labels(*const) if const else histogram
                )
            self._tally_events(events)
        except Exception:  # noqa: BLE001 - telemetry never fails a call
            self._failures.report("metrics")

    def watch_opened(self) -> None:
        """A watch began."""
        self._move(self._families.watches_active, 1)

    def watch_closed(self) -> None:
        """A watch ended."""
        self._move(self._families.watches_active, -1)

    def lease_kept(self) -> None:
        """A lease began to be kept alive."""
        self._move(self._families.leases_active, 1)

    def lease_dropped(self) -> None:
        """A lease is no longer kept alive, for whatever reason."""
        self._move(self._families.leases_active, -1)

    def lease_lost(self) -> None:
        """A lease ended although it was kept alive."""
        self._count(self._families.lease_lost, 1)

    def lock_waited(self, seconds: float, outcome: str) -> None:
        """A lock was had, or given up, after so many seconds."""
        self._observe(self._families.lock_wait_seconds, seconds, outcome)

    def batched(self, operations: int) -> None:
        """So many batched operations go into one transaction."""
        self._observe(self._families.batched_operations, operations)

    def _count(self, family: "Counter", amount: int, *labels: str) -> None:
        try:
            values = (*labels, *self._const)
            (family.labels(*values) if values else family).inc(amount)
        except Exception:  # noqa: BLE001 - telemetry never fails a call
            self._failures.report("metrics")

    def _move(self, family: "Gauge", amount: int) -> None:
        try:
            (family.labels(*self._const) if self._const else family).inc(amount)
        except Exception:  # noqa: BLE001 - telemetry never fails a call
            self._failures.report("metrics")

    def _observe(self, family: "Histogram", amount: float, *labels: str) -> None:
        try:
            values = (*labels, *self._const)
            (family.labels(*values) if values else family).observe(amount)
        except Exception:  # noqa: BLE001 - telemetry never fails a call
            self._failures.report("metrics")


class _Default(ClientMetrics):
    """The process-wide one: nobody who could choose other names made it."""

    _gives_way = True

    @property
    def left_out(self) -> tuple[str, ...]:
        """The names that another library had first."""
        return self._left_out


def _default_metrics() -> ClientMetrics:
    try:
        made = _Default()
    except ValueError as error:
        from prometheus_client import CollectorRegistry  # noqa: PLC0415

        _LOGGER.warning(
            "metrics cannot be on prometheus_client's registry, and are on one of their own that nothing shows: %s; %s",
            *(error, _REMEDY),
        )
        return ClientMetrics(CollectorRegistry())
    if made.left_out:
        names = ", ".join(made.left_out)
        _LOGGER.warning("another library has metrics named %s: those of etcdobs are not shown; %s", names, _REMEDY)
    return made
