"""A mirror: all keys of a range as of one revision, then every change after it, for whoever keeps a copy of them."""

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from etcdobs._call import CLIENT_DEFAULT, Timeout, checked_int, checked_timeout
from etcdobs.keys import Keys, as_keys
from etcdobs.recipes._client import asynchronous, blocking
from etcdobs.recipes._mirror import Copying, start_over

if TYPE_CHECKING:
    from etcdobs._drive.aio_watch import AsyncWatcher
    from etcdobs._drive.sync_watch import Watcher
    from etcdobs.aio import AsyncClient
    from etcdobs.client import Client
    from etcdobs.types import KeyValue

__all__ = ["AsyncMirror", "Mirror"]


class _Mirrored:
    """What both mirrors share: which keys, and from which revision on.

    Attributes:
        keys: the keys.
        revision: that of the base; 0 before its first key is read, unless one was given.
    """

    def __init__(self, keys: str | bytes | Keys, revision: int) -> None:
        self.keys: Keys = as_keys(keys)
        self.revision: int = checked_int("revision", revision)
        # One key alone, so that rights on the range suffice, and that it costs the same however many there are.
        self._pin = Keys(self.keys.start)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.keys}, base at revision {self.revision or 'not yet known'}>"

    def _begin(self, revision: int) -> None:
        self.revision = revision

    def _after_base(self) -> int:
        if not self.revision:
            raise RuntimeError("updates() go on from the base: read base() first, or give the mirror a revision")
        return self.revision + 1


class Mirror(_Mirrored):
    """Some keys as of one revision, and every change after it: nothing between the two is missed, or comes twice.

    Rights to read the range suffice. Works as Go's `mirror.Syncer`.

    Args:
        client: of the source.
        keys: one key, or a `Keys` such as `Keys.prefix("/app/")`.
        revision: that of the base; 0: the cluster's own when the base is read.

    Raises:
        TypeError, ValueError: an argument is wrong.
    """

    def __init__(self, client: "Client", keys: str | bytes | Keys, *, revision: int = 0) -> None:
        super().__init__(keys, revision)
        self._client = blocking(client)

    def base(self, *, timeout: Timeout = CLIENT_DEFAULT) -> "Iterator[KeyValue]":
        """Iterates over all keys as of `revision`, in ascending order; the same however often it is called.

        Args:
            timeout: seconds for each call; left out: the client's; None: no deadline.

        Raises:
            CompactedError: that revision is compacted, or was before the last key was read: begin with a new mirror.
        """
        if not self.revision:
            self._begin(self._client.range(self._pin, count_only=True, timeout=timeout).revision)
        with start_over():
            yield from self._client.scan(self.keys, revision=self.revision, timeout=timeout)

    def updates(self, *, timeout: Timeout = CLIENT_DEFAULT) -> "Watcher":
        """The changes after `revision`: a watcher, to be entered. Iterate its `responses()` for whole revisions.

        It raises CompactedError where the history after `revision` is gone: begin with a new mirror, and drop the keys
        that its base does not have.

        Args:
            timeout: seconds until the server must have the watch; left out: the client's; None: no deadline.

        Raises:
            RuntimeError: there is no revision yet.
        """
        return self._client.watch(self.keys, start_revision=self._after_base(), timeout=timeout)

    def copy_to(
        self,
        destination: "Client",
        *,
        destination_prefix: str | bytes | None = None,
        base: bool = True,
        max_txn_ops: int = 128,
        timeout: Timeout = CLIENT_DEFAULT,
    ) -> Iterator[int]:
        """Copies the base, then every change as it happens; iterates, without end, over the revisions that are copied.

        A revision is one transaction, where it fits the limits of the destination. Values are copied, not leases; what
        else the destination holds stays. After an error, `Mirror(client, keys, revision=last)` goes on with
        `base=False` where this one ended: what may have been copied already may be copied again.

        Args:
            destination: a client of the other cluster; or of the same, with a prefix that is not among `keys`.
            destination_prefix: what replaces the prefix that `keys` are; "": they lose it; None: they keep it.
            base: False leaves the base out, which is there already.
            max_txn_ops: the destination's `--max-txn-ops`.
            timeout: seconds for each call; left out: that of the client which makes it; None: no deadline.

        Raises:
            TypeError, ValueError: an argument is wrong.
            CompactedError: history between the base and the changes is gone; a note says what to do.
            EtcdError: a cluster refuses, or cannot be reached.
        """
        return self._copy(
            blocking(destination), Copying(self.keys, destination_prefix, max_txn_ops), base, checked_timeout(timeout)
        )

    def _copy(self, destination: "Client", copying: Copying, base: bool, timeout: Timeout) -> Iterator[int]:
        if base:
            yield self._copy_base(destination, copying, timeout)
        with start_over(), self.updates(timeout=timeout) as watcher:
            for batch in watcher.responses():
                for revision, transactions in copying.follow(batch.events):
                    for transaction in transactions:
                        destination.do(transaction, timeout=timeout)
                    yield revision

    def _copy_base(self, destination: "Client", copying: Copying, timeout: Timeout) -> int:
        for kv in self.base(timeout=timeout):
            for transaction in copying.put(kv):
                destination.do(transaction, timeout=timeout)
        for transaction in copying.rest():
            destination.do(transaction, timeout=timeout)
        return self.revision


class AsyncMirror(_Mirrored):
    """Some keys as of one revision, and every change after it: nothing between the two is missed, or comes twice.

    Rights to read the range suffice. Works as Go's `mirror.Syncer`.

    Args:
        client: of the source.
        keys: one key, or a `Keys` such as `Keys.prefix("/app/")`.
        revision: that of the base; 0: the cluster's own when the base is read.

    Raises:
        TypeError, ValueError: an argument is wrong.
    """

    def __init__(self, client: "AsyncClient", keys: str | bytes | Keys, *, revision: int = 0) -> None:
        super().__init__(keys, revision)
        self._client = asynchronous(client)

    async def base(self, *, timeout: Timeout = CLIENT_DEFAULT) -> "AsyncIterator[KeyValue]":
        """Iterates over all keys as of `revision`, in ascending order; the same however often it is called.

        Args:
            timeout: seconds for each call; left out: the client's; None: no deadline.

        Raises:
            CompactedError: that revision is compacted, or was before the last key was read: begin with a new mirror.
        """
        if not self.revision:
            self._begin((await self._client.range(self._pin, count_only=True, timeout=timeout)).revision)
        with start_over():
            async for kv in self._client.scan(self.keys, revision=self.revision, timeout=timeout):
                yield kv

    def updates(self, *, timeout: Timeout = CLIENT_DEFAULT) -> "AsyncWatcher":
        """The changes after `revision`: a watcher, to be entered. Iterate its `responses()` for whole revisions.

        It raises CompactedError where the history after `revision` is gone: begin with a new mirror, and drop the keys
        that its base does not have.

        Args:
            timeout: seconds until the server must have the watch; left out: the client's; None: no deadline.

        Raises:
            RuntimeError: there is no revision yet.
        """
        return self._client.watch(self.keys, start_revision=self._after_base(), timeout=timeout)

    def copy_to(
        self,
        destination: "AsyncClient",
        *,
        destination_prefix: str | bytes | None = None,
        base: bool = True,
        max_txn_ops: int = 128,
        timeout: Timeout = CLIENT_DEFAULT,
    ) -> AsyncIterator[int]:
        """Copies the base, then every change as it happens; iterates, without end, over the revisions that are copied.

        A revision is one transaction, where it fits the limits of the destination. Values are copied, not leases; what
        else the destination holds stays. After an error, `AsyncMirror(client, keys, revision=last)` goes on with
        `base=False` where this one ended: what may have been copied already may be copied again.

        Args:
            destination: a client of the other cluster; or of the same, with a prefix that is not among `keys`.
            destination_prefix: what replaces the prefix that `keys` are; "": they lose it; None: they keep it.
            base: False leaves the base out, which is there already.
            max_txn_ops: the destination's `--max-txn-ops`.
            timeout: seconds for each call; left out: that of the client which makes it; None: no deadline.

        Raises:
            TypeError, ValueError: an argument is wrong.
            CompactedError: history between the base and the changes is gone; a note says what to do.
            EtcdError: a cluster refuses, or cannot be reached.
        """
        return self._copy(
            asynchronous(destination),
            Copying(self.keys, destination_prefix, max_txn_ops),
            base,
            checked_timeout(timeout),
        )

    async def _copy(
        self, destination: "AsyncClient", copying: Copying, base: bool, timeout: Timeout
    ) -> AsyncIterator[int]:
        if base:
            yield await self._copy_base(destination, copying, timeout)
        with start_over():
            async with self.updates(timeout=timeout) as watcher:
                async for batch in watcher.responses():
                    for revision, transactions in copying.follow(batch.events):
                        for transaction in transactions:
                            await destination.do(transaction, timeout=timeout)
                        yield revision

    async def _copy_base(self, destination: "AsyncClient", copying: Copying, timeout: Timeout) -> int:
        async for kv in self.base(timeout=timeout):
            for transaction in copying.put(kv):
                await destination.do(transaction, timeout=timeout)
        for transaction in copying.rest():
            await destination.do(transaction, timeout=timeout)
        return self.revision
