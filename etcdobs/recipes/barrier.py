"""A barrier: all who reach it wait until whoever holds it lets them pass."""

from typing import TYPE_CHECKING

from etcdobs._call import checked_seconds
from etcdobs._procedure import Procedure, UntilDeleted
from etcdobs._watch import METHOD
from etcdobs.keys import as_key
from etcdobs.ops import kv
from etcdobs.ops.compare import Compare
from etcdobs.ops.operation import Put, Txn
from etcdobs.recipes._client import asynchronous, blocking
from etcdobs.recipes._performed import Plan, awaited, performed
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


class _Steps:
    """What is done with a barrier, by either client."""

    def __init__(self, client: "Client | AsyncClient", name: str | bytes) -> None:
        self._procedures = client._procedures  # pyright: ignore[reportPrivateUsage]
        self._key = as_key(name)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._key!r}>"

    def _hold(self) -> Plan[None]:
        """Make all wait who come from now on.

        Raises:
            BarrierHeldError: it is held already.
        """
        return Plan(_hold(self._key))

    def _release(self) -> Plan[None]:
        """Let all pass. Nothing to do when it is not held."""
        return Plan(_release(self._key))

    def _wait(self, timeout: float | None = None) -> Plan[None]:
        """Wait until it is not held.

        Raises:
            DeadlineExceededError: it still was after `timeout` seconds (also a TimeoutError).
        """
        return Plan(_wait(self._key), until(checked_seconds(timeout), "the barrier was not released", METHOD))


class Barrier(_Steps):
    """All who `wait` go on at once when it is released; nobody waits while it is not held.

    It outlives its holder: whoever holds it must release it. Compatible with Go's `recipe.Barrier`.
    """

    def __init__(self, client: "Client", name: str | bytes) -> None:
        super().__init__(blocking(client), name)

    @performed(_Steps._hold)
    def hold(self) -> None: ...

    @performed(_Steps._release)
    def release(self) -> None: ...

    @performed(_Steps._wait)
    def wait(self) -> None: ...


class AsyncBarrier(_Steps):
    """All who `wait` go on at once when it is released; nobody waits while it is not held.

    It outlives its holder: whoever holds it must release it. Compatible with Go's `recipe.Barrier`.
    """

    def __init__(self, client: "AsyncClient", name: str | bytes) -> None:
        super().__init__(asynchronous(client), name)

    @awaited(_Steps._hold)
    def hold(self) -> None: ...

    @awaited(_Steps._release)
    def release(self) -> None: ...

    @awaited(_Steps._wait)
    def wait(self) -> None: ...
