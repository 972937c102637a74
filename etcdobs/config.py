"""Decides what a client was asked to be: endpoints, TLS, retries; wrong settings are named before any connection."""

import math
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

    Files are read when the first connection is made, and again when they have changed: they are looked at every second
    at most, when a call is made. New calls then use the new certificates on a new connection; what is under way on the
    old one has the client's `timeout` to come to its end, and watches and keepalives move over and lose nothing. Files
    that are half-written, or do not belong together, are left alone until they change again, and the log says so.

    Args:
        ca: certificates to trust, PEM: a path or the bytes; None: the system's.
        cert, key: the client's own certificate and key, PEM: paths or bytes; both or none.
        server_name: the name the server's certificate must bear, where it is not the endpoint's host.
        verify: False accepts whatever certificate the server shows at the first connection (and no other after it).
        allow_plaintext: True speaks plain text to `http://` endpoints, as etcd's own clients do; False refuses them.

    Raises:
        TypeError, ValueError: an argument is wrong; a certificate without its key, or the other way round.
        FileNotFoundError, PermissionError: a path names no file, or one that cannot be read; the message names it.
    """

    ca: Material | None = None
    cert: Material | None = None
    key: Material | None = None
    server_name: str | None = None
    verify: bool = True
    allow_plaintext: bool = False

    def __post_init__(self) -> None:
        if (self.cert is None) != (self.key is None):
            given, absent = ("cert", "key") if self.key is None else ("key", "cert")
            raise ValueError(f"TLS: {given} was given without {absent}; a client certificate needs both")
        for name in ("ca", "cert", "key"):
            _check_material(name, getattr(self, name))
        for name in ("verify", "allow_plaintext"):
            _check_flag(name, getattr(self, name))
        if self.server_name is not None and not _is_text(self.server_name):
            raise TypeError(f"TLS: server_name must be a str, not {type(self.server_name).__name__}")

    def __repr__(self) -> str:
        shown = {name: _shown(getattr(self, name)) for name in ("ca", "cert", "key")}
        fields = ", ".join(f"{name}={text}" for name, text in shown.items())
        plain = ", allow_plaintext=True" if self.allow_plaintext else ""
        return f"TLS({fields}, server_name={self.server_name!r}, verify={self.verify}{plain})"

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files it is read from, and read again from when they change."""
        given = (self.ca, self.cert, self.key)
        return tuple(Path(material) for material in given if isinstance(material, (str, Path)))

    def read(self, name: str) -> bytes | None:
        """The PEM bytes of "ca", "cert" or "key", read from their file now; None where there is none."""
        material: Material | None = getattr(self, name)
        if material is None or isinstance(material, bytes):
            return material
        return Path(material).read_bytes()


def _check_flag(name: str, flag: object) -> None:
    if not isinstance(flag, bool):
        raise TypeError(f"TLS: {name} must be True or False, not {type(flag).__name__}")


def _is_text(name: object) -> bool:
    return isinstance(name, str)


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
    """How often and how fast a call is sent again, where that is safe.

    What changes nothing is sent again when a member is unavailable, and moved when a member falls silent; so is a new
    lease of a random id. A mutation is sent again only when nothing of it was sent, or when the server refused it
    unread (for its token, or as a learner): never when it may have been applied, unless the call says
    `retry="at_least_once"`.

    Args:
        max_attempts: the most attempts of one call, the first included; those that were refused for a token do not
            count. 1: never again. It is seldom what ends a call: its timeout is.
        backoff_base: seconds; all endpoints are asked without a wait, then comes one that is random between 0 and this
            (full jitter: callers that failed together do not return together), doubled with every further round.
        backoff_max: seconds, to which that bound is doubled.
        budget: the most repeated requests that a client sends in a row when nothing succeeds. Each takes one from a
            bucket that holds so many; when it is empty a call raises what its last attempt did, at once. Attempts
            that reached no server, and those that wait for a new token, are free. `math.inf`: no bound.
        budget_ratio: what every call that succeeds puts back; 0.1: in the long run one request in ten is a repeated
            one. It bounds what retries add to the load of a cluster that fails under its load.

    Raises:
        TypeError, ValueError: a number is no number, or out of its bounds.
    """

    max_attempts: int = 100
    backoff_base: float = 0.025
    backoff_max: float = 1.0
    budget: float = 1000
    budget_ratio: float = 0.1

    def __post_init__(self) -> None:
        if isinstance(self.max_attempts, bool) or not isinstance(self.max_attempts, int):
            raise TypeError(f"max_attempts must be an int, not {type(self.max_attempts).__name__}")
        if self.max_attempts < 1:
            raise ValueError(f"max_attempts must be at least 1, not {self.max_attempts}")
        for name in ("backoff_base", "backoff_max", "budget", "budget_ratio"):
            _check_number(name, getattr(self, name))
        if not 0 < self.backoff_base <= self.backoff_max < math.inf:
            raise ValueError("backoff_base and backoff_max must be seconds, 0 < backoff_base <= backoff_max")
        if not self.budget >= 0:
            raise ValueError(f"budget must be at least 0 (math.inf: no bound), not {self.budget!r}")
        if not 0 <= self.budget_ratio <= 1:
            raise ValueError(f"budget_ratio must be from 0 to 1, not {self.budget_ratio!r}")


def _check_number(name: str, number: object) -> None:
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise TypeError(f"{name} must be a number, not {type(number).__name__}")


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
    given: object = endpoints
    if not isinstance(given, Iterable) or isinstance(given, bytes | bytearray):
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


def refuse_plaintext(endpoints: Iterable[Endpoint], tls: TLS | None) -> None:
    """Raises ValueError where a client that was given certificates would speak plain text without a word."""
    if tls is None or tls.allow_plaintext:
        return
    for endpoint in endpoints:
        if endpoint.secure is False:
            raise ValueError(
                f"{_named(endpoint.text)} is plain text, but tls= was given: write https://{endpoint.address},"
                " or leave tls= out (or allow both with TLS(allow_plaintext=True))"
            )
