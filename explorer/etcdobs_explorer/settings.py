"""Decides what the command line and etcdctl's environment ask for; flags win over variables, as with etcdctl."""

import argparse
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, NoReturn

PROGRAM = "etcdobs-explorer"
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True)
class Settings:
    """What one run of the explorer was asked to do. Timeouts are in seconds."""

    endpoints: str
    cacert: str | None
    cert: str | None
    key: str | None
    username: str | None
    password: str | None
    insecure_transport: bool
    insecure_skip_tls_verify: bool
    dial_timeout: float
    command_timeout: float
    metrics_port: int | None
    separator: bytes
    read_only: bool
    theme: str
    log_file: str | None

    @property
    def uses_tls(self) -> bool:
        """Whether endpoints without a scheme are spoken to by TLS."""
        given = self.cacert or self.cert or self.key or self.insecure_skip_tls_verify
        return bool(given) or not self.insecure_transport

    @property
    def context(self) -> str:
        """The cluster in a few words, for the header."""
        names = [name.strip().removeprefix("http://") for name in self.endpoints.split(",")]
        first, *others = [name for name in names if name]
        more = f" (+{len(others)})" if others else ""
        return f"{self.username}@{first}{more}" if self.username else f"{first}{more}"


class UsageError(Exception):
    """The command line or the environment is malformed; the message is one line."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def duration(text: str) -> float:
    """Seconds in a Go duration: `5s`, `500ms`, `1m30s`."""
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise argparse.ArgumentTypeError(f"a duration like 5s, 500ms or 1m30s is wanted, not {text!r}")
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    if seconds <= 0:
        raise argparse.ArgumentTypeError(f"a duration above zero is wanted, not {text!r}")
    return seconds


def boolean(text: str) -> bool:
    """A Go boolean."""
    lowered = text.lower()
    if lowered in ("1", "t", "true"):
        return True
    if lowered in ("0", "f", "false"):
        return False
    raise argparse.ArgumentTypeError(f"true or false is wanted, not {text!r}")


def _port(text: str) -> int:
    if not text.isdigit() or not 0 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"a port between 0 and 65535 is wanted, not {text!r}")
    return int(text)


def _separator(text: str) -> bytes:
    return text.replace("\\0", "\0").replace("\\t", "\t").encode("utf-8", "surrogateescape")


def parser(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    """The command line; defaults come from etcdctl's variables."""
    parser = _Parser(
        prog=PROGRAM,
        description="Look into an etcd cluster from the terminal. Without a terminal the same is printed as text.",
        epilog="Every flag that etcdctl has too takes its default from the same ETCDCTL_* variable.",
        allow_abbrev=False,
    )
    _add_connection(parser, environ)
    _add_security(parser, environ)
    _add_own(parser)
    return parser


def _add_connection(parser: argparse.ArgumentParser, environ: Mapping[str, str]) -> None:
    group = parser.add_argument_group("connection")
    add = _adder(group, environ)
    add("--endpoints", str, "127.0.0.1:2379", "HOST:PORT,...", "members to ask")
    add("--dial-timeout", duration, "2s", "DURATION", "how long to wait for a connection (default 2s)")
    add("--command-timeout", duration, "5s", "DURATION", "how long to wait for an answer (default 5s)")
    add("--user", str, None, "NAME[:PASSWORD]", "etcd user")
    add("--password", str, None, "PASSWORD", "the user's password")


def _add_security(parser: argparse.ArgumentParser, environ: Mapping[str, str]) -> None:
    group = parser.add_argument_group("TLS")
    add = _adder(group, environ)
    add("--cacert", str, None, "FILE", "certificates to trust, PEM")
    add("--cert", str, None, "FILE", "client certificate, PEM")
    add("--key", str, None, "FILE", "key of the client certificate, PEM")
    add("--insecure-transport", boolean, "true", None, "no TLS where no certificate is given (default true)")
    add("--insecure-skip-tls-verify", boolean, "false", None, "accept any certificate of the server")


def _add_own(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("explorer")
    group.add_argument("--metrics-port", type=_port, metavar="PORT", help="serve this process's /metrics here")
    group.add_argument("--separator", type=_separator, default=b"/", metavar="TEXT", help="parts keys (default /)")
    group.add_argument("--read-only", action="store_true", help="show RO, and let nothing write")
    group.add_argument("--theme", default="dark", metavar="NAME", help="dark, light, or one of Textual's")
    group.add_argument("--log-file", metavar="FILE", help="write the client's log there")
    group.add_argument("--version", action="version", version=f"{PROGRAM} {version('etcdobs')}")


def _adder(group: Any, environ: Mapping[str, str]) -> Callable[..., None]:
    def add(flag: str, kind: Callable[[str], object], default: str | None, metavar: str | None, text: str) -> None:
        variable = "ETCDCTL_" + flag.removeprefix("--").replace("-", "_").upper()
        switch = {"nargs": "?", "const": True, "metavar": "BOOL"} if kind is boolean else {"metavar": metavar}
        given = environ.get(variable) or default
        group.add_argument(flag, type=kind, default=given, help=text, **switch)

    return add


def read(arguments: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of a run.

    Raises:
        UsageError: something is malformed.
    """
    variables = os.environ if environ is None else environ
    try:
        given = parser(variables).parse_args(arguments)
    except argparse.ArgumentError as error:
        raise UsageError(str(error)) from None
    if not given.endpoints.strip(" ,"):
        raise UsageError("argument --endpoints: host:port is wanted")
    username, password = _user(given.user, given.password)
    fields = {name: value for name, value in vars(given).items() if name not in ("user", "password")}
    return Settings(**fields, username=username, password=password)


def _user(user: str | None, password: str | None) -> tuple[str | None, str | None]:
    """As etcdctl: with a password of its own, all of --user is the name."""
    if not user:
        return None, None
    if password is not None:
        return user, password
    name, colon, inline = user.partition(":")
    return name, inline if colon else None
