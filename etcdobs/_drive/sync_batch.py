"""Waits for batched operations by blocking: threads that send, as many as may be under way, and end when idle.

Whoever asks while nothing is under way sends that itself: nobody has to wake it.
"""

import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Any, TypeVar

from etcdobs._batch import MAX_UNDER_WAY, Batching
from etcdobs._batch_entry import METHOD, Entries, Entry, transaction
from etcdobs._call import CLIENT_DEFAULT, Timeout, checked_timeout
from etcdobs._drive.sync import Driver
from etcdobs._drive.uninterrupted import join
from etcdobs.errors import ClosedError, EtcdError

T = TypeVar("T")

# Seconds after which a thread that has nothing to send ends.
_IDLE = 2.0
# Seconds for which those who are woken may wake one another; then all that are left are.
_RELAY = 0.005


class _Waiter:
    """What one caller blocks on, and what it is woken for."""

    __slots__ = ("error", "lock", "relay", "result")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.lock.acquire()
        self.result: Any = None
        self.error: Exception | None = None
        self.relay: _Relay | None = None


class _Relay:
    """Wakes those who wait one by the other: all at once they would fight for the interpreter's lock."""

    __slots__ = ("_over", "_rest")

    def __init__(self, waiters: list[_Waiter]) -> None:
        self._rest = iter(waiters)
        self._over = threading.Event()
        for waiter in waiters:
            waiter.relay = self

    def run(self) -> None:
        """Wake all; returns when they have been, so that what they ask for next goes together."""
        self.pass_on()
        if not self._over.wait(_RELAY):
            for waiter in self._rest:
                waiter.lock.release()

    def pass_on(self) -> None:
        """Wake the next one."""
        waiter = next(self._rest, None)
        if waiter is None:
            self._over.set()
        else:
            waiter.lock.release()


class Batcher:
    """Sends the operations of many threads together."""

    def __init__(self, driver: Driver, max_ops: int) -> None:
        self._driver = driver
        self._batching = Batching(max_ops)
        # Callers contend for no lock: they put what they ask for here, and the threads that send fetch it.
        self._inbox: deque[Entry[Any]] = deque()
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        # What a caller sent itself, and others wait behind: a thread lets them go, where no Ctrl-C can break it off.
        self._over: deque[Entry[Any]] = deque()
        self._none_alone = threading.Condition(self._lock)
        self._threads: set[threading.Thread] = set()
        self._idle = 0
        # Those who wait for the server, which is as long as the connection lasts.
        self._asking: set[threading.Thread] = set()
        self._called = False
        self._closed = False
        driver.close_with_me(self)

    @property
    def state(self) -> str:
        """What a repr says of it."""
        return self._batching.state(self._closed)

    def call(self, entry: Entry[T], timeout: Timeout) -> T:
        """The result of `entry`, within `timeout` seconds."""
        session = self._driver.session
        seconds = session.timeout if timeout is CLIENT_DEFAULT else session.seconds(checked_timeout(timeout))
        self._driver.check_usable(METHOD)
        if self._closed:
            raise entry.closed("the batch is closed")
        if not self._inbox and not self._batching.lane(entry).under_way:
            try:
                if self._goes_alone(entry):
                    return self._driver.call(entry.call(timeout))
            finally:
                try:
                    self._back(entry)
                except BaseException:
                    self._back(entry)  # what a Ctrl-C broke off
                    raise
        entry.waiter = waiter = _Waiter()
        if seconds is not None:
            entry.deadline = time.monotonic() + seconds
        self._submit(entry)
        return self._result(entry, waiter, seconds)

    def _goes_alone(self, entry: Entry[Any]) -> bool:
        with self._lock:
            if self._closed or self._inbox or not self._batching.alone(entry):
                return False
        if self._driver.metrics is not None:
            self._driver.metrics.batched(1)
        return True

    def _back(self, entry: Entry[Any]) -> None:
        """It is over, if it went alone; may be told again."""
        with self._lock:
            if not self._batching.back(entry):
                self._over.append(entry)
            if self._over or self._inbox or self._batching.is_due:
                self._call_thread()
            if self._closed:
                self._none_alone.notify_all()

    def _submit(self, entry: Entry[Any]) -> None:
        self._inbox.append(entry)
        if self._closed:
            # Whoever sends may have ended meanwhile.
            raise entry.closed("the batch is closed")
        is_due = not self._batching.lane(entry).under_way or len(self._inbox) >= self._batching.max_ops
        if is_due and not self._called:
            with self._changed:
                self._call_thread()

    def _result(self, entry: Entry[T], waiter: _Waiter, seconds: float | None) -> T:
        try:
            arrived = waiter.lock.acquire(timeout=-1 if seconds is None else min(seconds, threading.TIMEOUT_MAX))
        except BaseException:
            entry.dropped = True
            raise
        if not arrived:
            raise entry.expired()
        if waiter.relay is not None:
            waiter.relay.pass_on()
        if waiter.error is not None:
            raise waiter.error
        result: T = waiter.result
        return result

    def _call_thread(self) -> None:
        if self._driver.closing.is_set():
            return  # nobody would wait for its end: `close` tells those whom it would send for
        if self._idle:
            self._changed.notify()
            self._called = True
        elif len(self._threads) < 2 * MAX_UNDER_WAY:
            thread = threading.Thread(target=self._run, name="etcdobs-batch", daemon=True)
            self._driver.start(thread)
            self._threads.add(thread)
            self._called = True

    def _run(self) -> None:
        while entries := self._take():
            self._send(entries)

    def _take(self) -> Entries:
        with self._changed:
            stays = True
            while not (entries := self._next()):
                if self._closed:
                    break
                if not stays:
                    self._threads.discard(threading.current_thread())
                    break
                stays = self._wait()
            return entries

    def _next(self) -> Entries:
        # Before the inbox is emptied: who finds this set need not call, since what it asks for will be found.
        self._called = False
        self._go_on()
        while self._inbox:
            self._batching.add(self._inbox.popleft())
        entries = self._batching.next()
        if self._batching.is_due:
            self._call_thread()
        return entries

    def _go_on(self) -> None:
        """Let go what waits behind those that went alone, and are over."""
        while self._over:
            if not self._batching.back(entry := self._over.popleft()):
                self._batching.settled([entry])
        if self._closed:
            self._none_alone.notify_all()

    def _wait(self) -> bool:
        """False when nobody had anything to send for long."""
        self._idle += 1
        try:
            return self._changed.wait(_IDLE)
        finally:
            self._idle -= 1

    def _send(self, entries: Entries) -> None:
        if self._driver.metrics is not None:
            self._driver.metrics.batched(len(entries))
        try:
            results = self._ask(entries)
        except EtcdError as error:
            with self._changed:
                told = self._batching.refused(entries, error)
            _fail(told)
        except Exception as error:  # noqa: BLE001 - nobody else would tell those who wait
            self._settle(entries)
            _fail([(entry, error) for entry in entries])
        else:
            for entry, result in zip(entries, results, strict=True):
                entry.waiter.result = result
            _Relay([entry.waiter for entry in entries]).run()
            self._settle(entries)

    def _ask(self, entries: Entries) -> list[Any]:
        thread = threading.current_thread()
        self._asking.add(thread)
        try:
            return self._driver.call(transaction(entries, time.monotonic()))
        finally:
            self._asking.discard(thread)

    def _settle(self, entries: Entries) -> None:
        with self._changed:
            self._batching.settled(entries)

    def finish(self) -> None:
        """Take no more, and wait until all that was asked for is answered; in a forked child nothing is."""
        if self._driver.forked:
            return
        self.close()
        with self._lock:
            while self._batching.has_alone:
                self._none_alone.wait()
        while threads := self._alive():
            for thread in threads:
                thread.join()

    def _alive(self) -> list[threading.Thread]:
        with self._changed:
            self._threads = {thread for thread in self._threads if thread.is_alive()}
            return list(self._threads)

    def close(self) -> None:
        """Take no more: threads end once they have nothing to send; those that wait for no answer have ended."""
        with self._changed:
            self._closed = True
            unsent = self._give_up() if self._driver.closing.is_set() else []
            self._changed.notify_all()
            ending = self._threads - self._asking
        _fail([(entry, entry.closed(ClosedError.message)) for entry in unsent])
        for thread in ending:
            join(thread)

    def _give_up(self) -> list[Entry[Any]]:
        unsent = [*self._batching.give_up(), *self._inbox]
        self._inbox.clear()
        self._go_on()
        return unsent


def _fail(told: Sequence[tuple[Entry[Any], Exception]]) -> None:
    for entry, error in told:
        entry.waiter.error = error
        entry.waiter.lock.release()
