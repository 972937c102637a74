"""Decides where lines go that something writes to the process's stderr while the interface has the screen."""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

_STDERR = 2
_LARGEST = 1024 * 1024  # bytes of the log before it starts anew


@contextmanager
def stderr_aside(log: Path | None) -> Generator[None]:
    """For the block, the interface draws on the terminal by a descriptor of its own, and whatever else writes to
    stderr, gRPC's core included, writes to the log. Where stderr is no terminal it stays what the user made it."""
    before = sys.__stderr__
    if not os.isatty(_STDERR):
        sys.__dict__["__stderr__"] = sys.__stdout__  # Textual draws on stderr; `2>file` must not take the screen away
        try:
            yield
        finally:
            sys.__dict__["__stderr__"] = before
        return
    terminal = os.dup(_STDERR)
    screen = open(terminal, "w", encoding="utf-8", errors="replace")  # noqa: SIM115 - closed where its terminal may be gone
    sys.__dict__["__stderr__"] = screen
    _redirect(log)
    try:
        yield
    finally:
        os.dup2(terminal, _STDERR)
        sys.__dict__["__stderr__"] = before
        with suppress(OSError):  # the terminal is gone: what was still to be drawn there does not matter
            screen.close()


def _redirect(log: Path | None) -> None:
    target = os.open(log or os.devnull, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(target, _STDERR)
    os.close(target)


def made_ready(log: Path) -> Path | None:
    """The log, its directory made, and begun anew where it had grown large; None where it cannot be written."""
    try:
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if log.exists() and log.stat().st_size > _LARGEST:
            log.replace(log.with_suffix(".old.log"))
        log.touch(mode=0o600)
    except OSError:
        return None
    return log
