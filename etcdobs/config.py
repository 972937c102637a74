"""Decides what a client was asked to be: endpoints, TLS, retries; wrong settings are named before any connection."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

__all__ = ["TLS", "Endpoint", "RetryPolicy"]

Material: TypeAlias = str | Path | bytes


@dataclass(frozen=True, slots=True)
class TLS:
    """How to speak TLS.

    Args:
        ca: certificates to trust, PEM: a path or the bytes; None: the system's.
        cert, key: the client's own certificate and key, PEM: paths or bytes; both or none.
        server_name: the name the server's certificate must bear, where it is not the endpoint's host.
        verify: False accepts whatever certificate the server shows at the first connection (and no other after it).

    Raises:
        TypeError, ValueError: an argument is wrong; a certificate without its key, or the other way round.
        FileNotFoundError, PermissionError: a path names no file, or one that cannot be read; the message names it.
    """

    ca: Material | None = None
    cert: Material | None = None
    key: Material | None = None
    server_name: str | None = None
    verify: bool = True

    def __post_init__(self) -> None:
        if (self.cert is None) != (self.key is None):
            given, absent = ("cert", "key") if self.key is None else ("key", "cert")
            raise ValueError(f"TLS: {given} was given without {absent}; a client certificate needs both")
        for name in ("ca", "cert", "key"):
            _check_material(name, getattr(self, name))

    def __repr__(self) -> str:
        shown = {name: _shown(getattr(self, name)) for name in ("ca", "cert", "key")}
        fields = ", ".join(f"{name}={text}" for name, text in shown.items())
        return f"TLS({fields}, server_name={self.server_name!r}, verify={self.verify})"

    def read(self, name: str) -> bytes | None:
        """The PEM bytes of "ca", "cert" or "key", read from their file now; None where there is none."""
        material: Material | None = getattr(self, name)
        if material is None or isinstance(material, bytes):
            return material
        return Path(material).read_bytes()


def _check_material(name: str, material: object) -> None:
    if material is None or isinstance(material, bytes):
        return
    if not isinstance(material, (str, Path)):
        raise TypeError(f"TLS: {name} must be a str, a Path or PEM bytes, not {type(material).__name__}")
    path = Path(material)
    if not path.is_file():
        raise MissingFileError(f"TLS: {name} names no file: {path}")
    if not os.access(path, os.R_OK):
        raise UnreadableFileError(f"TLS: {name} cannot be read: {path}")


class MissingFileError(FileNotFoundError, ValueError):
    """A setting names a file that is not there."""


class UnreadableFileError(PermissionError, ValueError):
    """A setting names a file that this process may not read."""


def _shown(material: Material | None) -> str:
    return f"<{len(material)} bytes>" if isinstance(material, bytes) else repr(material and os.fspath(material))


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often and how fast a call is tried again, where trying again is safe.

    A read is repeated when a member is unavailable. A mutation is repeated only when nothing of it was sent, or when
    the server refused it for its token: never when it may have been applied.

    Args:
        max_attempts: the most attempts of one call, the first included, and those not that were refused for a token.
        backoff_base: seconds; a wait is random between half of this and all of it, doubled with every round over the
            endpoints.
        backoff_max: seconds, the longest wait.
    """

    max_attempts: int = 100
    backoff_base: float = 0.025
    backoff_max: float = 1.0

    def __post_init__(self) -> None:
        if isinstance(self.max_attempts, bool) or not isinstance(self.max_attempts, int):
            raise TypeError(f"max_attempts must be an int, not {type(self.max_attempts).__name__}")
        if self.max_attempts < 1:
            raise ValueError(f"max_attempts must be at least 1, not {self.max_attempts}")
        if not 0 < self.backoff_base <= self.backoff_max:
            raise ValueError("backoff_base and backoff_max must be seconds, 0 < backoff_base <= backoff_max")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where one member listens.

    Attributes:
        text: as the user wrote it.
        address: host:port, or the path of a unix socket: the name in errors, spans and metrics.
        target: as gRPC wants it.
        secure: True and False where the scheme says so; None where it is the `TLS` that decides.
    """

    text: str
    address: str
    target: str
    secure: bool | None

    @classmethod
    def parse(cls, text: str) -> "Endpoint":
        """One endpoint: `host:port`, `http://host:port`, `https://host:port`, `unix:///path`, `unixs:///path`.

        Raises:
            TypeError, ValueError: it is none of these; the message names it.
        """
        if not isinstance(text, str):
            raise TypeError(f"an endpoint must be a str, not {type(text).__name__}")
        text = text.strip()
        scheme, separator, rest = text.partition("://")
        if scheme in ("unix", "unixs") or text.startswith("unix:"):
            return cls._unix(text, "unixs" if scheme == "unixs" else "unix")
        if not separator:
            scheme, rest = "", text
        if separator and scheme not in ("http", "https"):
            raise ValueError(f"{_named(text)}: unknown scheme {scheme!r}; http, https, unix and unixs are known")
        secure = {"http": False, "https": True}.get(scheme)
        address = _host_and_port(text, rest)
        return cls(text, address, f"dns:///{address}", secure)

    @classmethod
    def _unix(cls, text: str, scheme: str) -> "Endpoint":
        path = unquote(text.partition(":")[2].removeprefix("//"))
        if not path:
            raise ValueError(f"{_named(text)}: the path of the unix socket is missing")
        return cls(text, path, f"unix:{path}", True if scheme == "unixs" else None)


def _host_and_port(text: str, rest: str) -> str:
    if not rest.isprintable() or " " in rest:
        raise ValueError(f"{_named(text)}: it holds a space or a control character")
    try:
        parts = urlsplit(f"//{rest}")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"{_named(text)}: {error}") from None
    if not host or not port:
        raise ValueError(f"{_named(text)}: host:port is wanted, like 'localhost:2379'")
    if parts.username is not None or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(f"{_named(text)}: host:port is all it may hold")
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _named(text: str) -> str:
    """The endpoint as a message shows it: what stands before an @ may be a password."""
    shown = re.sub(r"(^|//)[^/]*@", r"\g<1>***@", text)
    return f"endpoint {shown!r}"


def parse_endpoints(endpoints: str | Iterable[str]) -> tuple[Endpoint, ...]:
    """Endpoints from "a:2379,b:2379" or from a sequence of such strings, each once, in order.

    Raises:
        TypeError, ValueError: there is none, one is malformed, or one is given both with and without TLS.
    """
    if not isinstance(endpoints, Iterable):
        raise TypeError(f"endpoints must be a str or a sequence of str, not {type(endpoints).__name__}")
    texts = [endpoints] if isinstance(endpoints, str) else list(endpoints)
    for text in texts:
        if not isinstance(text, str):
            raise TypeError(f"an endpoint must be a str, not {type(text).__name__}")
    names = [name.strip() for text in texts for name in text.split(",") if name.strip()]
    if not names:
        raise ValueError("no endpoint was given; host:port is wanted, like 'localhost:2379'")
    found: dict[str, Endpoint] = {}
    for endpoint in map(Endpoint.parse, names):
        known = found.setdefault(endpoint.address, endpoint)
        if known.secure != endpoint.secure:
            raise ValueError(f"endpoints {known.text!r} and {endpoint.text!r} are one member, with TLS and without")
    return tuple(found.values())
