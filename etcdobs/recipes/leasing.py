"""Waits for a session, for revocations and for calls: keys that are read again and again, served from memory."""

import asyncio
import random
import threading
from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace, TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from etcdobs._bind import aio, sync
from etcdobs._call import CLIENT_DEFAULT, Call, checked_int
from etcdobs._drive.boottime import boottime
from etcdobs._drive.notes import unexpected
from etcdobs._retry import Backoff
from etcdobs.errors import ClosedError, DeadlineExceededError, EtcdError
from etcdobs.keys import Keys, as_key
from etcdobs.ops import kv
from etcdobs.recipes._leased_keys import LeasedKeys
from etcdobs.recipes._leasing import Leasing
from etcdobs.recipes._serialized import Serialized
from etcdobs.recipes.session import AsyncSession, Session, until
from etcdobs.services.txn import AsyncTxnBuilder, TxnBuilder

if TYPE_CHECKING:
    from etcdobs._drive.aio_watch import AsyncWatcher
    from etcdobs._drive.sync_watch import Watcher
    from etcdobs.aio import AsyncClient
    from etcdobs.client import Client

__all__ = ["AsyncLeasingKV", "LeasingKV"]

T = TypeVar("T")

_METHOD = "etcdserverpb.Watch/Watch"

# Seconds between looks at the session, and at what is to be given up.
_LOOK = 0.25


class _Owner:
    """What the leasing clients of both kinds are: what they own, and whether they are open."""

    def __init__(self, prefix: str | bytes, ttl: int) -> None:
        self._prefix = as_key(prefix)
        self._ttl = checked_int("ttl", ttl, least=1)
        self._leasing = Leasing(LeasedKeys(self._prefix, boottime))
        self._lock = threading.Lock()
        self._failure: EtcdError | None = None
        self._opened = False

    @property
    def owned(self) -> frozenset[bytes]:
        """The keys that are served from memory at the moment; none while the session is lost."""
        with self._lock:
            return frozenset(self._leasing.keys.owned)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} under {self._prefix!r}, {len(self.owned)} keys owned>"

    def _steps(self, call: Call[T]) -> Serialized[Any, T]:
        if self._failure is not None:
            raise self._failure
        if not self._opened:
            raise RuntimeError("not open: enter it first")
        return Serialized(self._leasing.carry_out(call), self._lock)

    def _leaving(self) -> Serialized[Any, None] | None:
        """What deletes the leasing keys that were given up; None when there are none."""
        keys = self._leasing.keys
        return Serialized(self._leasing.leave(CLIENT_DEFAULT), self._lock) if keys.leaving else None

    def _began(self, lease: int, lost: Callable[[], bool]) -> None:
        with self._lock:
            self._leasing.keys.began(lease, lost)

    def _ended(self) -> None:
        with self._lock:
            self._leasing.keys.ended()

    def _end(self, error: EtcdError) -> None:
        """Nothing is served any more; the first error stands."""
        self._failure = self._failure or error
        self._ended()

    def _enter_once(self) -> None:
        if self._failure is not None or self._opened:
            raise ClosedError("it was open before: make another")


class LeasingKV(_Owner):
    """Reads, writes and transactions like the client's, with keys that are read again served from memory.

    A read of a single key makes this client its owner, where nobody else is; from then on reads of it are answered from
    memory, and are linearizable all the same: whoever writes it through a leasing client has it revoked first. All who
    write such keys must do so through one, with the same `prefix`; Go's `leasing.NewKV` is compatible. A write waits
    for another owner to give the key up: until its session has run out, or the call's `timeout` is over.

    Use it as a context manager. Thread-safe. When its session is lost it reads from the server, and opens another.

    Args:
        client: whose connections and namespace it uses.
        prefix: of the leasing keys: `prefix + key` says who owns `key`. The user needs read and write access to it.
        ttl: seconds for which a client that died keeps its keys from being written.
    """

    def __init__(self, client: "Client", prefix: str | bytes, ttl: int = 60) -> None:
        super().__init__(prefix, ttl)
        self._driver: Any = SimpleNamespace(call=self._carry_out)
        self._client = client
        self._procedures = client._procedures  # pyright: ignore[reportPrivateUsage]
        self._closing = threading.Event()
        self._watcher: Watcher | None = None
        self._thread: threading.Thread | None = None

    # ---- keys and values

    @sync(kv.get)
    def get(self) -> None: ...

    @sync(kv.range)
    def range(self) -> None: ...

    @sync(kv.put)
    def put(self) -> None: ...

    @sync(kv.delete)
    def delete(self) -> None: ...

    @sync(kv.do)
    def do(self) -> None: ...

    def txn(self) -> TxnBuilder:
        """A transaction, answered from memory where it only reads, and only what is owned.

        One that writes may have half as many operations as the server allows (`--max-txn-ops`).
        """
        return TxnBuilder(self._driver)

    def _carry_out(self, call: Call[T]) -> T:
        steps = self._steps(call)
        seconds = self._procedures.driver.session.seconds(call.timeout)
        try:
            return self._procedures.perform(steps, until(seconds, "another client did not give the key up"))
        finally:
            steps.close()

    # ---- life

    def close(self) -> None:
        """Give up what is owned, and revoke the session's lease. May be called twice, and from any thread."""
        self._end(ClosedError("the leasing client is closed"))
        self._closing.set()
        if self._watcher is not None:
            self._watcher.close()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def __enter__(self) -> "LeasingKV":
        self._enter_once()
        session, watcher = self._open()
        self._opened = True
        self._thread = threading.Thread(target=self._run, args=(session, watcher), name="etcdobs-leasing", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _open(self) -> "tuple[Session, Watcher]":
        """A session, and a watch of all leasing keys, older than any that the session will own."""
        session = Session(self._client.lease, self._ttl).__enter__()
        try:
            self._watcher = watcher = self._client.watch(Keys.prefix(self._prefix))
            if self._closing.is_set():
                watcher.close()
            watcher.__enter__()
        except BaseException:
            with suppress(EtcdError):
                session.close()
            raise
        self._began(session.lease.id, lambda: session.lost)
        return session, watcher

    def _run(self, session: "Session", watcher: "Watcher") -> None:
        try:
            while True:
                try:
                    self._follow(watcher)
                finally:
                    self._give_up(session, watcher)
                session, watcher = self._reopen()
        except EtcdError as error:
            self._end(error)
        except Exception as error:  # noqa: BLE001 - whoever is not heard of any more must not own anything
            self._end(unexpected(error, _METHOD))

    def _follow(self, watcher: "Watcher") -> None:
        """Heed revocations for as long as the session is alive and its watch goes on."""
        with suppress(EtcdError):
            while self._leasing.keys.is_alive:
                self._heed(watcher)
                self._leave()

    def _heed(self, watcher: "Watcher") -> None:
        try:
            event = watcher.get(timeout=_LOOK)
        except DeadlineExceededError:
            raise
        except TimeoutError:
            return
        with self._lock:
            self._leasing.keys.heard(event)

    def _leave(self) -> None:
        steps = self._leaving()
        if steps is not None:
            with suppress(EtcdError):
                self._procedures.perform(steps)

    def _give_up(self, session: "Session", watcher: "Watcher") -> None:
        self._ended()
        watcher.close()
        with suppress(EtcdError):
            session.close()

    def _reopen(self) -> "tuple[Session, Watcher]":
        backoff = Backoff(random.Random())
        while not self._closing.is_set():
            try:
                return self._open()
            except ClosedError:
                raise
            except EtcdError:
                self._closing.wait(backoff.seconds())
        raise ClosedError


class AsyncLeasingKV(_Owner):
    """Reads, writes and transactions like the client's, with keys that are read again served from memory.

    As `LeasingKV`, for asyncio: use it as an async context manager.

    Args:
        client: whose connections and namespace it uses.
        prefix: of the leasing keys: `prefix + key` says who owns `key`. The user needs read and write access to it.
        ttl: seconds for which a client that died keeps its keys from being written.
    """

    def __init__(self, client: "AsyncClient", prefix: str | bytes, ttl: int = 60) -> None:
        super().__init__(prefix, ttl)
        self._driver: Any = SimpleNamespace(call=self._carry_out)
        self._client = client
        self._procedures = client._procedures  # pyright: ignore[reportPrivateUsage]
        self._task: asyncio.Task[None] | None = None

    # ---- keys and values

    @aio(kv.get)
    def get(self) -> None: ...

    @aio(kv.range)
    def range(self) -> None: ...

    @aio(kv.put)
    def put(self) -> None: ...

    @aio(kv.delete)
    def delete(self) -> None: ...

    @aio(kv.do)
    def do(self) -> None: ...

    def txn(self) -> AsyncTxnBuilder:
        """A transaction, answered from memory where it only reads, and only what is owned.

        One that writes may have half as many operations as the server allows (`--max-txn-ops`).
        """
        return AsyncTxnBuilder(self._driver)

    async def _carry_out(self, call: Call[T]) -> T:
        # Whoever reads in a loop, and always from memory, must not hold up the heartbeat and the revocations.
        await asyncio.sleep(0)
        steps = self._steps(call)
        seconds = self._procedures.driver.session.seconds(call.timeout)
        try:
            return await self._procedures.perform(steps, until(seconds, "another client did not give the key up"))
        finally:
            steps.close()

    # ---- life

    async def close(self) -> None:
        """Give up what is owned, and revoke the session's lease. May be called twice."""
        self._end(ClosedError("the leasing client is closed"))
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def __aenter__(self) -> "AsyncLeasingKV":
        self._enter_once()
        session, watcher = await self._open()
        self._opened = True
        self._task = asyncio.create_task(self._run(session, watcher), name="etcdobs-leasing")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def _open(self) -> "tuple[AsyncSession, AsyncWatcher]":
        """A session, and a watch of all leasing keys, older than any that the session will own."""
        session = await AsyncSession(self._client.lease, self._ttl).__aenter__()
        try:
            watcher = await self._client.watch(Keys.prefix(self._prefix)).__aenter__()
        except BaseException:
            with suppress(EtcdError):
                await session.close()
            raise
        self._began(session.lease.id, lambda: session.lost)
        return session, watcher

    async def _run(self, session: "AsyncSession", watcher: "AsyncWatcher") -> None:
        try:
            while True:
                try:
                    await self._follow(watcher)
                finally:
                    await self._give_up(session, watcher)
                session, watcher = await self._reopen()
        except EtcdError as error:
            self._end(error)
        except Exception as error:  # noqa: BLE001 - whoever is not heard of any more must not own anything
            self._end(unexpected(error, _METHOD))

    async def _follow(self, watcher: "AsyncWatcher") -> None:
        """Heed revocations for as long as the session is alive and its watch goes on."""
        with suppress(EtcdError):
            while self._leasing.keys.is_alive:
                await self._heed(watcher)
                await self._leave()

    async def _heed(self, watcher: "AsyncWatcher") -> None:
        try:
            self._leasing.keys.heard(await watcher.get(timeout=_LOOK))
        except DeadlineExceededError:
            raise
        except TimeoutError:
            return

    async def _leave(self) -> None:
        steps = self._leaving()
        if steps is not None:
            with suppress(EtcdError):
                await self._procedures.perform(steps)

    async def _give_up(self, session: "AsyncSession", watcher: "AsyncWatcher") -> None:
        self._ended()
        await watcher.close()
        with suppress(EtcdError):
            await session.close()

    async def _reopen(self) -> "tuple[AsyncSession, AsyncWatcher]":
        backoff = Backoff(random.Random())
        while True:
            try:
                return await self._open()
            except ClosedError:
                raise
            except EtcdError:
                await asyncio.sleep(backoff.seconds())
