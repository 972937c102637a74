"""Decides what is recorded of one RPC: started, its messages, and its end exactly once, whoever sees it first."""

from collections.abc import Callable, Mapping
from functools import partial
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING, TypeAlias

from etcdobs.observe.attempts import Attempts
from etcdobs.observe.ending import OK, Ending, ending_of_error
from etcdobs.observe.metrics import ClientMetrics
from etcdobs.observe.recorder import Kind, MethodRecorder, NoMetrics

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

    from etcdobs.observe.tracer import CallTracer, Metadata

__all__ = ["UNOBSERVED", "MethodObserver", "Observation"]

Start: TypeAlias = "tuple[float, Span | None, MethodRecorder]"
"""When a call started (of perf_counter), its span, and where it is counted."""

_NO_METRICS = NoMetrics()

UNOBSERVED: Start = (0.0, None, _NO_METRICS)
"""The start of a call that nobody counts and nobody traces: there is nothing to do at its end."""

_GLOBAL = "_TRACER_PROVIDER"
"""The name under which opentelemetry keeps its global provider: None until one is set."""


def _provider(tracer: "Tracer") -> "Mapping[str, object]":
    """What has None as _GLOBAL for as long as this tracer makes no spans.

    To ask the tracer itself takes six functions of opentelemetry's, in each call of a process that traces nothing.
    """
    from opentelemetry import trace  # noqa: PLC0415  # loaded with the first instance, not with the library

    if type(tracer) is trace.NoOpTracer:
        return {_GLOBAL: None}
    return vars(trace) if type(tracer) is trace.ProxyTracer else {}


class MethodObserver:
    """One RPC method on one target: its label children and span attributes are looked up once, at its first call.

    Methods never called leave no series behind. A call whose end is seen in one place only (the return of a blocking
    function) needs `start` and `end`; any other goes through `begin`.
    """

    def __init__(
        self, metrics: ClientMetrics | None, tracer: "CallTracer", method: str, kind: Kind, target: str, endpoint: str
    ) -> None:
        self._client_metrics = metrics
        self._method = method
        self._kind: Kind = kind
        from opentelemetry import context  # noqa: PLC0415  # as above

        self._tracer = tracer.method(method, kind, target)
        self._provider = _provider(tracer.tracer)
        self._context = context.get_current
        # None: not looked up yet, or another for each caller's context.
        self._metrics: MethodRecorder | None = None
        self._endpoint = endpoint
        self._answered: Callable[[float], None] | None = None

    def start(self, metadata: "Metadata", attempts: Attempts | None = None) -> "tuple[Start, Metadata]":
        """Record that a call starts; return what `end` needs (UNOBSERVED needs none), and the metadata to send."""
        metrics = self._metrics or self._recorder()
        if metrics is not _NO_METRICS:
            metrics.started()
        span = None
        # A context that holds nothing holds no span either, whose context would have to travel.
        if self._provider.get(_GLOBAL, self) is not None or self._context():
            span, metadata = self._tracer.start(metadata, attempts)
        if span is None and metrics is _NO_METRICS:
            return UNOBSERVED, metadata
        return (perf_counter(), span, metrics), metadata

    def end(self, start: "Start", ending: Ending = OK, attempts: Attempts | None = None) -> None:
        """Record that the call is over. The caller sees to it that this happens once."""
        started_at, span, metrics = start
        seconds = perf_counter() - started_at
        if metrics is not _NO_METRICS:
            exemplar = None
            if span is not None and metrics.exemplars:
                exemplar = self._tracer.exemplar(span, partial(metrics.wants_exemplar, seconds))
            metrics.finished(ending.code, seconds, exemplar, self._answered)
        if span is not None:
            self._tracer.end(span, ending, attempts, seconds)

    def begin(self, metadata: "Metadata") -> "tuple[Observation, Metadata]":
        """Record that a call starts; return its observation and the metadata to send."""
        start, metadata = self.start(metadata)
        return Observation(self, start), metadata

    def _recorder(self) -> MethodRecorder:
        metrics = self._client_metrics
        if metrics is None:
            self._metrics = _NO_METRICS
            return self._metrics
        if self._endpoint and self._answered is None:
            self._answered = metrics.endpoint(self._endpoint)
        recorder = metrics.method(self._method, self._kind)
        if metrics.is_one_for_all:
            self._metrics = recorder
        return recorder


class Observation:
    """One RPC under way. `finish` and `fail` may be called from any thread and again: the first call counts."""

    __slots__ = ("_observer", "_once", "_start")

    def __init__(self, observer: MethodObserver, start: "Start") -> None:
        self._observer = observer
        self._start = start
        self._once = Lock()

    @property
    def has_span(self) -> bool:
        """Whether the call is traced here."""
        return self._start[1] is not None

    def sent(self) -> None:
        """A message of a stream was handed to gRPC."""
        self._start[2].sent()

    def received(self) -> None:
        """A message of a stream arrived."""
        self._start[2].received()

    def finish(self, ending: Ending = OK) -> None:
        """The RPC is over."""
        # A lock never released: a test-and-set that is safe between the reader's thread and gRPC's.
        if self._once.acquire(blocking=False):
            self._observer.end(self._start, ending)

    def fail(self, error: BaseException) -> None:
        """The RPC is over: `error` is what its caller gets."""
        self.finish(ending_of_error(error))
