"""Records RPCs as Prometheus metrics with the names, labels and meaning of go-grpc-prometheus."""

from bisect import bisect_left
from collections.abc import Callable, Mapping
from time import monotonic
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import grpc

from etcdobs.observe.failure import FailureLog

if TYPE_CHECKING:
    from etcdobs.observe.families import Families

__all__ = ["CODE_NAMES", "Kind", "MethodMetrics", "MethodRecorder", "NoMetrics", "split_method"]

Kind: TypeAlias = Literal["unary", "client_stream", "server_stream", "bidi_stream"]
"""The values of the label `grpc_type`."""

EXEMPLAR_EVERY = 0.1
"""Seconds for which a bucket keeps its exemplar: it has one at a time, and is read seconds apart."""

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
    def wants_exemplar(self, seconds: float) -> bool: ...
    def started(self) -> None: ...
    def sent(self) -> None: ...
    def received(self) -> None: ...
    def finished(
        self,
        code: grpc.StatusCode,
        seconds: float,
        exemplar: dict[str, str] | None,
        answered: Callable[[float], None] | None = None,
    ) -> None: ...


class NoMetrics:
    """Records nothing."""

    exemplars = False

    def wants_exemplar(self, seconds: float) -> bool:
        return False

    def started(self) -> None: ...
    def sent(self) -> None: ...
    def received(self) -> None: ...
    def finished(
        self,
        code: grpc.StatusCode,
        seconds: float,
        exemplar: dict[str, str] | None,
        answered: Callable[[float], None] | None = None,
    ) -> None: ...


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
        more_labels: tuple[str, ...],
        buckets: tuple[float, ...],
        exemplars: bool,
        failures: FailureLog,
    ) -> None:
        self._labels = (kind, *split_method(method))
        self._more_labels = more_labels
        labels = (*self._labels, *more_labels)
        self._families = families
        self._failures = failures
        self.exemplars = exemplars
        self._buckets = buckets
        self._next_exemplar = [0.0] * (len(buckets) + 1)
        sent, received = families.msg_sent.labels(*labels), families.msg_received.labels(*labels)
        self._inc_sent = sent.inc
        # Of a watch there are as many as the server has to say.
        self._tally_received = families.tallies.counter(received)
        self._seconds = families.handling_seconds.labels(*labels)
        self._handled: dict[grpc.StatusCode, Callable[[], None]] = {}
        ok = families.handled.labels(*self._labels, CODE_NAMES[grpc.StatusCode.OK], *more_labels)
        at_start = (families.started.labels(*labels), *([sent] if kind == "unary" else ()))
        at_end = (ok, *([received] if kind in {"unary", "client_stream"} else ()))
        calls = families.tallies.calls((at_start, at_end), self._seconds)
        self._start, self._end_well = calls.started, calls.ended
        self._steps_at_end = at_end

    def started(self) -> None:
        try:
            self._start(None)
        except Exception:  # noqa: BLE001 - telemetry never fails a call
            self._failures.report("metrics")

    def sent(self) -> None:
        try:
            self._inc_sent()
        except Exception:  # noqa: BLE001 - telemetry never fails a call
            self._failures.report("metrics")

    def received(self) -> None:
        try:
            self._tally_received(None)
        except Exception:  # noqa: BLE001 - telemetry never fails a call
            self._failures.report("metrics")

    def finished(
        self,
        code: grpc.StatusCode,
        seconds: float,
        exemplar: dict[str, str] | None,
        answered: Callable[[float], None] | None = None,
    ) -> None:
        try:
            if code is not grpc.StatusCode.OK:
                self._inc_handled(code)
                self._seconds.observe(seconds, exemplar)
            else:
                if exemplar is None:
                    self._end_well(seconds)
                else:
                    self._end_well_with(seconds, exemplar)
                if answered is not None:
                    answered(seconds)
        except Exception:  # noqa: BLE001 - telemetry never fails a call
            self._failures.report("metrics")

    def _end_well_with(self, seconds: float, exemplar: dict[str, str]) -> None:
        """At once: a bucket remembers what its exemplar took."""
        for counter in self._steps_at_end:
            counter.inc()
        self._seconds.observe(seconds, exemplar)

    def wants_exemplar(self, seconds: float) -> bool:
        """Whether the bucket that so long a call falls into has got none for EXEMPLAR_EVERY."""
        bucket, now = bisect_left(self._buckets, seconds), monotonic()
        if now < self._next_exemplar[bucket]:
            return False
        self._next_exemplar[bucket] = now + EXEMPLAR_EVERY
        return True

    def _inc_handled(self, code: grpc.StatusCode) -> None:
        inc = self._handled.get(code)
        if inc is None:
            inc = self._families.handled.labels(*self._labels, CODE_NAMES[code], *self._more_labels).inc
            self._handled[code] = inc
        inc()
