"""Decides what one operation of a batch is: what it asks, alone or in a transaction, and how its answer is read."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar, Generic, TypeVar

from etcdobs._call import AtLeastOnce, Call, Timeout, checked_bool
from etcdobs._effects import RpcEffect
from etcdobs._wire import etcdserverpb as pb
from etcdobs._wire import rpc
from etcdobs.errors import ClosedError, DeadlineExceededError, EtcdError
from etcdobs.keys import as_key, as_value
from etcdobs.ops import _decode, kv
from etcdobs.ops.operation import HasLeaseId, lease_id
from etcdobs.types import DeleteResponse, KeyValue, PutResponse

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_TXN = rpc("etcdserverpb.KV/Txn")
METHOD = f"{_TXN.service}/{_TXN.method}"
OVERHEAD = 32
"""Bytes of an operation besides its key and its value, at most."""


class Entry(Generic[T_co]):
    """One operation of one caller, who waits for its result.

    Attributes:
        deadline: on the monotonic clock; None: none.
        waiter: whatever the driver wakes the caller with.
        sent: True while it is in a transaction that is under way.
        dropped: True once nobody waits for it any more.
    """

    is_write: ClassVar[bool] = True
    # Where each begins; they are made by the thousand, and spared the assignments.
    sent: bool = False
    dropped: bool = False
    deadline: float | None = None
    waiter: Any = None

    def __init__(self, key: bytes, size: int = 0) -> None:
        self.key = key
        self.size = len(key) + size + OVERHEAD

    def call(self, timeout: Timeout) -> Call[T_co]:
        """As a call of its own."""
        raise NotImplementedError

    def ask(self, operation: pb.RequestOp) -> None:
        """Fill in its part of a transaction."""
        raise NotImplementedError

    def read(self, answer: Any, written: PutResponse) -> T_co:
        """Its result; `written` is that of each put that asked for nothing else."""
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

    is_write = False

    def __init__(self, key: str | bytes) -> None:
        # As `Entry`, without another call.
        self.key = name = as_key(key)
        self.size = len(name) + OVERHEAD

    def call(self, timeout: Timeout) -> Call[KeyValue | None]:
        return kv.get(self.key, timeout=timeout)

    def ask(self, operation: pb.RequestOp) -> None:
        operation.request_range.key = self.key

    def read(self, answer: Any, written: PutResponse) -> KeyValue | None:
        return _decode.first(answer.response_range)


class PutEntry(Entry[PutResponse]):
    """Writes one key."""

    def __init__(self, key: str | bytes, value: str | bytes, lease: int | HasLeaseId, prev_kv: bool) -> None:
        self.value = as_value(value)
        self.lease = lease_id(lease) if lease else 0
        self.prev_kv = prev_kv and checked_bool("prev_kv", prev_kv)
        # As `Entry`, without another call.
        self.key = name = as_key(key)
        self.size = len(name) + len(self.value) + OVERHEAD

    def call(self, timeout: Timeout) -> Call[PutResponse]:
        return kv.put(self.key, self.value, lease=self.lease, prev_kv=self.prev_kv, timeout=timeout)

    def ask(self, operation: pb.RequestOp) -> None:
        put = operation.request_put
        put.key, put.value = self.key, self.value
        if self.lease:
            put.lease = self.lease
        if self.prev_kv:
            put.prev_kv = True

    def read(self, answer: Any, written: PutResponse) -> PutResponse:
        if not self.prev_kv:
            return written
        return PutResponse(header=written.header, prev_kv=_decode.previous(answer.response_put))


class DeleteEntry(Entry[DeleteResponse]):
    """Deletes one key."""

    def __init__(self, key: str | bytes, prev_kv: bool) -> None:
        self.prev_kv = checked_bool("prev_kv", prev_kv)
        super().__init__(as_key(key))

    def call(self, timeout: Timeout) -> Call[DeleteResponse]:
        return kv.delete(self.key, prev_kv=self.prev_kv, timeout=timeout)

    def ask(self, operation: pb.RequestOp) -> None:
        operation.request_delete_range.key = self.key
        operation.request_delete_range.prev_kv = self.prev_kv

    def read(self, answer: Any, written: PutResponse) -> DeleteResponse:
        reply = answer.response_delete_range
        kvs = tuple(map(_decode.key_value, reply.prev_kvs))
        return DeleteResponse(header=written.header, deleted=reply.deleted, prev_kvs=kvs)


Entries = Sequence[Entry[Any]]


def transaction(entries: Entries, now: float) -> Call[list[Any]]:
    """The call that carries `entries` out; it has as long as the most patient of them."""
    deadlines = [entry.deadline for entry in entries if entry.deadline is not None]
    patient = len(deadlines) < len(entries)
    timeout = None if patient else max(max(deadlines) - now, 0.001)
    return asked(entries, partial(_results, entries), timeout)


def asked(entries: Entries, decode: Callable[[Any], T], timeout: Timeout, retry: AtLeastOnce | None = None) -> Call[T]:
    """The call of a transaction of `entries`."""
    request = pb.TxnRequest()
    add = request.success.add
    effect: RpcEffect = "mutation"
    if entries[0].is_write:
        for entry in entries:
            entry.ask(add())
    else:
        effect = "read"
        for entry in entries:
            add().request_range.key = entry.key
    return Call(_TXN, request, decode, timeout, effect=effect, retry=retry)


def _results(entries: Entries, reply: Any) -> list[Any]:
    if not entries[0].is_write:  # so are the others: each a get
        return [_decode.first(answer.response_range) for _, answer in zip(entries, reply.responses, strict=True)]
    written = PutResponse(header=_decode.header(reply.header))
    return [entry.read(answer, written) for entry, answer in zip(entries, reply.responses, strict=True)]
