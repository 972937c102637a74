"""Waits for watches by blocking: a thread for each shared stream, a bounded inbox for each watcher."""

import _thread
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import TypeVar

from etcdobs._attempts import slice_of
from etcdobs._call import checked_seconds
from etcdobs._drive.forks import Generation
from etcdobs._drive.notes import operation
from etcdobs._drive.readings import watch_readings
from etcdobs._drive.sync import Driver
from etcdobs._drive.sync_mailbox import Mailbox
from etcdobs._drive.sync_stream import Stream
from etcdobs._operations import WATCH
from etcdobs._watch import (
    METHOD,
    STREAMS,
    WATCHERS_BEFORE_ANOTHER_STREAM,
    Cursor,
)
from etcdobs.errors import ClosedError, EtcdError
from etcdobs.observe import ClientMetrics
from etcdobs.observe.live import Reading
from etcdobs.observe.spans import Streams
from etcdobs.ops import kv
from etcdobs.types import Event, WatchResponse

T = TypeVar("T")


class Watcher:
    """Events of some keys, in order, each once, for as long as it is open.

    Use it as a context manager; entering it returns when the server has the watch, so that no later write is missed.
    Iterate it for events. It survives the loss of a connection, a member or a leader. One thread takes from it;
    `close` may be called from any.
    """

    def __init__(self, watches: "Watches", cursor: Cursor, buffer: int, timeout: float | None) -> None:
        self._watches = watches
        self._mailbox = Mailbox(cursor, buffer)
        self._mailbox.inbox.revision = max(0, cursor.start_revision - 1)
        self._timeout = timeout
        self._generation = Generation.number
        self._entered = False

    @property
    def revision(self) -> int:
        """The last revision wholly handed out; before the first event the one it started from."""
        return self._mailbox.inbox.revision

    @property
    def pending(self) -> int:
        """Events received and not yet taken: the depth of the buffer."""
        return self._mailbox.inbox.depth

    def __enter__(self) -> "Watcher":
        if self._mailbox.inbox.closed:
            raise ClosedError("the watcher is closed: ask the client for another", method=METHOD)
        self._watches.check_not_forked()
        self._ensure_open()
        return self

    def _ensure_open(self) -> None:
        if not self._entered and not self._mailbox.inbox.closed:
            self._entered = True
            try:
                with (
                    operation(self._watches.metrics, WATCH),
                    self._watches.spans.creating(self._mailbox.cursor.keys.start) as self._mailbox.origin,
                ):
                    self._open()
            except BaseException:
                self.close()
                raise

    def __repr__(self) -> str:
        state = "closed" if self._mailbox.inbox.closed else "open" if self._entered else "not open"
        return f"<{type(self).__name__} of {self._mailbox.cursor.keys}, {state}, at revision {self.revision}>"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _open(self) -> None:
        began = time.monotonic()
        self._watches.open(self._mailbox, self._timeout)
        left = None if self._timeout is None else max(0.0, self._timeout - (time.monotonic() - began))
        asked = time.monotonic()
        first = self._watches.slice_of(left)
        if first != left and first is not None and not self._mailbox.is_settled_within(first):
            self._watches.doubt(self._mailbox)
        self._mailbox.wait_created(left, self._watches.dial_timeout, time.monotonic() - asked)

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        # For what has come already, the few steps that there are: the rest of them is for who has to wait.
        if Generation.number == self._generation:
            for event in self._mailbox.inbox.at_hand:
                if self._mailbox.parked:
                    self._fetch_again()
                return event
        following = self._take(self._mailbox.inbox.take_event, None)
        if following is None:
            raise StopIteration
        return following

    def get(self, timeout: float | None = None) -> Event:
        """The next event.

        Args:
            timeout: seconds to wait; None: until there is one.

        Raises:
            TimeoutError: none came in time; nothing is lost.
            ClosedError: the watcher is closed.
            CompactedError: the history it needed is gone; `compact_revision` says where it now starts.
            EtcdError: the server ended it for another reason.
        """
        event = self._take(self._mailbox.inbox.take_event, checked_seconds(timeout))
        if event is None:
            raise ClosedError("the watcher is closed", method=METHOD)
        return event

    def responses(self) -> Iterator[WatchResponse]:
        """Iterates over batches: all events of a revision together, and progress notifications."""
        while (batch := self._take(self._mailbox.inbox.take_batch, None)) is not None:
            yield batch

    def close(self) -> None:
        """End the watch; an iteration ends too. May be called twice, and from any thread."""
        if self._watches.forked:
            return
        self._mailbox.end(None)
        self._watches.leave(self._mailbox)

    def __del__(self) -> None:
        # Its user dropped it unclosed: nobody can take from it any more.
        if getattr(self, "_entered", False) and not self._mailbox.inbox.closed:
            self._watches.forget(self._mailbox)

    def _take(self, take: Callable[[], T | None], timeout: float | None) -> T | None:
        if not self._entered or Generation.number != self._generation:
            self._watches.check_not_forked()
            self._ensure_open()
        # It may have been parked for events that are taken meanwhile: nothing would come to wait for.
        if self._mailbox.parked:
            self._fetch_again()
        try:
            item = self._mailbox.take(take, timeout)
        except EtcdError:
            self._watches.leave(self._mailbox)  # It is over, closed or not.
            raise
        if self._mailbox.parked:
            self._fetch_again()
        return item

    def _fetch_again(self) -> None:
        if self._mailbox.wants_more():
            self._watches.resume(self._mailbox)


class Watches:
    """All watchers of a client, and the few streams that they share."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self.dial_timeout: float = driver.session.dial_timeout
        self._streams: list[Stream] = []
        self._homes: dict[Mailbox, Stream] = {}
        self._lock = threading.Lock()
        driver.close_with_me(self)
        self.metrics: ClientMetrics | None = driver.metrics
        self.spans: Streams = driver.spans
        if self.metrics is not None:
            self.metrics.follow(self)

    def readings(self) -> Iterable[Reading]:
        """What the metrics show of the watchers now."""
        return () if self.forked else watch_readings(list(self._homes), time.monotonic())

    @property
    def forked(self) -> bool:
        """True in a child of the process that made the client."""
        return self._driver.forked

    def check_not_forked(self) -> None:
        """Raises ClosedError in a child of the process that made the client: no event would ever come."""
        if self._driver.forked:
            self._driver.check_usable(METHOD)

    def open(self, mailbox: Mailbox, timeout: float | None) -> None:
        """Create a watch; its start is pinned first, within `timeout` seconds, where the user named none."""
        self._pin(mailbox, timeout)
        with self._lock:
            self._driver.check_usable()
            while not (home := self._home()).add(mailbox):
                pass
            self._homes[mailbox] = home
        self._opened()
        if mailbox.inbox.closed:  # meanwhile, by another thread
            self.leave(mailbox)

    def slice_of(self, left: float | None) -> float | None:
        """How long the server has to create a watch before it is asked for a sign of life."""
        return slice_of(left, len(self._driver.session.endpoints.all))

    def doubt(self, mailbox: Mailbox) -> None:
        """A watch is long in being created: move its stream where its member gives no sign of life."""
        with self._lock:
            home = self._homes.get(mailbox)
        if home is not None:
            home.doubt()

    def _pin(self, mailbox: Mailbox, timeout: float | None) -> None:
        """Read where the cluster is, for a watch that starts now."""
        cursor = mailbox.cursor
        if cursor.pins_itself:
            cursor.pin(self._driver.call(kv.range(cursor.keys.start, count_only=True, timeout=timeout)).revision)
            mailbox.inbox.revision = cursor.next_revision - 1

    def _home(self) -> Stream:
        self._streams = [stream for stream in self._streams if not stream.ended.is_set()]
        least = min(self._streams, key=len, default=None)
        if least is not None and (len(self._streams) >= STREAMS or len(least) < WATCHERS_BEFORE_ANOTHER_STREAM):
            return least
        stream = Stream(self._driver)
        self._streams.append(stream)
        return stream

    def leave(self, mailbox: Mailbox) -> None:
        """Cancel a watch on the server; with the last one its stream ends."""
        with self._lock:
            home = self._homes.pop(mailbox, None)
            if home is None:
                return
            home.remove(mailbox)
            if not len(home):
                home.end()
        if home.ended.is_set():
            home.close()
        self._left()

    def forget(self, mailbox: Mailbox) -> None:
        """Let a watch go as the garbage it is: whichever thread collects it may hold any lock, and waits for none."""
        if not self.forked:
            with suppress(RuntimeError):  # the interpreter is going down, and takes everything with it
                _thread.start_new_thread(self.leave, (mailbox,))

    def resume(self, mailbox: Mailbox) -> None:
        """Fetch again for a watcher whose inbox was full."""
        with self._lock:
            home = self._homes.get(mailbox)
            if home is not None:
                home.unpark(mailbox)

    def close(self) -> None:
        """End all watchers with ClosedError."""
        with self._lock:
            streams, self._streams = self._streams, []
            mailboxes = list(self._homes)
        for mailbox in mailboxes:
            mailbox.end(ClosedError(method=METHOD))
            self.leave(mailbox)
        for stream in streams:
            stream.close()

    def _opened(self) -> None:
        if self.metrics is not None:
            self.metrics.watch_opened()

    def _left(self) -> None:
        if self.metrics is not None:
            self.metrics.watch_closed()
