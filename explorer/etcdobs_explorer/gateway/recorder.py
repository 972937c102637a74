"""Decides what is recorded of the client's own RPCs: it is given to the client, and asked for what came since."""

import asyncio
import time
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, ClassVar

import grpc
from prometheus_client import REGISTRY, CollectorRegistry, Histogram
from prometheus_client.metrics_core import Metric

from etcdobs import ClientMetrics
from etcdobs_explorer.model.calls import OK, OPEN, CallRecord, is_polling
from etcdobs_explorer.model.records import Sample
from etcdobs_explorer.model.samples import CALL_SECONDS
from etcdobs_explorer.model.text import inert

from .forms import text_bytes
from .requests import described
from .spans import Origin, Spans

_HELD = 5_000  # records that wait to be asked for
_DESCRIBED = 8  # requests of a stream that are written out
_BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class CallRecorder:
    """What one client's RPCs are recorded with. `registry` holds the library's metrics of this client alone."""

    _published: "ClassVar[CallRecorder | None]" = None

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.metrics = ClientMetrics(self.registry, exemplars=False)
        self.spans = Spans()
        self.endpoints: dict[int, str] = {}
        """Where members answered, by their ids."""
        labels = ("method", "endpoint", "code")
        self._seconds = Histogram(
            CALL_SECONDS, "Seconds of unary calls.", labels, registry=self.registry, buckets=_BUCKETS
        )
        self._ended: deque[CallRecord] = deque(maxlen=_HELD)
        self._open: dict[int, RecordedCall] = {}
        self._number = 0

    def begin(self, method: str | bytes, metadata: Any, *, is_stream: bool = False) -> "RecordedCall":
        """An RPC begins."""
        return RecordedCall(self, inert(method).plain, self.spans.origin(metadata), is_stream=is_stream)

    @property
    def options(self) -> dict[str, Any]:
        """What to make the client with."""
        from .interceptors import interceptors_of  # noqa: PLC0415 - which know the recorder

        return {
            "metrics": self.metrics,
            "tracer_provider": self.spans,
            "interceptors": interceptors_of(self),
        }

    def samples(self) -> list[Sample]:
        """The metrics as they are now."""
        return [Sample(s.name, s.labels, s.value) for family in self.registry.collect() for s in family.samples]

    def take(self) -> list[CallRecord]:
        """The RPCs that ended, or whose streams were used, since this was asked last, in the order of their numbers."""
        taken = [*self._ended, *(call.record() for call in self._open.values() if call.is_news())]
        self._ended.clear()
        return sorted(taken, key=lambda record: record.number)

    # -- for the registry of the process -----------------------------------------------------------------------

    def publish(self) -> None:
        """Show the metrics in the registry of the process too, which `serve_metrics` serves, in place of those of the
        recorder that did so before."""
        if CallRecorder._published is not None:
            with suppress(KeyError):  # somebody else took it out
                REGISTRY.unregister(CallRecorder._published)
        CallRecorder._published = self
        REGISTRY.register(self)

    def collect(self) -> Iterable[Metric]:
        """The metrics, as a registry asks for them."""
        return self.registry.collect()

    def describe(self) -> Iterable[Metric]:
        """None that the registry should keep for this one alone: another client may have them there too."""
        return ()

    # -- for the calls -----------------------------------------------------------------------------------------

    def number(self) -> int:
        """A number for an RPC that is told of for the first time."""
        self._number += 1
        return self._number

    def opened(self, call: "RecordedCall") -> None:
        """A stream began."""
        self._open[call.number] = call

    def ended(self, call: "RecordedCall", seconds: float) -> None:
        """An RPC is over."""
        if self._open.pop(call.number, None) is None:
            self._seconds.labels(call.name, call.origin.endpoint, call.code).observe(seconds)
        self._ended.append(call.record())


class RecordedCall:
    """One RPC under way. `answered` and `failed` end it: the first that is called counts."""

    def __init__(self, recorder: CallRecorder, path: str, origin: Origin, *, is_stream: bool) -> None:
        self._recorder = recorder
        service, _, self._method = path.removeprefix("/").partition("/")
        self._service = service
        self.name = f"{service.rpartition('.')[2]}/{self._method}"
        self.origin = origin
        self.code = OPEN
        self.number = 0
        self._is_stream = is_stream
        self._is_poll = is_polling()
        self._at, self._began = time.time(), time.perf_counter()
        self._seconds: float | None = None
        self._details = b""
        self._keys: list[bytes] = []
        self._lines: list[str] = []
        self._out = self._in = self._sent = self._received = 0
        self._revision = self._member_id = 0
        self._is_news = True
        if is_stream:
            self.number = recorder.number()
            recorder.opened(self)

    # -- what happens ------------------------------------------------------------------------------------------

    def sent(self, request: Any) -> None:
        """A message goes out."""
        self._sent += 1
        self._out += request.ByteSize()
        self._is_news = True
        keys, line = described(self.name, request, self.origin.endpoint)
        if (keys or line) and line not in self._lines and len(self._lines) < _DESCRIBED:
            self._keys.append(keys)
            self._lines.append(line)

    def received(self, response: Any) -> None:
        """A message came in."""
        self._received += 1
        self._in += response.ByteSize()
        self._is_news = True
        header = getattr(response, "header", None)
        if header is not None:
            self._revision = header.revision or self._revision
            self._seen(header.member_id)

    def _seen(self, member_id: int) -> None:
        if not member_id:
            return
        self._member_id = member_id
        if self.origin.endpoint:
            self._recorder.endpoints[member_id] = self.origin.endpoint

    def answered(self, response: Any = None) -> None:
        """It ended well."""
        if response is not None:
            self.received(response)
        self._end(OK)

    def failed(self, error: BaseException) -> None:
        """It ended with an error, or was given up."""
        if isinstance(error, grpc.RpcError) and callable(getattr(error, "code", None)):
            self._end(code_name(error.code()), error.details())
        elif isinstance(error, (asyncio.CancelledError, GeneratorExit)):
            self._end(code_name(grpc.StatusCode.CANCELLED))
        else:
            self._end(code_name(grpc.StatusCode.UNKNOWN), str(error))

    def over(self, call: Any) -> None:
        """A stream's end, as gRPC tells it where nobody reads any more."""
        if self._seconds is None:
            self._end(code_name(_at_once(call.code())), _at_once(call.details()))

    def _end(self, code: str, details: str | None = "") -> None:
        if self._seconds is not None:
            return
        self.code, self._details = code, text_bytes(details or "")
        self._seconds = time.perf_counter() - self._began
        self.number = self.number or self._recorder.number()
        self._recorder.ended(self, self._seconds)

    # -- what is told of it ------------------------------------------------------------------------------------

    def is_news(self) -> bool:
        """Whether anything happened since this was asked last."""
        was, self._is_news = self._is_news, False
        return was

    def record(self) -> CallRecord:
        """The RPC as it is now."""
        return CallRecord(
            number=self.number,
            at=self._at,
            service=self._service,
            method=self._method,
            keys=b", ".join(self._keys),
            line="\n".join(self._lines),
            seconds=self._seconds,
            code=self.code,
            details=self._details,
            bytes_out=self._out,
            bytes_in=self._in,
            messages_out=self._sent,
            messages_in=self._received,
            revision=self._revision,
            endpoint=(self.origin.endpoint or self._recorder.endpoints.get(self._member_id, "")).encode(),
            member_id=self._member_id,
            trace_id=self.origin.trace_id,
            attempt=self.origin.attempt,
            is_poll=self._is_poll,
            is_stream=self._is_stream,
        )


_GO_NAMES = {grpc.StatusCode.OK: OK, grpc.StatusCode.CANCELLED: "Canceled"}


def code_name(code: grpc.StatusCode) -> str:
    """A status as gRPC for Go writes it, and as the metrics do."""
    return _GO_NAMES.get(code) or "".join(word.capitalize() for word in code.name.split("_"))


def _at_once(coroutine: Any) -> Any:
    """What a finished call's accessor returns: a coroutine that never suspends."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    coroutine.close()
    raise RuntimeError("the call is not over")
