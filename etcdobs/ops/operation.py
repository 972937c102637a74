"""Decides what one operation on keys is, as a value: built once, sent alone by `do` or inside a transaction."""

from collections.abc import Iterable
from typing import Any, ClassVar, Final, Literal, Protocol, TypeAlias

from etcdobs._call import checked_bool, checked_int
from etcdobs._wire import Rpc, rpc
from etcdobs._wire import etcdserverpb as pb
from etcdobs.keys import Keys, as_key, as_keys, as_value
from etcdobs.ops import _decode
from etcdobs.ops.compare import Compare
from etcdobs.types import DeleteResponse, OperationResponse, PutResponse, RangeResponse, TxnResponse
from etcdobs.types.responses import received_put, received_txn

__all__ = ["Delete", "Get", "HasLeaseId", "Operation", "Put", "SortBy", "Txn"]

SortBy: TypeAlias = Literal["key", "version", "create_revision", "mod_revision", "value"]

_SORT_TARGETS = {
    "key": pb.RangeRequest.KEY,
    "version": pb.RangeRequest.VERSION,
    "create_revision": pb.RangeRequest.CREATE,
    "mod_revision": pb.RangeRequest.MOD,
    "value": pb.RangeRequest.VALUE,
}


# What is left out is not looked into: puts are made by the thousand.
_NO_LEASE: Final = 0


class HasLeaseId(Protocol):
    """Anything with a lease's id: what `client.lease.grant` returns, and a session."""

    @property
    def id(self) -> int: ...


def lease_id(lease: "int | HasLeaseId", *, least: int = 0) -> int:
    """The id of a lease given as an int or as an object with an `id`; `least` is 1 where 0 (none) will not do.

    Raises:
        TypeError, ValueError: it is neither, or out of range.
    """
    given: object = lease if isinstance(lease, int) else getattr(lease, "id", None)
    if not isinstance(given, int):
        none = "" if least else " (0: none)"
        raise TypeError(f"lease must be an int{none}, a Lease or a Session, not {type(lease).__name__}")
    return checked_int("lease", given, least=least)


class Operation:
    """One operation, ready to be sent; `Get`, `Put`, `Delete` and `Txn` are the kinds there are."""

    __slots__ = ("request",)
    rpc: ClassVar[Rpc]
    _part: ClassVar[str]
    """Its field in a `RequestOp`."""
    request: Any

    @property
    def is_read(self) -> bool:
        """True when it changes nothing, so that it may be repeated."""
        return False

    def in_txn(self) -> pb.RequestOp:
        """The operation as a part of a transaction."""
        return pb.RequestOp(**{self._part: self.request})

    def _join(self, part: pb.RequestOp) -> None:
        """Be that part, which `in_txn` copied into its place would be in three times the time."""
        getattr(part, self._part).CopyFrom(self.request)

    def decode(self, reply: Any) -> OperationResponse:
        """The reply to it as the public type."""
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Operation) and type(self) is type(other) and self.request == other.request

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._subject()}>"

    def _subject(self) -> str:
        end = f" to {self.request.range_end!r}" if getattr(self.request, "range_end", b"") else ""
        return f"{self.request.key!r}{end}"


class Get(Operation):
    """Reads one key or a range; the arguments are those of `client.range`."""

    __slots__ = ()
    rpc: ClassVar[Rpc] = rpc("etcdserverpb.KV/Range")
    _part: ClassVar[str] = "request_range"

    def __init__(
        self,
        keys: str | bytes | Keys,
        *,
        limit: int = 0,
        revision: int = 0,
        sort_by: SortBy | None = None,
        descending: bool = False,
        serializable: bool = False,
        keys_only: bool = False,
        count_only: bool = False,
        min_mod_revision: int = 0,
        max_mod_revision: int = 0,
        min_create_revision: int = 0,
        max_create_revision: int = 0,
    ) -> None:
        wanted = as_keys(keys)
        self.request: Any = pb.RangeRequest(
            key=wanted.start,
            range_end=wanted.end,
            limit=checked_int("limit", limit),
            revision=checked_int("revision", revision),
            serializable=checked_bool("serializable", serializable),
            keys_only=checked_bool("keys_only", keys_only),
            count_only=checked_bool("count_only", count_only),
            min_mod_revision=checked_int("min_mod_revision", min_mod_revision),
            max_mod_revision=checked_int("max_mod_revision", max_mod_revision),
            min_create_revision=checked_int("min_create_revision", min_create_revision),
            max_create_revision=checked_int("max_create_revision", max_create_revision),
        )
        _check_order(self.request)
        _sort(self.request, sort_by, checked_bool("descending", descending))

    @property
    def is_read(self) -> bool:
        return True

    def decode(self, reply: Any) -> RangeResponse:
        """The server's reply to the read as the public type."""
        return _decode.range_response(reply)


def _check_order(request: pb.RangeRequest) -> None:
    for what in ("mod_revision", "create_revision"):
        least, most = getattr(request, f"min_{what}"), getattr(request, f"max_{what}")
        if most and least > most:
            raise ValueError(f"min_{what} {least} is above max_{what} {most}: no key could be found")


def _sort(request: pb.RangeRequest, sort_by: SortBy | None, descending: bool) -> None:
    target = "key" if sort_by is None else sort_by
    if target not in _SORT_TARGETS:
        raise ValueError(f"sort_by must be one of {', '.join(_SORT_TARGETS)}, not {sort_by!r}")
    # The server returns keys in ascending order as it is; asked for, it would sort in memory and ignore the limit.
    if target == "key" and not descending:
        return
    request.sort_target = _SORT_TARGETS[target]
    request.sort_order = pb.RangeRequest.DESCEND if descending else pb.RangeRequest.ASCEND


class Put(Operation):
    """Writes one key; the arguments are those of `client.put`."""

    __slots__ = ()
    rpc: ClassVar[Rpc] = rpc("etcdserverpb.KV/Put")
    _part: ClassVar[str] = "request_put"

    def __init__(
        self,
        key: str | bytes,
        value: str | bytes = "",
        *,
        lease: int | HasLeaseId = 0,
        prev_kv: bool = False,
        ignore_value: bool = False,
        ignore_lease: bool = False,
    ) -> None:
        self.request: Any = pb.PutRequest(key=as_key(key), value=as_value(value))
        if lease is not _NO_LEASE:
            self.request.lease = lease_id(lease)
        if prev_kv is not False:
            self.request.prev_kv = checked_bool("prev_kv", prev_kv)
        if ignore_value is not False:
            self.request.ignore_value = checked_bool("ignore_value", ignore_value)
        if ignore_lease is not False:
            self.request.ignore_lease = checked_bool("ignore_lease", ignore_lease)
        if ignore_value or ignore_lease:
            _check_ignored(self.request)

    def decode(self, reply: Any) -> PutResponse:
        """The server's reply to the write as the public type."""
        return received_put(reply.header, _decode.previous(reply) if reply.HasField("prev_kv") else None)


def _check_ignored(request: pb.PutRequest) -> None:
    if request.ignore_value and request.value:
        raise ValueError("a value and ignore_value=True exclude each other: leave the value out to keep the old one")
    if request.ignore_lease and request.lease:
        raise ValueError("a lease and ignore_lease=True exclude each other: leave the lease out to keep the old one")


class Delete(Operation):
    """Deletes one key or a range; the arguments are those of `client.delete`."""

    __slots__ = ()
    rpc: ClassVar[Rpc] = rpc("etcdserverpb.KV/DeleteRange")
    _part: ClassVar[str] = "request_delete_range"

    def __init__(self, keys: str | bytes | Keys, *, prev_kv: bool = False) -> None:
        wanted = as_keys(keys)
        self.request: Any = pb.DeleteRangeRequest(
            key=wanted.start, range_end=wanted.end, prev_kv=checked_bool("prev_kv", prev_kv)
        )

    def decode(self, reply: Any) -> DeleteResponse:
        """The server's reply to the deletion as the public type."""
        return DeleteResponse(
            header=_decode.header(reply.header),
            deleted=reply.deleted,
            prev_kvs=tuple(_decode.key_values(reply.prev_kvs)),
        )


class Txn(Operation):
    """A transaction as a value: when every compare holds `then` runs, else `otherwise`; they nest."""

    __slots__ = ("_otherwise", "_then")
    rpc: ClassVar[Rpc] = rpc("etcdserverpb.KV/Txn")
    _part: ClassVar[str] = "request_txn"

    def __init__(
        self,
        when: Iterable[Compare] = (),
        then: Iterable[Operation] = (),
        otherwise: Iterable[Operation] = (),
    ) -> None:
        self._then = all_of("then", then, Operation)
        self._otherwise = all_of("otherwise", otherwise, Operation)
        self.request: Any = pb.TxnRequest(compare=[compare.request for compare in all_of("when", when, Compare)])
        for parts, branch in ((self.request.success, self._then), (self.request.failure, self._otherwise)):
            for operation in branch:
                operation._join(parts.add())

    @property
    def is_read(self) -> bool:
        return all(operation.is_read for operation in (*self._then, *self._otherwise))

    def decode(self, reply: Any) -> TxnResponse:
        """The server's reply to the transaction as the public type, with one response an operation that ran."""
        branch = self._then if reply.succeeded else self._otherwise
        answers = reply.responses
        if len(answers) != len(branch):
            raise ValueError(f"{len(branch)} operations ran, and {len(answers)} were answered")
        return received_txn(_decode.header(reply.header), reply.succeeded, lambda: map(_answered, branch, answers))

    def _subject(self) -> str:
        return f"when {len(self.request.compare)} then {len(self._then)} otherwise {len(self._otherwise)}"


def _answered(operation: Operation, answer: pb.ResponseOp) -> OperationResponse:
    return operation.decode(getattr(answer, answer.WhichOneof("response")))


def all_of(name: str, given: Iterable[Any], kind: type[Any]) -> tuple[Any, ...]:
    """What is given, all of it of that kind; the TypeError for anything else calls it by `name`."""
    if isinstance(given, kind):
        raise TypeError(f"{name} must be a sequence of {kind.__name__}, not one alone: [{given!r}]")
    items = tuple(given)
    for item in items:
        if not isinstance(item, kind):
            raise TypeError(f"{name} takes {kind.__name__} values, not {type(item).__name__}: {item!r}")
    return items
