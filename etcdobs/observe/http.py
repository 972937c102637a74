"""Decides what a request for metrics is answered: /metrics and nothing else, to GET and nothing else."""

import socket
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any, TypeAlias
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import REGISTRY, CollectorRegistry, make_wsgi_app  # pyright: ignore[reportUnknownVariableType]

__all__ = ["listen"]

Application: TypeAlias = Callable[[dict[str, Any], Any], Iterable[bytes]]


def listen(port: int, addr: str, registry: CollectorRegistry | None) -> WSGIServer:
    """A server that is bound, and serves `registry` (None: prometheus_client's own) once it is told to.

    Raises:
        OSError: the address is taken, or none of this machine's.
    """
    ((kind, *_), *_) = socket.getaddrinfo(addr, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)

    class Server(ThreadingMixIn, WSGIServer):
        daemon_threads = True
        address_family = kind

    app = _only_metrics(make_wsgi_app(REGISTRY if registry is None else registry))  # pyright: ignore[reportUnknownArgumentType]
    return make_server(addr, port, app, Server, _SilentHandler)


class _SilentHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """A scrape is no news."""


def _only_metrics(metrics: Any) -> Application:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/metrics":
            return _refusal(start_response, "404 Not Found", "the metrics are at /metrics")
        if environ["REQUEST_METHOD"] != "GET":
            return _refusal(start_response, "405 Method Not Allowed", "GET is wanted", ("Allow", "GET"))
        answer: Iterable[bytes] = metrics(environ, start_response)
        return answer

    return app


def _refusal(start_response: Any, status: str, text: str, *headers: tuple[str, str]) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "text/plain; charset=utf-8"), *headers])
    return [f"{text}\n".encode()]
