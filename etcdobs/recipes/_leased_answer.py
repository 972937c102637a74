"""Decides what the server would answer, of keys whose state is known: reads and transactions of single keys. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import eq, gt, lt, ne
from typing import Any

from etcdobs._wire import etcdserverpb as pb


@dataclass(slots=True)
class Known:
    """The state of one key.

    Attributes:
        leased_at: the create revision of its leasing key.
        kv: the key as the server sent it; None: it does not exist.
        revision: of the cluster, as of which that was told.
    """

    leased_at: int
    kv: Any
    revision: int


Lookup = Callable[[bytes], Known | None]

_RESULTS: dict[int, Callable[[Any, Any], bool]] = {
    pb.Compare.EQUAL: eq,
    pb.Compare.NOT_EQUAL: ne,
    pb.Compare.GREATER: gt,
    pb.Compare.LESS: lt,
}
_FIELDS: dict[int, str] = {
    pb.Compare.VERSION: "version",
    pb.Compare.CREATE: "create_revision",
    pb.Compare.MOD: "mod_revision",
    pb.Compare.VALUE: "value",
    pb.Compare.LEASE: "lease",
}


def is_answerable(request: Any) -> bool:
    """True when a read is of one key as it is now."""
    return not request.range_end and not request.revision


def range_reply(request: Any, kv: Any, header: Any) -> Any:
    """The answer to a read of one key; the filters leave it out of the keys, not out of the count, as in the server."""
    reply: Any = pb.RangeResponse(header=header, count=0 if kv is None else 1)
    if kv is not None and not request.count_only and _passes(request, kv):
        reply.kvs.append(kv)
        if request.keys_only:
            reply.kvs[0].ClearField("value")
    return reply


def _passes(request: Any, kv: Any) -> bool:
    changed = _lies_in(kv.mod_revision, request.min_mod_revision, request.max_mod_revision)
    return changed and _lies_in(kv.create_revision, request.min_create_revision, request.max_create_revision)


def _lies_in(revision: int, least: int, most: int) -> bool:
    return least <= revision and (not most or revision <= most)


def txn_reply(request: Any, lookup: Lookup, header: Any) -> Any | None:
    """The answer to a transaction; None when it needs more than is known, or writes."""
    holds = _all_hold(request.compare, lookup)
    if holds is None:
        return None
    answers = _answers(request.success if holds else request.failure, lookup, header)
    # One that reads nothing at all is no question of what is known.
    if answers is None or not (answers or request.compare):
        return None
    return pb.TxnResponse(header=header, succeeded=holds, responses=answers)


def _all_hold(compares: Sequence[Any], lookup: Lookup) -> bool | None:
    """One that fails decides it, whatever the others are; None: it is not known."""
    outcomes = [_holds(compare, lookup) for compare in compares]
    if False in outcomes:
        return False
    return None if None in outcomes else True


def _holds(compare: Any, lookup: Lookup) -> bool | None:
    known = None if compare.range_end else lookup(compare.key)
    if known is None:
        return None
    field = _FIELDS[compare.target]
    if known.kv is None and field == "value":
        return False
    actual = 0 if known.kv is None else getattr(known.kv, field)
    holds: bool = _RESULTS[compare.result](actual, getattr(compare, field))
    return holds


def _answers(operations: Sequence[Any], lookup: Lookup, header: Any) -> list[Any] | None:
    answers = [_answer(operation, lookup, header) for operation in operations]
    return None if None in answers else answers


def _answer(operation: Any, lookup: Lookup, header: Any) -> Any | None:
    kind = operation.WhichOneof("request")
    if kind == "request_txn":
        nested = txn_reply(operation.request_txn, lookup, header)
        return None if nested is None else pb.ResponseOp(response_txn=nested)
    if kind != "request_range" or not is_answerable(operation.request_range):
        return None
    known = lookup(operation.request_range.key)
    if known is None:
        return None
    return pb.ResponseOp(response_range=range_reply(operation.request_range, known.kv, header))
