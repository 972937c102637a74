"""Decides what a server of metrics shows its clients and whom it trusts, and when the files of that are read again."""

import logging
import os
import ssl
from pathlib import Path
from threading import Lock
from typing import NoReturn, TypeAlias

from etcdobs.config import MissingFileError, UnreadableFileError

__all__ = ["ServerTLS", "server_tls"]

_LOGGER = logging.getLogger("etcdobs.observe")

# Of each file: when it was written, its size, its inode; nothing where there is none.
_Traits: TypeAlias = tuple[tuple[int, ...], ...]


def server_tls(
    certfile: str | Path | None, keyfile: str | Path | None, client_cafile: str | Path | None
) -> "ServerTLS | None":
    """None where no file was given.

    Raises:
        TypeError, ValueError: a file is missing, or no TLS could be spoken with it; the message names it.
    """
    if certfile is not None:
        return ServerTLS(certfile, keyfile, client_cafile)
    for name, file in (("keyfile", keyfile), ("client_cafile", client_cafile)):
        if file is not None:
            raise ValueError(f"{name} was given without certfile: TLS needs the server's certificate")
    return None


class ServerTLS:
    """A server's certificate and key, and the authority of its clients. Thread-safe.

    Files that are half-written, or do not belong together, are left alone until they change again.
    """

    def __init__(self, certfile: str | Path, keyfile: str | Path | None, client_cafile: str | Path | None) -> None:
        self._cert = _checked("certfile", certfile)
        self._key = None if keyfile is None else _checked("keyfile", keyfile)
        self._client_ca = None if client_cafile is None else _checked("client_cafile", client_cafile)
        self._lock = Lock()
        self._seen = self._traits()
        self._context = self._read()

    def context(self) -> ssl.SSLContext:
        """What the next connection is secured with."""
        with self._lock:
            traits = self._traits()
            if traits != self._seen:
                self._seen = traits
                self._renew()
            return self._context

    def _renew(self) -> None:
        try:
            self._context = self._read()
        except (OSError, ValueError) as problem:
            _LOGGER.warning("the certificates of the metrics' server stay as they were: %s", problem)
        else:
            _LOGGER.info("the certificates of the metrics' server were read again: %s", self._cert)

    def _traits(self) -> _Traits:
        return tuple(_traits_of(file) for file in (self._cert, self._key, self._client_ca) if file is not None)

    def _read(self) -> ssl.SSLContext:
        """A context of its own each time: what failed half-way, or is trusted no more, leaves nothing behind."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # Python 3.13 begins to refuse certificates that lack extensions, which many private authorities leave out.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        _show(context, self._cert, self._key)
        if self._client_ca is not None:
            _trust(context, "client_cafile", self._client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


def _checked(name: str, given: str | Path) -> Path:
    if not isinstance(given, (str, Path)):
        raise TypeError(f"{name} must be a str or a Path, not {type(given).__name__}")
    file = Path(given)
    if not file.is_file():
        raise MissingFileError(f"{name} names no file: {file}")
    if not os.access(file, os.R_OK):
        raise UnreadableFileError(f"{name} cannot be read: {file}")
    return file


def _traits_of(file: Path) -> tuple[int, ...]:
    try:
        stat = file.stat()
    except OSError:
        return ()
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def _trust(context: ssl.SSLContext, name: str, file: Path) -> None:
    try:
        context.load_verify_locations(file)
    except ssl.SSLError as error:
        raise ValueError(f"{name} holds no certificate in PEM: {file}") from error


def _show(context: ssl.SSLContext, cert: Path, key: Path | None) -> None:
    name, file = ("certfile", cert) if key is None else ("keyfile", key)

    def ask() -> NoReturn:  # without it OpenSSL asks on the terminal
        raise ValueError(f"{name} is encrypted: {file}; the key must be readable without a password")

    try:
        context.load_cert_chain(cert, key, ask)
    except ssl.SSLError as error:
        _trust(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), "certfile", cert)
        if error.reason == "KEY_VALUES_MISMATCH":
            raise ValueError(f"{name} {file} is not the key of the certificate {cert}") from error
        hint = "; where is the keyfile?" if key is None else ""
        raise ValueError(f"{name} holds no private key in PEM: {file}{hint}") from error
