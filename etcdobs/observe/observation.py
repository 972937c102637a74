"""Decides what is recorded of one RPC: started, its messages, and its end exactly once, whoever sees it first."""

from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING, TypeAlias

from etcdobs.observe.ending import OK, Ending, ending_of_error
from etcdobs.observe.recorder import ClientMetrics, Kind, MethodRecorder, NoMetrics

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from etcdobs.observe.tracer import CallTracer, Metadata

__all__ = ["MethodObserver", "Observation"]

Start: TypeAlias = "tuple[float, Span | None]"
"""When a call started (of perf_counter) and its span."""

_NO_METRICS = NoMetrics()


class MethodObserver:
    """One RPC method on one target: its label children and span attributes are looked up once, at its first call.

    Methods never called leave no series behind. A call whose end is seen in one place only (the return of a blocking
    function) needs `start` and `end`; any other goes through `begin`.
    """

    def __init__(
        self, metrics: ClientMetrics | None, tracer: "CallTracer", method: str, kind: Kind, target: str
    ) -> None:
        self._client_metrics = metrics
        self._method = method
        self._kind: Kind = kind
        self._tracer = tracer.method(method, kind, target)
        self._metrics: MethodRecorder | None = None

    def start(self, metadata: "Metadata") -> "tuple[Start, Metadata]":
        """Record that a call starts; return what `end` needs, and the metadata to send."""
        (self._metrics or self.metrics).started()
        span, metadata = self._tracer.start(metadata)
        return (perf_counter(), span), metadata

    def end(self, start: "Start", ending: Ending = OK) -> None:
        """Record that the call is over. The caller sees to it that this happens once."""
        started_at, span = start
        seconds = perf_counter() - started_at
        metrics = self._metrics or self.metrics
        if span is None:
            metrics.finished(ending.code, seconds, None)
            return
        metrics.finished(ending.code, seconds, self._tracer.exemplar(span) if metrics.exemplars else None)
        self._tracer.end(span, ending)

    def begin(self, metadata: "Metadata") -> "tuple[Observation, Metadata]":
        """Record that a call starts; return its observation and the metadata to send."""
        start, metadata = self.start(metadata)
        return Observation(self, start), metadata

    @property
    def metrics(self) -> MethodRecorder:
        """The recorder of this method."""
        if self._metrics is None:
            known = self._client_metrics
            self._metrics = _NO_METRICS if known is None else known.method(self._method, self._kind)
        return self._metrics


class Observation:
    """One RPC under way. `finish` and `fail` may be called from any thread and again: the first call counts."""

    __slots__ = ("_observer", "_once", "_start")

    def __init__(self, observer: MethodObserver, start: "Start") -> None:
        self._observer = observer
        self._start = start
        self._once = Lock()

    def sent(self) -> None:
        """A message of a stream was handed to gRPC."""
        self._observer.metrics.sent()

    def received(self) -> None:
        """A message of a stream arrived."""
        self._observer.metrics.received()

    def finish(self, ending: Ending = OK) -> None:
        """The RPC is over."""
        # A lock never released: a test-and-set that is safe between the reader's thread and gRPC's.
        if self._once.acquire(blocking=False):
            self._observer.end(self._start, ending)

    def fail(self, error: BaseException) -> None:
        """The RPC is over: `error` is what its caller gets."""
        self.finish(ending_of_error(error))
