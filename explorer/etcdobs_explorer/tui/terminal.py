"""Waits for another program that has the terminal while it runs, keys and all: Ctrl-C there ends nothing here."""

import asyncio
import os
import signal
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from textual.app import App

_TERMINAL = 0
_LOOK = 0.1  # seconds between two looks whether the program was stopped


class Loan:
    """Who the terminal's keys are for. In the moments before the program has it, and after it ended, Ctrl-C reaches
    this process: what was typed before is the program's, what was typed after is nobody's."""

    def __init__(self) -> None:
        self._is_lent = self._was_interrupted = False
        self._program: int | None = None

    @contextmanager
    def begun(self) -> Generator[None]:
        """For the block, the terminal is lent, or about to be."""
        self._is_lent, self._was_interrupted = True, False
        try:
            yield
        finally:
            self._is_lent = False

    def given_to(self, program: int | None) -> None:
        """A program has it from here on; None: it has ended."""
        self._program = program
        if program is not None and self._was_interrupted:
            self.takes(signal.SIGINT)

    def takes(self, number: int) -> bool:
        """Whether a signal that reached this process is not for it."""
        if number != signal.SIGINT or not self._is_lent:
            return False
        self._was_interrupted = True
        if self._program is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._program, signal.SIGINT)
        return True


LOAN = Loan()
"""There is one terminal."""


async def lend(app: App[Any], command: Sequence[str], text: bytes | None = None) -> int:
    """Run a program in the foreground, with `text` as its input if there is any; answers its exit code. The loop goes
    on meanwhile, but nothing is drawn. Raises SuspendNotSupported, or OSError where there is no such program."""
    source = asyncio.subprocess.PIPE if text is not None else None
    with LOAN.begun():
        with app.suspend(), app.batch_update():
            process = await asyncio.create_subprocess_exec(*command, stdin=source, process_group=0)
            _give(process.pid)
            LOAN.given_to(process.pid)
            going = asyncio.create_task(_keep_going(process.pid))
            try:
                await process.communicate(text)
            finally:
                going.cancel()
                LOAN.given_to(None)
                _give(os.getpgrp())
        await asyncio.sleep(_LOOK)  # what was typed in the last moment is heard now
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
