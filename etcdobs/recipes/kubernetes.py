"""The few calls that Kubernetes makes of etcd: reads by prefix in pages, and writes guarded by a revision.

As clientv3's `kubernetes` package: whoever writes says which revision of the key it has seen, and is told, not
overruled, when that is not the last one.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from etcdobs._bind import aio, sync
from etcdobs._call import CLIENT_DEFAULT, Call, Timeout, checked_bool, checked_int
from etcdobs.keys import Keys, as_bytes, as_key
from etcdobs.ops import kv
from etcdobs.ops.compare import Compare
from etcdobs.ops.operation import Delete, Get, HasLeaseId, Operation, Put, Txn
from etcdobs.recipes._client import asynchronous, blocking
from etcdobs.types import KeyValue, OperationResponse, RangeResponse, TxnResponse

if TYPE_CHECKING:
    from etcdobs.aio import AsyncClient
    from etcdobs.client import Client

__all__ = ["AsyncKubernetes", "GetResult", "Kubernetes", "ListResult", "WriteResult"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class GetResult:
    """What `get` found.

    Attributes:
        kv: the key; None when it does not exist.
        revision: of the cluster when it was read.
    """

    kv: KeyValue | None
    revision: int


@dataclass(frozen=True, slots=True)
class ListResult:
    """A page of keys.

    Attributes:
        kvs: in the order of their names.
        count: keys from where this page began to the end of the prefix, this page's included.
        revision: of the cluster when it was read: pass that of the first page to read on as of then.
        continue_key: where the next page begins; None when this is the last.
    """

    kvs: tuple[KeyValue, ...]
    count: int
    revision: int
    continue_key: bytes | None


@dataclass(frozen=True, slots=True)
class WriteResult:
    """How a guarded write ended.

    Attributes:
        succeeded: False when the key was not at the revision expected of it; then nothing was written.
        revision: of the cluster after it; of the key, when it was put.
        kv: the key as it is, after a failure and if asked for; None when it does not exist.
    """

    succeeded: bool
    revision: int
    kv: KeyValue | None


def _get(key: str | bytes, *, revision: int = 0, timeout: Timeout = CLIENT_DEFAULT) -> Call[GetResult]:
    """Reads one key.

    Args:
        key: its name.
        revision: read as of this revision; 0 for now.
        timeout: seconds for the whole call; left out: the client's; None: no deadline.

    Raises:
        CompactedError, FutureRevisionError: the revision is not in the cluster's history.
    """
    return _then(kv.range(as_key(key), revision=revision, limit=1, timeout=timeout), _got)


def _got(response: RangeResponse) -> GetResult:
    return GetResult(response.kvs[0] if response.kvs else None, response.revision)


def _list(
    prefix: str | bytes,
    *,
    limit: int = 0,
    revision: int = 0,
    continue_key: str | bytes | None = None,
    timeout: Timeout = CLIENT_DEFAULT,
) -> Call[ListResult]:
    """Reads a page of the keys under a prefix.

    Args:
        prefix: what their names begin with.
        limit: at most so many keys; 0: all.
        revision: read as of this revision; 0 for now.
        continue_key: `continue_key` of the page before; None for the first.
        timeout: seconds for the whole call; left out: the client's; None: no deadline.

    Raises:
        CompactedError, FutureRevisionError: the revision is not in the cluster's history.
        ValueError: `continue_key` is not under the prefix.
    """
    keys = _from(Keys.prefix(prefix), as_bytes("prefix", prefix), continue_key)
    return _then(kv.range(keys, limit=limit, revision=revision, timeout=timeout), _listed)


def _from(keys: Keys, prefix: bytes, continue_key: str | bytes | None) -> Keys:
    if continue_key is None:
        return keys
    start = as_bytes("continue_key", continue_key)
    if not start or not start.startswith(prefix):
        raise ValueError(f"continue_key must be under the prefix {prefix!r}, not {start!r}")
    return Keys(start, keys.end)


def _listed(response: RangeResponse) -> ListResult:
    following = response.kvs[-1].key + b"\0" if response.more else None
    return ListResult(response.kvs, response.count, response.revision, following)


def _count(prefix: str | bytes, *, timeout: Timeout = CLIENT_DEFAULT) -> Call[int]:
    """The number of keys under a prefix."""
    return kv.count(Keys.prefix(prefix), timeout=timeout)


def _optimistic_put(
    key: str | bytes,
    value: str | bytes,
    expected_revision: int,
    *,
    lease: int | HasLeaseId = 0,
    get_on_failure: bool = False,
    timeout: Timeout = CLIENT_DEFAULT,
) -> Call[WriteResult]:
    """Writes one key if it was not changed since.

    Args:
        key, value: str (as UTF-8) or bytes.
        expected_revision: the key's `mod_revision` as it was seen; 0: it must not exist.
        lease: what the key is to hang on; 0: none.
        get_on_failure: where it was changed, return it as it is now.
        timeout: seconds for the whole call; left out: the client's; None: no deadline.

    Raises:
        LeaseNotFoundError: there is no such lease.
        UnavailableError, DeadlineExceededError: with `outcome_unknown` where it may have been applied.
    """
    return _guarded(key, expected_revision, Put(key, value, lease=lease), get_on_failure, timeout)


def _optimistic_delete(
    key: str | bytes,
    expected_revision: int,
    *,
    get_on_failure: bool = False,
    timeout: Timeout = CLIENT_DEFAULT,
) -> Call[WriteResult]:
    """Deletes one key if it was not changed since.

    Args:
        key: its name.
        expected_revision: the key's `mod_revision` as it was seen.
        get_on_failure: where it was changed, return it as it is now.
        timeout: seconds for the whole call; left out: the client's; None: no deadline.

    Raises:
        UnavailableError, DeadlineExceededError: with `outcome_unknown` where it may have been applied.
    """
    return _guarded(key, expected_revision, Delete(as_key(key)), get_on_failure, timeout)


def _guarded(
    key: str | bytes, expected_revision: int, write: Operation, get_on_failure: bool, timeout: Timeout
) -> Call[WriteResult]:
    unchanged = Compare.mod_revision(as_key(key)) == checked_int("expected_revision", expected_revision)
    failed = [Get(as_key(key))] if checked_bool("get_on_failure", get_on_failure) else []
    return _then(kv.do(Txn(when=[unchanged], then=[write], otherwise=failed), timeout=timeout), _written)


def _written(response: OperationResponse) -> WriteResult:
    assert isinstance(response, TxnResponse)
    found = [each.kvs[0] for each in response.responses if isinstance(each, RangeResponse) and each.kvs]
    return WriteResult(response.succeeded, response.revision, found[0] if found else None)


def _then(call: Call[Any], read: Callable[[Any], T]) -> Call[T]:
    assert call.confirmation is None, "what it confirms would be read twice"

    def decode(reply: Any) -> T:
        return read(call.decode(reply))

    return replace(call, decode=decode)


class Kubernetes:
    """The calls that Kubernetes makes of etcd, on a client."""

    def __init__(self, client: "Client") -> None:
        self._client = blocking(client)
        self._driver = client._driver  # pyright: ignore[reportPrivateUsage]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._client!r}>"

    @sync(_get)
    def get(self) -> None: ...

    @sync(_list)
    def list(self) -> None: ...

    @sync(_count)
    def count(self) -> None: ...

    @sync(_optimistic_put)
    def optimistic_put(self) -> None: ...

    @sync(_optimistic_delete)
    def optimistic_delete(self) -> None: ...


class AsyncKubernetes:
    """The calls that Kubernetes makes of etcd, on a client."""

    def __init__(self, client: "AsyncClient") -> None:
        self._client = asynchronous(client)
        self._driver = client._driver  # pyright: ignore[reportPrivateUsage]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._client!r}>"

    @aio(_get)
    def get(self) -> None: ...

    @aio(_list)
    def list(self) -> None: ...

    @aio(_count)
    def count(self) -> None: ...

    @aio(_optimistic_put)
    def optimistic_put(self) -> None: ...

    @aio(_optimistic_delete)
    def optimistic_delete(self) -> None: ...
