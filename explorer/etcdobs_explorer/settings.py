"""Decides what the command line asks for: a context, changed by flags that are etcdctl's own, and what to do there."""

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any, NoReturn

from .model.contexts import ENV, Config, Context, Password, Source, config_path, endpoints, load
from .model.go_values import boolean, duration, user_and_password

PROGRAM = "etcdobs-explorer"
COMMANDS = """\
commands:
  info                          the paths in use
  context list                  the contexts there are
  context use NAME              open this one where nothing else is asked for
  context import [FILE] [NAME]  add the cluster of clientv3's YAML file, or without a file, of ETCDCTL_* and flags
without a command the explorer opens; flags that etcdctl has too take their defaults from its ETCDCTL_* variables"""
# What a flag changes in the context.
_OF_CONTEXT = (
    "endpoints", "cacert", "cert", "key", "insecure_transport", "insecure_skip_tls_verify", "dial_timeout",
    "command_timeout", "separator",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """What one run of the explorer was asked to do; `theme` is "" where none was asked for."""

    context: Context
    config: Config
    command: tuple[str, ...] = ()
    theme: str = ""
    metrics_port: int | None = None
    log_file: str | None = None


class UsageError(Exception):
    """The command line or the environment is malformed; the message is one line."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def _port(text: str) -> int:
    if not text.isdigit() or not 0 <= int(text) <= 65535:
        raise ValueError(f"a port between 0 and 65535 is wanted, not {text!r}")
    return int(text)


def _separator(text: str) -> bytes:
    return text.replace("\\0", "\0").replace("\\t", "\t").encode("utf-8", "surrogateescape")


def _typed(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """As argparse wants it: of a ValueError it would not say the message."""

    def typed(text: str) -> Any:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return typed


def parser() -> argparse.ArgumentParser:
    """The command line. A flag that was not given is None."""
    parser = _Parser(
        prog=PROGRAM,
        usage=f"{PROGRAM} [flags] [command]",
        description="Look into an etcd cluster from the terminal. Without a terminal the same is printed as text.",
        epilog=COMMANDS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("command", nargs="*", help=argparse.SUPPRESS)
    _add_connection(parser)
    _add_security(parser)
    _add_own(parser)
    return parser


def _add_connection(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("connection")
    _add(group, "--endpoints", endpoints, "HOST:PORT,...", "members to ask (default 127.0.0.1:2379)")
    _add(group, "--dial-timeout", duration, "DURATION", "how long to wait for a connection (default 2s)")
    _add(group, "--command-timeout", duration, "DURATION", "how long to wait for an answer (default 5s)")
    _add(group, "--user", str, "NAME[:PASSWORD]", "etcd user")
    _add(group, "--password", str, "PASSWORD", "the user's password")


def _add_security(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("TLS")
    _add(group, "--cacert", str, "FILE", "certificates to trust, PEM")
    _add(group, "--cert", str, "FILE", "client certificate, PEM")
    _add(group, "--key", str, "FILE", "key of the client certificate, PEM")
    _add(group, "--insecure-transport", boolean, "BOOL", "no TLS where no certificate is given (default true)")
    _add(group, "--insecure-skip-tls-verify", boolean, "BOOL", "accept any certificate of the server")


def _add_own(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("explorer")
    _add(group, "--context", str, "NAME", "a cluster of the configuration file")
    _add(group, "--metrics-port", _port, "PORT", "serve this process's /metrics here")
    _add(group, "--separator", _separator, "TEXT", "parts keys (default /)")
    group.add_argument("--read-only", action="store_true", help="show RO, and let nothing write")
    group.add_argument("--theme", default="", metavar="NAME", help="dark, light, ansi, none, or one of Textual's")
    group.add_argument("--log-file", metavar="FILE", help="write the client's log there")
    group.add_argument("--version", action="version", version=f"{PROGRAM} {version('etcdobs')}")


def _add(group: Any, flag: str, parse: Callable[[str], Any], metavar: str, text: str) -> None:
    optional = {"nargs": "?", "const": True} if parse is boolean else {}
    group.add_argument(flag, type=_typed(parse), metavar=metavar, help=text, **optional)


def read(arguments: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of a run.

    Raises:
        UsageError: something is malformed.
    """
    variables = os.environ if environ is None else environ
    try:
        given = parser().parse_args(arguments)
        config = load(config_path(variables), variables)
        context = config.context(_name(given, config))
    except (argparse.ArgumentError, ValueError) as error:
        raise UsageError(str(error)) from None
    return Settings(
        _changed(context, given), config, tuple(given.command), given.theme, given.metrics_port, given.log_file
    )


def _name(given: argparse.Namespace, config: Config) -> str:
    """Endpoints on the command line mean that cluster, whatever context the file would open."""
    return str(given.context or (ENV if given.endpoints else config.current))


def _changed(context: Context, given: argparse.Namespace) -> Context:
    told = {name: getattr(given, name) for name in _OF_CONTEXT if getattr(given, name) is not None}
    user, password = user_and_password(given.user or None, given.password)
    if user is not None:
        told |= {"user": user, "password": Password()}
    password = password if user is not None else given.password
    if password is not None:
        told["password"] = Password(Source.GIVEN, password)
    return replace(context, **told, read_only=context.read_only or given.read_only)
