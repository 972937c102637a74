"""Decides what a call, a watch and a recipe become under a prefix: keys get it on the way out, and lose it back.

The rule is that of clientv3's `namespace` package, less its one flaw: the end of a prefix that ends in 0xff is
truncated, not incremented in place, which would admit a neighbour's key. Leases, users and members have no namespace.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from etcdobs._call import Call
from etcdobs._procedure import Procedure, Step, UntilPut, mapped
from etcdobs._watch import Cursor
from etcdobs._wire import etcdserverpb as pb
from etcdobs._wire.columns import KeyColumns
from etcdobs.keys import Keys, as_bytes
from etcdobs.types import Event, KeyValue, WatchResponse

T = TypeVar("T")
Rewrite = Callable[[Any, bytes], None]

_END_OF_ALL = b"\0"


def as_namespace(namespace: object) -> bytes:
    """A namespace as bytes, empty for none; raises TypeError when it is neither str nor bytes."""
    return as_bytes("namespace", namespace)


# ---- what is sent


def confine_keys(keys: Keys, namespace: bytes) -> Keys:
    """The keys as they are called outside; what has no end ends where the namespace does."""
    return Keys(namespace + keys.start, _end(keys.end, namespace))


def _end(end: bytes, namespace: bytes) -> bytes:
    if not end:
        return end
    return Keys.prefix(namespace).end if end == _END_OF_ALL else namespace + end


def _enter_key(request: Any, namespace: bytes) -> None:
    request.key = namespace + request.key


def _enter_range(request: Any, namespace: bytes) -> None:
    request.key, request.range_end = namespace + request.key, _end(request.range_end, namespace)


def _enter_txn(request: Any, namespace: bytes) -> None:
    for compare in request.compare:
        _enter_range(compare, namespace)
    for operation in (*request.success, *request.failure):
        kind = operation.WhichOneof("request")
        _ENTER[kind](getattr(operation, kind), namespace)


_ENTER: dict[str, Rewrite] = {
    "request_range": _enter_range,
    "request_put": _enter_key,
    "request_delete_range": _enter_range,
    "request_txn": _enter_txn,
}


# ---- what is answered


def _leave_range(reply: Any, namespace: bytes) -> None:
    _strip_all(reply.kvs, namespace)


def _leave_put(reply: Any, namespace: bytes) -> None:
    if reply.HasField("prev_kv"):
        _strip_all((reply.prev_kv,), namespace)


def _leave_delete(reply: Any, namespace: bytes) -> None:
    _strip_all(reply.prev_kvs, namespace)


def _leave_txn(reply: Any, namespace: bytes) -> None:
    for answer in reply.responses:
        kind = answer.WhichOneof("response")
        _LEAVE[kind](getattr(answer, kind), namespace)


def _leave_lease(reply: Any, namespace: bytes) -> None:
    # A lease may hold keys of anybody: those outside are none of this namespace's business.
    inside = [key[len(namespace) :] for key in reply.keys if key != namespace and key.startswith(namespace)]
    reply.keys[:] = inside


def _strip_all(kvs: Any, namespace: bytes) -> None:
    length = len(namespace)
    if isinstance(kvs, KeyColumns):
        kvs.cut(length)
        return
    for kv in kvs:
        kv.key = kv.key[length:]


_LEAVE: dict[str, Rewrite] = {
    "response_range": _leave_range,
    "response_put": _leave_put,
    "response_delete_range": _leave_delete,
    "response_txn": _leave_txn,
}


# ---- calls


def _as_it_is(_message: Any, _namespace: bytes) -> None: ...


_RULES: dict[type[Any], tuple[Rewrite, Rewrite]] = {
    pb.RangeRequest: (_enter_range, _leave_range),
    pb.PutRequest: (_enter_key, _leave_put),
    pb.DeleteRangeRequest: (_enter_range, _leave_delete),
    pb.TxnRequest: (_enter_txn, _leave_txn),
    pb.LeaseTimeToLiveRequest: (_as_it_is, _leave_lease),
}


def confine(call: Call[T], namespace: bytes) -> Call[T]:
    """`call` with all of its keys in `namespace`, answered as if there were nothing else; other calls as they are."""
    rules = _RULES.get(call.rpc.request)
    if rules is None:
        return call
    enter, leave = rules
    # An operation may be sent again, by another client too: what the user holds stays as it is.
    request: Any = call.rpc.request()
    request.CopyFrom(call.request)
    enter(request, namespace)

    def decode(reply: Any) -> T:
        leave(reply, namespace)
        return call.decode(reply)

    return replace(call, request=request, decode=decode)


def confined(procedure: Procedure[T], namespace: bytes) -> Procedure[T]:
    """`procedure`, with all of its calls and waits in `namespace`."""
    return mapped(procedure, lambda step: _confined_step(step, namespace))


def _confined_step(step: Step, namespace: bytes) -> Step:
    if isinstance(step, Call):
        return confine(step, namespace)
    if isinstance(step, UntilPut):
        return replace(step, keys=confine_keys(step.keys, namespace))
    return replace(step, key=namespace + step.key)


# ---- watches


@dataclass(eq=False, slots=True)
class _ConfinedCursor(Cursor):
    """A watcher in a namespace; its `keys` are those outside."""

    namespace: bytes = b""

    def receive(self, response: pb.WatchResponse) -> WatchResponse | None:
        batch = Cursor.receive(self, response)
        if batch is None or not batch.events:
            return batch
        return WatchResponse(tuple(map(self._stripped, batch.events)), batch.revision)

    def _stripped(self, event: Event) -> Event:
        previous = event.prev_kv and self._without(event.prev_kv)
        return event._replace(kv=self._without(event.kv), prev_kv=previous)

    def _without(self, kv: KeyValue) -> KeyValue:
        return kv._replace(key=kv.key[len(self.namespace) :])


def watch_cursor(namespace: bytes, keys: Keys, **asked: Any) -> Cursor:
    """A watcher of `keys` in `namespace`, or of those keys themselves where it is empty."""
    if not namespace:
        return Cursor(keys, **asked)
    return _ConfinedCursor(confine_keys(keys, namespace), **asked, namespace=namespace)
