"""Waits for a watch in a thread of its own, draws it, and stops it with its cell, its page or its kernel."""

import atexit
import threading
from typing import Any

from etcdobs import AsyncClient, Client

from .follow import Follow
from .screens import SECONDS_BETWEEN_DRAWINGS, InWidget, Screen

_running: "set[Live]" = set()


class Live(Follow):
    """A watch that is followed while other cells run. It is a sequence of its last events; `stop()` ends it."""

    def __init__(self, *args: Any, screen: Screen, cell: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self._screen = screen
        self._cell = cell
        # Not in the context of the cell that began it: who runs a notebook from end to end listens to the cell of now.
        self._thread = threading.Thread(target=self._run, name="etcdobs-live", daemon=True)

    @property
    def running(self) -> bool:
        """Whether events still come."""
        return not self.ended

    def start(self) -> "Live":
        """Draw it here, and follow it from now on; another that the same cell began stops."""
        for other in [each for each in _running if self._cell and each._cell == self._cell]:
            other.stop()
        self._screen.begin(self)
        _running.add(self)
        self._thread.start()
        return self

    def stop(self) -> None:
        """End it; what is drawn stays. May be called twice."""
        self.end("stopped")
        self.wait(2.0)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is over; False where it is not within `timeout` seconds."""
        if threading.current_thread() is not self._thread and self._thread.ident is not None:
            self._thread.join(timeout)
        return bool(self.ended)

    def _run(self) -> None:
        try:
            while self.step(SECONDS_BETWEEN_DRAWINGS):
                if isinstance(self._screen, InWidget) and self._screen.wants_stop:
                    self.end("stopped")
                elif self._screen.is_gone:
                    self.end("the page has gone")
                else:
                    self._screen.draw(self)
        finally:
            self.end("the watch was given up")
            _running.discard(self)
            self._screen.end(self)

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other

    def _ipython_display_(self) -> None:
        """Nothing: it is drawn where it began."""


def stop_all() -> None:
    """Stop every watch that is followed in the background."""
    for live in list(_running):
        live.stop()


atexit.register(stop_all)


def checked_client(client: object) -> Client:
    """The client, if it is a blocking one.

    Raises:
        TypeError: it is another.
    """
    if isinstance(client, AsyncClient):
        raise TypeError("live() follows with a blocking Client: live(keys, client=Client(...))")
    if not isinstance(client, Client):
        raise TypeError(f"client must be a Client, not {type(client).__name__}")
    return client
