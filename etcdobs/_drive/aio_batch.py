"""Waits for batched operations by awaiting: a task for each transaction that is under way, and no other.

Whoever reads while nothing is under way, and has nobody to go with, sends that itself. Not so whoever writes: when that
is cancelled, the write has still to be over before the next one of its key.
"""

import asyncio
import math
from typing import Any, TypeVar

from etcdobs._batch import Batching
from etcdobs._batch_entry import METHOD, Entries, Entry, transaction
from etcdobs._call import Timeout, checked_timeout
from etcdobs._drive.aio import Driver
from etcdobs.errors import EtcdError

T = TypeVar("T")


class Batcher:
    """Sends the operations of many tasks together. For one event loop."""

    def __init__(self, driver: Driver, max_ops: int) -> None:
        self._driver = driver
        self._batching = Batching(max_ops)
        self._sending: set[asyncio.Task[None]] = set()
        self._timed: set[Entry[Any]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._due = False
        # Done once the read is over that its caller sends.
        self._alone: asyncio.Future[None] | None = None
        self._closed = False
        driver.close_with_me(self)

    @property
    def state(self) -> str:
        """What a repr says of it."""
        return self._batching.state(self._closed)

    async def call(self, entry: Entry[T], timeout: Timeout) -> T:
        """The result of `entry`, within `timeout` seconds."""
        seconds = self._driver.session.seconds(checked_timeout(timeout))
        self._driver.check_usable(METHOD)
        self._driver.enter_loop()
        if self._closed:
            raise entry.closed("the batch is closed")
        loop = asyncio.get_running_loop()
        entry.waiter = loop.create_future()
        if seconds is not None:
            entry.deadline = loop.time() + seconds
        may_go_alone = not (self._due or entry.is_write or self._batching.lane(entry).under_way)
        self._batching.add(entry)
        if not may_go_alone:
            self._soon(loop)
        elif await self._goes_alone(entry):
            return await self._sent_alone(entry, timeout)
        return await self._result(entry, loop)

    async def _goes_alone(self, entry: Entry[Any]) -> bool:
        """Send once all tasks that can run have run, as `_soon`; True when they asked for nothing."""
        self._due = True
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            entry.dropped = True
            self._send_all()
            raise
        return self._send_all(entry)

    async def _sent_alone(self, entry: Entry[T], timeout: Timeout) -> T:
        if self._driver.metrics is not None:
            self._driver.metrics.batched(1)
        self._alone = over = entry.waiter
        try:
            return await self._driver.call(entry.call(timeout))
        finally:
            over.set_result(None)
            self._alone = None
            self._batching.settled([entry])
            self._go_on()

    async def _result(self, entry: Entry[T], loop: asyncio.AbstractEventLoop) -> T:
        if entry.deadline is not None:
            self._watch(entry, entry.deadline, loop)
        try:
            result: T = await entry.waiter
            return result
        except asyncio.CancelledError:
            entry.dropped = True
            if not entry.waiter.cancelled():
                entry.waiter.exception()
            raise
        finally:
            self._timed.discard(entry)

    def _watch(self, entry: Entry[Any], deadline: float, loop: asyncio.AbstractEventLoop) -> None:
        """Have one timer for all: one for each operation would cost more than sending it."""
        self._timed.add(entry)
        if self._timer is None or deadline < self._timer.when():
            self._set_timer(loop, deadline)

    def _set_timer(self, loop: asyncio.AbstractEventLoop, when: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if when is None else loop.call_at(when, self._expire, loop)

    def _expire(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for entry in [entry for entry in self._timed if _deadline(entry) <= now]:
            self._timed.discard(entry)
            _tell(entry, entry.expired())
        self._set_timer(loop, min(map(_deadline, self._timed), default=None))

    def _soon(self, loop: asyncio.AbstractEventLoop) -> None:
        """Send once all tasks that can run have run: they ask together what they were woken together for."""
        if not self._due:
            self._due = True
            loop.call_soon(self._send_all)

    def _go_on(self) -> None:
        """Send what waited."""
        if self._batching.is_due:
            self._soon(asyncio.get_running_loop())

    def _send_all(self, asker: Entry[Any] | None = None) -> bool:
        """True where all that `asker` would go with is itself: then it is left to be sent."""
        self._due = is_alone = False
        while entries := self._batching.next():
            if len(entries) == 1 and entries[0] is asker:
                is_alone = True
                continue
            task = asyncio.create_task(self._send(entries), name="etcdobs-batch")
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        return is_alone

    async def _send(self, entries: Entries) -> None:
        if self._driver.metrics is not None:
            self._driver.metrics.batched(len(entries))
        try:
            results = await self._driver.call(transaction(entries, asyncio.get_running_loop().time()))
        except EtcdError as error:
            for entry, own in self._batching.refused(entries, error):
                _tell(entry, own)
        except BaseException as error:
            self._batching.settled(entries)
            for entry in entries:
                _tell(entry, error if isinstance(error, Exception) else entry.closed("its transaction was cancelled"))
            if not isinstance(error, Exception):
                raise
        else:
            self._batching.settled(entries)
            for entry, result in zip(entries, results, strict=True):
                if not entry.waiter.done():
                    entry.waiter.set_result(result)
        finally:
            self._go_on()

    async def finish(self) -> None:
        """Take no more, and wait until all that was asked for is answered; in a forked child nothing is."""
        if self._driver.forked:
            return
        self._closed = True
        while not self._batching.is_idle:
            if self._alone is not None:
                await asyncio.wait([self._alone])
            await (asyncio.wait(self._sending) if self._sending else asyncio.sleep(0))
        self._set_timer(asyncio.get_running_loop(), None)

    async def close(self) -> None:
        """Take no more: the client is closed, and what is under way ends with its connections."""
        self._closed = True

    def abandon(self) -> None:
        """Begin anew: the event loop is over, and with it all who waited."""
        self._batching = Batching(self._batching.max_ops)
        self._sending.clear()
        self._timed.clear()
        self._timer = self._alone = None
        self._due = False


def _deadline(entry: Entry[Any]) -> float:
    return math.inf if entry.deadline is None else entry.deadline


def _tell(entry: Entry[Any], error: Exception) -> None:
    if not entry.waiter.done():
        entry.waiter.set_exception(error)
