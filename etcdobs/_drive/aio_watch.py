"""Waits for watches by awaiting: a task for each shared stream, a bounded inbox for each watcher."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Any, TypeVar

import grpc

from etcdobs._drive.aio import Driver
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
    """Where the stream's task leaves what the user's task takes."""

    def __init__(self, cursor: Cursor, buffer: int) -> None:
        self.cursor = cursor
        self.inbox: Inbox = Inbox(buffer)
        self.parked: bool = False
        self._created = False
        self._changed = asyncio.Event()

    def created(self) -> None:
        """The server has the watch."""
        self._created = True
        self._changed.set()

    def put(self, batch: WatchResponse) -> bool:
        """Keep a batch; True when the inbox is full with it and nothing more should be fetched."""
        self.inbox.put(batch)
        self.parked = self.inbox.is_full
        self._changed.set()
        return self.parked

    def end(self, error: EtcdError | None) -> None:
        """Nothing more will come."""
        self.inbox.end(error)
        self._changed.set()

    async def wait_created(self, timeout: float | None) -> None:  # a call's deadline, as everywhere
        """Return once the server has the watch; raise what it says otherwise."""
        try:
            await self._wait_for(lambda: self._created or self.inbox.closed, timeout)
        except TimeoutError:
            raise DeadlineExceededError(f"the watch was not created within {timeout:g} s", method=METHOD) from None
        if self.inbox.error is not None:
            raise self.inbox.error

    async def take(self, take: Callable[[], T | None], timeout: float | None) -> T | None:
        """What `take` finds, as soon as it finds something; None once nothing more will come."""
        try:
            await self._wait_for(lambda: self.inbox.has_more or self.inbox.closed, timeout)
        except TimeoutError:
            raise TimeoutError(f"nothing came within {timeout:g} s") from None
        item = take()
        if item is None and self.inbox.error is not None:
            raise self.inbox.error
        return item

    async def _wait_for(self, holds: Callable[[], bool], timeout: float | None) -> None:
        async with asyncio.timeout(timeout):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    def wants_more(self) -> bool:
        """True once, when a full inbox was drained so far that it is time to fetch again."""
        again = self.parked and self.inbox.is_drained and not self.inbox.closed
        self.parked = self.parked and not again
        return again


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
        if not self._entered:
            self._entered = True
            try:
                await self._watches.open(self._mailbox)
                await self._mailbox.wait_created(self._timeout)
            except BaseException:
                await self.close()
                raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        event = await self._next_event(None)
        if event is None:
            raise StopAsyncIteration
        return event

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
        event = await self._next_event(timeout)
        if event is None:
            raise ClosedError("the watcher is closed", method=METHOD)
        return event

    async def responses(self) -> AsyncIterator[WatchResponse]:
        """Iterates over batches: all events of a revision together, and progress notifications."""
        while (batch := await self._take(self._mailbox.inbox.take_batch, None)) is not None:
            yield batch

    async def close(self) -> None:
        """End the watch; an iteration ends too. May be called twice."""
        self._mailbox.end(None)
        await self._watches.leave(self._mailbox)

    async def _next_event(self, timeout: float | None) -> Event | None:
        deadline = None if timeout is None else time.monotonic() + timeout
        inbox = self._mailbox.inbox
        while (event := await self._take(inbox.take_event, timeout)) is None and not inbox.closed:
            # It was a progress notification: the rest of the time is for an event.
            timeout = None if deadline is None else max(0.0, deadline - time.monotonic())
        return event

    async def _take(self, take: Callable[[], T | None], timeout: float | None) -> T | None:
        await self.__aenter__()
        item = await self._mailbox.take(take, timeout)
        if self._mailbox.wants_more():
            self._watches.resume(self._mailbox)
        return item


class Watches:
    """All watchers of a client, and the few streams that they share."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._streams: list[_Stream] = []
        self._homes: dict[Mailbox, _Stream] = {}
        driver.close_with_me(self)

    async def open(self, mailbox: Mailbox) -> None:
        """Create a watch; its start is pinned first where the user named none."""
        await self.pin(mailbox)
        self._driver.check_usable()
        self._homes[mailbox] = home = self._home()
        home.add(mailbox)
        self._opened()

    async def pin(self, mailbox: Mailbox) -> None:
        """Read where the cluster is, for a watch that starts now."""
        cursor = mailbox.cursor
        if cursor.pins_itself:
            cursor.pin((await self._driver.call(kv.range(cursor.keys.start, count_only=True))).revision)
            mailbox.inbox.revision = cursor.next_revision - 1

    def _home(self) -> "_Stream":
        self._streams = [stream for stream in self._streams if not stream.ended]
        least = min(self._streams, key=len, default=None)
        if least is not None and (len(self._streams) >= STREAMS or len(least) < WATCHERS_BEFORE_ANOTHER_STREAM):
            return least
        stream = _Stream(self._driver, self)
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

    def _opened(self) -> None:
        if self._driver.metrics is not None:
            self._driver.metrics.watch_opened()

    def _left(self) -> None:
        if self._driver.metrics is not None:
            self._driver.metrics.watch_closed()


class _Stream:
    """One gRPC stream, the watchers on it, and the task that reads it; it is opened again whenever it breaks."""

    def __init__(self, driver: Driver, watches: Watches) -> None:
        self.ended = False
        self._driver = driver
        self._watches = watches
        self._state = WatchStream()
        self._mailboxes: dict[Cursor, Mailbox] = {}
        self._requests: asyncio.Queue[Any] | None = None
        self._backoff = Backoff(driver.session.jitter)
        self._token: str | None = None
        self._token_refusals = 0
        self._task: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._mailboxes)

    # ---- called from the users' tasks

    def add(self, mailbox: Mailbox) -> None:
        """Create a watch on this stream."""
        self._mailboxes[mailbox.cursor] = mailbox
        self._create(mailbox.cursor)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="etcdobs-watch")

    def unpark(self, mailbox: Mailbox) -> None:
        """Create a watch again that was cancelled because nobody took its events."""
        if mailbox.cursor in self._mailboxes:
            self._create(mailbox.cursor)

    def remove(self, mailbox: Mailbox) -> None:
        """Cancel a watch."""
        if self._mailboxes.pop(mailbox.cursor, None) is not None:
            self._cancel(mailbox.cursor)

    async def close(self) -> None:
        """End the stream and its task."""
        self.ended = True
        task = self._task
        if task is not None and task is not asyncio.current_task():
            task.cancel()
            await asyncio.wait([task])

    def _create(self, cursor: Cursor) -> None:
        if self._requests is None:
            self._state.hold(cursor)
        else:
            self._requests.put_nowait(self._state.create(cursor))

    def _cancel(self, cursor: Cursor) -> None:
        request = self._state.cancel(cursor)
        if request is not None and self._requests is not None:
            self._requests.put_nowait(request)

    # ---- the stream's own task

    async def _run(self) -> None:
        while not self.ended:
            try:
                await self._serve()
                error: EtcdError = UnavailableError("the server ended the stream", method=METHOD)
            except EtcdError as broken:
                error = broken
            finally:
                self._requests = None
                self._state.broken()
            if not self.ended:
                await self._recover(error)

    async def _serve(self) -> None:
        endpoint, metadata = await self._driver.run(open_stream(self._driver.session, frozenset()))
        self._token = token_of(metadata)
        requests: asyncio.Queue[Any] = asyncio.Queue()
        call = await self._driver.stream(WATCH, endpoint, _until_none(requests), metadata)
        try:
            self._begin(requests, endpoint)
            async for response in call:
                await self._receive(response, endpoint)
        except grpc.RpcError as error:
            if not self._driver.closing:
                self._driver.session.endpoints.failed(endpoint, time.monotonic())
            self._driver.fail(error, WATCH, endpoint)
        finally:
            call.cancel()
            requests.put_nowait(None)

    def _begin(self, requests: "asyncio.Queue[Any]", endpoint: Endpoint) -> None:
        self._requests = requests
        self._state.endpoint = endpoint.address
        for request in self._state.restart():
            requests.put_nowait(request)

    async def _receive(self, response: Any, endpoint: Endpoint) -> None:
        for effect in self._state.receive(response):
            await self._apply(effect, endpoint)

    async def _apply(self, effect: Effect, endpoint: Endpoint) -> None:
        if isinstance(effect, Batch):
            self._deliver(effect)
        elif isinstance(effect, Created):
            self._created(effect.cursor, endpoint)
        elif isinstance(effect, Ended):
            self._end(effect.cursor, effect.error)
        elif isinstance(effect, Pin):
            await self._pin(effect.cursor)
        elif isinstance(effect, Ask):
            self._ask(effect)
        else:
            raise effect.error

    def _deliver(self, batch: Batch) -> None:
        mailbox = self._mailboxes.get(batch.cursor)
        if mailbox is not None and mailbox.put(batch.response):
            # Nobody takes its events: the server forgets it, and it resumes where it was once they are taken.
            self._cancel(batch.cursor)

    def _created(self, cursor: Cursor, endpoint: Endpoint) -> None:
        self._backoff.reset()
        self._token_refusals = 0
        self._driver.session.endpoints.succeeded(endpoint)
        mailbox = self._mailboxes.get(cursor)
        if mailbox is not None:
            mailbox.created()

    async def _pin(self, cursor: Cursor) -> None:
        mailbox = self._mailboxes.get(cursor)
        if mailbox is None:
            return
        try:
            await self._watches.pin(mailbox)
        except EtcdError as error:
            self._end(cursor, error)
            return
        self._create(cursor)

    def _ask(self, effect: Ask) -> None:
        if self._requests is not None:
            self._requests.put_nowait(effect.request)

    def _end(self, cursor: Cursor, error: EtcdError) -> None:
        mailbox = self._mailboxes.pop(cursor, None)
        if mailbox is not None:
            mailbox.end(error)

    # ---- after the stream broke

    async def _recover(self, error: EtcdError) -> None:
        if not self._may_resume(error):
            self._give_up(error)
            return
        if self._driver.metrics is not None:
            self._driver.metrics.watch_resumed(reason(error))
        if isinstance(error, TOKEN_REFUSED):
            await self._renew()
        elif not isinstance(error, CreationRefusedError):
            await asyncio.sleep(self._backoff.seconds())

    def _may_resume(self, error: EtcdError) -> bool:
        if not isinstance(error, TOKEN_REFUSED):
            return may_resume(error)
        self._token_refusals += 1
        return self._driver.session.credentials.can_renew and self._token_refusals <= TOKEN_RENEWALS

    async def _renew(self) -> None:
        try:
            await self._driver.renew(self._token)
        except EtcdError as error:
            if not may_resume(error):
                self._give_up(error)
            await asyncio.sleep(self._backoff.seconds())

    def _give_up(self, error: EtcdError) -> None:
        self.ended = True
        mailboxes = list(self._mailboxes.values())
        self._mailboxes.clear()
        for mailbox in mailboxes:
            mailbox.end(error)


async def _until_none(requests: "asyncio.Queue[Any]") -> AsyncIterator[Any]:
    while (request := await requests.get()) is not None:
        yield request
