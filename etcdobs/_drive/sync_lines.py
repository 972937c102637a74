"""Waits for loads and dumps by blocking: threads that send what was read, and one, the caller's, that does all else."""

import contextvars
import threading
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

from etcdobs._batch import MAX_UNDER_WAY
from etcdobs._batch_entry import METHOD, Entries
from etcdobs._call import Call
from etcdobs._drive.line_file import lines_of, target_of
from etcdobs._drive.sync import Driver
from etcdobs._drive.sync_pages import scanned_pages
from etcdobs._drive.uninterrupted import CLOSING, join, within
from etcdobs._dump import Dumping
from etcdobs._load import Loading
from etcdobs.errors import EtcdError


def dumped(driver: Driver, dumping: Dumping, namespace: bytes) -> int:
    """Write all lines; how many keys there were."""
    dumping.namespace = namespace
    with target_of(dumping) as file, closing(scanned_pages(driver, dumping.cursor, namespace)) as found:
        for kvs in found:
            file.write(dumping.add(kvs))
            dumping.tell()
        file.write(dumping.finish())
    return dumping.count


def loaded(driver: Driver, loading: Loading) -> int:
    """Write all keys; how many there were."""
    driver.check_usable(METHOD)
    with lines_of(loading.source) as lines, closing(_Senders(driver)) as senders:
        try:
            loading.begin(lines)
            return _sent(senders, loading)
        except BaseException as error:
            senders.close()
            for entries in senders.written():
                loading.late(entries)
            loading.broken_off(error)
            raise


def _sent(senders: "_Senders", loading: Loading) -> int:
    while True:
        while entries := loading.next():
            senders.send(entries, loading.call(entries))
        if not senders.under_way:
            return loading.finish()
        entries, error = senders.answer()
        if error is None:
            loading.settled(entries)
        elif isinstance(error, EtcdError):
            loading.refused(entries, error)
        else:
            raise error


class _Senders:
    """Threads that send, one transaction each at a time."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        # A Ctrl-C leaves neither of them locked, as it may what `threading` has.
        self._asked: SimpleQueue[tuple[Entries, Call[Any]] | None] = SimpleQueue()
        self._closed = False
        self._answered: SimpleQueue[tuple[Entries, Exception | None]] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self.under_way = 0

    def send(self, entries: Entries, call: Call[Any]) -> None:
        """Have `call` sent, which carries out `entries`."""
        self.under_way += 1
        if len(self._threads) < min(self.under_way, MAX_UNDER_WAY * 2):
            context = contextvars.copy_context()
            thread = threading.Thread(target=context.run, args=(self._run,), name="etcdobs-load", daemon=True)
            self._threads.append(thread)
            self._driver.start(thread)
        self._asked.put((entries, call))

    def _run(self) -> None:
        while (asked := self._asked.get()) is not None and not self._closed:
            entries, call = asked
            error: Exception | None = None
            try:
                self._driver.call(call)
            except Exception as failure:  # noqa: BLE001 - the caller's thread tells it
                error = failure
            self._answered.put((entries, error))

    def answer(self) -> tuple[Entries, Exception | None]:
        """The next transaction that ended, and the error it ended with."""
        answered = self._answered.get()
        self.under_way -= 1
        return answered

    def written(self) -> Iterator[Entries]:
        """The entries of those that ended well, and that nobody asked for."""
        while True:
            try:
                entries, error = self._answered.get_nowait()
            except Empty:
                return
            if error is None:
                yield entries

    def close(self) -> None:
        """Send no more; what is under way has as long as closing may take."""
        if self._closed:
            return
        self._closed = True
        for _ in self._threads:
            self._asked.put(None)
        within(CLOSING, [partial(join, thread) for thread in self._threads])
