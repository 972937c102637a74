"""Queues of the whole cluster: values that wait to be taken, each by exactly one."""

import secrets
from typing import TYPE_CHECKING

from etcdobs._call import checked_int, checked_seconds
from etcdobs._procedure import Procedure, UntilPut
from etcdobs._watch import METHOD
from etcdobs.keys import Keys, as_key, as_value
from etcdobs.ops import kv
from etcdobs.ops.compare import Compare
from etcdobs.ops.operation import Delete, Put, SortBy, Txn
from etcdobs.recipes._client import asynchronous, blocking
from etcdobs.recipes._performed import Plan, awaited, performed
from etcdobs.recipes.session import until
from etcdobs.types import RangeResponse, TxnResponse

if TYPE_CHECKING:
    from etcdobs.aio import AsyncClient
    from etcdobs.client import Client

__all__ = ["AsyncPriorityQueue", "AsyncQueue", "PriorityQueue", "Queue"]


def _rank(priority: int) -> bytes:
    if checked_int("priority", priority) > 0xFFFF:
        raise ValueError(f"priority must be from 0 to 65535, not {priority}")
    return b"%05d/" % priority


def _add(key: bytes, value: bytes) -> Procedure[None]:
    response = yield kv.do(Txn(when=[Compare.missing(key)], then=[Put(key, value)]))
    assert isinstance(response, TxnResponse)
    if not response.succeeded:
        yield from _add(key + _unique(), value)


def _add_behind(prefix: bytes, value: bytes) -> Procedure[None]:
    """Behind those of the same priority: numbered as in Go, and with a name of its own whoever else counts."""
    number = yield from _next_number(prefix)
    yield from _add(b"%s%016d-%s" % (prefix, number, _unique()), value)


def _next_number(prefix: bytes) -> Procedure[int]:
    """One more than the last; keys without a number, which no queue has made, are passed over."""
    keys = Keys.prefix(prefix)
    while True:
        last: RangeResponse = yield kv.range(keys, limit=1, sort_by="key", descending=True, keys_only=True)
        if not last.kvs:
            return 0
        number = last.kvs[0].key.removeprefix(prefix)[:16]
        if len(number) == 16 and number.isdigit():
            return int(number) + 1
        if last.kvs[0].key == prefix:
            return 0
        keys = Keys.between(prefix, last.kvs[0].key)


def _unique() -> bytes:
    return secrets.token_hex(8).encode()


def _take(prefix: bytes, order: SortBy | None) -> Procedure[bytes]:
    while True:
        first: RangeResponse = yield kv.range(Keys.prefix(prefix), limit=1, sort_by=order)
        if not first.kvs:
            yield UntilPut(Keys.prefix(prefix), first.revision)
            continue
        head = first.kvs[0]
        response = yield kv.do(Txn(when=[Compare.mod_revision(head.key) == head.mod_revision], then=[Delete(head.key)]))
        assert isinstance(response, TxnResponse)
        if response.succeeded:
            return head.value


class _Steps:
    """What is done with a queue, by either client."""

    _order: SortBy | None = "mod_revision"

    def __init__(self, client: "Client | AsyncClient", name: str | bytes) -> None:
        self._procedures = client._procedures  # pyright: ignore[reportPrivateUsage]
        self._prefix = as_key(name) + b"/"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._prefix[:-1]!r}>"

    def _put(self, value: str | bytes) -> Plan[None]:
        """Add a value."""
        return Plan(_add(self._prefix + _unique(), as_value(value)))

    def _get(self, timeout: float | None = None) -> Plan[bytes]:
        """Take the first value, which nobody else gets; wait while there is none.

        Raises:
            DeadlineExceededError: none came within `timeout` seconds (also a TimeoutError).
        """
        patience = until(checked_seconds(timeout), "nothing came into the queue", METHOD)
        return Plan(_take(self._prefix, self._order), patience)


class _PrioritySteps(_Steps):
    """What is done with a queue of ranks, by either client."""

    _order = None

    def _put_ranked(self, value: str | bytes, priority: int) -> Plan[None]:
        """Add a value: the smaller its priority, from 0 to 65535, the sooner it is taken."""
        return Plan(_add_behind(self._prefix + _rank(priority), as_value(value)))


class Queue(_Steps):
    """Values, taken in the order in which they were added. Compatible with Go's `recipe.Queue`.

    What was taken is gone: who takes a value and dies takes it along.
    """

    def __init__(self, client: "Client", name: str | bytes) -> None:
        super().__init__(blocking(client), name)

    @performed(_Steps._put)
    def put(self) -> None: ...

    @performed(_Steps._get)
    def get(self) -> None: ...


class AsyncQueue(_Steps):
    """Values, taken in the order in which they were added. Compatible with Go's `recipe.Queue`.

    What was taken is gone: who takes a value and dies takes it along.
    """

    def __init__(self, client: "AsyncClient", name: str | bytes) -> None:
        super().__init__(asynchronous(client), name)

    @awaited(_Steps._put)
    def put(self) -> None: ...

    @awaited(_Steps._get)
    def get(self) -> None: ...


class PriorityQueue(_PrioritySteps):
    """Values, of which the one with the smallest priority is taken first. Compatible with Go's `recipe.PriorityQueue`.

    What was taken is gone: who takes a value and dies takes it along.
    """

    def __init__(self, client: "Client", name: str | bytes) -> None:
        super().__init__(blocking(client), name)

    @performed(_PrioritySteps._put_ranked)
    def put(self) -> None: ...

    @performed(_PrioritySteps._get)
    def get(self) -> None: ...


class AsyncPriorityQueue(_PrioritySteps):
    """Values, of which the one with the smallest priority is taken first. Compatible with Go's `recipe.PriorityQueue`.

    What was taken is gone: who takes a value and dies takes it along.
    """

    def __init__(self, client: "AsyncClient", name: str | bytes) -> None:
        super().__init__(asynchronous(client), name)

    @awaited(_PrioritySteps._put_ranked)
    def put(self) -> None: ...

    @awaited(_PrioritySteps._get)
    def get(self) -> None: ...
