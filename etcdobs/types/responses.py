"""Decides what answers to the KV service are. The keys of one, and its parts, are made when they are looked at."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, overload

from etcdobs._wire.columns import KeyColumns
from etcdobs.types.key_value import KeyValue, few, key_value, key_values


@dataclass(frozen=True, slots=True)
class ResponseHeader:
    """Who answered, and at which revision of the store."""

    cluster_id: int
    member_id: int
    revision: int
    raft_term: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    header: ResponseHeader

    @property
    def revision(self) -> int:
        """The cluster's revision when it answered."""
        return self.header.revision


class _Unread(Response):
    """Holds the message that it came in until all that is in it is asked for."""

    __slots__ = ("_unread",)
    _unread: Any
    _made_late: ClassVar[str]
    """The attribute that is made then."""

    def _read(self, unread: Any) -> Iterable[Any]:
        raise NotImplementedError

    if not TYPE_CHECKING:  # to a type checker any name would be an attribute

        def __getattr__(self, name: str) -> Any:
            # What is not there: `_unread` where the user made it, the other where it was received and nobody looked.
            if name == "_unread":
                return None
            if name != self._made_late:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
            unread = self._unread
            if unread is not None:  # else another thread was faster
                object.__setattr__(self, name, tuple(self._read(unread)))
                object.__setattr__(self, "_unread", None)
            return getattr(self, name)


def _received(kind: type[Any], header: ResponseHeader, unread: Any) -> Any:
    response = object.__new__(kind)
    object.__setattr__(response, "header", header)
    object.__setattr__(response, "_unread", unread)
    return response


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RangeResponse(_Unread, Sequence[KeyValue]):
    """The keys of a range: a sequence of `KeyValue`, each made when it is reached.

    Iterating is the cheapest way to read it; `kvs` makes and keeps all of them. The answer of the server is held until
    then, or until this is let go; a `KeyValue` holds nothing but itself.

    Attributes:
        kvs: the keys, none with `count_only`.
        count: number of keys in the whole range, whatever the limit.
        more: True when the limit left some out.
    """

    kvs: tuple[KeyValue, ...]
    count: int  # type: ignore[assignment]  # etcd's name for it wins over the sequence's method
    more: bool
    _made_late: ClassVar[str] = "kvs"

    def _read(self, unread: Sequence[Any]) -> Iterable[KeyValue]:
        return key_values(unread)

    def __repr__(self) -> str:
        return f"RangeResponse(count={self.count}, more={self.more}, revision={self.revision}, kvs={few(self)})"

    def __len__(self) -> int:
        unread = self._unread
        return len(self.kvs if unread is None else unread)

    def __iter__(self) -> Iterator[KeyValue]:
        unread = self._unread
        return iter(self.kvs) if unread is None else key_values(unread)

    @overload
    def __getitem__(self, index: int) -> KeyValue: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[KeyValue, ...]: ...
    def __getitem__(self, index: int | slice) -> KeyValue | tuple[KeyValue, ...]:
        unread = self._unread
        if unread is None:
            return self.kvs[index]
        return tuple(key_values(unread[index])) if isinstance(index, slice) else key_value(unread[index])


def received_range(header: ResponseHeader, kvs: Sequence[Any], count: int, more: bool) -> RangeResponse:
    """A `RangeResponse` of keys that are still messages; `kvs` is not to change any more."""
    response: RangeResponse = _received(RangeResponse, header, kvs)
    object.__setattr__(response, "count", count)
    object.__setattr__(response, "more", more)
    return response


def received_bytes(response: RangeResponse) -> int:
    """How many bytes its keys and their values came in, at least."""
    unread = response._unread  # pyright: ignore[reportPrivateUsage]  # of this room
    if isinstance(unread, KeyColumns):
        return unread.size
    return sum(len(kv.key) + len(kv.value) for kv in response)


@dataclass(frozen=True, slots=True, kw_only=True)
class PutResponse(Response):
    """The answer to a put; `prev_kv` is what it replaced, when that was asked for."""

    prev_kv: KeyValue | None = None


# What a frozen class itself takes to be made is more than the rest of a put's decoding: six calls that look for a name.
_set_cluster, _set_member, _set_revision, _set_term = (
    vars(ResponseHeader)[name].__set__ for name in ("cluster_id", "member_id", "revision", "raft_term")
)
_set_header, _set_prev_kv = vars(Response)["header"].__set__, vars(PutResponse)["prev_kv"].__set__


def received_put(header: Any, prev_kv: KeyValue | None) -> PutResponse:
    """A `PutResponse` whose header is still a message."""
    made = object.__new__(ResponseHeader)
    _set_cluster(made, header.cluster_id)
    _set_member(made, header.member_id)
    _set_revision(made, header.revision)
    _set_term(made, header.raft_term)
    response = object.__new__(PutResponse)
    _set_header(response, made)
    _set_prev_kv(response, prev_kv)
    return response


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DeleteResponse(Response):
    """The answer to a delete: how many keys went, and which, when that was asked for. False where there was none."""

    deleted: int
    prev_kvs: tuple[KeyValue, ...] = ()

    def __bool__(self) -> bool:
        return self.deleted > 0

    def __repr__(self) -> str:
        return f"DeleteResponse(deleted={self.deleted}, revision={self.revision}, prev_kvs={few(self.prev_kvs)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompactResponse(Response):
    """The answer to a compaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TxnResponse(_Unread):
    """The answer to a transaction; as a condition it is `succeeded`.

    Attributes:
        succeeded: True when every compare held and `then` ran, False when `otherwise` ran.
        responses: one typed response for each operation of the branch that ran, in its order; made when they are asked
            for, so that what nobody looks at costs nothing.
    """

    succeeded: bool
    responses: tuple["OperationResponse", ...]
    _made_late: ClassVar[str] = "responses"

    def _read(self, unread: Callable[[], Iterable["OperationResponse"]]) -> Iterable["OperationResponse"]:
        return unread()

    def __bool__(self) -> bool:
        return self.succeeded


def received_txn(
    header: ResponseHeader, succeeded: bool, read: "Callable[[], Iterable[OperationResponse]]"
) -> TxnResponse:
    """A `TxnResponse` whose responses are what `read` returns, by then or never."""
    response: TxnResponse = _received(TxnResponse, header, read)
    object.__setattr__(response, "succeeded", succeeded)
    return response


OperationResponse: TypeAlias = RangeResponse | PutResponse | DeleteResponse | TxnResponse
