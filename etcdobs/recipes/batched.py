"""Gets and puts of many callers, sent together as transactions."""

from types import TracebackType
from typing import TYPE_CHECKING

from etcdobs._batch import MAX_OPS
from etcdobs._batch_entry import DeleteEntry, GetEntry, PutEntry
from etcdobs._call import CLIENT_DEFAULT, Timeout
from etcdobs._drive import aio_batch, sync_batch
from etcdobs.ops.operation import HasLeaseId
from etcdobs.types import DeleteResponse, KeyValue, PutResponse

if TYPE_CHECKING:
    from etcdobs._drive.aio import Driver as AsyncDriver
    from etcdobs._drive.sync import Driver

__all__ = ["AsyncBatch", "Batch"]


class Batch:
    """Operations of many threads, sent together: use it as a context manager, or call `close`.

    Each caller gets its own result, or its own error, as if it had asked the client; what a batch mate asked is no
    reason to fail. What is asked while nothing is under way is sent at once, as the call that it is; the rest with the
    next transaction. All writes of a key are made in the order in which they were asked for, and reads see those asked
    for before them; but one that was given up, by its timeout or by Ctrl-C, may be made later, or never.
    """

    def __init__(self, driver: "Driver", max_ops: int = MAX_OPS) -> None:
        self._batcher = sync_batch.Batcher(driver, max_ops)

    def get(self, key: str | bytes, *, timeout: Timeout = CLIENT_DEFAULT) -> KeyValue | None:
        """Reads one key, as `client.get`; None when it does not exist."""
        return self._batcher.call(GetEntry(key), timeout)

    def put(
        self,
        key: str | bytes,
        value: str | bytes = "",
        *,
        lease: int | HasLeaseId = 0,
        prev_kv: bool = False,
        timeout: Timeout = CLIENT_DEFAULT,
    ) -> PutResponse:
        """Writes one key, at most once, as `client.put`; the revision is that of the transaction."""
        return self._batcher.call(PutEntry(key, value, lease, prev_kv), timeout)

    def delete(self, key: str | bytes, *, prev_kv: bool = False, timeout: Timeout = CLIENT_DEFAULT) -> DeleteResponse:
        """Deletes one key, at most once, as `client.delete`; the revision is that of the transaction."""
        return self._batcher.call(DeleteEntry(key, prev_kv), timeout)

    def close(self) -> None:
        """Wait until all that was asked for is answered; whoever asks from now on gets a ClosedError."""
        self._batcher.finish()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._batcher.state}>"

    def __enter__(self) -> "Batch":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class AsyncBatch:
    """Operations of many tasks, sent together: use it as an async context manager, or await `close`.

    Each caller gets its own result, or its own error, as if it had asked the client; what a batch mate asked is no
    reason to fail. What is asked while nothing is under way is sent at once, as the call that it is; the rest with the
    next transaction. All writes of a key are made in the order in which they were asked for, and reads see those asked
    for before them; but one that was given up, by its timeout, may be made later, or never.
    """

    def __init__(self, driver: "AsyncDriver", max_ops: int = MAX_OPS) -> None:
        self._batcher = aio_batch.Batcher(driver, max_ops)

    async def get(self, key: str | bytes, *, timeout: Timeout = CLIENT_DEFAULT) -> KeyValue | None:
        """Reads one key, as `client.get`; None when it does not exist."""
        return await self._batcher.ask(GetEntry(key), timeout)

    async def put(
        self,
        key: str | bytes,
        value: str | bytes = "",
        *,
        lease: int | HasLeaseId = 0,
        prev_kv: bool = False,
        timeout: Timeout = CLIENT_DEFAULT,
    ) -> PutResponse:
        """Writes one key, at most once, as `client.put`; the revision is that of the transaction."""
        return await self._batcher.ask(PutEntry(key, value, lease, prev_kv), timeout)

    async def delete(
        self, key: str | bytes, *, prev_kv: bool = False, timeout: Timeout = CLIENT_DEFAULT
    ) -> DeleteResponse:
        """Deletes one key, at most once, as `client.delete`; the revision is that of the transaction."""
        return await self._batcher.ask(DeleteEntry(key, prev_kv), timeout)

    async def close(self) -> None:
        """Wait until all that was asked for is answered; whoever asks from now on gets a ClosedError."""
        await self._batcher.finish()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._batcher.state}>"

    async def __aenter__(self) -> "AsyncBatch":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()
