"""Waits for the certificate that a server shows, so that it can be pinned: gRPC itself cannot skip verification."""

import socket
import ssl
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from etcdobs.config import TLS, Endpoint
from etcdobs.errors import ConnectionFailedError


@dataclass(frozen=True, slots=True)
class Leaf:
    """A server's certificate, and a name that it bears."""

    pem: bytes
    name: str | None


def fetch_leaf(endpoint: Endpoint, tls: TLS, timeout: float) -> Leaf:
    """The certificate that `endpoint` shows now.

    Raises:
        ConnectionFailedError: it cannot be connected, or does not speak TLS.
    """
    until = time.monotonic() + timeout
    try:
        pem = ssl.DER_cert_to_PEM_cert(_handshake(endpoint, _trusting(None, tls), timeout)[0])
        # The standard library parses only a certificate that it trusts, so trust this very one.
        _, parsed = _handshake(endpoint, _trusting(pem, tls), max(0.01, until - time.monotonic()))
    except OSError as error:
        raise ConnectionFailedError(f"failed to connect: {error}", endpoint=endpoint.address) from error
    return Leaf(pem.encode(), _name_in(parsed))


def _trusting(pem: str | None, tls: TLS) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED if pem else ssl.CERT_NONE
    if pem:
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.load_verify_locations(cadata=pem)
    present_own_certificate(context, tls)
    return context


def present_own_certificate(context: ssl.SSLContext, tls: TLS) -> None:
    """Show the client's own certificate, where it has one.

    Raises:
        OSError: it is none, or the key is another's, or locked by a password.
    """
    if tls.cert is None or tls.key is None:
        return
    if not isinstance(tls.cert, bytes) and not isinstance(tls.key, bytes):
        _load(context, tls.cert, tls.key)
        return
    # OpenSSL takes them from files only: from a directory that is its owner's alone, for this moment.
    with tempfile.TemporaryDirectory(prefix="etcdobs-") as directory:
        cert_file, key_file = Path(directory, "cert.pem"), Path(directory, "key.pem")
        cert_file.write_bytes(tls.read("cert") or b"")
        key_file.write_bytes(tls.read("key") or b"")
        _load(context, cert_file, key_file)


def _load(context: ssl.SSLContext, cert: str | Path, key: str | Path) -> None:
    # Without a password here OpenSSL would ask for one on the terminal.
    context.load_cert_chain(cert, key, password="")


def _handshake(endpoint: Endpoint, context: ssl.SSLContext, timeout: float) -> tuple[bytes, dict[str, object]]:
    with _connected(endpoint, timeout) as plain, context.wrap_socket(plain) as secure:
        return secure.getpeercert(binary_form=True) or b"", dict(secure.getpeercert() or {})


def _connected(endpoint: Endpoint, timeout: float) -> socket.socket:
    if endpoint.target.startswith("unix:"):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(timeout)
        connection.connect(endpoint.address)
        return connection
    host, _, port = endpoint.address.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)), timeout=timeout)


def _name_in(parsed: dict[str, object]) -> str | None:
    names: Any = parsed.get("subjectAltName", ())
    return next((str(value) for kind, value in names if kind in ("DNS", "IP Address")), None)
