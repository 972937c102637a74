"""Transactions that are put together call by call, as both clients offer them."""

from etcdobs._call import CLIENT_DEFAULT, Timeout
from etcdobs._drive import aio as _aio
from etcdobs._drive import sync as _sync
from etcdobs.ops import kv
from etcdobs.ops.compare import Compare
from etcdobs.ops.operation import Operation, Txn
from etcdobs.types import TxnResponse

__all__ = ["AsyncTxnBuilder", "TxnBuilder"]


class TxnBuilder:
    """A transaction that is being put together; `commit` sends it, at most once."""

    def __init__(self, driver: _sync.Driver) -> None:
        self._driver = driver
        self._when: tuple[Compare, ...] = ()
        self._then: tuple[Operation, ...] = ()
        self._otherwise: tuple[Operation, ...] = ()

    def when(self, *compares: Compare) -> "TxnBuilder":
        """Add conditions; all must hold for `then` to run."""
        self._when += compares
        return self

    def then(self, *operations: Operation) -> "TxnBuilder":
        """Add operations that run when every condition holds."""
        self._then += operations
        return self

    def otherwise(self, *operations: Operation) -> "TxnBuilder":
        """Add operations that run when a condition does not hold."""
        self._otherwise += operations
        return self

    def commit(self, *, timeout: Timeout = CLIENT_DEFAULT) -> TxnResponse:
        """Send the transaction.

        Raises:
            TypeError: something in it is no compare, or no operation.
            DuplicateKeyError: it writes one key twice.
            TooManyOpsError: more operations than the server's `--max-txn-ops`, 128 unless set.
            UnavailableError, DeadlineExceededError: with `outcome_unknown` where it may have been applied.
        """
        response = self._driver.call(kv.do(Txn(self._when, self._then, self._otherwise), timeout=timeout))
        assert isinstance(response, TxnResponse)
        return response


class AsyncTxnBuilder:
    """A transaction that is being put together; `commit` sends it, at most once."""

    def __init__(self, driver: _aio.Driver) -> None:
        self._driver = driver
        self._when: tuple[Compare, ...] = ()
        self._then: tuple[Operation, ...] = ()
        self._otherwise: tuple[Operation, ...] = ()

    def when(self, *compares: Compare) -> "AsyncTxnBuilder":
        """Add conditions; all must hold for `then` to run."""
        self._when += compares
        return self

    def then(self, *operations: Operation) -> "AsyncTxnBuilder":
        """Add operations that run when every condition holds."""
        self._then += operations
        return self

    def otherwise(self, *operations: Operation) -> "AsyncTxnBuilder":
        """Add operations that run when a condition does not hold."""
        self._otherwise += operations
        return self

    async def commit(self, *, timeout: Timeout = CLIENT_DEFAULT) -> TxnResponse:
        """Send the transaction.

        Raises:
            TypeError: something in it is no compare, or no operation.
            DuplicateKeyError: it writes one key twice.
            TooManyOpsError: more operations than the server's `--max-txn-ops`, 128 unless set.
            UnavailableError, DeadlineExceededError: with `outcome_unknown` where it may have been applied.
        """
        response = await self._driver.call(kv.do(Txn(self._when, self._then, self._otherwise), timeout=timeout))
        assert isinstance(response, TxnResponse)
        return response
