"""A gRPC service that is not etcd's, whose calls end as their requests say; and what was counted of them."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from dataclasses import dataclass, field
from typing import Any

import grpc
from prometheus_client import CollectorRegistry

from etcdobs.observe.recorder import Kind

METHODS: dict[Kind, str] = {
    "unary": "/test.Echo/Say",
    "client_stream": "/test.Echo/Join",
    "server_stream": "/test.Echo/Split",
    "bidi_stream": "/test.Echo/Chat",
}
OK, FAIL, HANG, GIVE_UP = b"ok", b"fail", b"hang", b"give up"
"""Requests (and parts of requests to Split): echoed, FAILED_PRECONDITION, no answer, CANCELLED by the server."""


class EchoService:
    """The server: listens on `target`, and remembers the metadata of the calls."""

    def __init__(self) -> None:
        self.metadata: list[list[tuple[str, str | bytes]]] = []
        self._server = grpc.server(futures.ThreadPoolExecutor(max_workers=32))
        self._server.add_generic_rpc_handlers((self._handlers(),))
        self.target = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def stop(self) -> None:
        """Cancel what is under way and free the port."""
        self._server.stop(grace=None).wait()

    def _handlers(self) -> grpc.GenericRpcHandler:
        return grpc.method_handlers_generic_handler(
            "test.Echo",
            {
                "Say": grpc.unary_unary_rpc_method_handler(self._say),
                "Join": grpc.stream_unary_rpc_method_handler(self._join),
                "Split": grpc.unary_stream_rpc_method_handler(self._split),
                "Chat": grpc.stream_stream_rpc_method_handler(self._chat),
            },
        )

    def _say(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        return b"".join(self._answers([request], context))

    def _join(self, requests: Iterator[bytes], context: grpc.ServicerContext) -> bytes:
        return b",".join(self._answers(requests, context))

    def _split(self, request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        return self._answers(request.split(b","), context)

    def _chat(self, requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        return self._answers(requests, context)

    def _answers(self, requests: Iterable[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        self.metadata.append(list(context.invocation_metadata()))
        over = threading.Event()
        if not context.add_callback(over.set):
            return
        for request in requests:
            if request == FAIL:
                context.abort(grpc.StatusCode.FAILED_PRECONDITION, "told to fail")
            if request == GIVE_UP:
                context.abort(grpc.StatusCode.CANCELLED, "told to give up")
            if request == HANG:
                over.wait()
            yield request


@dataclass(frozen=True)
class Counted:
    """The samples of one method; `handled` holds what is not zero. The defaults: one call, not yet over."""

    started: float = 1
    handled: dict[str, float] = field(default_factory=dict[str, float])
    sent: float = 0
    received: float = 0
    timed: float = 0


def over(code: str, *, sent: float = 0, received: float = 0) -> Counted:
    """The samples after one call, handled exactly once with `code`."""
    return Counted(1, {code: 1}, sent, received, 1)


def counted(registry: CollectorRegistry, kind: Kind, method: str | None = None) -> Counted:
    """What `registry` holds of a method; of the echo service's method of that kind if no other is named."""
    service, name = (method or METHODS[kind]).removeprefix("/").split("/")
    labels = {"grpc_type": kind, "grpc_service": service, "grpc_method": name}

    def value(sample: str) -> float:
        return registry.get_sample_value(sample, labels) or 0

    return Counted(
        value("grpc_client_started_total"),
        _handled(registry, labels),
        value("grpc_client_msg_sent_total"),
        value("grpc_client_msg_received_total"),
        value("grpc_client_handling_seconds_count"),
    )


def _handled(registry: CollectorRegistry, labels: dict[str, str]) -> dict[str, float]:
    return {
        sample.labels["grpc_code"]: sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name == "grpc_client_handled_total" and sample.value and labels.items() <= sample.labels.items()
    }


def until(look: Callable[[], Any], expected: Any) -> None:
    """Wait until `look()` is `expected`: for what gRPC's own thread records after the caller has gone on."""
    deadline = time.monotonic() + 5
    while (seen := look()) != expected and time.monotonic() < deadline:
        time.sleep(0.002)
    assert seen == expected


async def aio_until(look: Callable[[], Any], expected: Any) -> None:
    """The same on an event loop."""
    deadline = time.monotonic() + 5
    while (seen := look()) != expected and time.monotonic() < deadline:  # noqa: ASYNC110 - gRPC's threads have no event
        await asyncio.sleep(0.002)
    assert seen == expected
