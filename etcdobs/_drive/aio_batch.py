"""Waits for batched operations by awaiting: a task for each transaction that is under way, and no other."""

import asyncio
import math
from typing import Any, TypeVar

from etcdobs._batch import METHOD, Batching, Entries, Entry, transaction
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
            self._watch(entry, loop)
        self._batching.add(entry)
        self._soon(loop)
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

    def _watch(self, entry: Entry[Any], loop: asyncio.AbstractEventLoop) -> None:
        """Have one timer for all: one for each operation would cost more than sending it."""
        self._timed.add(entry)
        assert entry.deadline is not None
        if self._timer is None or entry.deadline < self._timer.when():
            self._set_timer(loop, entry.deadline)

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

    def _send_all(self) -> None:
        self._due = False
        while entries := self._batching.next():
            task = asyncio.create_task(self._send(entries), name="etcdobs-batch")
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

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
            self._soon(asyncio.get_running_loop())

    async def finish(self) -> None:
        """Take no more, and wait until all that was asked for is answered."""
        self._closed = True
        while not self._batching.is_idle:
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
        self._timer = None
        self._due = False


def _deadline(entry: Entry[Any]) -> float:
    return math.inf if entry.deadline is None else entry.deadline


def _tell(entry: Entry[Any], error: Exception) -> None:
    if not entry.waiter.done():
        entry.waiter.set_exception(error)
