"""Decides how a run begins and ends: a terminal gets the interface, anything else text; errors are one line."""

import asyncio
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from . import pauses
from .aside import made_ready, stderr_aside
from .departure import Departure, SignalError
from .hangup import Hangup
from .log_lines import handler_of
from .model import passwords, remembered
from .model.contexts import Context, Source, load
from .model.gateway import Gateway
from .model.records import GatewayError
from .model.session import Session
from .model.text import inert
from .settings import PROGRAM, Settings, UsageError, read

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
        _silence()
        if settings.command:
            from . import commands  # noqa: PLC0415 - the interface starts sooner without them

            commands.run(settings, os.environ, print)
            return 0
        return _run(settings, metrics_url, departure)
    except UsageError as error:
        return _complain(f"{error} (see --help)", EXIT_USAGE)
    except ModuleNotFoundError as error:
        return _complain(f"{error.name} is missing: pip install 'etcdobs[explorer]'", EXIT_FAILURE)
    except (StartError, OSError) as error:
        return _complain(str(error), EXIT_FAILURE)
    except KeyboardInterrupt:
        return 130


def _complain(text: str, code: int) -> int:
    line = inert(" ".join(text.split())).plain
    print(f"{PROGRAM}: {line}", file=sys.stderr)  # noqa: T201 - the line the user is owed
    return code


def _silence() -> None:
    """gRPC's core would write over the screen."""
    os.environ["GRPC_VERBOSITY"] = "NONE"
    os.environ["GLOG_minloglevel"] = "3"  # noqa: SIM112 - its name


def _log_to(file: str | Path | None, level: int) -> None:
    """Python's loggers would write over the screen, too."""
    if file is not None:
        logging.basicConfig(handlers=[handler_of(file)], level=level)
    else:
        logging.getLogger().addHandler(logging.NullHandler())


def _run(settings: Settings, metrics_url: str, departure: Departure) -> int:
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    with ExitStack() as stack:
        if settings.metrics_port is not None:
            from etcdobs import serve_metrics  # noqa: PLC0415 - gRPC reads its environment when it is imported

            metrics_url = stack.enter_context(serve_metrics(settings.metrics_port)).url
        if interactive:
            stack.enter_context(Hangup(sys.stdin.fileno()))
            return _interface(settings, metrics_url, departure)
        error = asyncio.run(_text(settings, _password(settings)))
    if error is None:
        return 0
    endpoints = ",".join(settings.context.endpoints)
    return _complain(f"{error.kind.value} at {endpoints}: {inert(error.reason, 500).plain}", EXIT_FAILURE)


# ---- text


def _password(settings: Settings) -> str | None:
    context = settings.context
    if context.user is None:
        return None
    if context.password.source is Source.PROMPT:
        raise UsageError("argument --user: name:password is wanted, or the password in --password")
    try:
        return passwords.find(context.password, context.user)
    except passwords.PasswordError as error:
        raise StartError(str(error)) from None


async def _text(settings: Settings, password: str | None) -> GatewayError | None:
    from .opening import open_gateway  # noqa: PLC0415 - after the environment is set
    from .report import report  # noqa: PLC0415 - likewise

    _log_to(settings.log_file, logging.DEBUG)
    for problem in settings.config.problems:
        _complain(str(problem), 0)
    try:
        gateway = open_gateway(settings.context, password)
    except OSError:
        raise  # a file that is missing or unreadable: the command line itself is right
    except (TypeError, ValueError) as error:
        raise UsageError(str(error)) from None
    try:
        await report(gateway, sys.stdout, context=settings.context.title, separator=settings.context.separator)
    except GatewayError as error:
        return error
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    finally:
        await gateway.close()
    return None


# ---- interface


def _interface(settings: Settings, metrics_url: str, departure: Departure) -> int:
    memory = remembered.state_directory(os.environ)
    log = Path(settings.log_file) if settings.log_file else made_ready(memory / "explorer.log") if memory else None
    _log_to(log, logging.DEBUG if settings.log_file else logging.WARNING)
    session = _session(settings, memory, log, metrics_url)
    with stderr_aside(log):
        code = asyncio.run(_shown(settings, session, departure))
    if code:
        return _complain(f"it ended by an internal error; see {log}", EXIT_FAILURE)
    return 0


def _session(settings: Settings, memory: Path | None, log: Path | None, metrics_url: str) -> Session:
    read = partial(load, settings.config.path, os.environ)
    return Session(settings.config, _open, memory, log, settings.theme, metrics_url, read)


def _open(context: Context, password: str | None) -> Gateway:
    """Importing gRPC takes a while: the first frame is drawn before."""
    from .opening import open_gateway  # noqa: PLC0415 - likewise

    return open_gateway(context, password)


async def _shown(settings: Settings, session: Session, departure: Departure) -> int:
    with pauses.put_off():
        from .tui.app import ExplorerApp  # noqa: PLC0415 - text output must not need the `explorer` extra
        from .tui.terminal import LOAN  # noqa: PLC0415 - likewise

    app = ExplorerApp.of_session(session, settings.context)
    if not app.knows_theme(session.theme):
        raise UsageError(
            f"argument --theme: no theme {session.theme!r}; {', '.join(app.own_themes)} are the explorer's own"
        )
    pauses.shorten(lambda: app.pressed_at, lambda: app.has_dialog)
    with departure.asking(app.exit, LOAN.takes):
        wrong = await app.run_async(mouse=settings.config.ui.mouse)
    if wrong and app.return_code == EXIT_USAGE:
        raise UsageError(wrong)
    if wrong:
        raise StartError(wrong)
    return app.return_code or 0
