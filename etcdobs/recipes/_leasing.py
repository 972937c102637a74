"""Decides what a call becomes under the leasing protocol: an answer from memory, an acquisition, or a guarded write.

The protocol is that of Go's `leasing` package, so that clients of both languages keep each other's caches right: the
owner of `key` holds `prefix + key`, empty and on its session's lease; a read makes it unless it is there, or the key is
on a lease; a write is guarded by its absence; who finds it there puts "REVOKE" on it and waits until it is deleted.

The guard of an owner's write: its leasing key is the one that it made; of a range, none is newer than those that it
made, and all are on its session's lease.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeVar

from etcdobs._call import Call, Timeout
from etcdobs._namespace import confine_keys
from etcdobs._procedure import Procedure, UntilDeleted
from etcdobs._wire import etcdserverpb as pb
from etcdobs.errors import LeaseNotFoundError
from etcdobs.keys import Keys
from etcdobs.ops.compare import Compare
from etcdobs.ops.operation import Delete, Get, Operation, Put, Txn
from etcdobs.recipes._leased_answer import Known, is_answerable, range_reply, txn_reply
from etcdobs.recipes._leased_keys import REVOKE, LeasedKeys, Write

T = TypeVar("T")

# Owned keys of one write that are read back with it; of a wider one they are given up.
_READ_BACK = 32

_FIELDS: dict[type[Any], str] = {
    pb.PutRequest: "put",
    pb.DeleteRangeRequest: "delete_range",
    pb.TxnRequest: "txn",
}


def written(request: Any) -> tuple[Keys, ...]:
    """What a request may write, whichever way its compares go."""
    if isinstance(request, pb.TxnRequest):
        parts: Any = (*request.success, *request.failure)
        inner = (getattr(part, part.WhichOneof("request")) for part in parts)
        return tuple(dict.fromkeys(target for part in inner for target in written(part)))
    if isinstance(request, pb.PutRequest):
        return (Keys(request.key),)
    if isinstance(request, pb.DeleteRangeRequest):
        return (Keys(request.key, request.range_end),)
    return ()


def _txn(
    when: Iterable[Compare],
    then: Iterable[Operation | Any],
    otherwise: Iterable[Operation] = (),
    *,
    timeout: Timeout,
) -> Call[Any]:
    """A transaction that may be sent twice: the second finds what the first has done."""
    request = pb.TxnRequest(
        compare=[compare.request for compare in when],
        success=[part.in_txn() if isinstance(part, Operation) else part for part in then],
        failure=[part.in_txn() for part in otherwise],
    )
    return Call(Txn.rpc, request, lambda reply: reply, timeout, effect="repeatable")


class Leasing:
    """The calls of one client under the protocol.

    Attributes:
        keys: what the client owns.
    """

    def __init__(self, keys: LeasedKeys) -> None:
        self.keys: LeasedKeys = keys

    def carry_out(self, call: Call[T]) -> Procedure[T]:
        """What `call` becomes."""
        if isinstance(call.request, pb.RangeRequest):
            return self._read(call)
        if type(call.request) in _FIELDS:
            return self._change(call)
        return _as_it_is(call)

    def _leasing_key(self, key: bytes) -> bytes:
        return self.keys.prefix + key

    # ---- reads

    def _read(self, call: Call[T]) -> Procedure[T]:
        request: Any = call.request
        if is_answerable(request):
            known = self.keys.current(request.key)
            if known is not None:
                return call.decode(range_reply(request, known.kv, self.keys.header))
            if not request.serializable and self.keys.may_acquire(request.key):
                reply = yield from self._acquire(request, call.timeout)
                if reply is not None:
                    return call.decode(reply)
        return (yield from _as_it_is(call))

    def _acquire(self, request: Any, timeout: Timeout) -> Procedure[Any]:
        """Read a key and try to own it; None where the session turns out to be gone."""
        key, lease = request.key, self.keys.lease
        self.keys.begin_acquiring(key)
        try:
            reply = yield self._acquisition(key, lease, timeout)
        except LeaseNotFoundError:
            if lease == self.keys.lease:
                self.keys.ended()
            return None
        finally:
            may_keep = self.keys.end_acquiring(key)
        self.keys.saw(reply.header)
        kv = next(iter(reply.responses[0].response_range.kvs), None)
        leased_at = _leased_at(reply, kv, lease)
        if leased_at:
            self.keys.acquired(key, lease, Known(leased_at, kv, reply.header.revision), may_keep=may_keep)
        else:
            self.keys.leave_alone(key)
        return range_reply(request, kv, reply.header)

    def _acquisition(self, key: bytes, lease: int, timeout: Timeout) -> Call[Any]:
        own = self._leasing_key(key)
        return _txn(
            when=[Compare.missing(own), Compare.lease(key) == 0],
            then=[Get(key), Put(own, lease=lease)],
            otherwise=[Get(key), Get(own)],
            timeout=timeout,
        )

    # ---- writes

    def _change(self, call: Call[T]) -> Procedure[T]:
        if isinstance(call.request, pb.TxnRequest):
            reply = txn_reply(call.request, self.keys.current, self.keys.header)
            if reply is not None:
                return call.decode(reply)
        write = Write(written(call.request))
        if not write.targets:
            return (yield from _as_it_is(call))
        self.keys.begin(write)
        try:
            return call.decode((yield from self._written(call, write)))
        except BaseException:
            # It may have been applied, or may yet be: nothing that it covers is known any more.
            for key in self.keys.within(write.targets):
                self.keys.give_up(key)
            raise
        finally:
            self.keys.end(write)

    def _written(self, call: Call[Any], write: Write) -> Procedure[Any]:
        """Write once nobody else owns what is written; the reply as to the call alone."""
        while True:
            owned = self.keys.within(write.targets)
            # One that is sent at least once may be applied again after its answer: nothing is known for sure then.
            read_back = [] if call.retry else list(owned)[:_READ_BACK]
            reply = yield self._guarded(call, write, owned, read_back)
            self.keys.saw(reply.header)
            if reply.succeeded:
                break
            yield from self._clear(reply, owned, call.timeout)
        self._learn(reply, owned, read_back)
        self.keys.wrote(write)
        answer = getattr(reply.responses[0], f"response_{_FIELDS[type(call.request)]}")
        answer.header.CopyFrom(reply.header)
        return answer

    def _guarded(self, call: Call[Any], write: Write, owned: dict[bytes, Known], read_back: list[bytes]) -> Call[Any]:
        leasing = [confine_keys(target, self.keys.prefix) for target in write.targets]
        own: Any = pb.RequestOp(**{f"request_{_FIELDS[type(call.request)]}": call.request})
        guarded = _txn(
            when=[guard for target in write.targets for guard in self._guards(target, owned)],
            then=[own, *map(Get, read_back)],
            otherwise=map(Get, leasing),
            timeout=call.timeout,
        )
        return replace(guarded, effect="mutation", retry=call.retry)

    def _guards(self, target: Keys, owned: dict[bytes, Known]) -> list[Compare]:
        leasing = confine_keys(target, self.keys.prefix)
        newest = max((known.leased_at for key, known in owned.items() if key in target), default=0)
        if target.is_single or not newest:
            return [Compare.create_revision(leasing) == newest]
        # The first alone would let in whoever owned a part of the range before this client did.
        return [Compare.create_revision(leasing) < newest + 1, Compare.lease(leasing) == self.keys.lease]

    def _learn(self, reply: Any, owned: dict[bytes, Known], read_back: list[bytes]) -> None:
        for key, answer in zip(read_back, reply.responses[1:], strict=True):
            kv = next(iter(answer.response_range.kvs), None)
            self.keys.learn(key, owned[key], kv, reply.header.revision)
        for key in owned.keys() - read_back:
            self.keys.give_up(key)

    # ---- what is in the way

    def _clear(self, reply: Any, owned: dict[bytes, Known], timeout: Timeout) -> Procedure[None]:
        """Have the leasing keys that failed a write deleted by their owners, and wait for that."""
        listed = {
            kv.key.removeprefix(self.keys.prefix): kv for answer in reply.responses for kv in answer.response_range.kvs
        }
        for key, known in owned.items():
            if key not in listed or listed[key].create_revision != known.leased_at:
                self.keys.drop(key, known.leased_at)
        waits: list[UntilDeleted] = []
        for key, kv in listed.items():
            if key in owned and owned[key].leased_at == kv.create_revision:
                continue
            if kv.lease == self.keys.lease:
                yield self._deletion(key, kv.create_revision, timeout)
            else:
                waits += yield from self._revoke(kv, timeout)
        yield from waits

    def _revoke(self, kv: Any, timeout: Timeout) -> Procedure[list[UntilDeleted]]:
        still = Compare.create_revision(kv.key) == kv.create_revision
        mark = Put(kv.key, REVOKE, ignore_lease=True)
        reply = yield _txn([still], [mark], timeout=timeout)
        return [UntilDeleted(kv.key, reply.header.revision)] if reply.succeeded else []

    def _deletion(self, key: bytes, leased_at: int, timeout: Timeout) -> Call[Any]:
        own = self._leasing_key(key)
        still = Compare.create_revision(own) == leased_at
        return _txn([still], [Delete(own)], timeout=timeout)

    def leave(self, timeout: Timeout) -> Procedure[None]:
        """Delete the leasing keys of what was given up."""
        for key, leased_at in list(self.keys.leaving.items()):
            yield self._deletion(key, leased_at, timeout)
            self.keys.has_left(key, leased_at)


def _leased_at(reply: Any, kv: Any, lease: int) -> int:
    """The create revision of the leasing key, where it is this client's to keep; else 0."""
    if reply.succeeded:
        return int(reply.header.revision)
    own = next(iter(reply.responses[1].response_range.kvs), None)
    if own is None or own.lease != lease or (kv is not None and kv.lease):
        return 0
    return int(own.create_revision)


def _as_it_is(call: Call[T]) -> Procedure[T]:
    result: T = yield call
    return result
