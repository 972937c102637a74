"""Waits, for one watcher, between the stream's thread and its user's: both meet at its bounded inbox."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from etcdobs._drive.readings import Arrivals
from etcdobs._drive.uninterrupted import interruptible, unhide
from etcdobs._inbox import Inbox
from etcdobs._retry import reason
from etcdobs._watch import Cursor, not_created
from etcdobs.errors import ConnectionFailedError, EtcdError
from etcdobs.observe.spans import Origin
from etcdobs.types import WatchResponse

T = TypeVar("T")


class Mailbox:
    """Where the stream's thread leaves what the user's thread takes."""

    def __init__(self, cursor: Cursor, buffer: int) -> None:
        self.cursor = cursor
        self.inbox: Inbox = Inbox(buffer)
        self.arrivals: Arrivals = Arrivals()
        self.parked: bool = False
        # Of the span of its creation, to which later ones point.
        self.origin: Origin = None
        self._created = False
        self._broken_by: str | None = None
        self._unconnected: ConnectionFailedError | None = None
        # Entered by itself: a Ctrl-C within the condition's own `__enter__` would leave it locked for ever.
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)

    # ---- called from the stream's thread

    def created(self) -> str | None:
        """The server has the watch; returns what broke the stream that it was on before, None: it was on none."""
        with self._lock:
            self._created = True
            cause, self._broken_by = self._broken_by, None
            self._changed.notify_all()
        return cause

    def broken(self, error: EtcdError) -> bool:
        """The stream broke, or could not be opened; True when the watch was on it, and has to be resumed."""
        with self._lock:
            self._unconnected = error if isinstance(error, ConnectionFailedError) else None
            was_on_it = self._created and not self.parked and self._broken_by is None
            if was_on_it:
                self._broken_by = reason(error)
            self._changed.notify_all()
        return was_on_it

    def put(self, batch: WatchResponse) -> bool:
        """Keep a batch; True when the inbox is full with it and nothing more should be fetched."""
        with self._lock:
            self.parked = self.inbox.put(batch)
            self.arrivals.add(batch, self.inbox.revision, time.monotonic())
            self._changed.notify_all()
            return self.parked

    def end(self, error: EtcdError | None) -> None:
        """Nothing more will come."""
        with self._lock:
            self.inbox.end(error)
            self._changed.notify_all()

    # ---- called from the user's thread

    def is_settled_within(self, seconds: float) -> bool:
        """Whether the server has the watch, or refused it, no later than so."""
        with interruptible(), self._lock:
            return self._changed.wait_for(self._is_settled, seconds)

    def wait_created(self, timeout: float | None, dial_timeout: float, waited: float = 0.0) -> None:
        """Return once the server has the watch; raise what it says otherwise, or that it cannot be connected.

        `waited` is what has passed of both timeouts.
        """
        first = max(0.0, (dial_timeout if timeout is None else min(timeout, dial_timeout)) - waited)
        with interruptible(), self._lock:
            if not self._changed.wait_for(self._is_settled, first):
                left = None if timeout is None else max(0.0, timeout - waited - first)
                self._changed.wait_for(lambda: self._is_settled() or self._unconnected is not None, left)
            if self.inbox.error is not None:
                raise self.inbox.error
            if not self._is_settled():
                raise not_created(self._unconnected, timeout, dial_timeout)

    def _is_settled(self) -> bool:
        return self._created or self.inbox.closed

    def take(self, take: Callable[[], T | None], timeout: float | None) -> T | None:
        """What `take` finds, as soon as it finds something; None once nothing more will come."""
        deadline = None if timeout is None else time.monotonic() + timeout
        try:  # as `interruptible`, without its calls
            with self._lock:
                while (item := take()) is None and not self.inbox.closed:
                    left = None if deadline is None else deadline - time.monotonic()
                    if left is not None and left <= 0:
                        raise TimeoutError(f"nothing came within {timeout:g} s")
                    self._changed.wait(left)
                if item is None and self.inbox.error is not None:
                    raise self.inbox.error
                return item
        except RuntimeError as error:
            unhide(error)
            raise

    def wants_more(self) -> bool:
        """True once, when a full inbox was drained so far that it is time to fetch again."""
        with self._lock:
            again = self.parked and self.inbox.is_drained and not self.inbox.closed
            self.parked = self.parked and not again
            return again
