"""Waits for a session, for revocations and for calls: keys that are read again and again, served from memory."""

import asyncio
import random
import threading
from contextlib import nullcontext, suppress
from types import SimpleNamespace, TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from etcdobs._bind import aio, sync
from etcdobs._call import CLIENT_DEFAULT, Call
from etcdobs._drive.notes import unexpected
from etcdobs._drive.uninterrupted import CLOSING
from etcdobs._retry import Backoff
from etcdobs._watch import METHOD
from etcdobs.errors import ClosedError, DeadlineExceededError, EtcdError
from etcdobs.keys import Keys
from etcdobs.ops import kv
from etcdobs.recipes._client import asynchronous, blocking
from etcdobs.recipes._owner import Owner
from etcdobs.recipes.session import AsyncSession, Session, until
from etcdobs.services.txn import AsyncTxnBuilder, TxnBuilder

if TYPE_CHECKING:
    from etcdobs._drive.aio_watch import AsyncWatcher
    from etcdobs._drive.sync_watch import Watcher
    from etcdobs.aio import AsyncClient
    from etcdobs.client import Client

__all__ = ["AsyncLeasingKV", "LeasingKV"]

T = TypeVar("T")

_NOT_GIVEN_UP = "another client did not give the key up"

# Seconds between looks at the session, and at what is to be given up.
_LOOK = 0.25


def _name(call: Call[Any]) -> str:
    return f"{call.rpc.service}/{call.rpc.method}"


class LeasingKV(Owner):
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
        super().__init__(prefix, ttl, threading.Lock())
        self._driver: Any = SimpleNamespace(call=self._carry_out)
        self._client = blocking(client)
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
            return self._procedures.perform(steps, until(seconds, _NOT_GIVEN_UP, _name(call)))
        finally:
            steps.close()

    # ---- life

    def close(self) -> None:
        """Give up what is owned, and revoke the session's lease. May be called twice, and from any thread.

        It takes no longer than the client's timeout, nor than `ttl`: the lease has run out by then.
        """
        self._end(ClosedError("the leasing client is closed", method=METHOD))
        self._closing.set()
        if self._watcher is not None:
            self._watcher.close()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(self._patience() + CLOSING)

    def _patience(self) -> float:
        return self._most(self._procedures.driver.session.seconds(CLIENT_DEFAULT))

    def __enter__(self) -> "LeasingKV":
        self._enter_once()
        session, watcher = self._open()
        if self._failure is not None:
            self._give_up(session, watcher)
            raise self._failure
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
                session.close(timeout=self._patience())
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
            self._end(unexpected(error, METHOD))

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
            session.close(timeout=self._patience())

    def _reopen(self) -> "tuple[Session, Watcher]":
        backoff = Backoff(random.Random())
        while not self._closing.is_set():
            try:
                return self._open()
            except ClosedError:
                raise
            except EtcdError:
                self._closing.wait(backoff.seconds())
        raise ClosedError(method=METHOD)


class AsyncLeasingKV(Owner):
    """Reads, writes and transactions like the client's, with keys that are read again served from memory.

    As `LeasingKV`, for asyncio: use it as an async context manager.

    Args:
        client: whose connections and namespace it uses.
        prefix: of the leasing keys: `prefix + key` says who owns `key`. The user needs read and write access to it.
        ttl: seconds for which a client that died keeps its keys from being written.
    """

    def __init__(self, client: "AsyncClient", prefix: str | bytes, ttl: int = 60) -> None:
        super().__init__(prefix, ttl, nullcontext())
        self._driver: Any = SimpleNamespace(call=self._carry_out)
        self._client = asynchronous(client)
        self._procedures = client._procedures  # pyright: ignore[reportPrivateUsage]
        self._session: AsyncSession | None = None
        self._watcher: AsyncWatcher | None = None
        self._giving_up = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None

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
            return await self._procedures.perform(steps, until(seconds, _NOT_GIVEN_UP, _name(call)))
        finally:
            steps.close()

    # ---- life

    async def close(self) -> None:
        """Give up what is owned, and revoke the session's lease. May be called twice.

        It takes no longer than the client's timeout, nor than `ttl`: the lease has run out by then. It goes on where
        whoever awaits it is cancelled.
        """
        self._end(ClosedError("the leasing client is closed", method=METHOD))
        if self._ending is None:
            self._ending = asyncio.create_task(self._wind_up(), name="etcdobs-leasing-closing")
        await asyncio.shield(self._ending)

    async def _wind_up(self) -> None:
        async with self._giving_up:
            # What is being given up already is given up to the end.
            if self._task is not None:
                self._task.cancel()
        if self._task is not None:
            await asyncio.wait([self._task])
        await self._give_up()

    async def __aenter__(self) -> "AsyncLeasingKV":
        self._enter_once()
        await self._open()
        if self._failure is not None:
            await self._give_up()
            raise self._failure
        self._opened = True
        self._task = asyncio.create_task(self._run(), name="etcdobs-leasing")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def _open(self) -> None:
        """Have a session, and a watch of all leasing keys, older than any that the session will own."""
        session = self._session = await AsyncSession(self._client.lease, self._ttl).__aenter__()
        self._watcher = self._client.watch(Keys.prefix(self._prefix))
        try:
            await self._watcher.__aenter__()
        except BaseException:
            await self._give_up()
            raise
        self._began(session.lease.id, lambda: session.lost)

    async def _run(self) -> None:
        try:
            while True:
                try:
                    await self._follow()
                finally:
                    await self._give_up()
                await self._reopen()
        except EtcdError as error:
            self._end(error)
        except Exception as error:  # noqa: BLE001 - whoever is not heard of any more must not own anything
            self._end(unexpected(error, METHOD))

    async def _follow(self) -> None:
        """Heed revocations for as long as the session is alive and its watch goes on."""
        with suppress(EtcdError):
            while self._watcher is not None and self._leasing.keys.is_alive:
                await self._heed(self._watcher)
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

    async def _give_up(self) -> None:
        """End the session and its watch. May be called twice."""
        async with self._giving_up:
            self._ended()
            (session, self._session), (watcher, self._watcher) = (self._session, None), (self._watcher, None)
            if watcher is not None:
                await watcher.close()
            if session is not None:
                with suppress(EtcdError):
                    seconds = self._procedures.driver.session.seconds(CLIENT_DEFAULT)
                    await session.close(timeout=self._most(seconds))

    async def _reopen(self) -> None:
        backoff = Backoff(random.Random())
        while True:
            try:
                return await self._open()
            except ClosedError:
                raise
            except EtcdError:
                await asyncio.sleep(backoff.seconds())
