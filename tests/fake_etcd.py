"""A server that speaks etcd's protocol and answers what a test says: for what no real server can be brought to do."""

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent import futures
from contextlib import contextmanager
from typing import Any, cast

import grpc

from etcdobs._wire import RPCS, Rpc

Answer = Callable[[Any, grpc.ServicerContext], Any]
"""Takes a request (a stream of them, where the RPC takes one) and returns a reply, or an iterator of replies."""


class Refusal:
    """An answer that is an error: the code and the words of a server."""

    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        self._code, self._details = code, details

    def __call__(self, request: Any, context: grpc.ServicerContext) -> Any:
        context.abort(self._code, self._details)


class FakeEtcd:
    """Where it listens, and which calls it got: (RPC, metadata)."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self.calls: list[tuple[str, dict[str, str | bytes]]] = []
        # A stream holds its thread for as long as it lives.
        self._server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
        handlers = {RPCS[name].path: self._handler(RPCS[name], answer) for name, answer in answers.items()}
        self._server.add_generic_rpc_handlers((_Paths(handlers),))
        self.endpoint = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def stop(self) -> None:
        self.end(None).wait()

    def end(self, grace: float | None) -> threading.Event:
        """Says goodbye to all clients, and breaks off what is under way after `grace` seconds; set when done."""
        over: threading.Event = self._server.stop(grace)
        return over

    def called(self, name: str) -> list[dict[str, str | bytes]]:
        """The metadata of each call of that RPC."""
        return [metadata for called, metadata in self.calls if called == name]

    def _handler(self, rpc: Rpc, answer: Answer) -> "grpc.RpcMethodHandler[Any, Any]":
        def handle(request: Any, context: grpc.ServicerContext) -> Any:
            self.calls.append((rpc.path.removeprefix("/"), dict(context.invocation_metadata())))
            return answer(request, context)

        kinds = {
            "unary": grpc.unary_unary_rpc_method_handler,
            "server_stream": grpc.unary_stream_rpc_method_handler,
            "client_stream": grpc.stream_unary_rpc_method_handler,
            "bidi_stream": grpc.stream_stream_rpc_method_handler,
        }
        response = handle if not rpc.server_streaming else _stream(handle)
        return kinds[rpc.kind](response, rpc.request.FromString, lambda reply: cast(bytes, reply.SerializeToString()))


def _stream(handle: Answer) -> Answer:
    def replies(request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        yield from handle(request, context)

    return replies


class _Paths(grpc.GenericRpcHandler):
    def __init__(self, handlers: "Mapping[str, grpc.RpcMethodHandler[Any, Any]]") -> None:
        self._handlers = handlers

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[Any, Any] | None":
        return self._handlers.get(handler_call_details.method)


@contextmanager
def fake_etcd(answers: Mapping[str, Answer]) -> Iterator[FakeEtcd]:
    """One that answers those RPCs, by full name (`etcdserverpb.KV/Put`), and calls every other unimplemented."""
    server = FakeEtcd(answers)
    try:
        yield server
    finally:
        server.stop()
