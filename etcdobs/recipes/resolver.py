"""Resolution: the endpoints of a service, followed as they come and go, and their addresses at any moment."""

import asyncio
import threading
import time
from contextlib import suppress
from operator import itemgetter
from types import TracebackType
from typing import TYPE_CHECKING

from etcdobs._call import CLIENT_DEFAULT, Timeout, checked_seconds, checked_timeout
from etcdobs.errors import ClosedError, CompactedError
from etcdobs.recipes._client import asynchronous, blocking
from etcdobs.recipes._naming import Changes, Endpoint, Present, Target
from etcdobs.types import Event

if TYPE_CHECKING:
    from etcdobs._drive.aio_watch import AsyncWatcher
    from etcdobs._drive.sync_watch import Watcher
    from etcdobs.aio import AsyncClient
    from etcdobs.client import Client

__all__ = ["AsyncNamingWatcher", "AsyncResolver", "NamingWatcher", "Resolver"]


# Seconds that taking what has come may last, where nothing is asked of a server.
_BRIEFLY = 0.05


class _Deadline:
    """So many seconds from now."""

    def __init__(self, timeout: float | None) -> None:
        seconds = checked_seconds(timeout)
        self._at = None if seconds is None else time.monotonic() + seconds

    def left(self) -> float | None:
        """Seconds; None: as long as it takes."""
        return None if self._at is None else max(0.0, self._at - time.monotonic())


class _Followed:
    """What both watchers share: what is known, and whether more of it is wanted."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._present = Present(target)
        self._unread: Changes | None = None
        self._closed = False

    @property
    def endpoints(self) -> dict[bytes, Endpoint]:
        """All endpoints by name, as of the last change that was taken."""
        return dict(self._present.endpoints)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Their addresses, in the order of the names."""
        return tuple(endpoint.addr for _, endpoint in sorted(self.endpoints.items(), key=itemgetter(0)))

    def __repr__(self) -> str:
        state = "closed" if self._closed else "open" if self._present.revision else "not open"
        return f"<{type(self).__name__} of {self._target.name!r}, {state}, at revision {self._present.revision}>"

    def _unread_changes(self) -> Changes | None:
        if not self._present.revision:
            raise RuntimeError("not open: enter it first")
        changes, self._unread = self._unread, None
        return changes


class NamingWatcher(_Followed):
    """The endpoints of a target, and how they change: first all that are there (perhaps none), then each change.

    Use it as a context manager and iterate it. What changed at one moment comes together: names with their endpoints,
    or None where one went. It survives what a watcher survives, and a compaction: what changed meanwhile then comes as
    one change. One thread takes from it; `close` may be called from any.
    """

    def __init__(self, client: "Client", target: Target, timeout: Timeout = CLIENT_DEFAULT) -> None:
        super().__init__(target)
        self._timeout = checked_timeout(timeout)
        self._client = blocking(client)
        self._watcher: Watcher | None = None

    def __enter__(self) -> "NamingWatcher":
        self._unread = self._read()
        self._follow()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> "NamingWatcher":
        return self

    def __next__(self) -> Changes:
        try:
            return self.get()
        except ClosedError:
            if self._closed:
                raise StopIteration from None
            raise

    def get(self, timeout: float | None = None) -> Changes:
        """The next change.

        Args:
            timeout: seconds to wait; None: until there is one.

        Raises:
            TimeoutError: none came in time; nothing is lost.
            RuntimeError: it was not entered.
            ClosedError: the watcher, or the client, is closed.
            EtcdError: the server ended it for another reason.
        """
        deadline = _Deadline(timeout)
        changes = self._unread_changes()
        while changes is None:
            try:
                changes = next(self._present.follow(self._revision(deadline)), None)
            except CompactedError:
                self._leave()
                changes = self._read() or None
        return changes

    def _read(self) -> Changes:
        return self._present.read(self._client.range(self._target.keys, timeout=self._timeout))

    def _revision(self, deadline: _Deadline) -> list[Event]:
        """All events of the next revision: once the first has come, the rest is there."""
        watcher = self._watcher or self._follow()
        events = [watcher.get(timeout=deadline.left())]
        while watcher.revision < events[-1].kv.mod_revision:
            events.append(watcher.get())
        return events

    def _follow(self) -> "Watcher":
        watcher = self._client.watch(
            self._target.keys, start_revision=self._present.revision + 1, timeout=self._timeout
        )
        self._watcher = watcher
        if self._closed:
            watcher.close()
        return watcher.__enter__()

    def close(self) -> None:
        """End the watch; an iteration ends too. May be called twice, and from any thread."""
        self._closed = True
        self._leave()

    def _leave(self) -> None:
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.close()


class Resolver:
    """The addresses of a target, kept current in memory while it is open: any number of threads may ask.

    gRPC for Python takes no resolvers from outside, so there is no channel to `etcd:///target`: make channels to these
    addresses, all of them in one as `ipv4:10.0.0.7:80,10.0.0.8:80`, and others when they change.
    """

    def __init__(self, watcher: NamingWatcher) -> None:
        self._watcher = watcher
        self._lock = threading.Lock()

    def addresses(self) -> tuple[str, ...]:
        """The addresses of now, in the order of the endpoints' names.

        Nothing is waited for, but that the first who asks after a compaction has cut the watch short reads all again.

        Raises:
            RuntimeError: it was not entered.
            ClosedError: the resolver, or the client, is closed.
            EtcdError: the server ended the watch for another reason.
        """
        # Where another thread is long at it, since it reads all again, what is known is told.
        if self._lock.acquire(timeout=_BRIEFLY):
            try:
                self._take_all()
            finally:
                self._lock.release()
        return self._watcher.addresses

    def _take_all(self) -> None:
        with suppress(TimeoutError):
            while True:
                self._watcher.get(timeout=0)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._watcher!r}>"

    def __enter__(self) -> "Resolver":
        self._watcher.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the watch. May be called twice, and from any thread."""
        self._watcher.close()


class AsyncNamingWatcher(_Followed):
    """The endpoints of a target, and how they change: first all that are there (perhaps none), then each change.

    Use it as an async context manager and iterate it. What changed at one moment comes together: names with their
    endpoints, or None where one went. It survives what a watcher survives, and a compaction: what changed meanwhile
    then comes as one change. One task takes from it.
    """

    def __init__(self, client: "AsyncClient", target: Target, timeout: Timeout = CLIENT_DEFAULT) -> None:
        super().__init__(target)
        self._timeout = checked_timeout(timeout)
        self._client = asynchronous(client)
        self._watcher: AsyncWatcher | None = None

    async def __aenter__(self) -> "AsyncNamingWatcher":
        self._unread = await self._read()
        await self._follow()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def __aiter__(self) -> "AsyncNamingWatcher":
        return self

    async def __anext__(self) -> Changes:
        try:
            return await self.get()
        except ClosedError:
            if self._closed:
                raise StopAsyncIteration from None
            raise

    async def get(self, timeout: float | None = None) -> Changes:
        """The next change.

        Args:
            timeout: seconds to wait; None: until there is one.

        Raises:
            TimeoutError: none came in time; nothing is lost.
            RuntimeError: it was not entered.
            ClosedError: the watcher, or the client, is closed.
            EtcdError: the server ended it for another reason.
        """
        deadline = _Deadline(timeout)
        changes = self._unread_changes()
        while changes is None:
            try:
                changes = next(self._present.follow(await self._revision(deadline)), None)
            except CompactedError:
                await self._leave()
                changes = await self._read() or None
        return changes

    async def _read(self) -> Changes:
        return self._present.read(await self._client.range(self._target.keys, timeout=self._timeout))

    async def _revision(self, deadline: _Deadline) -> list[Event]:
        """All events of the next revision: once the first has come, the rest is there."""
        watcher = self._watcher or await self._follow()
        events = [await watcher.get(timeout=deadline.left())]
        while watcher.revision < events[-1].kv.mod_revision:
            events.append(await watcher.get())
        return events

    async def _follow(self) -> "AsyncWatcher":
        watcher = self._client.watch(
            self._target.keys, start_revision=self._present.revision + 1, timeout=self._timeout
        )
        self._watcher = watcher
        if self._closed:
            await watcher.close()
        return await watcher.__aenter__()

    async def close(self) -> None:
        """End the watch; an iteration ends too. May be called twice."""
        self._closed = True
        await self._leave()

    async def _leave(self) -> None:
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            await watcher.close()


class AsyncResolver:
    """The addresses of a target, kept current in memory while it is open: any number of tasks may ask.

    gRPC for Python takes no resolvers from outside, so there is no channel to `etcd:///target`: make channels to these
    addresses, all of them in one as `ipv4:10.0.0.7:80,10.0.0.8:80`, and others when they change.
    """

    def __init__(self, watcher: AsyncNamingWatcher) -> None:
        self._watcher = watcher
        self._lock = asyncio.Lock()

    async def addresses(self) -> tuple[str, ...]:
        """The addresses of now, in the order of the endpoints' names.

        Nothing is waited for, but that the first who asks after a compaction has cut the watch short reads all again.

        Raises:
            RuntimeError: it was not entered.
            ClosedError: the resolver, or the client, is closed.
            EtcdError: the server ended the watch for another reason.
        """
        # Where another task is at it, and perhaps reads all again, what is known is told.
        if not self._lock.locked():
            async with self._lock:
                await self._take_all()
        return self._watcher.addresses

    async def _take_all(self) -> None:
        with suppress(TimeoutError):
            while True:
                await self._watcher.get(timeout=0)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._watcher!r}>"

    async def __aenter__(self) -> "AsyncResolver":
        await self._watcher.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End the watch. May be called twice."""
        await self._watcher.close()
