"""The KV service: a method's arguments become a `Call` of Range, Put, DeleteRange, Txn or Compact."""

from typing import Any, Final

from etcdobs._call import (
    CLIENT_DEFAULT,
    AtLeastOnce,
    Call,
    Confirmation,
    Timeout,
    checked_bool,
    checked_int,
    checked_retry,
    checked_timeout,
)
from etcdobs._effects import RpcEffect
from etcdobs._wire import etcdserverpb as pb
from etcdobs._wire import rpc
from etcdobs.errors import CompactedError
from etcdobs.keys import Keys, as_key
from etcdobs.ops import _decode
from etcdobs.ops.operation import Delete, Get, HasLeaseId, Operation, Put, SortBy
from etcdobs.types import (
    CompactResponse,
    DeleteResponse,
    KeyValue,
    OperationResponse,
    PutResponse,
    RangeResponse,
)


def do(
    operation: Operation, *, retry: AtLeastOnce | None = None, timeout: Timeout = CLIENT_DEFAULT
) -> Call[OperationResponse]:
    """Sends one `Get`, `Put`, `Delete` or `Txn` made earlier.

    Args:
        operation: what to send.
        retry: "at_least_once" as for `put`; what only reads is repeated anyhow.
        timeout: seconds for the whole call; left out: the client's; None: no deadline.

    Raises:
        TypeError: it is none of these.
        EtcdError: as the method of that name does.
    """
    if not isinstance(operation, Operation):
        raise TypeError(f"operation must be a Get, Put, Delete or Txn, not {type(operation).__name__}")
    effect: RpcEffect | None = "read" if operation.is_read else None
    return Call(
        operation.rpc,
        operation.request,
        operation.decode,
        checked_timeout(timeout),
        effect=effect,
        retry=checked_retry(retry),
    )


def get(
    key: str | bytes, *, revision: int = 0, serializable: bool = False, timeout: Timeout = CLIENT_DEFAULT
) -> Call[KeyValue | None]:
    """Reads one key; None when it does not exist.

    Args:
        key: its name.
        revision: read as of this revision; 0 for now.
        serializable: let any member answer from its own state, which may lag behind.
        timeout: seconds for the whole call; left out: the client's; None: no deadline.

    Raises:
        EmptyKeyError: the key is empty.
        CompactedError, FutureRevisionError: the revision is not in the cluster's history.
    """
    request = pb.RangeRequest(key=as_key(key))
    if revision is not _NOW:
        request.revision = checked_int("revision", revision)
    if serializable is not False:
        request.serializable = checked_bool("serializable", serializable)
    return Call(Get.rpc, request, _decode.first, timeout if timeout is CLIENT_DEFAULT else checked_timeout(timeout))


# What is left out is not looked into: of all calls, this one is made the most.
_NOW: Final = 0


def range(
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
    timeout: Timeout = CLIENT_DEFAULT,
) -> Call[RangeResponse]:
    """Reads one key or a range of keys in one answer.

    Args:
        keys: one key, or a `Keys` such as `Keys.prefix("/app/")`.
        limit: at most so many keys; 0: all. `response.more` says whether some were left out.
        revision: read as of this revision; 0 for now.
        sort_by: "key", "version", "create_revision", "mod_revision" or "value". The server sorts in memory, and
            before it applies the limit: on a large range that is a read of the whole.
        descending: the other way round.
        serializable: let any member answer from its own state, which may lag behind.
        keys_only: leave the values out (from etcd 3.7 the leases too).
        count_only: only `response.count`.
        min_mod_revision, max_mod_revision, min_create_revision, max_create_revision: leave out keys outside; 0: no
            bound. The server reads them all the same.
        timeout: seconds for the whole call; left out: the client's; None: no deadline.

    Raises:
        EmptyKeyError: the key is empty.
        CompactedError, FutureRevisionError: the revision is not in the cluster's history.
    """
    operation = Get(
        keys,
        limit=limit,
        revision=revision,
        sort_by=sort_by,
        descending=descending,
        serializable=serializable,
        keys_only=keys_only,
        count_only=count_only,
        min_mod_revision=min_mod_revision,
        max_mod_revision=max_mod_revision,
        min_create_revision=min_create_revision,
        max_create_revision=max_create_revision,
    )
    return Call(Get.rpc, operation.request, operation.decode, checked_timeout(timeout))


def count(keys: str | bytes | Keys, *, timeout: Timeout = CLIENT_DEFAULT) -> Call[int]:
    """The number of keys in a range; 0 or 1 for one key."""
    operation = Get(keys, count_only=True)
    return Call(Get.rpc, operation.request, lambda reply: int(reply.count), checked_timeout(timeout))


def put(
    key: str | bytes,
    value: str | bytes = "",
    *,
    lease: int | HasLeaseId = 0,
    prev_kv: bool = False,
    ignore_value: bool = False,
    ignore_lease: bool = False,
    retry: AtLeastOnce | None = None,
    timeout: Timeout = CLIENT_DEFAULT,
) -> Call[PutResponse]:
    """Writes one key, at most once: it is never sent again when it may have reached a server, unless `retry` says so.

    Args:
        key, value: str (as UTF-8) or bytes.
        lease: id of the lease the key is to hang on, or what `lease.grant` returned; 0: none, which also takes it
            off the lease it had.
        prev_kv: return what it replaces.
        ignore_value: keep the value and change the lease only; the key must exist.
        ignore_lease: keep the lease; the key must exist.
        retry: "at_least_once": send it again, as a read is, where it may have been applied already. It may then be
            applied twice, the second time over what another client wrote in between.
        timeout: seconds for the whole call; left out: the client's; None: no deadline.

    Raises:
        EmptyKeyError: the key is empty.
        KeyNotFoundError: `ignore_value` or `ignore_lease` on a key that does not exist.
        LeaseNotFoundError: there is no such lease.
        NoSpaceError: the cluster's quota is used up.
        RequestTooLargeError: more than the server's `--max-request-bytes`, 1.5 MiB unless set.
        UnavailableError, DeadlineExceededError: with `outcome_unknown` where it may have been applied.
    """
    operation = Put(key, value, lease=lease, prev_kv=prev_kv, ignore_value=ignore_value, ignore_lease=ignore_lease)
    return Call(
        Put.rpc,
        operation.request,
        operation.decode,
        timeout if timeout is CLIENT_DEFAULT else checked_timeout(timeout),
        retry=retry if retry is None else checked_retry(retry),
    )


def delete(
    keys: str | bytes | Keys,
    *,
    prev_kv: bool = False,
    retry: AtLeastOnce | None = None,
    timeout: Timeout = CLIENT_DEFAULT,
) -> Call[DeleteResponse]:
    """Deletes one key or a range of keys, at most once unless `retry` says otherwise.

    Args:
        keys: one key, or a `Keys` such as `Keys.prefix("/app/")`.
        prev_kv: return what was deleted.
        retry: "at_least_once": send it again where it may have been applied already. The answer then tells of the last
            time: `deleted` may be 0 although keys were deleted.
        timeout: seconds for the whole call; left out: the client's; None: no deadline.
    """
    operation = Delete(keys, prev_kv=prev_kv)
    return Call(Delete.rpc, operation.request, operation.decode, checked_timeout(timeout), retry=checked_retry(retry))


def compact(
    revision: int, *, physical: bool = False, retry: AtLeastOnce | None = None, timeout: Timeout = CLIENT_DEFAULT
) -> Call[CompactResponse]:
    """Forgets the history before `revision`.

    Args:
        revision: the oldest that can still be read afterwards.
        physical: answer only when the old data is gone from the backend.
        retry: "at_least_once": send it again where it may have been applied already; that the second finds it done is
            success. With `physical` the old data may then still be there.
        timeout: seconds for the whole call; left out: the client's; None: no deadline.

    Raises:
        CompactedError: that revision is compacted already.
        FutureRevisionError: the cluster is not there yet.
    """
    request = pb.CompactionRequest(revision=checked_int("revision", revision, least=1), physical=physical)
    anything = pb.RangeRequest(key=b"\0", count_only=True)
    return Call(
        rpc("etcdserverpb.KV/Compact"),
        request,
        _compacted,
        checked_timeout(timeout),
        retry=checked_retry(retry),
        confirmation=Confirmation(CompactedError, Call(Get.rpc, anything, _compacted)),
    )


def _compacted(reply: Any) -> CompactResponse:
    return CompactResponse(header=_decode.header(reply.header))
