"""Serves a registry over HTTP for Prometheus to scrape."""

from threading import Lock, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType
    from wsgiref.simple_server import WSGIServer

    from prometheus_client import CollectorRegistry

__all__ = ["MetricsAddressError", "MetricsServer", "serve_metrics"]


class MetricsAddressError(OSError):
    """The metrics cannot be served on that address: the port is taken, or the address is not this machine's."""


class MetricsServer:
    """A running /metrics; a context manager that closes it."""

    def __init__(self, server: "WSGIServer", thread: Thread, addr: str) -> None:
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
    Exemplars are in the OpenMetrics format only, which Prometheus asks for by itself. Nothing but `GET /metrics` is
    answered.

    Raises:
        TypeError, ValueError: the port is no int from 0 to 65535, or `addr` or `registry` is something else.
        MetricsAddressError: it cannot be served there (an OSError).
    """
    from etcdobs.observe.http import listen  # noqa: PLC0415 - loaded on demand, not with the library

    _check(port, addr, registry)
    try:
        server = listen(port, addr, registry)
    except OSError as error:
        raise MetricsAddressError(
            error.errno, f"cannot serve metrics on {addr}:{port}: {error.strerror or error}"
        ) from error
    thread = Thread(target=server.serve_forever, name="etcdobs-metrics", daemon=True)
    thread.start()
    return MetricsServer(server, thread, addr)


def _check(port: object, addr: object, registry: object) -> None:
    if isinstance(port, bool) or not isinstance(port, int):
        raise TypeError(f"port must be an int, not {type(port).__name__}")
    if not 0 <= port <= 65535:
        raise ValueError(f"port must be from 0 (any that is free) to 65535, not {port}")
    if not isinstance(addr, str):
        raise TypeError(f"addr must be a str, not {type(addr).__name__}")
    if registry is not None and not callable(getattr(registry, "collect", None)):
        raise TypeError(
            f"registry must be a prometheus_client.CollectorRegistry or None, not {type(registry).__name__};"
            " a ClientMetrics has one: metrics.registry"
        )
