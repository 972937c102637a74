"""An ordering: reads that never go back in time, also where each of them may be answered by another, late, member."""

from typing import TYPE_CHECKING, TypeVar

from etcdobs._bind import aio, sync
from etcdobs._call import Call
from etcdobs._drive.aio import Driver as AsyncDriver
from etcdobs._drive.sync import Driver
from etcdobs.ops import kv
from etcdobs.recipes._client import asynchronous, blocking
from etcdobs.recipes._ordering import Order
from etcdobs.services.txn import AsyncTxnBuilder, TxnBuilder

if TYPE_CHECKING:
    from etcdobs.aio import AsyncClient
    from etcdobs.client import Client

__all__ = ["AsyncOrdering", "Ordering"]

T = TypeVar("T")


class _OrderedDriver(Driver):
    """Carries out the calls of an ordering, on those of its client."""

    def __init__(self, client: "Client") -> None:
        self._client = blocking(client)
        self._order = Order()

    def call(self, call: Call[T]) -> T:
        keeping = self._order.keep(call, len(self._client.endpoints))
        return self._client._procedures.perform(keeping)  # pyright: ignore[reportPrivateUsage]


class _AsyncOrderedDriver(AsyncDriver):
    """Carries out the calls of an ordering, on those of its client."""

    def __init__(self, client: "AsyncClient") -> None:
        self._client = asynchronous(client)
        self._order = Order()

    async def call(self, call: Call[T]) -> T:
        keeping = self._order.keep(call, len(self._client.endpoints))
        return await self._client._procedures.perform(keeping)  # pyright: ignore[reportPrivateUsage]


class Ordering:
    """A client's reads and writes, where no read is older than what was seen through this object before.

    Serializable reads are answered by any member from its own state, which may lag behind: the next read may then show
    less than the last. Here an answer from before the greatest revision seen (of the same cluster) is refused and
    another member asked, up to five times as many as there are endpoints; then the read raises StaleReadError. What
    was seen is what calls through this object had returned when the read began. Works as Go's `ordering.KV`; other
    than there, each read has attempts of its own, and what writes is never sent twice.

    Args:
        client: whose endpoints are asked.
    """

    def __init__(self, client: "Client") -> None:
        self._driver = _OrderedDriver(blocking(client))
        self._client = client

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._client!r}>"

    @sync(kv.get)
    def get(self) -> None: ...

    @sync(kv.range)
    def range(self) -> None: ...

    @sync(kv.count)
    def count(self) -> None: ...

    @sync(kv.put)
    def put(self) -> None: ...

    @sync(kv.delete)
    def delete(self) -> None: ...

    @sync(kv.do)
    def do(self) -> None: ...

    def txn(self) -> TxnBuilder:
        """A transaction, as `client.txn()`."""
        return TxnBuilder(self._driver)


class AsyncOrdering:
    """A client's reads and writes, where no read is older than what was seen through this object before.

    Serializable reads are answered by any member from its own state, which may lag behind: the next read may then show
    less than the last. Here an answer from before the greatest revision seen (of the same cluster) is refused and
    another member asked, up to five times as many as there are endpoints; then the read raises StaleReadError. What
    was seen is what calls through this object had returned when the read began. Works as Go's `ordering.KV`; other
    than there, each read has attempts of its own, and what writes is never sent twice.

    Args:
        client: whose endpoints are asked.
    """

    def __init__(self, client: "AsyncClient") -> None:
        self._driver = _AsyncOrderedDriver(asynchronous(client))
        self._client = client

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._client!r}>"

    @aio(kv.get)
    def get(self) -> None: ...

    @aio(kv.range)
    def range(self) -> None: ...

    @aio(kv.count)
    def count(self) -> None: ...

    @aio(kv.put)
    def put(self) -> None: ...

    @aio(kv.delete)
    def delete(self) -> None: ...

    @aio(kv.do)
    def do(self) -> None: ...

    def txn(self) -> AsyncTxnBuilder:
        """A transaction, as `client.txn()`."""
        return AsyncTxnBuilder(self._driver)
