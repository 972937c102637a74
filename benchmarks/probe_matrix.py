"""Shows what three libraries report of every kind of call and every way that it can end, and what is true.

    python -m benchmarks.probe_matrix [--write]

Installs the two other libraries into a virtual environment of its own. `--write` puts the table into
docs/comparison.md.
"""

import asyncio
import gc
import itertools
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import grpc
from prometheus_client import CollectorRegistry

from benchmarks import rivals
from benchmarks.probes import APIS, ENDINGS, KINDS, AioProbe, SyncProbe
from tests.echo_service import METHODS, EchoService

EXPECTED = {
    "ok": "OK",
    "error": "FailedPrecondition",
    "deadline": "DeadlineExceeded",
    "cancel": "Canceled",
    "break": "Canceled",
    "abandoned": "Canceled",
    "closed channel": "Canceled",
}
# gRPC's asyncio calls are not ended by being dropped: they run into their deadline, and so must what is told of them.
GOES_ON = {("aio", "abandoned"), ("aio", "break")}
NO_ERROR = {"OK", "Canceled"}
PATIENCE = 0.6


@dataclass(frozen=True)
class Seen:
    """What a library reported of one call; None: it has no such thing."""

    started: float | None = None
    handled: dict[str, float] | None = None
    spans: tuple[str, ...] | None = None
    raised: str = ""

    def text(self) -> str:
        """In a cell."""
        parts: list[str] = [self.raised] if self.raised else []
        if self.handled is not None:
            codes = " ".join(f"{code}" if times == 1 else f"{code} x{times:g}" for code, times in self.handled.items())
            parts.append(f"started {self.started:g}, handled {codes or 'never'}")
        if self.spans is not None:
            parts.append(f"span {' '.join(self.spans)}" if self.spans else "no span ended")
        return "; ".join(parts)

    def is_true(self, code: str, spans: int) -> bool:
        """Whether the call ended with `code`; `spans`: how many the library means to make."""
        if self.raised:
            return False
        metrics = self.handled is None or (self.started == 1 and _code(self.handled) == code.upper())
        wanted = ("unset",) if code in NO_ERROR else ("error",)
        return metrics and (self.spans is None or self.spans == wanted[:spans])


def _code(handled: dict[str, float]) -> str:
    code, times = next(iter(handled.items()), ("", 0))
    # py-grpc-prometheus writes codes in its own way, which is not held against it here.
    return code.replace("_", "").replace("CANCELLED", "CANCELED").upper() if len(handled) == times == 1 else ""


class Spans:
    """A tracer provider, and how the spans ended."""

    def __init__(self) -> None:
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))

    def seen(self) -> tuple[str, ...]:
        return tuple(span.status.status_code.name.lower() for span in self._exporter.get_finished_spans())


class Etcdobs:
    """This library's interceptors."""

    name = "etcdobs"
    apis = APIS

    def __init__(self) -> None:
        from etcdobs.observe import ClientMetrics

        self._registry, self._spans = CollectorRegistry(), Spans()
        self._metrics = ClientMetrics(self._registry)

    def sync_channel(self, target: str) -> grpc.Channel:
        from etcdobs.interceptors import client_interceptors

        interceptors = client_interceptors(self._metrics, self._spans.provider, target=target)
        return grpc.intercept_channel(grpc.insecure_channel(target), *interceptors)

    def aio_channel(self, target: str) -> grpc.aio.Channel:
        from etcdobs.interceptors import aio_client_interceptors

        interceptors = aio_client_interceptors(self._metrics, self._spans.provider, target=target)
        return grpc.aio.insecure_channel(target, interceptors=interceptors)

    def seen(self, kind: str, raised: str) -> Seen:
        return Seen(*_counted(self._registry, kind, "grpc_client"), self._spans.seen(), raised)

    @staticmethod
    def spans(kind: str) -> int:
        return 0 if kind == "bidi_stream" else 1


class PyGrpcPrometheus:
    """py-grpc-prometheus, which has metrics and no asyncio."""

    name = "py-grpc-prometheus"
    apis = ("sync",)

    def __init__(self) -> None:
        self._registry = CollectorRegistry()

    def sync_channel(self, target: str) -> grpc.Channel:
        from py_grpc_prometheus.prometheus_client_interceptor import PromClientInterceptor

        interceptor = PromClientInterceptor(enable_client_handling_time_histogram=True, registry=self._registry)
        return grpc.intercept_channel(grpc.insecure_channel(target), interceptor)

    def seen(self, kind: str, raised: str) -> Seen:
        return Seen(*_counted(self._registry, kind, "grpc_client"), None, raised)

    @staticmethod
    def spans(kind: str) -> int:
        return 0


class OpenTelemetry:
    """opentelemetry-instrumentation-grpc, which has spans and no metrics."""

    name = "opentelemetry-instrumentation-grpc"
    apis = APIS

    def __init__(self) -> None:
        self._spans = Spans()

    def sync_channel(self, target: str) -> Any:
        from opentelemetry.instrumentation.grpc import client_interceptor
        from opentelemetry.instrumentation.grpc.grpcext import intercept_channel

        return intercept_channel(grpc.insecure_channel(target), client_interceptor(self._spans.provider))

    def aio_channel(self, target: str) -> grpc.aio.Channel:
        from opentelemetry.instrumentation.grpc import aio_client_interceptors

        return grpc.aio.insecure_channel(target, interceptors=aio_client_interceptors(self._spans.provider))

    def seen(self, kind: str, raised: str) -> Seen:
        return Seen(None, None, self._spans.seen(), raised)

    @staticmethod
    def spans(kind: str) -> int:
        return 1


LIBRARIES: tuple[Any, ...] = (Etcdobs, PyGrpcPrometheus, OpenTelemetry)


def _counted(registry: CollectorRegistry, kind: str, prefix: str) -> tuple[float, dict[str, float]]:
    name = METHODS[kind].rpartition("/")[2]  # type: ignore[index]
    samples = [
        sample
        for family in registry.collect()
        for sample in family.samples
        if sample.labels.get("grpc_method") == name and sample.value
    ]
    started = sum(sample.value for sample in samples if sample.name == f"{prefix}_started_total")
    handled = {_label(sample): sample.value for sample in samples if sample.name == f"{prefix}_handled_total"}
    return started, handled


def _label(sample: Any) -> str:
    return str(sample.labels.get("grpc_code") or sample.labels.get("code"))


def expected(api: str, kind: str, ending: str) -> str:
    """The code that the call truly ends with."""
    is_single = kind in {"unary", "client_stream"}
    if (api, ending) in GOES_ON and not (is_single and ending == "break"):
        return "DeadlineExceeded"
    return EXPECTED[ending]


def probe(library: Any, api: str, kind: str, ending: str) -> tuple[Seen, bool]:
    """One cell: what the library reported, and whether that is true."""
    service, watcher, code = EchoService(), library(), expected(api, kind, ending)
    try:
        if api == "sync":
            seen = _sync(watcher, service.target, kind, ending, code)
        else:
            seen = asyncio.run(_aio(watcher, service.target, kind, ending, code))
    finally:
        service.stop()
    return seen, seen.is_true(code, watcher.spans(kind))


def _sync(library: Any, target: str, kind: str, ending: str, code: str) -> Seen:
    channel = library.sync_channel(target)
    try:
        raised = SyncProbe(channel, kind).run(ending)
        gc.collect()
        return _settled(lambda: library.seen(kind, raised), lambda seen: seen.is_true(code, library.spans(kind)))
    finally:
        channel.close()


async def _aio(library: Any, target: str, kind: str, ending: str, code: str) -> Seen:
    channel = library.aio_channel(target)
    try:
        raised = await AioProbe(channel, kind).run(ending)
        gc.collect()
        deadline = time.monotonic() + PATIENCE
        seen: Seen = library.seen(kind, raised)
        while not seen.is_true(code, library.spans(kind)) and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
            seen = library.seen(kind, raised)
        return seen
    finally:
        await channel.close()


def _settled(look: Callable[[], Seen], done: Callable[[Seen], bool]) -> Seen:
    deadline = time.monotonic() + PATIENCE
    while not done(seen := look()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return seen


def rows() -> Iterable[list[str]]:
    """The table; a false cell begins with a cross."""
    right = dict.fromkeys((library.name for library in LIBRARIES), 0)
    cells = dict.fromkeys(right, 0)
    for api, kind, ending in itertools.product(APIS, KINDS, ENDINGS):
        code = expected(api, kind, ending)
        row = [f"{api} {kind}", ending, code + ("" if code in NO_ERROR else ", an error")]
        for library in LIBRARIES:
            if api not in library.apis:
                row.append("no asyncio")
                continue
            seen, is_true = probe(library, api, kind, ending)
            cells[library.name] += 1
            right[library.name] += is_true
            row.append(seen.text() if is_true else f"**x** {seen.text()}")
        yield row
    yield ["", "", "true", *(f"{right[name]} of {cells[name]}" for name in right)]


def table() -> str:
    """All of it, in Markdown."""
    head = ["call", "ending", "what is true", *(library.name for library in LIBRARIES)]
    lines = [head, ["---"] * len(head), *rows()]
    return "\n".join([rivals.versions() + ".", "", *(f"| {' | '.join(line)} |" for line in lines)])


def main(arguments: list[str]) -> None:
    """Run outside: make the environment and print; inside: measure."""
    if "--inside" in arguments:
        print(table())
        return
    text = rivals.run("benchmarks.probe_matrix")
    print(text)
    if "--write" in arguments:
        rivals.write("probe matrix", text)


if __name__ == "__main__":
    main(sys.argv[1:])
