"""Waits, for one watcher, between the stream's task and its user's: both meet at its bounded inbox."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

from etcdobs._drive.readings import Arrivals
from etcdobs._inbox import Inbox
from etcdobs._retry import reason
from etcdobs._watch import Cursor, not_created
from etcdobs.errors import ConnectionFailedError, EtcdError
from etcdobs.observe.spans import Origin
from etcdobs.types import WatchResponse

T = TypeVar("T")


class Mailbox:
    """Where the stream's task leaves what the user's task takes."""

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
        self._waiting: list[asyncio.Future[None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    # ---- called from the stream's task

    def created(self) -> str | None:
        """The server has the watch; returns what broke the stream that it was on before, None: it was on none."""
        self._created = True
        cause, self._broken_by = self._broken_by, None
        self._wake()
        return cause

    def broken(self, error: EtcdError) -> bool:
        """The stream broke, or could not be opened; True when the watch was on it, and has to be resumed."""
        self._unconnected = error if isinstance(error, ConnectionFailedError) else None
        was_on_it = self._created and not self.parked and self._broken_by is None
        if was_on_it:
            self._broken_by = reason(error)
        self._wake()
        return was_on_it

    def put(self, batch: WatchResponse) -> bool:
        """Keep a batch; True when the inbox is full with it and nothing more should be fetched."""
        self.parked = self.inbox.put(batch)
        self.arrivals.add(batch, self.inbox.revision, time.monotonic())
        self._wake()
        return self.parked

    def end(self, error: EtcdError | None) -> None:
        """Nothing more will come."""
        self.inbox.end(error)
        self._wake()

    # ---- called from the user's task

    async def is_settled_within(self, seconds: float) -> bool:
        """Whether the server has the watch, or refused it, no later than so."""
        return await self._holds(self._is_settled, seconds)

    async def wait_created(self, timeout: float | None, dial_timeout: float, waited: float = 0.0) -> None:
        """Return once the server has the watch; raise what it says otherwise, or that it cannot be connected.

        `waited` is what has passed of both timeouts.
        """
        first = max(0.0, (dial_timeout if timeout is None else min(timeout, dial_timeout)) - waited)
        if not await self._holds(self._is_settled, first):
            left = None if timeout is None else max(0.0, timeout - waited - first)
            await self._holds(lambda: self._is_settled() or self._unconnected is not None, left)
        if self.inbox.error is not None:
            raise self.inbox.error
        if not self._is_settled():
            raise not_created(self._unconnected, timeout, dial_timeout)

    def _is_settled(self) -> bool:
        return self._created or self.inbox.closed

    async def take(self, take: Callable[[], T | None], timeout: float | None) -> T | None:
        """What `take` finds, as soon as it finds something; None once nothing more will come."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (item := take()) is None and not self.inbox.closed:
            if deadline is None:
                await self._news()
            elif not await self._holds(self._has_news, max(0.0, deadline - time.monotonic())):
                raise TimeoutError(f"nothing came within {timeout:g} s")
        if item is None and self.inbox.error is not None:
            raise self.inbox.error
        return item

    def _has_news(self) -> bool:
        return self.inbox.has_more or self.inbox.closed

    async def _holds(self, condition: Callable[[], bool], timeout: float | None) -> bool:
        """True as soon as `condition` holds; False when `timeout` seconds pass first."""
        if timeout is None:
            await self._until(condition)
            return True
        try:
            async with asyncio.timeout(timeout):
                await self._until(condition)
        except TimeoutError:
            return condition()
        return True

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            await self._news()

    def _news(self) -> "asyncio.Future[None]":
        """Done with the next change (an `asyncio.Event` asks for the running loop each time, and is a call more)."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        # One that was cancelled is of no more use, nor is what else is there: whoever waits asks anew after a change.
        self._waiting = [waiter for waiter in self._waiting if not waiter.done()] if self._waiting else []
        waiter: asyncio.Future[None] = asyncio.Future(loop=self._loop)
        self._waiting.append(waiter)
        return waiter

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    def wants_more(self) -> bool:
        """True once, when a full inbox was drained so far that it is time to fetch again."""
        again = self.parked and self.inbox.is_drained and not self.inbox.closed
        self.parked = self.parked and not again
        return again
