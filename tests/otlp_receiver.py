"""Receives spans by OTLP over gRPC, as a collector does, and keeps them."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as otlp


@dataclass(frozen=True)
class Received:
    """A span of the service `service`; ids are hex, `parent_id` is "" for a root."""

    service: str
    instance: str
    name: str
    is_server: bool
    trace_id: str
    span_id: str
    parent_id: str


class Receiver:
    """Listens on `address`."""

    def __init__(self) -> None:
        self._spans: list[Received] = []
        self._came = threading.Condition()
        self._server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
        export = grpc.unary_unary_rpc_method_handler(
            self._export, otlp.ExportTraceServiceRequest.FromString, otlp.ExportTraceServiceResponse.SerializeToString
        )
        service = "opentelemetry.proto.collector.trace.v1.TraceService"
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {"Export": export}),))
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def stop(self) -> None:
        self._server.stop(grace=None).wait()

    def wait_for(self, wanted: Callable[[Received], bool], timeout: float = 20) -> Received:
        """The first span that is `wanted`, as soon as it is here."""
        deadline = time.monotonic() + timeout
        with self._came:
            while True:
                for span in self._spans:
                    if wanted(span):
                        return span
                left = deadline - time.monotonic()
                assert left > 0, f"no such span within {timeout:g} s; there are {self._spans}"
                self._came.wait(left)

    @property
    def spans(self) -> list[Received]:
        with self._came:
            return list(self._spans)

    def _export(
        self, request: otlp.ExportTraceServiceRequest, context: grpc.ServicerContext
    ) -> otlp.ExportTraceServiceResponse:
        with self._came:
            self._spans.extend(_spans(request))
            self._came.notify_all()
        return otlp.ExportTraceServiceResponse()


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A receiver for the block."""
    started = Receiver()
    try:
        yield started
    finally:
        started.stop()


def _spans(request: otlp.ExportTraceServiceRequest) -> Iterator[Received]:
    for resource in request.resource_spans:
        attributes = {pair.key: pair.value.string_value for pair in resource.resource.attributes}
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield Received(
                    service=attributes.get("service.name", ""),
                    instance=attributes.get("service.instance.id", ""),
                    name=span.name,
                    is_server=span.kind == span.SPAN_KIND_SERVER,
                    trace_id=span.trace_id.hex(),
                    span_id=span.span_id.hex(),
                    parent_id=span.parent_span_id.hex(),
                )
