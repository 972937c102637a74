"""Waits for watches by awaiting: a task for each shared stream, a bounded inbox for each watcher."""

import time
from collections.abc import AsyncIterator, Callable, Iterable
from types import TracebackType
from typing import TypeVar

from etcdobs._attempts import slice_of
from etcdobs._call import checked_seconds
from etcdobs._drive.aio import Driver
from etcdobs._drive.aio_mailbox import Mailbox
from etcdobs._drive.aio_stream import Stream
from etcdobs._drive.forks import Generation
from etcdobs._drive.notes import operation
from etcdobs._drive.readings import watch_readings
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


class AsyncWatcher:
    """Events of some keys, in order, each once, for as long as it is open.

    Use it as an async context manager; entering it returns when the server has the watch, so that no later write is
    missed. Iterate it for events. It survives the loss of a connection, a member or a leader. One task takes from it.
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

    async def __aenter__(self) -> "AsyncWatcher":
        if self._mailbox.inbox.closed:
            raise ClosedError("the watcher is closed: ask the client for another", method=METHOD)
        self._watches.check_not_forked()
        await self._ensure_open()
        return self

    async def _ensure_open(self) -> None:
        if not self._entered and not self._mailbox.inbox.closed:
            self._entered = True
            try:
                with (
                    operation(self._watches.metrics, WATCH),
                    self._watches.spans.creating(self._mailbox.cursor.keys.start) as self._mailbox.origin,
                ):
                    await self._open()
            except BaseException:
                await self.close()
                raise

    def __repr__(self) -> str:
        state = "closed" if self._mailbox.inbox.closed else "open" if self._entered else "not open"
        return f"<{type(self).__name__} of {self._mailbox.cursor.keys}, {state}, at revision {self.revision}>"

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def _open(self) -> None:
        began = time.monotonic()
        await self._watches.open(self._mailbox, self._timeout)
        left = None if self._timeout is None else max(0.0, self._timeout - (time.monotonic() - began))
        asked = time.monotonic()
        first = self._watches.slice_of(left)
        if first != left and first is not None and not await self._mailbox.is_settled_within(first):
            await self._watches.doubt(self._mailbox)
        await self._mailbox.wait_created(left, self._watches.dial_timeout, time.monotonic() - asked)

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        # For what has come already, the few steps that there are: the rest of them is for who has to wait.
        if Generation.number == self._generation:
            for event in self._mailbox.inbox.at_hand:
                if self._mailbox.parked:
                    self._fetch_again()
                return event
        following = await self._take(self._mailbox.inbox.take_event, None)
        if following is None:
            raise StopAsyncIteration
        return following

    async def get(self, timeout: float | None = None) -> Event:
        """The next event.

        Args:
            timeout: seconds to wait; None: until there is one.

        Raises:
            TimeoutError: none came in time; nothing is lost.
            ClosedError: the watcher is closed.
            CompactedError: the history it needed is gone; `compact_revision` says where it now starts.
            EtcdError: the server ended it for another reason.
        """
        event = await self._take(self._mailbox.inbox.take_event, checked_seconds(timeout))
        if event is None:
            raise ClosedError("the watcher is closed", method=METHOD)
        return event

    async def responses(self) -> AsyncIterator[WatchResponse]:
        """Iterates over batches: all events of a revision together, and progress notifications."""
        while (batch := await self._take(self._mailbox.inbox.take_batch, None)) is not None:
            yield batch

    async def close(self) -> None:
        """End the watch; an iteration ends too. May be called twice."""
        if self._watches.forked:
            return
        self._mailbox.end(None)
        await self._watches.leave(self._mailbox)

    def __del__(self) -> None:
        # Its user dropped it unclosed: nobody can take from it any more.
        if getattr(self, "_entered", False) and not self._mailbox.inbox.closed:
            self._watches.forget(self._mailbox)

    async def _take(self, take: Callable[[], T | None], timeout: float | None) -> T | None:
        if not self._entered or Generation.number != self._generation:
            self._watches.check_not_forked()
            await self._ensure_open()
        # It may have been parked for events that are taken meanwhile: nothing would come to wait for.
        if self._mailbox.parked:
            self._fetch_again()
        try:
            item = await self._mailbox.take(take, timeout)
        except EtcdError:
            await self._watches.leave(self._mailbox)  # It is over, closed or not.
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

    async def open(self, mailbox: Mailbox, timeout: float | None) -> None:
        """Create a watch; its start is pinned first, within `timeout` seconds, where the user named none."""
        self._driver.enter_loop()
        await self._pin(mailbox, timeout)
        self._driver.check_usable()
        self._homes[mailbox] = home = self._home()
        home.add(mailbox)
        self._opened()
        if mailbox.inbox.closed:  # while its start was pinned
            await self.leave(mailbox)

    def slice_of(self, left: float | None) -> float | None:
        """How long the server has to create a watch before it is asked for a sign of life."""
        return slice_of(left, len(self._driver.session.endpoints.all))

    async def doubt(self, mailbox: Mailbox) -> None:
        """A watch is long in being created: move its stream where its member gives no sign of life."""
        home = self._homes.get(mailbox)
        if home is not None:
            await home.doubt()

    async def _pin(self, mailbox: Mailbox, timeout: float | None) -> None:
        """Read where the cluster is, for a watch that starts now."""
        cursor = mailbox.cursor
        if cursor.pins_itself:
            read = kv.range(cursor.keys.start, count_only=True, timeout=timeout)
            cursor.pin((await self._driver.call(read)).revision)
            mailbox.inbox.revision = cursor.next_revision - 1

    def _home(self) -> Stream:
        self._streams = [stream for stream in self._streams if not stream.ended]
        least = min(self._streams, key=len, default=None)
        if least is not None and (len(self._streams) >= STREAMS or len(least) < WATCHERS_BEFORE_ANOTHER_STREAM):
            return least
        stream = Stream(self._driver)
        self._streams.append(stream)
        return stream

    async def leave(self, mailbox: Mailbox) -> None:
        """Cancel a watch on the server; with the last one its stream ends."""
        home = self._homes.pop(mailbox, None)
        if home is None:
            return
        self._left()
        home.remove(mailbox)
        if not len(home):
            await home.close()

    def forget(self, mailbox: Mailbox) -> None:
        """Let a watch go as the garbage it is, in the loop's own time: any thread may collect it."""
        if not self.forked:
            self._driver.soon(lambda: self.leave(mailbox))

    def resume(self, mailbox: Mailbox) -> None:
        """Fetch again for a watcher whose inbox was full."""
        home = self._homes.get(mailbox)
        if home is not None:
            home.unpark(mailbox)

    async def close(self) -> None:
        """End all watchers with ClosedError."""
        streams, self._streams = self._streams, []
        for mailbox in list(self._homes):
            mailbox.end(ClosedError(method=METHOD))
            await self.leave(mailbox)
        for stream in streams:
            await stream.close()

    def abandon(self) -> None:
        """The event loop is over, and with it every watcher: nothing of it can be awaited any more."""
        mailboxes, self._homes, self._streams = list(self._homes), {}, []
        for mailbox in mailboxes:
            mailbox.inbox.end(ClosedError("the watcher's event loop is over", method=METHOD))
            self._left()

    def _opened(self) -> None:
        if self.metrics is not None:
            self.metrics.watch_opened()

    def _left(self) -> None:
        if self.metrics is not None:
            self.metrics.watch_closed()
