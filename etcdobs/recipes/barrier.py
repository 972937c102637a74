"""A barrier: all who reach it wait until whoever holds it lets them pass."""

from typing import TYPE_CHECKING

from etcdobs._procedure import Procedure, UntilDeleted
from etcdobs.keys import as_key
from etcdobs.ops import kv
from etcdobs.ops.compare import Compare
from etcdobs.ops.operation import Put, Txn
from etcdobs.recipes.errors import BarrierHeldError
from etcdobs.recipes.session import until
from etcdobs.types import RangeResponse, TxnResponse

if TYPE_CHECKING:
    from etcdobs.aio import AsyncClient
    from etcdobs.client import Client

__all__ = ["AsyncBarrier", "Barrier"]


def _hold(key: bytes) -> Procedure[None]:
    response = yield kv.do(Txn(when=[Compare.missing(key)], then=[Put(key)]))
    assert isinstance(response, TxnResponse)
    if not response.succeeded:
        raise BarrierHeldError


def _release(key: bytes) -> Procedure[None]:
    yield kv.delete(key)


def _wait(key: bytes) -> Procedure[None]:
    while True:
        held: RangeResponse = yield kv.range(key, keys_only=True)
        if not held.kvs:
            return
        yield UntilDeleted(key, held.revision)


class Barrier:
    """All who `wait` go on at once when it is released; nobody waits while it is not held.

    It outlives its holder: whoever holds it must release it. Compatible with Go's `recipe.Barrier`.
    """

    def __init__(self, client: "Client", name: str | bytes) -> None:
        self._procedures = client._procedures  # pyright: ignore[reportPrivateUsage]
        self._key = as_key(name)

    def hold(self) -> None:
        """Make all wait who come from now on.

        Raises:
            BarrierHeldError: it is held already.
        """
        self._procedures.perform(_hold(self._key))

    def release(self) -> None:
        """Let all pass. Nothing to do when it is not held."""
        self._procedures.perform(_release(self._key))

    def wait(self, timeout: float | None = None) -> None:
        """Wait until it is not held.

        Raises:
            DeadlineExceededError: it still was after `timeout` seconds (also a TimeoutError).
        """
        self._procedures.perform(_wait(self._key), until(timeout, "the barrier was not released"))


class AsyncBarrier:
    """All who `wait` go on at once when it is released; nobody waits while it is not held.

    It outlives its holder: whoever holds it must release it. Compatible with Go's `recipe.Barrier`.
    """

    def __init__(self, client: "AsyncClient", name: str | bytes) -> None:
        self._procedures = client._procedures  # pyright: ignore[reportPrivateUsage]
        self._key = as_key(name)

    async def hold(self) -> None:
        """Make all wait who come from now on.

        Raises:
            BarrierHeldError: it is held already.
        """
        await self._procedures.perform(_hold(self._key))

    async def release(self) -> None:
        """Let all pass. Nothing to do when it is not held."""
        await self._procedures.perform(_release(self._key))

    async def wait(self, timeout: float | None = None) -> None:
        """Wait until it is not held.

        Raises:
            DeadlineExceededError: it still was after `timeout` seconds (also a TimeoutError).
        """
        await self._procedures.perform(_wait(self._key), until(timeout, "the barrier was not released"))
