"""Decides what a request for metrics is answered: /metrics and nothing else, to GET and nothing else."""

import io
import socket
import sys
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any, TypeAlias
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import REGISTRY, CollectorRegistry, make_wsgi_app  # pyright: ignore[reportUnknownVariableType]

from etcdobs.observe.basic_auth import Admission
from etcdobs.observe.server_tls import ServerTLS

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["listen"]

# Seconds that a handshake, or a client's silence, may take.
IDLE_TIMEOUT = 10.0
# Connections at a time, before anybody has said who they are: each costs a thread, and what it sends.
MOST_CONNECTIONS = 32

Application: TypeAlias = Callable[[dict[str, Any], Any], Iterable[bytes]]


def listen(
    port: int, addr: str, registry: CollectorRegistry | None, tls: ServerTLS | None, admission: Admission | None
) -> WSGIServer:
    """A server that is bound, and serves `registry` (None: prometheus_client's own) once it is told to.

    Raises:
        OSError: the address is taken, or none of this machine's.
    """
    ((kind, *_), *_) = socket.getaddrinfo(addr, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    app = _only_metrics(make_wsgi_app(REGISTRY if registry is None else registry))  # pyright: ignore[reportUnknownArgumentType]

    class Server(_Server):
        address_family = kind

    server = make_server(addr, port, app if admission is None else _only_for(admission, app), Server, _Handler)
    server.tls = tls
    return server


class _Server(ThreadingMixIn, WSGIServer):
    """One that strangers may reach: it waits for no silence for long, and says nothing of those who fail or go away."""

    daemon_threads = True
    tls: ServerTLS | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._free = BoundedSemaphore(MOST_CONNECTIONS)
        super().__init__(*args, **kwargs)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer it in a thread of its own; one too many is hung up on."""
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._free.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """As the base does, and leave its place to the next."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def finish_request(self, request: Any, client_address: Any) -> None:
        """In the thread of the request: whoever is slow with a handshake keeps no other waiting."""
        request.settimeout(IDLE_TIMEOUT)
        if self.tls is None:
            super().finish_request(request, client_address)
            return
        secured = self.tls.context().wrap_socket(request, server_side=True, do_handshake_on_connect=False)
        try:
            secured.do_handshake()
            super().finish_request(secured, client_address)
        finally:
            self.shutdown_request(secured)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that ends is no news, a fault of ours is."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """A scrape is no news."""

    def setup(self) -> None:
        super().setup()
        self.wfile = _Answer(self.connection)


class _Answer(io.BufferedIOBase):
    """Writes to a connection; however that fails, it says what wsgiref takes for a client that has gone."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def writable(self) -> bool:
        return True

    def write(self, data: "ReadableBuffer", /) -> int:
        try:
            self._connection.sendall(data)
        except OSError as error:
            raise BrokenPipeError(*error.args) from error
        return memoryview(data).nbytes


def _only_for(admission: Admission, app: Application) -> Application:
    def guarded(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if admission.admits(environ.get("HTTP_AUTHORIZATION", "")):
            return app(environ, start_response)
        challenge = ("WWW-Authenticate", 'Basic realm="metrics"')
        return _refusal(start_response, "401 Unauthorized", "a user and a password are wanted", challenge)

    return guarded


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
