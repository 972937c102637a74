"""A lock of the whole cluster, fair: those who wait get it in the order in which they came."""

import threading
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING

from etcdobs._call import CLIENT_DEFAULT, ClientDefault, Timeout, checked_seconds, checked_timeout
from etcdobs._drive.notes import lock_wait
from etcdobs._procedure import timed
from etcdobs.errors import EtcdError
from etcdobs.recipes._queue_of_keys import Candidate
from etcdobs.recipes._standing import S, Standing
from etcdobs.recipes.errors import LockNotHeldError
from etcdobs.recipes.session import AsyncSession, Session, check_alive, opened, patience

if TYPE_CHECKING:
    from etcdobs._drive.aio_procedure import Procedures as AsyncProcedures
    from etcdobs._drive.sync_procedure import Procedures
    from etcdobs.services.lease import AsyncLease, AsyncLeaseClient, Lease, LeaseClient

__all__ = ["AsyncLock", "Lock"]


class _Claim(Standing[S]):
    """What both locks share: the time they wait by themselves, and that nobody believes to have it with another.

    A second user, who found the lock held by its own object, or by its own lease, would be inside with the first.
    """

    def __init__(self, name: str | bytes, ttl: int, timeout: float | None, shared: S | None) -> None:
        super().__init__(name, ttl, shared)
        self._timeout = timeout
        self._deciding = threading.Lock()
        self._claimed = False
        self._entered = False

    def _claim(self) -> S | None:
        """Take the object for one user; returns the session of its own that a lock that was lost leaves behind."""
        with self._deciding:
            if self._claimed and (self._entered or not self.lost):
                raise RuntimeError("this lock is held or waited for already: each thread or task needs one of its own")
            self._claimed = True
            return self._forget()[1]

    def _claim_place(self, session: S, candidate: Candidate) -> None:
        if session.places.setdefault(candidate.key, self) is not self:
            raise RuntimeError(
                f"another lock of this session, or of its lease, holds {self._prefix[:-1]!r} or waits for it, and to"
                " the server they are one owner: each thread or task needs a session of its own"
            )

    def _unclaim(self, session: S | None, candidate: Candidate | None) -> None:
        if session is not None and candidate is not None and session.places.get(candidate.key) is self:
            del session.places[candidate.key]
        self._claimed = False

    def _seconds(self, timeout: Timeout) -> float | None:
        return self._timeout if isinstance(timeout, ClientDefault) else checked_seconds(timeout)


class Lock(_Claim[Session]):
    """A lock of the whole cluster. Whoever holds it loses it with its lease: check `lost`, and fence with `fence`.

    Use it as a context manager, or `acquire` and `release`; it may be used again. One object is for one thread at a
    time, and in one session only one lock of a name is held or waited for at a time: the lease is who owns it, as with
    Go's `concurrency.Mutex`, with which it is compatible.
    """

    def __init__(
        self,
        procedures: "Procedures",
        leases: "LeaseClient",
        name: str | bytes,
        ttl: int,
        timeout: float | None,
        session: Session | None = None,
    ) -> None:
        super().__init__(name, ttl, timeout, session)
        self._procedures = procedures
        self._leases = leases

    @property
    def lease(self) -> "Lease":
        """The lease that the key hangs on; RuntimeError while it is not held."""
        return opened(self._session).lease

    def wait_lost(self, timeout: float | None = None) -> bool:
        """True as soon as the lock is lost; False when `timeout` seconds pass first, or it is released."""
        return opened(self._session).wait_lost(timeout)

    def acquire(self, timeout: Timeout = CLIENT_DEFAULT) -> None:
        """Wait for the lock.

        Args:
            timeout: seconds to wait in the queue; left out: the lock's own; None: as long as it takes.

        Raises:
            DeadlineExceededError: it was not free in time (also a TimeoutError); the place in the queue is given up.
            SessionExpiredError: the lease was lost while waiting.
            RuntimeError: this object, or another of its session or lease, holds it, or waits for it, already.
        """
        outlived = self._claim()
        with lock_wait(self._procedures.driver.metrics):
            try:
                session, candidate = self._begin(outlived)
                waiting = patience(session, self._seconds(timeout), self._not_first)
                self._procedures.perform(candidate.stand_and_wait(), waiting)
                check_alive(session)
            except BaseException:
                self._abandon()
                raise

    def try_acquire(self) -> bool:
        """Take the lock if it is free now; False when another holds it.

        Raises:
            RuntimeError: this object, or another of its session or lease, holds it, or waits for it, already.
        """
        outlived = self._claim()
        try:
            session, candidate = self._begin(outlived)
            is_first = self._procedures.perform(candidate.stand())
            check_alive(session)
        except BaseException:
            self._abandon()
            raise
        if not is_first:
            self._leave()
        return is_first

    def release(self, *, timeout: Timeout = CLIENT_DEFAULT) -> None:
        """Give the lock to the next in the queue.

        Args:
            timeout: seconds for each call; left out: the client's; None: no deadline.

        Raises:
            LockNotHeldError: it is not held, or was lost.
            EtcdError: the server cannot be told; it gives the lock to the next when the lease has run out.
        """
        if self._candidate is None:
            raise LockNotHeldError
        if not self._leave(checked_timeout(timeout)):
            raise LockNotHeldError("the lock was lost before it was released")

    def __enter__(self) -> "Lock":
        self.acquire()
        self._entered = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._entered = False
        if self._candidate is not None:
            try:
                self.release()
            except EtcdError:
                if error is None:
                    raise

    def _begin(self, outlived: Session | None) -> tuple[Session, Candidate]:
        if outlived is not None:
            outlived.orphan()
        session, candidate = self._open()
        self._claim_place(session, candidate)
        return session, candidate

    def _open(self) -> tuple[Session, Candidate]:
        self._check_shared()
        self._session = session = self._shared or Session(self._leases, self._ttl)
        session.__enter__()
        self._candidate = Candidate(self._prefix, session.lease.id)
        return session, self._candidate

    def _abandon(self) -> None:
        """Leave the queue as far as the server can still be told: what is being raised says what happened."""
        with suppress(EtcdError):
            self._leave()

    def _leave(self, timeout: Timeout = CLIENT_DEFAULT) -> bool:
        stood_in = self._session
        candidate, session = self._forget()
        try:
            return candidate is not None and self._procedures.perform(timed(candidate.leave(), timeout))
        finally:
            self._unclaim(stood_in, candidate)
            if session is not None:
                session.close(timeout=timeout)


class AsyncLock(_Claim[AsyncSession]):
    """A lock of the whole cluster. Whoever holds it loses it with its lease: check `lost`, and fence with `fence`.

    Use it as an async context manager, or `acquire` and `release`; it may be used again. One object is for one task
    at a time, and in one session only one lock of a name is held or waited for at a time: the lease is who owns it,
    as with Go's `concurrency.Mutex`, with which it is compatible.
    """

    def __init__(
        self,
        procedures: "AsyncProcedures",
        leases: "AsyncLeaseClient",
        name: str | bytes,
        ttl: int,
        timeout: float | None,
        session: AsyncSession | None = None,
    ) -> None:
        super().__init__(name, ttl, timeout, session)
        self._procedures = procedures
        self._leases = leases

    @property
    def lease(self) -> "AsyncLease":
        """The lease that the key hangs on; RuntimeError while it is not held."""
        return opened(self._session).lease

    async def wait_lost(self, timeout: float | None = None) -> bool:
        """True as soon as the lock is lost; False when `timeout` seconds pass first, or it is released."""
        return await opened(self._session).wait_lost(timeout)

    async def acquire(self, timeout: Timeout = CLIENT_DEFAULT) -> None:
        """Wait for the lock.

        Args:
            timeout: seconds to wait in the queue; left out: the lock's own; None: as long as it takes.

        Raises:
            DeadlineExceededError: it was not free in time (also a TimeoutError); the place in the queue is given up.
            SessionExpiredError: the lease was lost while waiting.
            RuntimeError: this object, or another of its session or lease, holds it, or waits for it, already.
        """
        outlived = self._claim()
        with lock_wait(self._procedures.driver.metrics):
            try:
                session, candidate = await self._begin(outlived)
                waiting = patience(session, self._seconds(timeout), self._not_first)
                await self._procedures.perform(candidate.stand_and_wait(), waiting)
                check_alive(session)
            except BaseException:
                await self._abandon()
                raise

    async def try_acquire(self) -> bool:
        """Take the lock if it is free now; False when another holds it.

        Raises:
            RuntimeError: this object, or another of its session or lease, holds it, or waits for it, already.
        """
        outlived = self._claim()
        try:
            session, candidate = await self._begin(outlived)
            is_first = await self._procedures.perform(candidate.stand())
            check_alive(session)
        except BaseException:
            await self._abandon()
            raise
        if not is_first:
            await self._leave()
        return is_first

    async def release(self, *, timeout: Timeout = CLIENT_DEFAULT) -> None:
        """Give the lock to the next in the queue.

        Args:
            timeout: seconds for each call; left out: the client's; None: no deadline.

        Raises:
            LockNotHeldError: it is not held, or was lost.
            EtcdError: the server cannot be told; it gives the lock to the next when the lease has run out.
        """
        if self._candidate is None:
            raise LockNotHeldError
        if not await self._leave(checked_timeout(timeout)):
            raise LockNotHeldError("the lock was lost before it was released")

    async def __aenter__(self) -> "AsyncLock":
        await self.acquire()
        self._entered = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._entered = False
        if self._candidate is not None:
            try:
                await self.release()
            except EtcdError:
                if error is None:
                    raise

    async def _begin(self, outlived: AsyncSession | None) -> tuple[AsyncSession, Candidate]:
        if outlived is not None:
            await outlived.orphan()
        session, candidate = await self._open()
        self._claim_place(session, candidate)
        return session, candidate

    async def _open(self) -> tuple[AsyncSession, Candidate]:
        self._check_shared()
        self._session = session = self._shared or AsyncSession(self._leases, self._ttl)
        await session.__aenter__()
        self._candidate = Candidate(self._prefix, session.lease.id)
        return session, self._candidate

    async def _abandon(self) -> None:
        """Leave the queue as far as the server can still be told: what is being raised says what happened."""
        with suppress(EtcdError):
            await self._leave()

    async def _leave(self, timeout: Timeout = CLIENT_DEFAULT) -> bool:
        stood_in = self._session
        candidate, session = self._forget()
        try:
            return candidate is not None and await self._procedures.perform(timed(candidate.leave(), timeout))
        finally:
            self._unclaim(stood_in, candidate)
            if session is not None:
                await session.close(timeout=timeout)
