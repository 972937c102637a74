"""Decides what becomes of the terminal while this process is stopped, and when it goes on."""

import asyncio
import os
import signal
import time
from typing import Any

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

from etcdobs_explorer.departure import has_terminal

_MOMENT = 0.1  # seconds, for what a signal brings about


class TerminalDriver(LinuxDriver):
    """Gives the terminal back before the process is stopped by Ctrl-Z, and takes it again once its job is in the
    foreground. One that was stopped from outside takes it anew: a shell has used it meanwhile."""

    def __init__(self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: Any = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._is_away = False
        self._is_stopping = False
        super().__init__(app, debug=debug, mouse=mouse, size=size)  # pyright: ignore[reportUnknownMemberType]

    # -- while the terminal is not ours ----------------------------------------------------------------------

    def write(self, data: str) -> None:
        """Draw, where the terminal is ours."""
        if not self._is_away:
            super().write(data)

    def disable_input(self) -> None:
        """Read no more keys."""
        if not self._is_away:
            super().disable_input()

    def stop_application_mode(self) -> None:
        """Give the terminal back, unless that was done: from the background it would stop the process."""
        if not self._is_away:
            super().stop_application_mode()

    # -- stopping and going on -------------------------------------------------------------------------------

    def _sigtstp_application(self, *_: Any) -> None:
        """Stop, with all of the job; the kernel does not, where no shell is there to let it go on."""
        if not self._auto_restart or self._is_away:
            return
        self._is_stopping = True
        self.suspend_application_mode()
        self._is_away = True
        before = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.killpg(0, signal.SIGTSTP)
        time.sleep(_MOMENT)  # here it is stopped
        signal.signal(signal.SIGTSTP, before)
        self._is_stopping = False
        self._go_on()

    def _sigcont_application(self, *_: Any) -> None:
        """Go on, in the loop: a signal that asks to end may have come too, and be heard there."""
        if self._auto_restart and not self._is_stopping:
            self._loop.call_soon_threadsafe(self._go_on)

    def _go_on(self) -> None:
        if not has_terminal():
            self._loop.call_later(_MOMENT, self._stop_again)
            return
        if not self._is_away:
            self.suspend_application_mode()
        self._is_away = False
        self.resume_application_mode()
        self._app.refresh(layout=True)

    def _stop_again(self) -> None:
        """In the background there is nothing to be done but to end, where that was asked for."""
        if has_terminal():
            self._go_on()
        elif self._app.return_code is None:
            os.kill(os.getpid(), signal.SIGSTOP)
