"""Serves a registry over HTTP for Prometheus to scrape."""

from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from threading import Thread
    from types import TracebackType

    from prometheus_client import CollectorRegistry

__all__ = ["MetricsAddressError", "MetricsServer", "serve_metrics"]


class MetricsAddressError(OSError):
    """The metrics cannot be served on that address: the port is taken, or the address is not this machine's."""


class MetricsServer:
    """A running /metrics; a context manager that closes it."""

    def __init__(self, server: Any, thread: "Thread", addr: str) -> None:
        self._server = server
        self._thread = thread
        self._closing = Lock()
        self.port: int = server.server_port
        """The port served, also where 0 was asked for."""
        host = f"[{addr}]" if ":" in addr else addr
        self.url: str = f"http://{host}:{self.port}/metrics"
        """What to scrape."""

    def close(self) -> None:
        """Stop serving and free the port; a second call does nothing."""
        if not self._closing.acquire(blocking=False):
            return
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> "MetricsServer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: "TracebackType | None"
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<MetricsServer {self.url}>"


def serve_metrics(
    port: int = 9464, addr: str = "127.0.0.1", registry: "CollectorRegistry | None" = None
) -> MetricsServer:
    """Serve `registry` (None: prometheus_client's own) from a daemon thread, in Prometheus's or OpenMetrics' format.

    Only this machine can reach the default `addr`; "0.0.0.0" opens it to the network. Port 0 takes a free one.
    Exemplars are in the OpenMetrics format only, which Prometheus asks for by itself. Raises MetricsAddressError (an
    OSError).
    """
    from prometheus_client import REGISTRY, start_http_server  # noqa: PLC0415 - loaded on demand, not with the library

    try:
        server, thread = start_http_server(port, addr, REGISTRY if registry is None else registry)
    except OSError as error:
        raise MetricsAddressError(
            error.errno, f"cannot serve metrics on {addr}:{port}: {error.strerror or error}"
        ) from error
    return MetricsServer(server, thread, addr)
