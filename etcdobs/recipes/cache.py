"""Waits for the events of a range and keeps a copy of it in memory: reads ask nobody."""

import asyncio
import random
import threading
from contextlib import nullcontext, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any

from etcdobs._call import Call, checked_int, checked_seconds
from etcdobs._drive.notes import unexpected
from etcdobs._drive.uninterrupted import join
from etcdobs._retry import RESUMABLE, Backoff
from etcdobs._watch import METHOD
from etcdobs.errors import ClosedError, CompactedError, EtcdError
from etcdobs.keys import Keys
from etcdobs.recipes._cached_range import Steps, UntilMoved
from etcdobs.recipes._client import asynchronous, blocking
from etcdobs.recipes._copy import Copy
from etcdobs.recipes._serialized import Serialized
from etcdobs.recipes.session import until
from etcdobs.types import WatchResponse

if TYPE_CHECKING:
    from etcdobs._drive.aio_watch import AsyncWatcher
    from etcdobs._drive.sync_watch import Watcher
    from etcdobs.aio import AsyncClient
    from etcdobs.client import Client

__all__ = ["AsyncCache", "Cache"]

# How often the range is read when it is opened, where what was read is compacted before it can be followed.
_ATTEMPTS = 5


class Cache(Copy):
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
        self._changed = threading.Condition()
        super().__init__(keys, self._changed)
        self._client = blocking(client)
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
        left = until(checked_seconds(timeout), f"the cache did not come to revision {revision}", METHOD)
        self._carry_out(self._checked().reach(revision, left))

    def refresh(self, timeout: float | None = None) -> None:
        """Wait until the copy is right as of now: the next read is as good as one of the server.

        Raises:
            DeadlineExceededError: it was not after `timeout` seconds (also a TimeoutError).
        """
        left = until(checked_seconds(timeout), "the cache did not come to the present", METHOD)
        self._carry_out(self._checked().refresh(left))

    def close(self) -> None:
        """End the feed, in bounded time, and drop what is held. May be called twice, and from any thread."""
        self._end(ClosedError("the cache is closed", method=METHOD))
        self._closing.set()
        if self._watcher is not None:
            self._watcher.close()
        if self._thread is not None:
            join(self._thread)

    def _end(self, error: EtcdError) -> None:
        super()._end(error)
        with self._changed:
            self._changed.notify_all()

    def __enter__(self) -> "Cache":
        self._enter_once()
        watcher = self._open_first()
        if self._failure is not None:
            watcher.close()
            raise self._failure
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

    def _open_first(self) -> "Watcher":
        backoff = Backoff(random.Random())
        for _ in range(_ATTEMPTS - 1):
            with suppress(CompactedError):
                return self._open()
            self._closing.wait(backoff.seconds())
        return self._open()

    def _open(self) -> "Watcher":
        """Fill the copy, and watch from there on."""
        self._procedures.perform(Serialized(self._held.fill(), self._changed))
        following = self._client.watch(self.keys, start_revision=self._held.revision + 1, progress_notify=True)
        self._watcher = following
        if self._closing.is_set():
            following.close()
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
            self._end(unexpected(error, METHOD))

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
            except (CompactedError, *RESUMABLE):
                if self._closing.wait(backoff.seconds()):
                    raise


class AsyncCache(Copy):
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
        super().__init__(keys, nullcontext())
        self._client = asynchronous(client)
        self._driver = client._driver  # pyright: ignore[reportPrivateUsage]
        self._procedures = client._procedures  # pyright: ignore[reportPrivateUsage]
        self._watcher: AsyncWatcher | None = None
        self._task: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._moved = asyncio.Event()

    async def wait_until(self, revision: int, timeout: float | None = None) -> None:
        """Wait until the copy is right as of `revision`, such as that of one's own write, or a later one.

        Where nothing of the range was written the server compares all of it with the copy, which takes it as long as a
        read of the range would.

        Raises:
            DeadlineExceededError: it was not after `timeout` seconds (also a TimeoutError).
        """
        checked_int("revision", revision)
        left = until(checked_seconds(timeout), f"the cache did not come to revision {revision}", METHOD)
        await self._carry_out(self._checked().reach(revision, left))

    async def refresh(self, timeout: float | None = None) -> None:
        """Wait until the copy is right as of now: the next read is as good as one of the server.

        Raises:
            DeadlineExceededError: it was not after `timeout` seconds (also a TimeoutError).
        """
        left = until(checked_seconds(timeout), "the cache did not come to the present", METHOD)
        await self._carry_out(self._checked().refresh(left))

    async def close(self) -> None:
        """End the feed, and drop what is held. May be called twice; whoever is cancelled here does not stop it."""
        self._end(ClosedError("the cache is closed", method=METHOD))
        self._moved.set()
        if self._ending is None:
            self._ending = asyncio.create_task(self._wind_up(), name="etcdobs-cache-closing")
        await asyncio.shield(self._ending)

    async def _wind_up(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        # The task may have been cancelled before its first step.
        if self._watcher is not None:
            await self._watcher.close()

    async def __aenter__(self) -> "AsyncCache":
        self._enter_once()
        watcher = await self._open_first()
        if self._failure is not None:
            await watcher.close()
            raise self._failure
        self._opened = True
        self._task = asyncio.create_task(self._run(watcher), name="etcdobs-cache")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def _carry_out(self, steps: Steps[None]) -> None:
        answer: Any = None
        while True:
            try:
                step = steps.send(answer)
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

    async def _open_first(self) -> "AsyncWatcher":
        backoff = Backoff(random.Random())
        for _ in range(_ATTEMPTS - 1):
            with suppress(CompactedError):
                return await self._open()
            await asyncio.sleep(backoff.seconds())
        return await self._open()

    async def _open(self) -> "AsyncWatcher":
        """Fill the copy, and watch from there on."""
        await self._procedures.perform(self._held.fill())
        following = self._client.watch(self.keys, start_revision=self._held.revision + 1, progress_notify=True)
        self._watcher = following
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
            self._end(unexpected(error, METHOD))
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
            except (CompactedError, *RESUMABLE):
                await asyncio.sleep(backoff.seconds())
