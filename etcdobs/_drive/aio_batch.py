"""Waits for batched operations by awaiting: a task for each transaction that is under way, and no other.

Whoever reads while nothing is under way, and has nobody to go with, sends that itself. Not so whoever writes: when that
is cancelled, the write has still to be over before the next one of its key.
"""

import asyncio
import math
from collections.abc import Awaitable
from functools import partial
from itertools import chain
from typing import Any, TypeVar

from etcdobs._batch import Batching
from etcdobs._batch_entry import METHOD, Entries, Entry, transaction
from etcdobs._call import CLIENT_DEFAULT, Timeout, checked_timeout
from etcdobs._drive.aio import Driver
from etcdobs.errors import EtcdError

T = TypeVar("T")


class Batcher:
    """Sends the operations of many tasks together. For one event loop."""

    def __init__(self, driver: Driver, max_ops: int) -> None:
        self._driver = driver
        self._batching = Batching(max_ops, _is_over)
        # What is under way, and the task that waits for it, by the identity of the list.
        self._sending: dict[int, tuple[Entries, asyncio.Task[None]]] = {}
        # One for all: one for each operation would cost more than sending it.
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = math.inf
        # True where `_send_all` is called when this turn of the loop is over: one look serves all who ask in it.
        self._due = False
        self._loop: asyncio.AbstractEventLoop
        # Done once the read is over that its caller sends.
        self._alone: asyncio.Future[None] | None = None
        self._closed = False
        driver.close_with_me(self)

    @property
    def state(self) -> str:
        """What a repr says of it."""
        return self._batching.state(self._closed)

    def ask(self, entry: Entry[T], timeout: Timeout) -> Awaitable[T]:
        """What to await at once: the result of `entry`, within `timeout` seconds."""
        session = self._driver.session
        seconds = session.timeout if timeout is CLIENT_DEFAULT else session.seconds(checked_timeout(timeout))
        try:
            loop, may_go_alone = asyncio.get_running_loop(), False
        except RuntimeError:  # in a child that was forked here
            self._driver.check_usable(METHOD)
            raise
        if self._closed or not self._due or loop is not self._loop:
            self._check(entry)
            may_go_alone = not (entry.is_write or self._batching.lane(entry).under_way)
            self._due, self._loop = True, loop
            if not may_go_alone:
                loop.call_soon(self._send_all)
        waiter: asyncio.Future[T] = asyncio.Future(loop=loop)  # as its `create_future`, without another call
        entry.waiter = waiter
        self._batching.add(entry)
        if seconds is not None:
            entry.deadline = deadline = loop.time() + seconds
            if deadline < self._timer_at:
                self._set_timer(deadline)
        return self._first(entry, timeout) if may_go_alone else waiter

    def _check(self, entry: Entry[Any]) -> None:
        self._driver.check_usable(METHOD)
        self._driver.enter_loop()
        if self._closed:
            raise entry.closed("the batch is closed")

    async def _first(self, entry: Entry[T], timeout: Timeout) -> T:
        """Send once all tasks that can run have run: they ask together what they were woken together for."""
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            entry.waiter.cancel()
            self._send_all()
            raise
        if self._send_all(entry):
            return await self._sent_alone(entry, timeout)
        result: T = await entry.waiter
        return result

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

    def _set_timer(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = when
        self._timer = None if when == math.inf else self._loop.call_at(when, self._expire)

    def _expire(self) -> None:
        now, nearest = self._loop.time(), math.inf
        for entry in chain(self._batching.waiting(), *[entries for entries, _ in self._sending.values()]):
            if entry.deadline is None or entry.waiter.done():
                continue
            if entry.deadline <= now:
                _tell(entry, entry.expired())
            else:
                nearest = min(nearest, entry.deadline)
        self._set_timer(nearest)

    def _go_on(self) -> None:
        """Send what waited."""
        self._stop_timer_when_over()
        if self._batching.is_due and not self._due:
            self._due, self._loop = True, asyncio.get_running_loop()
            self._loop.call_soon(self._send_all)

    def _send_all(self, asker: Entry[Any] | None = None) -> bool:
        """True where all that `asker` would go with is itself: then it is left to be sent."""
        self._due = is_alone = False
        while entries := self._batching.next():
            if len(entries) == 1 and entries[0] is asker:
                is_alone = True
                continue
            task = asyncio.create_task(self._send(entries), name="etcdobs-batch")
            self._sending[id(entries)] = entries, task
            task.add_done_callback(partial(self._over, entries))
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
            self._end(entries, error if isinstance(error, Exception) else None)
            if not isinstance(error, Exception):
                raise
        else:
            self._batching.settled(entries)
            for entry, result in zip(entries, results, strict=True):
                waiter = entry.waiter
                if not waiter.done():
                    waiter.set_result(result)
        finally:
            self._sending.pop(id(entries), None)
            self._go_on()

    def _end(self, entries: Entries, error: Exception | None) -> None:
        """None of them was answered; None: they were cancelled."""
        self._batching.settled(entries)
        for entry in entries:
            _tell(entry, error or entry.closed("its transaction was cancelled"))

    def _over(self, entries: Entries, _: asyncio.Task[None]) -> None:
        if self._sending.pop(id(entries), None) is not None:  # cancelled before it began
            self._end(entries, None)
            self._go_on()

    async def finish(self) -> None:
        """Take no more, and wait until all that was asked for is answered; in a forked child nothing is."""
        if self._driver.forked:
            return
        self._closed = True
        while not self._batching.is_idle:
            if self._alone is not None:
                await asyncio.wait([self._alone])
            tasks = [task for _, task in self._sending.values()]
            await (asyncio.wait(tasks) if tasks else asyncio.sleep(0))
        self._set_timer(math.inf)

    async def close(self) -> None:
        """Take no more: the client is closed, and what is under way ends with its connections."""
        self._closed = True
        self._stop_timer_when_over()

    def _stop_timer_when_over(self) -> None:
        if self._closed and self._batching.is_idle:
            self._set_timer(math.inf)

    def abandon(self) -> None:
        """Begin anew: the event loop is over, and with it all who waited."""
        self._batching = Batching(self._batching.max_ops, _is_over)
        self._sending.clear()
        self._timer = self._alone = None
        self._timer_at = math.inf
        self._due = False


def _is_over(entry: Entry[Any]) -> bool:
    """Whoever is cancelled cancels the future that he waits for: nobody has to say so."""
    over: bool = entry.waiter.done()
    return over


def _tell(entry: Entry[Any], error: Exception) -> None:
    if not entry.waiter.done():
        entry.waiter.set_exception(error)
