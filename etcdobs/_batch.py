"""Decides which operations of many callers go together in one transaction, and what each caller is told. No I/O.

    add(entry)                  a caller asks
    next()                      what goes into one transaction now; empty: nothing
    transaction(entries, now)   those as a call, whose result is a list of theirs
    settled(entries)            they were answered: what waited behind them may go
    refused(entries, error)     who is told of the failure; the others are sent again, in two halves

What comes while nothing is under way goes at once; the rest goes when a transaction is full, or when one comes back. A
transaction either reads or writes: a read may then be repeated like any other, and never waits for a disk. The server
refuses one that writes a key twice, so a write has its key to itself until it is answered, and whatever else is asked
of that key waits behind it, in order. A refused transaction did nothing: where one operation may be to blame it is
halved until that one is alone.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, ClassVar, Generic, TypeVar

from etcdobs._call import Call, checked_bool, checked_int
from etcdobs._effects import RpcEffect
from etcdobs._wire import etcdserverpb as pb
from etcdobs._wire import rpc
from etcdobs.errors import (
    AuthenticationFailedError,
    ClosedError,
    DeadlineExceededError,
    EtcdError,
    InvalidArgumentError,
    NotFoundError,
    OutOfRangeError,
    PermissionDeniedError,
    RequestTooLargeError,
    ResponseTooLargeError,
    TooManyOpsError,
)
from etcdobs.keys import as_key, as_value
from etcdobs.ops import _decode
from etcdobs.ops.operation import HasLeaseId, lease_id
from etcdobs.types import DeleteResponse, KeyValue, PutResponse, ResponseHeader

T_co = TypeVar("T_co", covariant=True)

MAX_OPS = 128
"""The server's own `--max-txn-ops`, unless set."""
MAX_BYTES = 512 * 1024
"""Of one transaction: a third of the server's `--max-request-bytes`, unless set."""
MAX_UNDER_WAY = 4
"""Transactions of a kind at a time, all but one of them full: more only crowds the server."""

_TXN = rpc("etcdserverpb.KV/Txn")
METHOD = f"{_TXN.service}/{_TXN.method}"
_OVERHEAD = 32

# One operation may be the reason, and the server did nothing.
_OF_ONE = (
    InvalidArgumentError,
    NotFoundError,
    OutOfRangeError,
    PermissionDeniedError,
    RequestTooLargeError,
    ResponseTooLargeError,
)


class Entry(Generic[T_co]):
    """One operation of one caller, who waits for its result.

    Attributes:
        deadline: on the monotonic clock; None: none.
        waiter: whatever the driver wakes the caller with.
        sent: True while it is in a transaction that is under way.
        dropped: True once nobody waits for it any more.
    """

    __slots__ = ("deadline", "dropped", "key", "sent", "size", "waiter")
    is_write: ClassVar[bool] = True

    def __init__(self, key: bytes, size: int = 0) -> None:
        self.key = key
        self.size = len(key) + size + _OVERHEAD
        self.sent = self.dropped = False
        self.deadline: float | None = None
        self.waiter: Any = None

    def ask(self, operation: pb.RequestOp) -> None:
        """Fill in its part of a transaction."""
        raise NotImplementedError

    def read(self, answer: Any, header: ResponseHeader) -> T_co:
        """Its result; `header` is that of the whole transaction."""
        raise NotImplementedError

    def expired(self) -> EtcdError:
        """Its deadline has passed, and nobody waits any more: what the caller is told."""
        self.dropped = True
        unknown = self.sent and self.is_write
        return DeadlineExceededError("no answer within its timeout", method=METHOD, outcome_unknown=unknown)

    def closed(self, reason: str) -> ClosedError:
        """Nobody sends it any more: what the caller is told."""
        self.dropped = True
        return ClosedError(reason, method=METHOD, outcome_unknown=self.sent and self.is_write)


class GetEntry(Entry[KeyValue | None]):
    """Reads one key."""

    __slots__ = ()
    is_write = False

    def __init__(self, key: str | bytes) -> None:
        super().__init__(as_key(key))

    def ask(self, operation: pb.RequestOp) -> None:
        operation.request_range.key = self.key

    def read(self, answer: Any, header: ResponseHeader) -> KeyValue | None:
        kvs = answer.response_range.kvs
        return _decode.key_value(kvs[0]) if kvs else None


class PutEntry(Entry[PutResponse]):
    """Writes one key."""

    __slots__ = ("lease", "prev_kv", "value")

    def __init__(self, key: str | bytes, value: str | bytes, lease: int | HasLeaseId, prev_kv: bool) -> None:
        self.value = as_value(value)
        self.lease = lease_id(lease) if lease else 0
        self.prev_kv = prev_kv and checked_bool("prev_kv", prev_kv)
        super().__init__(as_key(key), len(self.value))

    def ask(self, operation: pb.RequestOp) -> None:
        put = operation.request_put
        put.key, put.value = self.key, self.value
        if self.lease:
            put.lease = self.lease
        if self.prev_kv:
            put.prev_kv = True

    def read(self, answer: Any, header: ResponseHeader) -> PutResponse:
        return PutResponse(header=header, prev_kv=_decode.previous(answer.response_put) if self.prev_kv else None)


class DeleteEntry(Entry[DeleteResponse]):
    """Deletes one key."""

    __slots__ = ("prev_kv",)

    def __init__(self, key: str | bytes, prev_kv: bool) -> None:
        self.prev_kv = checked_bool("prev_kv", prev_kv)
        super().__init__(as_key(key))

    def ask(self, operation: pb.RequestOp) -> None:
        operation.request_delete_range.key = self.key
        operation.request_delete_range.prev_kv = self.prev_kv

    def read(self, answer: Any, header: ResponseHeader) -> DeleteResponse:
        reply = answer.response_delete_range
        kvs = tuple(map(_decode.key_value, reply.prev_kvs))
        return DeleteResponse(header=header, deleted=reply.deleted, prev_kvs=kvs)


Entries = Sequence[Entry[Any]]


class Lane:
    """The reads, or the writes, that may go now, and how many transactions of them are under way."""

    def __init__(self) -> None:
        self.under_way = 0
        self._entries: deque[Entry[Any]] = deque()
        self._size = 0
        self._halves: deque[Entries] = deque()

    def add(self, entry: Entry[Any]) -> None:
        """Let `entry` go."""
        self._entries.append(entry)
        self._size += entry.size

    def halve(self, entries: Entries) -> None:
        """`entries` went together, and came back: let them go in two halves."""
        half = len(entries) // 2
        self._halves.extend((entries[:half], entries[half:]))

    @property
    def is_empty(self) -> bool:
        return not self._entries and not self._halves

    def is_due(self, max_ops: int, max_bytes: int) -> bool:
        """True when a transaction of these is to be sent now."""
        if self.is_empty or self.under_way >= MAX_UNDER_WAY:
            return False
        is_full = len(self._entries) >= max_ops or self._size >= max_bytes
        return is_full or bool(self._halves) or not self.under_way

    def take(self, max_ops: int, max_bytes: int) -> Entries:
        """The next ones that go together."""
        if self._halves:
            return self._halves.popleft()
        taken: list[Entry[Any]] = []
        size = 0
        while self._entries and len(taken) < max_ops:
            size += self._entries[0].size
            if taken and size > max_bytes:
                break
            taken.append(self._entries.popleft())
            self._size -= taken[-1].size
        return taken


class Batching:
    """The operations that were asked for and not answered yet."""

    def __init__(self, max_ops: int) -> None:
        self.max_ops = checked_int("max_ops", max_ops, least=1)
        self._max_bytes = MAX_BYTES
        self._reads, self._writes = Lane(), Lane()
        # By the key that a write has to itself.
        self._behind: dict[bytes, deque[Entry[Any]]] = {}

    def state(self, closed: bool) -> str:
        """What a repr says of it."""
        return f"max_ops={self.max_ops} {'closed' if closed else 'open'}"

    @property
    def is_idle(self) -> bool:
        """True when nobody waits for anything."""
        return not any(lane.under_way or not lane.is_empty for lane in (self._reads, self._writes))

    @property
    def is_due(self) -> bool:
        """True when `next` has something."""
        return any(lane.is_due(self.max_ops, self._max_bytes) for lane in (self._reads, self._writes))

    def lane(self, entry: Entry[Any]) -> Lane:
        """Where `entry` goes."""
        return self._writes if entry.is_write else self._reads

    def add(self, entry: Entry[Any]) -> None:
        """Have `entry` sent as soon as may be."""
        behind = self._behind.get(entry.key)
        if behind is None:
            self._let_go(entry, deque())
        else:
            behind.append(entry)

    def _let_go(self, entry: Entry[Any], behind: deque[Entry[Any]]) -> None:
        if entry.is_write:
            self._behind[entry.key] = behind
        self.lane(entry).add(entry)

    def next(self) -> Entries:
        """What goes into one transaction now."""
        for lane in (self._reads, self._writes):
            while lane.is_due(self.max_ops, self._max_bytes):
                if entries := self._wanted(lane.take(self.max_ops, self._max_bytes)):
                    lane.under_way += 1
                    return entries
        return ()

    def _wanted(self, entries: Entries) -> Entries:
        wanted = [entry for entry in entries if not entry.dropped]
        if len(wanted) < len(entries):
            self._forget(entry for entry in entries if entry.dropped)
        for entry in wanted:
            entry.sent = True
        return wanted

    def settled(self, entries: Entries) -> None:
        """`entries`, once sent together, have been answered."""
        self.lane(entries[0]).under_way -= 1
        self._forget(entries)

    def _forget(self, entries: Iterable[Entry[Any]]) -> None:
        for entry in entries:
            if entry.is_write:
                self._advance(entry.key, self._behind.pop(entry.key))

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


def transaction(entries: Entries, now: float) -> Call[list[Any]]:
    """The call that carries `entries` out; it has as long as the most patient of them."""
    request = pb.TxnRequest()
    add = request.success.add
    for entry in entries:
        entry.ask(add())
    deadlines = [entry.deadline for entry in entries if entry.deadline is not None]
    patient = len(deadlines) < len(entries)
    timeout = None if patient else max(max(deadlines) - now, 0.001)
    effect: RpcEffect = "mutation" if entries[0].is_write else "read"
    return Call(_TXN, request, partial(_results, entries), timeout, effect=effect)


def _results(entries: Entries, reply: Any) -> list[Any]:
    header = _decode.header(reply.header)
    return [entry.read(answer, header) for entry, answer in zip(entries, reply.responses, strict=True)]
