"""A double barrier: a number of processes begin together, and end together."""

from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING

from etcdobs._call import checked_int, checked_seconds
from etcdobs.errors import EtcdError
from etcdobs.recipes._client import asynchronous, blocking
from etcdobs.recipes._crossing import Crossing
from etcdobs.recipes._standing import S, Standing
from etcdobs.recipes.session import AsyncSession, Session, check_alive, opened, patience

if TYPE_CHECKING:
    from etcdobs.aio import AsyncClient
    from etcdobs.client import Client

__all__ = ["AsyncDoubleBarrier", "DoubleBarrier"]


class _Sides(Standing[S]):
    """What both double barriers share: how many cross it together, and who stands inside."""

    _crossing: Crossing | None = None

    def __init__(self, name: str | bytes, count: int, ttl: int, shared: S | None) -> None:
        super().__init__(name, ttl, shared)
        self._count = checked_int("count", count, least=1)

    def _stand(self, session: Session | AsyncSession) -> Crossing:
        self._candidate = self._crossing = Crossing(self._prefix, session.lease.id, self._count)
        return self._crossing

    def _check_outside(self) -> None:
        if self._candidate is not None:
            raise RuntimeError("this barrier was entered already: each thread or task needs one of its own")

    def _check_inside(self) -> Crossing:
        opened(self._candidate)
        return opened(self._crossing)


class DoubleBarrier(_Sides[Session]):
    """`count` who `enter` go on once all have, and all who `leave` once all have, as Go's `recipe.DoubleBarrier`.

    Use it as a context manager, or `enter` and `leave`; it may be used again. One object is for one thread. Who dies
    inside counts as having left when its lease has run out. Clients of both languages cross together.

    Args:
        client: whose calls it makes.
        name: all who use one name cross together.
        count: how many they are.
        ttl: seconds after which one who died has left.
        session: an open session to hang the place on, instead of one of its own.
    """

    def __init__(
        self, client: "Client", name: str | bytes, count: int, ttl: int = 60, session: Session | None = None
    ) -> None:
        super().__init__(name, count, ttl, session)
        self._procedures = blocking(client)._procedures  # pyright: ignore[reportPrivateUsage]
        self._leases = client.lease

    def enter(self, timeout: float | None = None) -> None:
        """Wait until all have entered.

        Args:
            timeout: seconds to wait; None: as long as it takes.

        Raises:
            DeadlineExceededError: not all came in time (also a TimeoutError); the place is given up.
            TooManyClientsError: as many as there may be have entered already.
            SessionExpiredError: the lease was lost while waiting.
            RuntimeError: this object is inside already.
        """
        self._check_outside()
        self._session = session = self._shared or Session(self._leases, self._ttl)
        try:
            session.__enter__()
            waiting = patience(session, checked_seconds(timeout), "not all entered the barrier")
            self._procedures.perform(self._stand(session).enter(), waiting)
            check_alive(session)
        except BaseException:
            self._abandon()
            raise

    def leave(self, timeout: float | None = None) -> None:
        """Wait until all have left.

        Args:
            timeout: seconds to wait; None: as long as it takes.

        Raises:
            DeadlineExceededError: not all left in time (also a TimeoutError); this one has.
            SessionExpiredError: the lease was lost while waiting.
            RuntimeError: it was not entered.
        """
        crossing, session = self._check_inside(), opened(self._session)
        try:
            waiting = patience(session, checked_seconds(timeout), "not all left the barrier")
            self._procedures.perform(crossing.depart(), waiting)
        finally:
            self._abandon()

    def _abandon(self) -> None:
        """Give the place up as far as the server can still be told."""
        candidate, session = self._forget()
        with suppress(EtcdError):
            if candidate is not None:
                self._procedures.perform(candidate.leave())
        if session is not None:
            with suppress(EtcdError):
                session.close()

    def __enter__(self) -> "DoubleBarrier":
        self.enter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # Who fails inside does not wait for the others to come to their end.
        if error is not None:
            self._abandon()
        elif self._candidate is not None:
            self.leave()


class AsyncDoubleBarrier(_Sides[AsyncSession]):
    """`count` who `enter` go on once all have, and all who `leave` once all have, as Go's `recipe.DoubleBarrier`.

    Use it as an async context manager, or `enter` and `leave`; it may be used again. One object is for one task. Who
    dies inside counts as having left when its lease has run out. Clients of both languages cross together.

    Args:
        client: whose calls it makes.
        name: all who use one name cross together.
        count: how many they are.
        ttl: seconds after which one who died has left.
        session: an open session to hang the place on, instead of one of its own.
    """

    def __init__(
        self, client: "AsyncClient", name: str | bytes, count: int, ttl: int = 60, session: AsyncSession | None = None
    ) -> None:
        super().__init__(name, count, ttl, session)
        self._procedures = asynchronous(client)._procedures  # pyright: ignore[reportPrivateUsage]
        self._leases = client.lease

    async def enter(self, timeout: float | None = None) -> None:
        """Wait until all have entered.

        Args:
            timeout: seconds to wait; None: as long as it takes.

        Raises:
            DeadlineExceededError: not all came in time (also a TimeoutError); the place is given up.
            TooManyClientsError: as many as there may be have entered already.
            SessionExpiredError: the lease was lost while waiting.
            RuntimeError: this object is inside already.
        """
        self._check_outside()
        self._session = session = self._shared or AsyncSession(self._leases, self._ttl)
        try:
            await session.__aenter__()
            waiting = patience(session, checked_seconds(timeout), "not all entered the barrier")
            await self._procedures.perform(self._stand(session).enter(), waiting)
            check_alive(session)
        except BaseException:
            await self._abandon()
            raise

    async def leave(self, timeout: float | None = None) -> None:
        """Wait until all have left.

        Args:
            timeout: seconds to wait; None: as long as it takes.

        Raises:
            DeadlineExceededError: not all left in time (also a TimeoutError); this one has.
            SessionExpiredError: the lease was lost while waiting.
            RuntimeError: it was not entered.
        """
        crossing, session = self._check_inside(), opened(self._session)
        try:
            waiting = patience(session, checked_seconds(timeout), "not all left the barrier")
            await self._procedures.perform(crossing.depart(), waiting)
        finally:
            await self._abandon()

    async def _abandon(self) -> None:
        """Give the place up as far as the server can still be told."""
        candidate, session = self._forget()
        with suppress(EtcdError):
            if candidate is not None:
                await self._procedures.perform(candidate.leave())
        if session is not None:
            with suppress(EtcdError):
                await session.close()

    async def __aenter__(self) -> "AsyncDoubleBarrier":
        await self.enter()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # Who fails inside does not wait for the others to come to their end.
        if error is not None:
            await self._abandon()
        elif self._candidate is not None:
            await self.leave()
