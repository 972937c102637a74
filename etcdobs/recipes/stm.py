"""Software transactional memory: a function that reads and writes keys, run again until it ran as if alone."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar, get_args

from etcdobs._call import CLIENT_DEFAULT, Call, ClientDefault, Timeout, checked_timeout
from etcdobs.keys import as_key, as_value
from etcdobs.ops import kv
from etcdobs.ops.compare import Compare
from etcdobs.ops.operation import Delete, Get, HasLeaseId, Operation, Put, Txn
from etcdobs.recipes.session import until
from etcdobs.types import KeyValue, OperationResponse, RangeResponse, TxnResponse

if TYPE_CHECKING:
    from etcdobs._drive.aio import Driver as AsyncDriver
    from etcdobs._drive.sync import Driver

__all__ = ["STM", "AsyncSTM", "Isolation"]

T = TypeVar("T")

Isolation: TypeAlias = Literal["serializable_snapshot", "serializable", "repeatable_reads", "read_committed"]


class _Attempt:
    """What one run of the function has read and wants written. Pure."""

    def __init__(
        self, isolation: Isolation, known: dict[bytes, KeyValue | None], revision: int, left: Callable[[], Timeout]
    ) -> None:
        self._isolation: Isolation = isolation
        self._left = left
        self._reads: dict[bytes, KeyValue | None] = {}
        self._writes: dict[bytes, Operation] = {}
        self._values: dict[bytes, bytes] = {}
        self._known = known
        self._revision = revision

    def __str__(self) -> str:
        return f"{self._isolation}, {len(self._reads)} keys read, {len(self._writes)} to be written"

    def own(self, key: bytes) -> bytes | None:
        """What this run itself wrote; None when it did not."""
        return self._values.get(key)

    def seen(self, key: bytes) -> bool:
        """True when the key need not be asked for."""
        if key in self._reads:
            return True
        if key in self._known:
            self._reads[key] = self._known[key]
            return True
        return False

    def ask(self, key: bytes) -> Call[RangeResponse]:
        """What reads the key: at the revision of the first read, where the level wants one moment."""
        pinned = self._isolation in ("serializable_snapshot", "serializable")
        return kv.range(key, revision=self._revision if pinned else 0, timeout=self._left())

    def learn(self, key: bytes, response: RangeResponse) -> None:
        """The answer to `ask`."""
        self._revision = self._revision or response.revision
        self._reads[key] = response.kvs[0] if response.kvs else None

    def value(self, key: bytes) -> bytes:
        """What was read."""
        read = self._reads[key]
        return read.value if read is not None else b""

    def mod_revision(self, key: bytes) -> int:
        """The revision of what was read; 0 when the key did not exist."""
        read = self._reads[key]
        return read.mod_revision if read is not None else 0

    def put(self, key: bytes, value: bytes, lease: int | HasLeaseId) -> None:
        """Write the key, if the run commits."""
        self._writes[key] = Put(key, value, lease=lease)
        self._values[key] = value

    def delete(self, key: bytes) -> None:
        """Delete the key, if the run commits."""
        self._writes[key] = Delete(key)
        self._values[key] = b""

    def commit(self) -> Call[OperationResponse]:
        """What writes everything, if nothing read has changed; what has changed is read again otherwise."""
        txn = Txn(self._conditions(), self._writes.values(), [Get(key) for key in self._reads])
        return kv.do(txn, timeout=self._left())

    def _conditions(self) -> list[Compare]:
        if self._isolation == "read_committed":
            return []
        unchanged = [Compare.mod_revision(key) == self.mod_revision(key) for key in self._reads]
        if self._isolation != "serializable_snapshot" or not self._revision:
            return unchanged
        # A snapshot also refuses to overwrite what was written after it was taken, read or not.
        blind = (key for key in self._writes if key not in self._reads)
        return unchanged + [Compare.mod_revision(key) < self._revision + 1 for key in blind]

    def again(self, response: TxnResponse) -> "_Attempt":
        """The next run, which knows what this one's failed commit has read."""
        fresh: dict[bytes, KeyValue | None] = {}
        if self._isolation in ("serializable_snapshot", "serializable"):
            for key, answer in zip(self._reads, response.responses, strict=True):
                assert isinstance(answer, RangeResponse)
                fresh[key] = answer.kvs[0] if answer.kvs else None
        return _Attempt(self._isolation, fresh, response.revision if fresh else 0, self._left)


class STM:
    """What the function of `client.stm` reads and writes with; its own writes are visible to it at once."""

    def __init__(self, driver: "Driver", attempt: _Attempt) -> None:
        self._driver = driver
        self._attempt = attempt

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._attempt}>"

    def get(self, key: str | bytes) -> bytes:
        """The value of a key; empty when it does not exist."""
        name = as_key(key)
        own = self._attempt.own(name)
        if own is not None:
            return own
        self._read(name)
        return self._attempt.value(name)

    def mod_revision(self, key: str | bytes) -> int:
        """The revision of the key's last change before this transaction; 0 when it does not exist."""
        name = as_key(key)
        self._read(name)
        return self._attempt.mod_revision(name)

    def put(self, key: str | bytes, value: str | bytes, *, lease: int | HasLeaseId = 0) -> None:
        """Write a key, if the transaction commits."""
        self._attempt.put(as_key(key), as_value(value), lease)

    def delete(self, key: str | bytes) -> None:
        """Delete a key, if the transaction commits."""
        self._attempt.delete(as_key(key))

    def _read(self, key: bytes) -> None:
        if not self._attempt.seen(key):
            self._attempt.learn(key, self._driver.call(self._attempt.ask(key)))


class AsyncSTM:
    """What the function of `client.stm` reads and writes with; its own writes are visible to it at once."""

    def __init__(self, driver: "AsyncDriver", attempt: _Attempt) -> None:
        self._driver = driver
        self._attempt = attempt

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._attempt}>"

    async def get(self, key: str | bytes) -> bytes:
        """The value of a key; empty when it does not exist."""
        name = as_key(key)
        own = self._attempt.own(name)
        if own is not None:
            return own
        await self._read(name)
        return self._attempt.value(name)

    async def mod_revision(self, key: str | bytes) -> int:
        """The revision of the key's last change before this transaction; 0 when it does not exist."""
        name = as_key(key)
        await self._read(name)
        return self._attempt.mod_revision(name)

    async def put(self, key: str | bytes, value: str | bytes, *, lease: int | HasLeaseId = 0) -> None:
        """Write a key, if the transaction commits."""
        self._attempt.put(as_key(key), as_value(value), lease)

    async def delete(self, key: str | bytes) -> None:
        """Delete a key, if the transaction commits."""
        self._attempt.delete(as_key(key))

    async def _read(self, key: bytes) -> None:
        if not self._attempt.seen(key):
            self._attempt.learn(key, await self._driver.call(self._attempt.ask(key)))


def first_attempt(isolation: Isolation, timeout: Timeout = CLIENT_DEFAULT) -> _Attempt:
    """An attempt that knows nothing yet.

    Raises:
        TypeError, ValueError: there is no such isolation level, or it is no timeout.
    """
    if isolation not in get_args(Isolation):
        raise ValueError(f"isolation must be one of {', '.join(get_args(Isolation))}, not {isolation!r}")
    return _Attempt(isolation, {}, 0, _left(checked_timeout(timeout)))


def _left(timeout: Timeout) -> Callable[[], Timeout]:
    """What each call may take: the client's timeout, or what is left of `timeout`."""
    if isinstance(timeout, ClientDefault):
        return lambda: CLIENT_DEFAULT
    return until(timeout, "the transaction did not commit", f"{Txn.rpc.service}/{Txn.rpc.method}")


def run(driver: "Driver", function: Callable[[STM], T], isolation: Isolation, timeout: Timeout = CLIENT_DEFAULT) -> T:
    """Run `function` until its transaction commits; returns what its last run returned."""
    attempt = first_attempt(isolation, timeout)
    while True:
        result = function(STM(driver, attempt))
        response = driver.call(attempt.commit())
        assert isinstance(response, TxnResponse)
        if response.succeeded:
            return result
        attempt = attempt.again(response)


async def run_async(
    driver: "AsyncDriver",
    function: Callable[[AsyncSTM], Awaitable[T]],
    isolation: Isolation,
    timeout: Timeout = CLIENT_DEFAULT,
) -> T:
    """Run `function` until its transaction commits; returns what its last run returned."""
    attempt = first_attempt(isolation, timeout)
    while True:
        result = await function(AsyncSTM(driver, attempt))
        response = await driver.call(attempt.commit())
        assert isinstance(response, TxnResponse)
        if response.succeeded:
            return result
        attempt = attempt.again(response)
