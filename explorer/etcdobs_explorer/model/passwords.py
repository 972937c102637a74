"""Waits for a password that a context says where to find: in a file, in the keyring, or with a command."""

import asyncio
import os
import signal
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from .contexts import Password, Source

PATIENCE = 20.0  # seconds that a command has
_GLANCE = 0.05


class PasswordError(Exception):
    """The password is not to be had; the message is one line for the user."""


def find(
    password: Password, user: str, *, patience: float = PATIENCE, given_up: Callable[[], bool] = bool
) -> str | None:
    """The password, None where the user is to be asked for it. `given_up` says that nobody waits for it any more.

    Raises:
        PasswordError: it is not to be had.
    """
    match password.source:
        case Source.PROMPT:
            return None
        case Source.GIVEN:
            return password.place
        case Source.FILE:
            return _of_file(password.place)
        case Source.KEYRING:
            return _of_keyring(password.place, user)
        case Source.COMMAND:
            return _of_command(password.place, patience, given_up)


async def awaited(password: Password, user: str) -> str | None:
    """As `find`, beside the event loop: in a thread that outlives nobody's wait for it."""
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[str | None] = loop.create_future()
    given_up = threading.Event()

    def settle(found: str | None, error: PasswordError | None) -> None:
        if not outcome.done():
            outcome.set_exception(error) if error else outcome.set_result(found)

    def work() -> None:
        found, failure = None, None
        try:
            found = find(password, user, given_up=given_up.is_set)
        except PasswordError as error:
            failure = error
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(settle, found, failure)

    threading.Thread(target=work, name="password", daemon=True).start()
    try:
        return await outcome
    finally:
        given_up.set()


def _of_file(path: str) -> str:
    try:
        text = Path(path).expanduser().read_text(encoding="utf-8")
    except OSError as error:
        raise PasswordError(f"password_file {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise PasswordError(f"password_file {path}: it is no UTF-8") from None
    return _first_line(text, f"password_file {path}")


def _of_keyring(service: str, user: str) -> str:
    try:
        keyring = import_module("keyring")  # optional, of no extra, and slow to import
    except ModuleNotFoundError:
        raise PasswordError("password_keyring needs the keyring package: pip install keyring") from None
    try:
        found = keyring.get_password(service, user)
    except Exception as error:  # noqa: BLE001 - each of its backends has errors of its own
        raise PasswordError(f"password_keyring {service}: {error}") from None
    if found is None:
        raise PasswordError(f"password_keyring {service}: no password of {user!r}: keyring set {service} {user}")
    return str(found)


def _of_command(command: str, patience: float, given_up: Callable[[], bool]) -> str:
    # A session of its own: what it starts ends with it, and none of it can write over the screen.
    with subprocess.Popen(
        command,
        shell=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        output, errors = _await(process, patience, given_up)
    if process.returncode:
        said = errors.strip().split("\n")[-1] or "it said nothing"
        raise PasswordError(f"password_command ended with {process.returncode}: {said}")
    return _first_line(output, "password_command")


def _await(process: "subprocess.Popen[str]", patience: float, given_up: Callable[[], bool]) -> tuple[str, str]:
    for _ in range(max(1, round(patience / _GLANCE))):
        try:
            return process.communicate(timeout=_GLANCE)
        except subprocess.TimeoutExpired:
            if given_up():
                break
        except UnicodeDecodeError:
            raise PasswordError("password_command: what it printed is no UTF-8") from None
    os.killpg(process.pid, signal.SIGKILL)
    raise PasswordError(f"password_command did not end within {patience:g} s")


def _first_line(text: str, origin: str) -> str:
    line = text.split("\n", 1)[0].removesuffix("\r")
    if not line:
        raise PasswordError(f"{origin}: its first line is empty")
    return line
