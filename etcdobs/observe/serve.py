"""Serves a registry over HTTP for Prometheus to scrape."""

import os
from collections.abc import Mapping
from pathlib import Path
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

    def __init__(self, server: "WSGIServer", thread: Thread, addr: str, scheme: str = "http") -> None:
        self._server = server
        self._thread = thread
        self._closing = Lock()
        self._process = os.getpid()
        self.port: int = server.server_port
        """The port served, also where 0 was asked for."""
        host = f"[{addr}]" if ":" in addr else addr
        self.url: str = f"{scheme}://{host}:{self.port}/metrics"
        """What to scrape."""

    def close(self) -> None:
        """Stop serving and free the port; a second call does nothing."""
        if not self._closing.acquire(blocking=False):
            return
        if os.getpid() != self._process:
            # A child of the process that serves: nobody serves here, who could be waited for.
            self._server.socket.close()
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
    port: int = 9464,
    addr: str = "127.0.0.1",
    registry: "CollectorRegistry | None" = None,
    *,
    certfile: str | Path | None = None,
    keyfile: str | Path | None = None,
    client_cafile: str | Path | None = None,
    basic_auth: Mapping[str, str] | None = None,
) -> MetricsServer:
    """Serve `registry` (None: prometheus_client's own) from a daemon thread, in Prometheus's or OpenMetrics' format.

    Only this machine can reach the default `addr`; "0.0.0.0" opens it to the network. Port 0 takes a free one.
    Exemplars are in the OpenMetrics format only, which Prometheus asks for by itself. Nothing but `GET /metrics` is
    answered.

    Args:
        certfile, keyfile: the server's certificate, with those between it and its authority, and its key, in PEM:
            serves https, TLS 1.2 or later. Without `keyfile` the key is in `certfile`. The key must not be encrypted.
        client_cafile: authorities in PEM: clients must show a certificate that one of them signed. (In
            prometheus_client they may unless `client_auth_required` is set.)
        basic_auth: the password of each user; others are answered 401. Without `certfile` passwords cross the network
            in the clear.

    Files that have changed are read again for the next connection. If they make no sense then, those of before stay in
    use, and the log says so.

    Raises:
        TypeError, ValueError: the port is no int from 0 to 65535, or another argument is something else; a file is
            missing or unreadable (an OSError too), no PEM, or the key is that of another certificate.
        MetricsAddressError: it cannot be served there (an OSError).
    """
    from etcdobs.observe.basic_auth import Admission  # noqa: PLC0415 - loaded on demand, not with the library
    from etcdobs.observe.http import listen  # noqa: PLC0415 - as above
    from etcdobs.observe.server_tls import server_tls  # noqa: PLC0415 - as above

    _check(port, addr, registry)
    tls = server_tls(certfile, keyfile, client_cafile)
    admission = None if basic_auth is None else Admission(basic_auth)
    try:
        server = listen(port, addr, registry, tls, admission)
    except OSError as error:
        raise MetricsAddressError(
            error.errno, f"cannot serve metrics on {addr}:{port}: {error.strerror or error}"
        ) from error
    thread = Thread(target=server.serve_forever, name="etcdobs-metrics", daemon=True)
    thread.start()
    return MetricsServer(server, thread, addr, "http" if tls is None else "https")


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
