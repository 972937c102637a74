"""A lock of the whole cluster, fair: those who wait get it in the order in which they came."""

from types import TracebackType
from typing import TYPE_CHECKING

from etcdobs._call import CLIENT_DEFAULT, Timeout, checked_int
from etcdobs._procedure import Procedure
from etcdobs.errors import ClosedError
from etcdobs.recipes._queue_of_keys import Place, leave, queue, stand, wait
from etcdobs.recipes.errors import LockNotHeldError
from etcdobs.recipes.session import AsyncSession, Session, opened, patience

if TYPE_CHECKING:
    from etcdobs._drive.aio_procedure import Procedures as AsyncProcedures
    from etcdobs._drive.sync_procedure import Procedures
    from etcdobs.services.lease import AsyncLease, AsyncLeaseClient, Lease, LeaseClient

__all__ = ["AsyncLock", "Lock"]


class Lock:
    """A lock of the whole cluster. Whoever holds it loses it with its lease: check `lost`, and fence with `fence`.

    Use it as a context manager, or `acquire` and `release`. Compatible with Go's `concurrency.Mutex`.
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
        self._procedures = procedures
        self._leases = leases
        self._prefix = queue(name)
        self._ttl = checked_int("ttl", ttl, least=1)
        self._timeout = timeout
        self._shared = session
        self._session: Session | None = None
        self._place: Place | None = None

    @property
    def key(self) -> bytes:
        """The key that holds the lock; RuntimeError while it is not held."""
        return opened(self._place).key

    @property
    def lease(self) -> "Lease":
        """The lease that the key hangs on; RuntimeError while it is not held."""
        return opened(self._session).lease

    @property
    def fence(self) -> int:
        """A number that grows with every holder: let what the lock protects refuse a smaller one than it has seen."""
        return opened(self._place).revision

    @property
    def held(self) -> bool:
        """True while it is held and its lease is not lost."""
        return self._place is not None and not self.lost

    @property
    def lost(self) -> bool:
        """True no later than the server gives the lock to another because the lease ran out."""
        return self._session is not None and self._session.lost

    def wait_lost(self, timeout: float | None = None) -> bool:
        """True as soon as the lock is lost; False when `timeout` seconds pass first, or it is released."""
        return opened(self._session).wait_lost(timeout)

    def acquire(self, timeout: Timeout = CLIENT_DEFAULT) -> None:
        """Wait for the lock; nothing to do when it is held already.

        Args:
            timeout: seconds; left out: the lock's own; None: as long as it takes.

        Raises:
            DeadlineExceededError: it was not free in time (also a TimeoutError); the place in the queue is given up.
            SessionExpiredError: the lease was lost while waiting.
        """
        if self.held:
            return
        seconds = timeout if timeout is None or isinstance(timeout, (int, float)) else self._timeout
        session = self._open()
        try:
            self._procedures.perform(self._stand_and_wait(session.lease.id), patience(session, seconds))
        except BaseException:
            self._abandon()
            raise

    def try_acquire(self) -> bool:
        """Take the lock if it is free now; False when another holds it."""
        if self.held:
            return True
        session = self._open()
        try:
            place, is_first = self._procedures.perform(stand(self._prefix, session.lease.id))
        except BaseException:
            self._abandon()
            raise
        self._place = place
        if not is_first:
            self._abandon()
        return is_first

    def release(self) -> None:
        """Give the lock to the next in the queue.

        Raises:
            LockNotHeldError: it is not held, or was lost.
        """
        place = self._place
        if place is None:
            raise LockNotHeldError
        was_held = self._procedures.perform(leave(place))
        self._forget()
        if not was_held:
            raise LockNotHeldError("the lock was lost before it was released")

    def __enter__(self) -> "Lock":
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._place is not None:
            try:
                self.release()
            except (LockNotHeldError, ClosedError):
                if error is None:
                    raise

    def _stand_and_wait(self, lease: int) -> Procedure[None]:
        self._place, is_first = yield from stand(self._prefix, lease)
        if not is_first:
            yield from wait(self._prefix, self._place)

    def _open(self) -> Session:
        self._forget()
        self._session = (self._shared or Session(self._leases, self._ttl)).__enter__()
        return self._session

    def _abandon(self) -> None:
        """Leave the queue, as far as the server can still be told; the lease takes the key with it otherwise."""
        place, self._place = self._place, None
        try:
            if place is not None and self._shared is not None:
                self._procedures.perform(leave(place))
        finally:
            self._forget()

    def _forget(self) -> None:
        session, self._session, self._place = self._session, None, None
        if session is not None and session is not self._shared:
            session.close()


class AsyncLock:
    """A lock of the whole cluster. Whoever holds it loses it with its lease: check `lost`, and fence with `fence`.

    Use it as an async context manager, or `acquire` and `release`. Compatible with Go's `concurrency.Mutex`.
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
        self._procedures = procedures
        self._leases = leases
        self._prefix = queue(name)
        self._ttl = checked_int("ttl", ttl, least=1)
        self._timeout = timeout
        self._shared = session
        self._session: AsyncSession | None = None
        self._place: Place | None = None

    @property
    def key(self) -> bytes:
        """The key that holds the lock; RuntimeError while it is not held."""
        return opened(self._place).key

    @property
    def lease(self) -> "AsyncLease":
        """The lease that the key hangs on; RuntimeError while it is not held."""
        return opened(self._session).lease

    @property
    def fence(self) -> int:
        """A number that grows with every holder: let what the lock protects refuse a smaller one than it has seen."""
        return opened(self._place).revision

    @property
    def held(self) -> bool:
        """True while it is held and its lease is not lost."""
        return self._place is not None and not self.lost

    @property
    def lost(self) -> bool:
        """True no later than the server gives the lock to another because the lease ran out."""
        return self._session is not None and self._session.lost

    async def wait_lost(self, timeout: float | None = None) -> bool:
        """True as soon as the lock is lost; False when `timeout` seconds pass first, or it is released."""
        return await opened(self._session).wait_lost(timeout)

    async def acquire(self, timeout: Timeout = CLIENT_DEFAULT) -> None:
        """Wait for the lock; nothing to do when it is held already.

        Args:
            timeout: seconds; left out: the lock's own; None: as long as it takes.

        Raises:
            DeadlineExceededError: it was not free in time (also a TimeoutError); the place in the queue is given up.
            SessionExpiredError: the lease was lost while waiting.
        """
        if self.held:
            return
        seconds = timeout if timeout is None or isinstance(timeout, (int, float)) else self._timeout
        session = await self._open()
        try:
            await self._procedures.perform(self._stand_and_wait(session.lease.id), patience(session, seconds))
        except BaseException:
            await self._abandon()
            raise

    async def try_acquire(self) -> bool:
        """Take the lock if it is free now; False when another holds it."""
        if self.held:
            return True
        session = await self._open()
        try:
            place, is_first = await self._procedures.perform(stand(self._prefix, session.lease.id))
        except BaseException:
            await self._abandon()
            raise
        self._place = place
        if not is_first:
            await self._abandon()
        return is_first

    async def release(self) -> None:
        """Give the lock to the next in the queue.

        Raises:
            LockNotHeldError: it is not held, or was lost.
        """
        place = self._place
        if place is None:
            raise LockNotHeldError
        was_held = await self._procedures.perform(leave(place))
        await self._forget()
        if not was_held:
            raise LockNotHeldError("the lock was lost before it was released")

    async def __aenter__(self) -> "AsyncLock":
        await self.acquire()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._place is not None:
            try:
                await self.release()
            except (LockNotHeldError, ClosedError):
                if error is None:
                    raise

    def _stand_and_wait(self, lease: int) -> Procedure[None]:
        self._place, is_first = yield from stand(self._prefix, lease)
        if not is_first:
            yield from wait(self._prefix, self._place)

    async def _open(self) -> AsyncSession:
        await self._forget()
        self._session = await (self._shared or AsyncSession(self._leases, self._ttl)).__aenter__()
        return self._session

    async def _abandon(self) -> None:
        """Leave the queue, as far as the server can still be told; the lease takes the key with it otherwise."""
        place, self._place = self._place, None
        try:
            if place is not None and self._shared is not None:
                await self._procedures.perform(leave(place))
        finally:
            await self._forget()

    async def _forget(self) -> None:
        session, self._session, self._place = self._session, None, None
        if session is not None and session is not self._shared:
            await session.close()
