"""Decides how lines become transactions: what goes together, how far they are written, what a failure says. No I/O.

    next()                      what goes into one transaction now; empty: nothing
    call(entries)               those as a call
    settled(entries)            they were answered
    refused(entries, error)     they were not
    finish()                    nothing is under way any more: how many were written, or what was wrong

What goes together, and that no two transactions under way write the same key, is decided as for a batch (`_batch`).
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import repeat
from os import PathLike
from typing import Any

from etcdobs._batch import MAX_BYTES, MAX_OPS, MAX_UNDER_WAY, Batching
from etcdobs._batch_entry import OVERHEAD, Entries, Entry, asked
from etcdobs._call import (
    CLIENT_DEFAULT,
    AtLeastOnce,
    Call,
    Timeout,
    checked_int,
    checked_plain,
    checked_retry,
    checked_timeout,
    refuse_coroutine,
)
from etcdobs._lines import Reading
from etcdobs._wire import etcdserverpb as pb
from etcdobs.errors import EtcdError

Source = str | PathLike[str] | Iterable[str | bytes]
Progress = Callable[[int], object]


def load(
    source: Source,
    *,
    start: int = 1,
    max_ops: int = MAX_OPS,
    progress: Progress | None = None,
    retry: AtLeastOnce | None = None,
    timeout: Timeout = CLIENT_DEFAULT,
) -> "Loading":
    """Writes keys from lines of JSON, many in one transaction; returns how many were written.

    A line is `{"key": ..., "value": ...}`; bytes that are not UTF-8 are in base64 as `key_base64`, `value_base64`.
    That is what `dump` makes; the keys hang on no lease. Of lines with the same key the last one wins. A transaction
    is sent at most once, unless `retry` says so: one whose outcome is unknown ends the load. Whoever goes on with the
    `start` that the error's note tells puts its lines again, and those that are written behind it.

    Args:
        source: a file's name, or the lines themselves, such as a file that is open. `AsyncClient` reads the file of
            that name in a thread, and what it is given as lines in the event loop.
        start: the number of the first line to load, from 1: those before it are left out.
        max_ops: keys in one transaction; where the server allows fewer, it is asked for fewer.
        progress: a plain function, called with the number of a line up to which all are written: one more is where to
            start again.
        retry: "at_least_once": send a transaction again where it may have been applied already. It may then be applied
            twice, the second time over what others wrote in between, and even after the load has returned.
        timeout: seconds for each transaction; left out: the client's; None: no deadline.

    Raises:
        ValueError: a line is wrong; the message tells its number, and all lines before it are written.
        TypeError: a line is neither str nor bytes: likewise.
        EtcdError: of a transaction, with `outcome_unknown` where some lines may or may not be written.

    Notes of whatever it raises tell up to which line all are written, and which others may be.
    """
    return Loading(source, start=start, max_ops=max_ops, progress=progress, retry=retry, timeout=timeout)


class _LineEntry(Entry[None]):
    """The put of one line. There are millions: it has no deadline of its own, and nobody to wake."""

    def __init__(self, line: int, key: bytes, value: bytes) -> None:
        self.line = line
        self.key, self.value = key, value
        self.size = len(key) + len(value) + OVERHEAD

    def ask(self, operation: pb.RequestOp) -> None:
        put = operation.request_put
        put.key, put.value = self.key, self.value


class Loading:
    """Lines on their way into the store."""

    def __init__(
        self,
        source: Source,
        *,
        start: int,
        max_ops: int,
        progress: Progress | None,
        retry: AtLeastOnce | None,
        timeout: Timeout,
    ) -> None:
        if isinstance(source, (bytes, bytearray)) or not isinstance(source, (str, PathLike, Iterable)):
            raise TypeError(f"source must be a file's name or its lines, not {type(source).__name__}")
        self.source: Source = source
        self._start = checked_int("start", start, least=1)
        self._progress: Progress | None = None if progress is None else checked_plain("progress", progress)
        self._retry: AtLeastOnce | None = checked_retry(retry)
        self._timeout = checked_timeout(timeout)
        self._batching = Batching(max_ops)
        self._window = (MAX_UNDER_WAY + 1) * max_ops
        self._reading = Reading()
        self._lines: Iterator[str | bytes] | None = None
        # Those that were read and not written yet, in their order.
        self._waiting: dict[int, _LineEntry] = {}
        self._size = self._written = 0
        # The last line that is written: before it may be some that are not.
        self._furthest = 0
        # All lines up to this one were read, and nothing was wrong with them.
        self._taken = self._told = self._start - 1
        self._error: Exception | None = None

    def begin(self, lines: Iterable[str | bytes]) -> None:
        """These are the lines of the source."""
        self._lines = iter(lines)
        for _ in repeat(None, self._start - 1):
            if next(self._lines, None) is None:
                raise ValueError(f"start is {self._start}, and there are {self._reading.number} lines")
            self._reading.skip()

    @property
    def line(self) -> int:
        """All lines up to this one are written."""
        return next(iter(self._waiting), self._taken + 1) - 1

    def next(self) -> Entries:
        """What goes into one transaction now."""
        if self._lines is not None and self._has_room:
            self._read(self._lines)
        return self._batching.next()

    @property
    def _has_room(self) -> bool:
        return len(self._waiting) < self._window and self._size < MAX_BYTES * MAX_UNDER_WAY

    def _read(self, lines: Iterator[str | bytes]) -> None:
        for line in lines:
            try:
                found = self._reading.read(line)
            except (ValueError, TypeError) as error:
                self._lines, self._error = None, error
                return
            number = self._reading.number
            if found is not None:
                entry = self._waiting[number] = _LineEntry(number, *found)
                self._size += entry.size
                self._batching.add(entry)
            # Last: a Ctrl-C before this makes no line one that is written.
            self._taken = number
            if not self._has_room:
                return
        self._end()

    def _end(self) -> None:
        self._lines = None
        try:
            self._reading.finish()
        except ValueError as error:
            self._error = error

    def call(self, entries: Entries) -> Call[None]:
        """The transaction of `entries`."""
        return asked(entries, _nothing, self._timeout, self._retry)

    def settled(self, entries: Entries) -> None:
        """`entries` are written."""
        self._batching.settled(entries)
        self.late(entries)
        self._tell()

    def late(self, entries: Entries) -> None:
        """`entries` are written, as was found when the load had been broken off."""
        self._written += len(entries)
        written = [entry.line for entry in entries if isinstance(entry, _LineEntry)]
        self._furthest = max(self._furthest, *written)
        for line in written:
            # A Ctrl-C may have been here before.
            self._waiting.pop(line, None)
        self._size -= sum([entry.size for entry in entries])

    def _tell(self) -> None:
        if self._progress is not None and self.line > self._told:
            self._told = self.line
            refuse_coroutine("progress", self._progress(self._told))

    def refused(self, entries: Entries, error: EtcdError) -> None:
        """`entries`, once sent together, have failed with `error`; where it is no fault of one of them, all is over."""
        for entry, own in self._batching.refused(entries, error):
            assert isinstance(entry, _LineEntry)
            entry.sent = own.outcome_unknown
            self._fail(entry.line, own)

    def _fail(self, line: int, error: EtcdError) -> None:
        if isinstance(self._error, EtcdError):
            self._error.outcome_unknown |= error.outcome_unknown
        else:
            self._error = error
            if not error.outcome_unknown:
                error.add_note(f"line {line} was not written")
        self._lines = None
        for entry in self._waiting.values():
            entry.dropped = True

    def finish(self) -> int:
        """How many keys were written; raises what was wrong."""
        self._tell()
        if self._error is None:
            return self._written
        self._note(self._error)
        raise self._error

    def broken_off(self, error: BaseException) -> None:
        """It ends with this error, which is told how far it came."""
        if error is not self._error and self._reading.number >= self._start:
            self._note(error)

    def _note(self, error: BaseException) -> None:
        first, last = self._uncertain()
        if first <= last:
            which = f"line {first}" if first == last else f"lines of {first} to {last}"
            error.add_note(f"{which} may or may not be written, and may be loaded again")
        error.add_note(f"all lines up to {self.line} are written: start={self.line + 1} goes on there")

    def _uncertain(self) -> tuple[int, int]:
        """Behind those up to which all are written, the first and the last line that is or may be; or none."""
        unsent = {line for line, entry in self._waiting.items() if not entry.sent}
        first = self.line + 1
        while first in unsent:
            first += 1
        return first, max([self._furthest, *(line for line in self._waiting if line not in unsent)])


def _nothing(_reply: Any) -> None: ...
