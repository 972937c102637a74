"""Waits for the certificate that a server shows, so that it can be pinned: gRPC itself cannot skip verification."""

import socket
import ssl
from dataclasses import dataclass
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
    try:
        pem = ssl.DER_cert_to_PEM_cert(_handshake(endpoint, _trusting(None, tls), timeout)[0])
        # The standard library parses only a certificate that it trusts, so trust this very one.
        _, parsed = _handshake(endpoint, _trusting(pem, tls), timeout)
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
    _present_own_certificate(context, tls)
    return context


def _present_own_certificate(context: ssl.SSLContext, tls: TLS) -> None:
    # OpenSSL takes a client certificate from files only; bytes are left to gRPC's own handshake.
    if isinstance(tls.cert, bytes) or isinstance(tls.key, bytes) or tls.cert is None:
        return
    context.load_cert_chain(tls.cert, tls.key)


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
