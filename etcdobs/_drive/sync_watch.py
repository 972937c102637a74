"""Waits for watches by blocking: a thread for each shared stream, a bounded inbox for each watcher."""

import threading
import time
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from types import TracebackType
from typing import Any, TypeVar

import grpc

from etcdobs._drive.sync import Driver
from etcdobs._flow import TOKEN_RENEWALS, open_stream, token_of
from etcdobs._inbox import Inbox
from etcdobs._retry import TOKEN_REFUSED, Backoff, reason
from etcdobs._watch import (
    METHOD,
    STREAMS,
    WATCH,
    WATCHERS_BEFORE_ANOTHER_STREAM,
    Ask,
    Batch,
    Created,
    CreationRefusedError,
    Cursor,
    Effect,
    Ended,
    Pin,
    WatchStream,
    may_resume,
)
from etcdobs.config import Endpoint
from etcdobs.errors import ClosedError, DeadlineExceededError, EtcdError, UnavailableError
from etcdobs.ops import kv
from etcdobs.types import Event, WatchResponse

T = TypeVar("T")


class Mailbox:
    """Where the stream's thread leaves what the user's thread takes."""

    def __init__(self, cursor: Cursor, buffer: int) -> None:
        self.cursor = cursor
        self.inbox: Inbox = Inbox(buffer)
        self.parked: bool = False
        self._created = False
        self._changed = threading.Condition()

    def created(self) -> None:
        """The server has the watch."""
        with self._changed:
            self._created = True
            self._changed.notify_all()

    def put(self, batch: WatchResponse) -> bool:
        """Keep a batch; True when the inbox is full with it and nothing more should be fetched."""
        with self._changed:
            self.inbox.put(batch)
            self.parked = self.inbox.is_full
            self._changed.notify_all()
            return self.parked

    def end(self, error: EtcdError | None) -> None:
        """Nothing more will come."""
        with self._changed:
            self.inbox.end(error)
            self._changed.notify_all()

    def wait_created(self, timeout: float | None) -> None:
        """Return once the server has the watch; raise what it says otherwise."""
        with self._changed:
            done = self._changed.wait_for(lambda: self._created or self.inbox.closed, timeout)
            if self.inbox.error is not None:
                raise self.inbox.error
        if not done:
            raise DeadlineExceededError(f"the watch was not created within {timeout:g} s", method=METHOD)

    def take(self, take: Callable[[], T | None], timeout: float | None) -> T | None:
        """What `take` finds, as soon as it finds something; None once nothing more will come."""
        with self._changed:
            if not self._changed.wait_for(lambda: self.inbox.has_more or self.inbox.closed, timeout):
                raise TimeoutError(f"nothing came within {timeout:g} s")
            item = take()
            if item is None and self.inbox.error is not None:
                raise self.inbox.error
            return item

    def wants_more(self) -> bool:
        """True once, when a full inbox was drained so far that it is time to fetch again."""
        with self._changed:
            again = self.parked and self.inbox.is_drained and not self.inbox.closed
            self.parked = self.parked and not again
            return again


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
        if not self._entered:
            self._entered = True
            try:
                self._watches.open(self._mailbox)
                self._mailbox.wait_created(self._timeout)
            except BaseException:
                self.close()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        event = self._next_event(None)
        if event is None:
            raise StopIteration
        return event

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
        event = self._next_event(timeout)
        if event is None:
            raise ClosedError("the watcher is closed", method=METHOD)
        return event

    def responses(self) -> Iterator[WatchResponse]:
        """Iterates over batches: all events of a revision together, and progress notifications."""
        while (batch := self._take(self._mailbox.inbox.take_batch, None)) is not None:
            yield batch

    def close(self) -> None:
        """End the watch; an iteration ends too. May be called twice, and from any thread."""
        self._mailbox.end(None)
        self._watches.leave(self._mailbox)

    def _next_event(self, timeout: float | None) -> Event | None:
        deadline = None if timeout is None else time.monotonic() + timeout
        inbox = self._mailbox.inbox
        while (event := self._take(inbox.take_event, timeout)) is None and not inbox.closed:
            # It was a progress notification: the rest of the time is for an event.
            timeout = None if deadline is None else max(0.0, deadline - time.monotonic())
        return event

    def _take(self, take: Callable[[], T | None], timeout: float | None) -> T | None:
        self.__enter__()
        item = self._mailbox.take(take, timeout)
        if self._mailbox.wants_more():
            self._watches.resume(self._mailbox)
        return item


class Watches:
    """All watchers of a client, and the few streams that they share."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._streams: list[_Stream] = []
        self._homes: dict[Mailbox, _Stream] = {}
        self._lock = threading.Lock()
        driver.close_with_me(self)

    def open(self, mailbox: Mailbox) -> None:
        """Create a watch; its start is pinned first where the user named none."""
        self.pin(mailbox)
        with self._lock:
            self._driver.check_usable()
            self._homes[mailbox] = home = self._home()
            home.add(mailbox)
        self._opened()

    def pin(self, mailbox: Mailbox) -> None:
        """Read where the cluster is, for a watch that starts now."""
        cursor = mailbox.cursor
        if cursor.pins_itself:
            cursor.pin(self._driver.call(kv.range(cursor.keys.start, count_only=True)).revision)
            mailbox.inbox.revision = cursor.next_revision - 1

    def _home(self) -> "_Stream":
        self._streams = [stream for stream in self._streams if not stream.ended.is_set()]
        least = min(self._streams, key=len, default=None)
        if least is not None and (len(self._streams) >= STREAMS or len(least) < WATCHERS_BEFORE_ANOTHER_STREAM):
            return least
        stream = _Stream(self._driver, self)
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
                home.close()
        self._left()

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
        if self._driver.metrics is not None:
            self._driver.metrics.watch_opened()

    def _left(self) -> None:
        if self._driver.metrics is not None:
            self._driver.metrics.watch_closed()


class _Stream:
    """One gRPC stream, the watchers on it, and the thread that reads it; it is opened again whenever it breaks."""

    def __init__(self, driver: Driver, watches: Watches) -> None:
        self.ended = threading.Event()
        self._driver = driver
        self._watches = watches
        self._state = WatchStream()
        self._mailboxes: dict[Cursor, Mailbox] = {}
        self._lock = threading.RLock()
        self._requests: SimpleQueue[Any] | None = None
        self._call: Any = None
        self._backoff = Backoff(driver.session.jitter)
        self._token: str | None = None
        self._token_refusals = 0
        self._thread = threading.Thread(target=self._run, name="etcdobs-watch", daemon=True)

    def __len__(self) -> int:
        return len(self._mailboxes)

    # ---- called from the users' threads

    def add(self, mailbox: Mailbox) -> None:
        """Create a watch on this stream."""
        with self._lock:
            self._mailboxes[mailbox.cursor] = mailbox
            self._create(mailbox.cursor)
            if self._thread.ident is None:
                self._thread.start()

    def unpark(self, mailbox: Mailbox) -> None:
        """Create a watch again that was cancelled because nobody took its events."""
        with self._lock:
            if mailbox.cursor in self._mailboxes:
                self._create(mailbox.cursor)

    def remove(self, mailbox: Mailbox) -> None:
        """Cancel a watch."""
        with self._lock:
            if self._mailboxes.pop(mailbox.cursor, None) is not None:
                self._cancel(mailbox.cursor)

    def close(self) -> None:
        """End the stream and its thread."""
        self.ended.set()
        with self._lock:
            call = self._call
        if call is not None:
            call.cancel()
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=5)

    def _create(self, cursor: Cursor) -> None:
        if self._requests is None:
            self._state.hold(cursor)
        else:
            self._requests.put(self._state.create(cursor))

    def _cancel(self, cursor: Cursor) -> None:
        request = self._state.cancel(cursor)
        if request is not None and self._requests is not None:
            self._requests.put(request)

    # ---- the stream's own thread

    def _run(self) -> None:
        while not self.ended.is_set():
            try:
                self._serve()
                error: EtcdError = UnavailableError("the server ended the stream", method=METHOD)
            except EtcdError as broken:
                error = broken
            self._break()
            if not self.ended.is_set():
                self._recover(error)

    def _serve(self) -> None:
        endpoint, metadata = self._driver.run(open_stream(self._driver.session, frozenset()))
        self._token = token_of(metadata)
        requests: SimpleQueue[Any] = SimpleQueue()
        call = self._driver.stream(WATCH, endpoint, iter(requests.get, None), metadata)
        try:
            self._begin(call, requests, endpoint)
            for response in call:
                self._receive(response, endpoint)
        except grpc.RpcError as error:
            self._driver.session.endpoints.failed(endpoint, time.monotonic())
            raise self._driver.error(error, WATCH, endpoint) from error
        finally:
            call.cancel()
            requests.put(None)

    def _begin(self, call: Any, requests: "SimpleQueue[Any]", endpoint: Endpoint) -> None:
        with self._lock:
            self._call, self._requests = call, requests
            self._state.endpoint = endpoint.address
            for request in self._state.restart():
                requests.put(request)
        if self.ended.is_set():
            call.cancel()

    def _break(self) -> None:
        with self._lock:
            self._call = self._requests = None
            self._state.broken()

    def _receive(self, response: Any, endpoint: Endpoint) -> None:
        with self._lock:
            effects = self._state.receive(response)
        for effect in effects:
            self._apply(effect, endpoint)

    def _apply(self, effect: Effect, endpoint: Endpoint) -> None:
        if isinstance(effect, Batch):
            self._deliver(effect)
        elif isinstance(effect, Created):
            self._created(effect.cursor, endpoint)
        elif isinstance(effect, Ended):
            self._end(effect.cursor, effect.error)
        elif isinstance(effect, Pin):
            self._pin(effect.cursor)
        elif isinstance(effect, Ask):
            self._ask(effect)
        else:
            raise effect.error

    def _deliver(self, batch: Batch) -> None:
        mailbox = self._mailboxes.get(batch.cursor)
        if mailbox is not None and mailbox.put(batch.response):
            # Nobody takes its events: the server forgets it, and it resumes where it was once they are taken.
            with self._lock:
                self._cancel(batch.cursor)

    def _created(self, cursor: Cursor, endpoint: Endpoint) -> None:
        self._backoff.reset()
        self._token_refusals = 0
        self._driver.session.endpoints.succeeded(endpoint)
        mailbox = self._mailboxes.get(cursor)
        if mailbox is not None:
            mailbox.created()

    def _pin(self, cursor: Cursor) -> None:
        mailbox = self._mailboxes.get(cursor)
        if mailbox is None:
            return
        try:
            self._watches.pin(mailbox)
        except EtcdError as error:
            self._end(cursor, error)
            return
        with self._lock:
            self._create(cursor)

    def _ask(self, effect: Ask) -> None:
        with self._lock:
            if self._requests is not None:
                self._requests.put(effect.request)

    def _end(self, cursor: Cursor, error: EtcdError) -> None:
        with self._lock:
            mailbox = self._mailboxes.pop(cursor, None)
        if mailbox is not None:
            mailbox.end(error)

    # ---- after the stream broke

    def _recover(self, error: EtcdError) -> None:
        if not self._may_resume(error):
            self._give_up(error)
            return
        if self._driver.metrics is not None:
            self._driver.metrics.watch_resumed(reason(error))
        if isinstance(error, TOKEN_REFUSED):
            self._renew()
        elif not isinstance(error, CreationRefusedError):
            self.ended.wait(self._backoff.seconds())

    def _may_resume(self, error: EtcdError) -> bool:
        if not isinstance(error, TOKEN_REFUSED):
            return may_resume(error)
        self._token_refusals += 1
        return self._driver.session.credentials.can_renew and self._token_refusals <= TOKEN_RENEWALS

    def _renew(self) -> None:
        try:
            self._driver.renew(self._token)
        except EtcdError as error:
            if not may_resume(error):
                self._give_up(error)
            self.ended.wait(self._backoff.seconds())

    def _give_up(self, error: EtcdError) -> None:
        self.ended.set()
        with self._lock:
            mailboxes = list(self._mailboxes.values())
            self._mailboxes.clear()
        for mailbox in mailboxes:
            mailbox.end(error)
