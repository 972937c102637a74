"""Waits for the terminal to go away where nobody sends SIGHUP for it, and decides to send that signal then."""

import os
import select
import signal
import threading
from types import TracebackType
from typing import Self

PATIENCE = 2.0
EXIT_CODE = 128 + signal.SIGHUP


class Hangup:
    """For a `with` block: SIGHUP once the terminal `descriptor` hangs up; a block that has not ended `patience` seconds
    later is cut short with exit code 129.

    The kernel sends that signal to the leader of the terminal's session only. Without it Textual's input thread reads
    the end of the file for ever, and the app waits for ever for room in the queue of a writer that has failed; hence a
    thread that waits outside the event loop.
    """

    def __init__(self, descriptor: int, patience: float = PATIENCE) -> None:
        self._descriptor = descriptor
        self._patience = patience
        self._left = threading.Event()

    def __enter__(self) -> Self:
        self._wake, self._stop = os.pipe()
        self._thread = threading.Thread(target=self._wait, name="hangup", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._left.set()
        os.close(self._stop)
        self._thread.join()
        os.close(self._wake)

    def _wait(self) -> None:
        poll = select.poll()
        poll.register(self._descriptor, 0)  # nothing but what poll always reports: the end of the terminal
        poll.register(self._wake, 0)
        ended = {descriptor for descriptor, event in poll.poll() if event & (select.POLLHUP | select.POLLERR)}
        if self._descriptor in ended and not self._left.is_set():
            os.kill(os.getpid(), signal.SIGHUP)
            if not self._left.wait(self._patience):
                os._exit(EXIT_CODE)
