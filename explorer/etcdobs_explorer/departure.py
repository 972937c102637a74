"""Decides when a signal that asks this process to end is heard, and how long it waits for what then unwinds."""

import asyncio
import os
import signal
import termios
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import Any, Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PATIENCE = 5.0
# Seconds that an interface has to end by itself, before it is interrupted.
_GRACE = 1.0


class SignalError(SystemExit):
    """A signal asks this process to end. An event loop and its tasks let it pass, as they do with every SystemExit."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(exit_code)
        self.exit_code = exit_code


_STDIN = 0


def has_terminal() -> bool:
    """Whether this process may use its terminal: its job is in the foreground, or there are no jobs."""
    try:
        return os.tcgetpgrp(_STDIN) == os.getpgrp()
    except OSError:
        return True


def _terminal_modes() -> list[Any] | None:
    try:
        return termios.tcgetattr(_STDIN)
    except (OSError, termios.error):
        return None


class Departure:
    """Turns the first signal that asks to end into a SignalError, within a `with` block.

    Textual can wait for ever on a terminal that is no more. A block that has not ended `patience` seconds after the
    signal is therefore cut short: the process ends at once, and what it started notices that and ends by itself.
    """

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._before: dict[signal.Signals, Any] = {}
        self._is_held = False
        self._exit_code = 0
        self._leaving = threading.Event()
        self._left = threading.Event()

    def __enter__(self) -> Self:
        # Started before any signal: a handler must not start a thread, whose locks may be held where it interrupts.
        threading.Thread(target=self._insist, daemon=True).start()
        self._modes = _terminal_modes()
        self._before = {number: signal.signal(number, self._hear) for number in _SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._left.set()
        self._leaving.set()
        # A signal may come while the interface takes or gives the terminal: its modes are put right in any case.
        if self._modes is not None and has_terminal():
            with suppress(OSError, termios.error):
                termios.tcsetattr(_STDIN, termios.TCSANOW, self._modes)

    @contextmanager
    def held(self) -> Generator[None]:
        """Signals that come in this block are heard at its end."""
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False
            if self._exit_code:
                self._leave()

    @contextmanager
    def asking(
        self, leave: Callable[[], object], taken: Callable[[int], bool] = lambda number: False
    ) -> Generator[None]:
        """For a block in the running event loop: a signal calls `leave`, so that whatever the loop is in the middle of
        comes to its end, and is heard at the block's end; a block that has not ended a second later is interrupted.
        A signal that is `taken` was meant for another program.
        """
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self._ask, number, leave, taken, loop)
        try:
            yield
        finally:
            for number in _SIGNALS:
                loop.remove_signal_handler(number)
                signal.signal(number, self._hear)
            if self._exit_code:
                self._leave()

    def _ask(
        self,
        number: int,
        leave: Callable[[], object],
        taken: Callable[[int], bool],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        if not self._exit_code and not taken(number):
            self._exit_code = 128 + number
            self._leaving.set()
            loop.call_later(_GRACE, self._leave)
            leave()

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self._exit_code = 128 + number
        if not self._is_held:
            self._leave()

    def _leave(self) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)  # a second one must not interrupt the cleaning up
        self._leaving.set()
        raise SignalError(self._exit_code)

    def _insist(self) -> None:
        self._leaving.wait()
        if not self._left.wait(self._patience):
            os._exit(self._exit_code)
