"""Decides which operations of many callers go together in one transaction, and what each caller is told. No I/O.

    alone(entry)                a caller asks, and may send that itself, as the call that it is
    back(entry)                 it did
    add(entry)                  a caller asks
    next()                      what goes into one transaction now; empty: nothing
    (`transaction(entries, now)` of `_batch_entry` makes a call of them)
    settled(entries)            they were answered: what waited behind them may go
    refused(entries, error)     who is told of the failure; the others are sent again, in two halves
    give_up()                   the client is closed: who is told that nothing more is sent

What comes while nothing is under way goes at once; the rest goes when a transaction is full, or when one comes back.
Whoever has nobody to go with needs no transaction, and may send that himself. A transaction either reads or writes: a
read may then be repeated like any other, and never waits for a disk. The server refuses one that writes a key twice, so
a write has its key to itself until it is answered, and whatever else is asked of that key waits behind it, in order. A
refused transaction did nothing: where one operation may be to blame it is halved until that one is alone.
"""

from collections import deque
from collections.abc import Callable
from itertools import chain, filterfalse
from operator import attrgetter
from typing import Any

from etcdobs._batch_entry import Entries, Entry
from etcdobs._call import checked_int
from etcdobs.errors import (
    AuthenticationFailedError,
    EtcdError,
    InvalidArgumentError,
    NotFoundError,
    OutOfRangeError,
    PermissionDeniedError,
    RequestTooLargeError,
    ResponseTooLargeError,
    TooManyOpsError,
)

MAX_OPS = 128
"""The server's own `--max-txn-ops`, unless set."""
MAX_BYTES = 512 * 1024
"""Of one transaction: a third of the server's `--max-request-bytes`, unless set."""
MAX_UNDER_WAY = 4
"""Transactions of a kind at a time, all but one of them full: more only crowds the server."""

# One operation may be the reason, and the server did nothing.
_OF_ONE = (
    InvalidArgumentError,
    NotFoundError,
    OutOfRangeError,
    PermissionDeniedError,
    RequestTooLargeError,
    ResponseTooLargeError,
)


class Lane:
    """The reads, or the writes, that may go now, and how many calls for them are under way.

    Attributes:
        alone: the one that its caller sends.
        entries: those that have not gone together yet, the first ones first.
        size: bytes of these.
    """

    def __init__(self) -> None:
        self.under_way = 0
        self.alone: Entry[Any] | None = None
        self.entries: deque[Entry[Any]] = deque()
        self.size = 0
        self._halves: deque[Entries] = deque()

    def add(self, entry: Entry[Any]) -> None:
        """Let `entry` go."""
        self.entries.append(entry)
        self.size += entry.size

    def halve(self, entries: Entries) -> None:
        """`entries` went together, and came back: let them go in two halves."""
        half = len(entries) // 2
        self._halves.extend((entries[:half], entries[half:]))

    def waiting(self) -> list[Entry[Any]]:
        """Those that did not go yet."""
        return [*self.entries, *chain.from_iterable(self._halves)]

    def clear(self) -> None:
        """Let none of them go."""
        self.entries, self._halves, self.size = deque(), deque(), 0

    @property
    def is_empty(self) -> bool:
        return not self.entries and not self._halves

    def is_due(self, max_ops: int, max_bytes: int) -> bool:
        """True when a transaction of these is to be sent now."""
        if self.is_empty or self.under_way >= MAX_UNDER_WAY:
            return False
        is_full = len(self.entries) >= max_ops or self.size >= max_bytes
        return is_full or bool(self._halves) or not self.under_way

    def take(self, max_ops: int, max_bytes: int) -> Entries:
        """The next ones that go together."""
        if self._halves:
            return self._halves.popleft()
        entries = self.entries
        if len(entries) <= max_ops and self.size <= max_bytes:
            self.entries, self.size = deque(), 0
            return list(entries)
        taken: list[Entry[Any]] = []
        left = max_bytes
        while entries and len(taken) < max_ops and (not taken or entries[0].size <= left):
            left -= entries[0].size
            taken.append(entries.popleft())
        self.size -= max_bytes - left
        return taken


class Batching:
    """The operations that were asked for and not answered yet."""

    def __init__(self, max_ops: int, is_over: Callable[[Entry[Any]], bool] = attrgetter("dropped")) -> None:
        """`is_over` tells whether nobody waits for an operation any more."""
        self.max_ops = checked_int("max_ops", max_ops, least=1)
        self._is_over = is_over
        self._max_bytes = MAX_BYTES
        self._reads, self._writes = Lane(), Lane()
        # By the key that a write has to itself; None: nobody yet.
        self._behind: dict[bytes, deque[Entry[Any]] | None] = {}

    def state(self, closed: bool) -> str:
        """What a repr says of it."""
        return f"max_ops={self.max_ops} {'closed' if closed else 'open'}"

    @property
    def is_idle(self) -> bool:
        """True when nobody waits for anything."""
        return not any(lane.under_way or not lane.is_empty for lane in (self._reads, self._writes))

    @property
    def has_alone(self) -> bool:
        """True while a caller sends what it asked for."""
        return self._reads.alone is not None or self._writes.alone is not None

    @property
    def is_due(self) -> bool:
        """True when `next` has something."""
        return any(lane.is_due(self.max_ops, self._max_bytes) for lane in (self._reads, self._writes))

    def lane(self, entry: Entry[Any]) -> Lane:
        """Where `entry` goes."""
        return self._writes if entry.is_write else self._reads

    def alone(self, entry: Entry[Any]) -> bool:
        """Whether its caller is to send `entry`, which is then under way: there is nothing that it could go with."""
        lane = self.lane(entry)
        if lane.under_way or not lane.is_empty or entry.key in self._behind:
            return False
        # All or nothing, even where a Ctrl-C breaks it off: no call comes between.
        if entry.is_write:
            self._behind[entry.key] = None
        lane.under_way += 1
        lane.alone = entry
        return True

    def back(self, entry: Entry[Any]) -> bool:
        """`entry`, if its caller sent it, is over; False where some wait behind it: then it is to be `settled`."""
        lane = self.lane(entry)
        if lane.alone is entry:
            # As above.
            if entry.is_write:
                if self._behind[entry.key]:
                    return False
                del self._behind[entry.key]
            lane.under_way -= 1
            lane.alone = None
        return True

    def add(self, entry: Entry[Any]) -> None:
        """Have `entry` sent as soon as may be."""
        if entry.key not in self._behind:
            # As `_let_go`, without another call: operations come by the thousand.
            if entry.is_write:
                self._behind[entry.key] = None
                lane = self._writes
            else:
                lane = self._reads
            lane.entries.append(entry)
            lane.size += entry.size
        elif (behind := self._behind[entry.key]) is None:
            self._behind[entry.key] = deque((entry,))
        else:
            behind.append(entry)

    def _let_go(self, entry: Entry[Any], behind: deque[Entry[Any]]) -> None:
        if entry.is_write:
            self._behind[entry.key] = behind
            self._writes.add(entry)
        else:
            self._reads.add(entry)

    def next(self) -> Entries:
        """What goes into one transaction now."""
        for lane in (self._reads, self._writes):
            while lane.is_due(self.max_ops, self._max_bytes):
                if entries := self._wanted(lane.take(self.max_ops, self._max_bytes)):
                    lane.under_way += 1
                    return entries
        return ()

    def _wanted(self, entries: Entries) -> Entries:
        wanted = [*filterfalse(self._is_over, entries)]
        if len(wanted) < len(entries):
            self._forget([*filter(self._is_over, entries)])
        for entry in wanted:
            entry.sent = True
        return wanted

    def settled(self, entries: Entries) -> None:
        """`entries`, once sent together, have been answered."""
        lane = self.lane(entries[0])
        lane.under_way -= 1
        if lane.alone is entries[0]:
            lane.alone = None
        self._forget(entries)

    def _forget(self, entries: Entries) -> None:
        if entries[0].is_write:  # so are the others
            for entry in entries:
                behind = self._behind.pop(entry.key)
                if behind:
                    self._advance(entry.key, behind)

    def _advance(self, key: bytes, behind: deque[Entry[Any]]) -> None:
        while behind and key not in self._behind:
            self._let_go(behind.popleft(), behind)

    def refused(self, entries: Entries, error: EtcdError) -> list[tuple[Entry[Any], EtcdError]]:
        """`entries`, once sent together, have failed with `error`."""
        if len(entries) > 1 and _may_be_of_one(error):
            self._halve(entries, error)
            return []
        self.settled(entries)
        return [(entry, _own(error, entry)) for entry in entries]

    def waiting(self) -> list[Entry[Any]]:
        """Those that are not under way."""
        behind = (entries or () for entries in self._behind.values())
        return [*self._reads.waiting(), *self._writes.waiting(), *chain.from_iterable(behind)]

    def give_up(self) -> list[Entry[Any]]:
        """Those that were not sent, and never are; what is under way is still to be `settled`, or `back`."""
        waiting = self.waiting()
        self._reads.clear()
        self._writes.clear()
        for key in self._behind:
            self._behind[key] = None
        return waiting

    def _halve(self, entries: Entries, error: EtcdError) -> None:
        if isinstance(error, TooManyOpsError):
            self.max_ops = min(self.max_ops, len(entries) // 2)
        if isinstance(error, RequestTooLargeError):
            self._max_bytes = min(self._max_bytes, sum(entry.size for entry in entries) // 2)
        for entry in entries:
            entry.sent = False
        lane = self.lane(entries[0])
        lane.under_way -= 1
        lane.halve(entries)


def _may_be_of_one(error: EtcdError) -> bool:
    return isinstance(error, _OF_ONE) and not isinstance(error, AuthenticationFailedError) and not error.outcome_unknown


def _own(error: EtcdError, entry: Entry[Any]) -> EtcdError:
    """`error` for one caller alone: what several raised would gather the traceback of each."""
    own = type(error)(error.details, code=error.code, method=error.method, endpoint=error.endpoint)
    own.outcome_unknown = error.outcome_unknown and entry.is_write
    own.__cause__ = error
    return own
