"""Waits for the events of a range and keeps a copy of it in memory: reads ask nobody."""

import asyncio
import random
import threading
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any

from etcdobs._call import Call, checked_int, checked_seconds
from etcdobs._drive.boottime import boottime
from etcdobs._drive.notes import unexpected
from etcdobs._retry import RESUMABLE, Backoff
from etcdobs.errors import ClosedError, CompactedError, EtcdError
from etcdobs.keys import Keys, as_key, as_keys
from etcdobs.recipes._cached_range import CachedRange, Steps, UntilMoved
from etcdobs.recipes._serialized import Serialized
from etcdobs.recipes.session import until
from etcdobs.types import KeyValue, RangeResponse, WatchResponse

if TYPE_CHECKING:
    from etcdobs._drive.aio_watch import AsyncWatcher
    from etcdobs._drive.sync_watch import Watcher
    from etcdobs.aio import AsyncClient
    from etcdobs.client import Client

__all__ = ["AsyncCache", "Cache"]

_METHOD = "etcdserverpb.Watch/Watch"


class _Copy:
    """What is read from a cache, of either client: from memory, without waiting.

    Every read is of one moment, `revision`, which lags behind the cluster by as much as the events are under way;
    `wait_until` and `refresh` close the gap. Reads raise RuntimeError before it is open, ClosedError after it or the
    client is closed, and whatever else ended the feed.
    """

    def __init__(self, keys: str | bytes | Keys) -> None:
        self._held = CachedRange(keys, boottime)
        self._changed = threading.Condition()
        self._failure: EtcdError | None = None
        self._opened = False

    @property
    def keys(self) -> Keys:
        """What is cached."""
        return self._held.keys

    @property
    def revision(self) -> int:
        """The cluster's revision as of which the copy is right."""
        return self._checked().revision

    @property
    def staleness(self) -> float:
        """Seconds since the server last said something of the range. It is silent while nothing in it changes."""
        return max(0.0, boottime() - self._checked().heard_at)

    @property
    def rebuilds(self) -> int:
        """How often the copy was read anew, because the events it had missed were compacted."""
        return self._held.rebuilds

    def __len__(self) -> int:
        return len(self._checked())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.keys}, at revision {self._held.revision}>"

    def get(self, key: str | bytes) -> KeyValue | None:
        """One key; None when it does not exist.

        Raises:
            ValueError: the key is not among those cached.
        """
        name = as_key(key)
        with self._changed:
            return self._checked().get(name)

    def range(self, keys: str | bytes | Keys | None = None, *, limit: int = 0) -> RangeResponse:
        """The keys of a range, in ascending order and of one moment.

        Args:
            keys: one key, or a `Keys` within what is cached; None: all of it.
            limit: at most so many keys; 0: all. `response.more` says whether some were left out.

        Raises:
            ValueError: a part of it is not cached.
        """
        wanted = self.keys if keys is None else as_keys(keys)
        checked_int("limit", limit)
        with self._changed:
            return self._checked().range(wanted, limit)

    def _checked(self) -> CachedRange:
        if self._failure is not None:
            raise self._failure
        if not self._opened:
            raise RuntimeError("not open: enter it first")
        return self._held

    def _end(self, error: EtcdError) -> None:
        """Nothing is served any more; the first error stands."""
        with self._changed:
            self._failure = self._failure or error
            self._changed.notify_all()

    def _enter_once(self) -> None:
        if self._failure is not None or self._opened:
            raise ClosedError("the cache was open before: make another")

    def _fill(self) -> Any:
        return Serialized(self._held.fill(), self._changed)


class Cache(_Copy):
    """A copy of a range of keys, kept up to date by a watch: for reads that must be quick and may lag a little.

    Use it as a context manager: entering it reads the whole range. Thread-safe. It survives the loss of a connection, a
    member or a leader, and while it lasts serves what it has; where the events it has missed are compacted by then, it
    reads the range anew (`rebuilds`).

        with Cache(client, Keys.prefix("/app/")) as cache:
            put = client.put("/app/colour", "blue")
            cache.wait_until(put.revision)
            cache.get("/app/colour")
    """

    def __init__(self, client: "Client", keys: str | bytes | Keys) -> None:
        super().__init__(keys)
        self._client = client
        self._driver = client._driver  # pyright: ignore[reportPrivateUsage]
        self._procedures = client._procedures  # pyright: ignore[reportPrivateUsage]
        self._watcher: Watcher | None = None
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()

    def wait_until(self, revision: int, timeout: float | None = None) -> None:
        """Wait until the copy is right as of `revision`, such as that of one's own write, or a later one.

        Where nothing of the range was written the server compares all of it with the copy, which takes it as long as a
        read of the range would.

        Raises:
            DeadlineExceededError: it was not after `timeout` seconds (also a TimeoutError).
        """
        checked_int("revision", revision)
        left = until(checked_seconds(timeout), f"the cache did not come to revision {revision}")
        self._carry_out(self._checked().reach(revision, left))

    def refresh(self, timeout: float | None = None) -> None:
        """Wait until the copy is right as of now: the next read is as good as one of the server.

        Raises:
            DeadlineExceededError: it was not after `timeout` seconds (also a TimeoutError).
        """
        left = until(checked_seconds(timeout), "the cache did not come to the present")
        self._carry_out(self._checked().refresh(left))

    def close(self) -> None:
        """End the feed, and drop what is held. May be called twice, and from any thread."""
        self._end(ClosedError("the cache is closed", method=_METHOD))
        self._closing.set()
        if self._watcher is not None:
            self._watcher.close()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def __enter__(self) -> "Cache":
        self._enter_once()
        watcher = self._open()
        self._opened = True
        self._thread = threading.Thread(target=self._run, args=(watcher,), name="etcdobs-cache", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _carry_out(self, steps: Steps[None]) -> None:
        one_by_one = Serialized(steps, self._changed)
        answer: Any = None
        while True:
            try:
                step = one_by_one.send(answer)
            except StopIteration:
                return
            if isinstance(step, Call):
                answer = self._driver.call(step)
            else:
                self._wait(step)

    def _wait(self, step: UntilMoved) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._checked().revision >= step.revision, step.seconds)

    def _open(self) -> "Watcher":
        """Fill the copy, and watch from there on."""
        while True:
            self._procedures.perform(self._fill())
            following = self._client.watch(self.keys, start_revision=self._held.revision + 1, progress_notify=True)
            self._watcher = following
            if self._closing.is_set():
                following.close()
            with suppress(CompactedError):
                return following.__enter__()

    def _run(self, watcher: "Watcher") -> None:
        try:
            while True:
                try:
                    self._follow(watcher)
                except CompactedError:
                    watcher = self._reopen()
        except EtcdError as error:
            self._end(error)
        except Exception as error:  # noqa: BLE001 - a feed that dies must not leave a copy that looks alive
            self._end(unexpected(error, _METHOD))

    def _follow(self, watcher: "Watcher") -> None:
        with watcher:
            for batch in watcher.responses():
                self._receive(batch)

    def _receive(self, batch: WatchResponse) -> None:
        with self._changed:
            self._held.receive(batch)
            self._changed.notify_all()

    def _reopen(self) -> "Watcher":
        backoff = Backoff(random.Random())
        while True:
            try:
                return self._open()
            except RESUMABLE:
                if self._closing.wait(backoff.seconds()):
                    raise


class AsyncCache(_Copy):
    """A copy of a range of keys, kept up to date by a watch: for reads that must be quick and may lag a little.

    Use it as an async context manager: entering it reads the whole range. Reads are not awaited: they are from memory.
    It survives the loss of a connection, a member or a leader, and while it lasts serves what it has; where the events
    it has missed are compacted by then, it reads the range anew (`rebuilds`).

        async with AsyncCache(client, Keys.prefix("/app/")) as cache:
            put = await client.put("/app/colour", "blue")
            await cache.wait_until(put.revision)
            cache.get("/app/colour")
    """

    def __init__(self, client: "AsyncClient", keys: str | bytes | Keys) -> None:
        super().__init__(keys)
        self._client = client
        self._driver = client._driver  # pyright: ignore[reportPrivateUsage]
        self._procedures = client._procedures  # pyright: ignore[reportPrivateUsage]
        self._task: asyncio.Task[None] | None = None
        self._moved = asyncio.Event()

    async def wait_until(self, revision: int, timeout: float | None = None) -> None:
        """Wait until the copy is right as of `revision`, such as that of one's own write, or a later one.

        Where nothing of the range was written the server compares all of it with the copy, which takes it as long as a
        read of the range would.

        Raises:
            DeadlineExceededError: it was not after `timeout` seconds (also a TimeoutError).
        """
        checked_int("revision", revision)
        left = until(checked_seconds(timeout), f"the cache did not come to revision {revision}")
        await self._carry_out(self._checked().reach(revision, left))

    async def refresh(self, timeout: float | None = None) -> None:
        """Wait until the copy is right as of now: the next read is as good as one of the server.

        Raises:
            DeadlineExceededError: it was not after `timeout` seconds (also a TimeoutError).
        """
        left = until(checked_seconds(timeout), "the cache did not come to the present")
        await self._carry_out(self._checked().refresh(left))

    async def close(self) -> None:
        """End the feed, and drop what is held. May be called twice."""
        self._end(ClosedError("the cache is closed", method=_METHOD))
        self._moved.set()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def __aenter__(self) -> "AsyncCache":
        self._enter_once()
        watcher = await self._open()
        self._opened = True
        self._task = asyncio.create_task(self._run(watcher), name="etcdobs-cache")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def _carry_out(self, steps: Steps[None]) -> None:
        one_by_one = Serialized(steps, self._changed)
        answer: Any = None
        while True:
            try:
                step = one_by_one.send(answer)
            except StopIteration:
                return
            if isinstance(step, Call):
                answer = await self._driver.call(step)
            else:
                await self._wait(step)

    async def _wait(self, step: UntilMoved) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(step.seconds):
                while self._checked().revision < step.revision:
                    self._moved.clear()
                    await self._moved.wait()

    async def _open(self) -> "AsyncWatcher":
        """Fill the copy, and watch from there on."""
        while True:
            await self._procedures.perform(self._fill())
            following = self._client.watch(self.keys, start_revision=self._held.revision + 1, progress_notify=True)
            with suppress(CompactedError):
                return await following.__aenter__()

    async def _run(self, watcher: "AsyncWatcher") -> None:
        try:
            while True:
                try:
                    await self._follow(watcher)
                except CompactedError:
                    watcher = await self._reopen()
        except EtcdError as error:
            self._end(error)
        except Exception as error:  # noqa: BLE001 - a feed that dies must not leave a copy that looks alive
            self._end(unexpected(error, _METHOD))
        finally:
            self._moved.set()

    async def _follow(self, watcher: "AsyncWatcher") -> None:
        async with watcher:
            async for batch in watcher.responses():
                self._held.receive(batch)
                self._moved.set()

    async def _reopen(self) -> "AsyncWatcher":
        backoff = Backoff(random.Random())
        while True:
            try:
                return await self._open()
            except RESUMABLE:
                await asyncio.sleep(backoff.seconds())
