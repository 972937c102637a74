"""Waits for another program that has the terminal while it runs, keys and all: Ctrl-C there ends nothing here."""

import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from textual.app import App

_TERMINAL = 0
_LOOK = 0.1  # seconds between two looks whether the program was stopped


async def lend(app: App[Any], command: Sequence[str], text: bytes | None = None) -> int:
    """Run a program in the foreground, with `text` as its input if there is any; answers its exit code. The loop goes
    on meanwhile, but nothing is drawn. Raises SuspendNotSupported, or OSError where there is no such program."""
    source = asyncio.subprocess.PIPE if text is not None else None
    with app.suspend(), app.batch_update():
        process = await asyncio.create_subprocess_exec(*command, stdin=source, process_group=0)
        _give(process.pid)
        going = asyncio.create_task(_keep_going(process.pid))
        try:
            await process.communicate(text)
        finally:
            going.cancel()
            _give(os.getpgrp())
    return process.returncode or 0


async def _keep_going(process: int) -> None:
    """Ctrl-Z stops the program; no shell is there to make it go on, nor does one that asked for the terminal before it
    was given."""
    with suppress(ChildProcessError, ProcessLookupError):
        while True:
            if os.waitid(os.P_PID, process, os.WSTOPPED | os.WNOHANG) is not None:  # noqa: ASYNC222 - it does not wait
                os.killpg(process, signal.SIGCONT)
            await asyncio.sleep(_LOOK)


def _give(group: int) -> None:
    """Make a process group the one that the terminal's keys go to."""
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # who takes the terminal back would be stopped for it
    try:
        with suppress(OSError):  # where this is not the terminal that controls the session, there is nothing to give
            os.tcsetpgrp(_TERMINAL, group)
    finally:
        signal.signal(signal.SIGTTOU, before)
