"""Transactions that are put together call by call, as both clients offer them."""

from typing import Self

from etcdobs._call import CLIENT_DEFAULT, AtLeastOnce, Call, Timeout
from etcdobs._drive import aio as _aio
from etcdobs._drive import sync as _sync
from etcdobs.ops import kv
from etcdobs.ops.compare import Compare
from etcdobs.ops.operation import Operation, Txn, all_of
from etcdobs.types import OperationResponse, TxnResponse

__all__ = ["AsyncTxnBuilder", "TxnBuilder"]


class _Parts:
    """What a transaction is put together from."""

    def __init__(self) -> None:
        self._when: tuple[Compare, ...] = ()
        self._then: tuple[Operation, ...] = ()
        self._otherwise: tuple[Operation, ...] = ()

    def __repr__(self) -> str:
        parts = {"when": self._when, "then": self._then, "otherwise": self._otherwise}
        return f"<{type(self).__name__} {' '.join(f'{name}={len(part)}' for name, part in parts.items())}>"

    def when(self, *compares: Compare) -> Self:
        """Add conditions; all must hold for `then` to run."""
        self._when += all_of("when", compares, Compare)
        return self

    def then(self, *operations: Operation) -> Self:
        """Add operations that run when every condition holds."""
        self._then += all_of("then", operations, Operation)
        return self

    def otherwise(self, *operations: Operation) -> Self:
        """Add operations that run when a condition does not hold."""
        self._otherwise += all_of("otherwise", operations, Operation)
        return self

    def _call(self, retry: AtLeastOnce | None, timeout: Timeout) -> Call[OperationResponse]:
        return kv.do(Txn(self._when, self._then, self._otherwise), retry=retry, timeout=timeout)


class TxnBuilder(_Parts):
    """A transaction that is being put together; `commit` sends it, at most once unless it only reads."""

    def __init__(self, driver: _sync.Driver) -> None:
        super().__init__()
        self._driver = driver

    def commit(self, *, retry: AtLeastOnce | None = None, timeout: Timeout = CLIENT_DEFAULT) -> TxnResponse:
        """Send the transaction.

        Args:
            retry: "at_least_once": send it again, as one that only reads is, where it may have been applied already.
                The answer then tells of the last time: a compare may fail on what the first wrote.
            timeout: seconds for the whole call; left out: the client's; None: no deadline.

        Raises:
            TypeError: something in it is no compare, or no operation.
            DuplicateKeyError: it writes one key twice.
            TooManyOpsError: more operations than the server's `--max-txn-ops`, 128 unless set.
            UnavailableError, DeadlineExceededError: with `outcome_unknown` where it may have been applied.
        """
        response = self._driver.call(self._call(retry, timeout))
        assert isinstance(response, TxnResponse)
        return response


class AsyncTxnBuilder(_Parts):
    """A transaction that is being put together; `commit` sends it, at most once unless it only reads."""

    def __init__(self, driver: _aio.Driver) -> None:
        super().__init__()
        self._driver = driver

    async def commit(self, *, retry: AtLeastOnce | None = None, timeout: Timeout = CLIENT_DEFAULT) -> TxnResponse:
        """Send the transaction.

        Args:
            retry: "at_least_once": send it again, as one that only reads is, where it may have been applied already.
                The answer then tells of the last time: a compare may fail on what the first wrote.
            timeout: seconds for the whole call; left out: the client's; None: no deadline.

        Raises:
            TypeError: something in it is no compare, or no operation.
            DuplicateKeyError: it writes one key twice.
            TooManyOpsError: more operations than the server's `--max-txn-ops`, 128 unless set.
            UnavailableError, DeadlineExceededError: with `outcome_unknown` where it may have been applied.
        """
        response = await self._driver.call(self._call(retry, timeout))
        assert isinstance(response, TxnResponse)
        return response
