"""Decides how a run begins and ends: a terminal gets the interface, anything else text; errors are one line."""

import asyncio
import getpass
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from .departure import Departure, SignalError
from .hangup import Hangup
from .model.records import GatewayError
from .model.text import inert
from .settings import PROGRAM, Settings, UsageError, read

if TYPE_CHECKING:
    from .gateway import EtcdGateway

EXIT_FAILURE = 1
EXIT_USAGE = 2


class StartError(Exception):
    """The run cannot begin; the message is one line."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the explorer as this process's only task; answers the exit code.

    A signal that asks to end, or a terminal that goes away, gives the terminal back and ends the process with 128 + the
    signal's number.
    """
    try:
        with Departure() as departure:
            return explore(departure, arguments)
    except SignalError as signal:
        # An orderly end would wait for Textual's input thread, which outlives a terminal that was closed.
        os._exit(signal.exit_code)


def explore(departure: Departure, arguments: Sequence[str] | None = None, *, metrics_url: str = "") -> int:
    """Run the explorer; answers the exit code: 0, 1 where the cluster cannot be used, 2 for a wrong command line.

    `departure` is open, and says when to leave; `metrics_url` is shown where the caller serves this process's metrics.
    """
    try:
        settings = read(arguments)
        _silence(settings)
        return _run(settings, metrics_url, departure)
    except UsageError as error:
        return _complain(f"{error} (see --help)", EXIT_USAGE)
    except (StartError, OSError) as error:
        return _complain(str(error), EXIT_FAILURE)
    except KeyboardInterrupt:
        return 130


def _complain(text: str, code: int) -> int:
    line = inert(" ".join(text.split())).plain
    print(f"{PROGRAM}: {line}", file=sys.stderr)  # noqa: T201 - the line the user is owed
    return code


def _silence(settings: Settings) -> None:
    """gRPC's core and Python's loggers would write over the screen."""
    os.environ["GRPC_VERBOSITY"] = "NONE"
    os.environ["GLOG_minloglevel"] = "3"  # noqa: SIM112 - its name
    if settings.log_file:
        logging.basicConfig(filename=settings.log_file, level=logging.DEBUG)
    else:
        logging.getLogger().addHandler(logging.NullHandler())


def _run(settings: Settings, metrics_url: str, departure: Departure) -> int:
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    password = _password(settings)
    with ExitStack() as stack:
        if settings.metrics_port is not None:
            from etcdobs import serve_metrics  # noqa: PLC0415 - gRPC reads its environment when it is imported

            metrics_url = stack.enter_context(serve_metrics(settings.metrics_port)).url
        if interactive:
            stack.enter_context(Hangup(sys.stdin.fileno()))
            error = asyncio.run(_interface(settings, password, metrics_url, departure))
        else:
            error = asyncio.run(_text(settings, password))
    if error is None:
        return 0
    endpoints = settings.endpoints
    return _complain(f"{error.kind.value} at {endpoints}: {inert(error.reason, 500).plain}", EXIT_FAILURE)


def _password(settings: Settings) -> str | None:
    if settings.username is None or settings.password is not None:
        return settings.password
    if not sys.stdin.isatty():
        raise UsageError("argument --user: name:password is wanted, or the password in --password")
    return getpass.getpass(f"password of {settings.username}: ")


def _gateway(settings: Settings, password: str | None) -> "EtcdGateway":
    from etcdobs import TLS, AsyncClient  # noqa: PLC0415 - gRPC reads its environment when it is imported

    from .gateway import EtcdGateway  # noqa: PLC0415 - likewise

    try:
        tls = None
        if settings.uses_tls:
            verify = not settings.insecure_skip_tls_verify
            # As etcdctl: an http:// endpoint is plain, whatever else is set.
            tls = TLS(ca=settings.cacert, cert=settings.cert, key=settings.key, verify=verify, allow_plaintext=True)
        client = AsyncClient(
            settings.endpoints,
            username=settings.username,
            password=password,
            tls=tls,
            timeout=settings.command_timeout,
            dial_timeout=settings.dial_timeout,
        )
    except OSError:
        raise  # a file that is missing or unreadable: the command line itself is right
    except (TypeError, ValueError) as error:
        raise UsageError(str(error)) from None
    return EtcdGateway(client, dial_timeout=settings.dial_timeout)


async def _interface(
    settings: Settings, password: str | None, metrics_url: str, departure: Departure
) -> GatewayError | None:
    gateway = _gateway(settings, password)
    try:
        from .model.state import State  # noqa: PLC0415
        from .tui.app import ExplorerApp  # noqa: PLC0415 - text output must not need the `explorer` extra
    except ModuleNotFoundError as error:
        raise StartError(f"{error.name} is missing: pip install 'etcdobs[explorer]'") from None
    state = State(settings.context, settings.read_only, settings.separator, metrics_url)
    app = ExplorerApp(gateway, state, theme=settings.theme)
    if not app.knows_theme(settings.theme):
        raise UsageError(f"argument --theme: no theme {settings.theme!r}; dark and light are the explorer's own")
    if not sys.stderr.isatty():
        sys.__dict__["__stderr__"] = sys.__stdout__  # Textual draws on stderr; `2>file` must not take the screen away
    try:
        with departure.asking(app.exit):
            return await app.run_async()
    finally:
        await gateway.close()


async def _text(settings: Settings, password: str | None) -> GatewayError | None:
    from .report import report  # noqa: PLC0415 - after the environment is set

    gateway = _gateway(settings, password)
    try:
        await report(gateway, sys.stdout, context=settings.context, separator=settings.separator)
    except GatewayError as error:
        return error
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    finally:
        await gateway.close()
    return None
