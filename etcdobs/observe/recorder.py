"""Records RPCs as Prometheus metrics with the names, labels and meaning of go-grpc-prometheus."""

from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol, TypeAlias

import grpc

from etcdobs.observe.failure import FailureLog

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Gauge

    from etcdobs.observe.families import Families

__all__ = ["DEFAULT_BUCKETS", "ClientMetrics", "Kind", "MethodMetrics", "MethodRecorder", "split_method"]

Kind: TypeAlias = Literal["unary", "client_stream", "server_stream", "bidi_stream"]
"""The values of the label `grpc_type`."""

DEFAULT_BUCKETS: tuple[float, ...] = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025),
    *(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
"""Upper bounds in seconds: client_golang's eleven, and five below them, where a call in one datacentre ends."""

# codes.Code.String() of grpc-go: Python's names differ by more than case (CANCELLED, Canceled).
CODE_NAMES: Mapping[grpc.StatusCode, str] = {
    grpc.StatusCode.OK: "OK",
    grpc.StatusCode.CANCELLED: "Canceled",
    grpc.StatusCode.UNKNOWN: "Unknown",
    grpc.StatusCode.INVALID_ARGUMENT: "InvalidArgument",
    grpc.StatusCode.DEADLINE_EXCEEDED: "DeadlineExceeded",
    grpc.StatusCode.NOT_FOUND: "NotFound",
    grpc.StatusCode.ALREADY_EXISTS: "AlreadyExists",
    grpc.StatusCode.PERMISSION_DENIED: "PermissionDenied",
    grpc.StatusCode.RESOURCE_EXHAUSTED: "ResourceExhausted",
    grpc.StatusCode.FAILED_PRECONDITION: "FailedPrecondition",
    grpc.StatusCode.ABORTED: "Aborted",
    grpc.StatusCode.OUT_OF_RANGE: "OutOfRange",
    grpc.StatusCode.UNIMPLEMENTED: "Unimplemented",
    grpc.StatusCode.INTERNAL: "Internal",
    grpc.StatusCode.UNAVAILABLE: "Unavailable",
    grpc.StatusCode.DATA_LOSS: "DataLoss",
    grpc.StatusCode.UNAUTHENTICATED: "Unauthenticated",
}


def split_method(method: str) -> tuple[str, str]:
    """Service and method of `/etcdserverpb.KV/Put`; ("unknown", "unknown") for what is not of that form."""
    service, slash, name = method.removeprefix("/").partition("/")
    return (service, name) if slash else ("unknown", "unknown")


class MethodRecorder(Protocol):
    """What the calls of one RPC method report."""

    @property
    def exemplars(self) -> bool: ...
    def started(self) -> None: ...
    def sent(self) -> None: ...
    def received(self) -> None: ...
    def finished(self, code: grpc.StatusCode, seconds: float, exemplar: dict[str, str] | None) -> None: ...


class NoMetrics:
    """Records nothing."""

    exemplars = False

    def started(self) -> None: ...
    def sent(self) -> None: ...
    def received(self) -> None: ...
    def finished(self, code: grpc.StatusCode, seconds: float, exemplar: dict[str, str] | None) -> None: ...


class MethodMetrics:
    """The metrics of one RPC method, every label child looked up once.

    A unary request counts as sent when the call starts and a unary response as received when it ends well;
    the messages of streams are reported one by one. None of the methods raises.
    """

    def __init__(
        self,
        families: "Families",
        method: str,
        kind: Kind,
        *,
        const_values: tuple[str, ...],
        exemplars: bool,
        failures: FailureLog,
    ) -> None:
        self._labels = (kind, *split_method(method))
        self._const = const_values
        labels = (*self._labels, *const_values)
        self._families = families
        self._failures = failures
        self.exemplars = exemplars
        self._inc_started = families.started.labels(*labels).inc
        self._inc_sent = families.msg_sent.labels(*labels).inc
        self._inc_received = families.msg_received.labels(*labels).inc
        self._observe_seconds = families.handling_seconds.labels(*labels).observe
        self._inc_handled: dict[grpc.StatusCode, Callable[[], None]] = {}
        self._inc_ok = self._handled(grpc.StatusCode.OK)
        self._sends_one = kind == "unary"
        self._receives_one = kind in {"unary", "client_stream"}

    def started(self) -> None:
        try:
            self._inc_started()
            if self._sends_one:
                self._inc_sent()
        except Exception:  # noqa: BLE001 - telemetry never fails a call
            self._failures.report("metrics")

    def sent(self) -> None:
        try:
            self._inc_sent()
        except Exception:  # noqa: BLE001 - telemetry never fails a call
            self._failures.report("metrics")

    def received(self) -> None:
        try:
            self._inc_received()
        except Exception:  # noqa: BLE001 - telemetry never fails a call
            self._failures.report("metrics")

    def finished(self, code: grpc.StatusCode, seconds: float, exemplar: dict[str, str] | None) -> None:
        try:
            if code is grpc.StatusCode.OK:
                self._inc_ok()
                if self._receives_one:
                    self._inc_received()
            else:
                self._handled(code)()
            self._observe_seconds(seconds, exemplar)
        except Exception:  # noqa: BLE001 - telemetry never fails a call
            self._failures.report("metrics")

    def _handled(self, code: grpc.StatusCode) -> Callable[[], None]:
        inc = self._inc_handled.get(code)
        if inc is None:
            inc = self._families.handled.labels(*self._labels, CODE_NAMES[code], *self._const).inc
            self._inc_handled[code] = inc
        return inc


class ClientMetrics:
    """The Prometheus metrics of RPC clients. Two of them on one registry share its families.

    `registry`: None is prometheus_client's own. `buckets`: upper bounds in seconds of `grpc_client_handling_seconds`.
    `exemplars`: put trace and span id on that histogram where the call's span is sampled. `namespace` and
    `subsystem` go before each name. `const_labels`: labels that every sample carries.

    Raises ValueError where the registry has one of the names already from elsewhere, or has them with other buckets
    or other const label names.
    """

    _default: ClassVar["ClientMetrics | None"] = None
    _default_lock: ClassVar[Lock] = Lock()

    def __init__(
        self,
        registry: "CollectorRegistry | None" = None,
        *,
        buckets: Sequence[float] = DEFAULT_BUCKETS,
        exemplars: bool = True,
        namespace: str = "",
        subsystem: str = "",
        const_labels: Mapping[str, str] | None = None,
    ) -> None:
        # prometheus_client is loaded with the first instance, not with the library.
        from prometheus_client import REGISTRY  # noqa: PLC0415

        from etcdobs.observe.families import Shape, build, shared_families  # noqa: PLC0415

        const = dict(sorted((const_labels or {}).items()))
        self.registry: CollectorRegistry = REGISTRY if registry is None else registry
        self._const = tuple(const.values())
        self._families = shared_families(
            self.registry, Shape(namespace, subsystem, tuple(const), tuple(float(bound) for bound in buckets))
        )
        self._families.build_info.labels(*build(), *self._const).set(1)
        self._exemplars = exemplars
        self._failures = FailureLog()
        self._methods: dict[tuple[str, Kind], MethodMetrics] = {}

    def __repr__(self) -> str:
        whose = "the process-wide one, " if self is ClientMetrics._default else ""
        return f"<ClientMetrics {whose}of {len(self._methods)} RPC methods>"

    @classmethod
    def default(cls) -> "ClientMetrics":
        """The process-wide instance on prometheus_client's own registry, made on first demand.

        Where another library holds the names there, its metrics stay on a registry of their own (`.registry`) and
        the log says so.
        """
        with ClientMetrics._default_lock:
            if ClientMetrics._default is None:
                ClientMetrics._default = _default_metrics()
            return ClientMetrics._default

    def method(self, method: str, kind: Kind) -> MethodMetrics:
        """The metrics of one RPC method, such as `/etcdserverpb.KV/Put`; the same object each time."""
        key = (method, kind)
        known = self._methods.get(key)
        if known is None:
            made = MethodMetrics(
                self._families,
                method,
                kind,
                const_values=self._const,
                exemplars=self._exemplars,
                failures=self._failures,
            )
            known = self._methods.setdefault(key, made)
        return known

    def retried(self, method: str, reason: str) -> None:
        """An attempt of `method` (`/service/method`) failed and is made again."""
        self._count(self._families.retries, *split_method(method), reason)

    def token_renewed(self, outcome: str) -> None:
        """The auth token was asked for again, with that outcome."""
        self._count(self._families.token_renewals, outcome)

    def failed_over(self, reason: str) -> None:
        """Calls moved to another endpoint."""
        self._count(self._families.failovers, reason)

    def watch_resumed(self, cause: str) -> None:
        """A watch was resumed on a new stream."""
        self._count(self._families.watch_resumes, cause)

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
        self._count(self._families.lease_lost)

    def _count(self, family: "Counter", *labels: str) -> None:
        try:
            values = (*labels, *self._const)
            (family.labels(*values) if values else family).inc()
        except Exception:  # noqa: BLE001 - telemetry never fails a call
            self._failures.report("metrics")

    def _move(self, family: "Gauge", amount: int) -> None:
        try:
            (family.labels(*self._const) if self._const else family).inc(amount)
        except Exception:  # noqa: BLE001 - telemetry never fails a call
            self._failures.report("metrics")


def _default_metrics() -> ClientMetrics:
    try:
        return ClientMetrics()
    except ValueError:
        from prometheus_client import CollectorRegistry  # noqa: PLC0415

        FailureLog().report("registering the metrics with prometheus_client's registry")
        return ClientMetrics(CollectorRegistry())
