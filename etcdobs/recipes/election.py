"""An election: of all who campaign under one name the first leads, and all can see who it is."""

from collections.abc import AsyncIterator, Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING

from etcdobs._call import checked_int
from etcdobs._procedure import Procedure
from etcdobs.keys import Keys, as_value
from etcdobs.recipes._queue_of_keys import Place, leader, leave, proclaim, queue, stand, wait
from etcdobs.recipes.errors import ElectionNotLeaderError
from etcdobs.recipes.session import AsyncSession, Session, opened, patience
from etcdobs.types import KeyValue, RangeResponse

if TYPE_CHECKING:
    from etcdobs._drive.aio_procedure import Procedures as AsyncProcedures
    from etcdobs._drive.aio_watch import AsyncWatcher
    from etcdobs._drive.sync_procedure import Procedures
    from etcdobs._drive.sync_watch import Watcher
    from etcdobs.services.lease import AsyncLeaseClient, LeaseClient

__all__ = ["AsyncElection", "Election"]


class Election:
    """An election among all who campaign under one name: the first leads until it resigns or loses its lease.

    Use it as a context manager, which resigns and ends the session, or call `resign`. Compatible with Go's
    `concurrency.Election`.
    """

    def __init__(
        self,
        procedures: "Procedures",
        leases: "LeaseClient",
        watch: Callable[..., "Watcher"],
        name: str | bytes,
        ttl: int,
        session: Session | None = None,
    ) -> None:
        self._procedures = procedures
        self._leases = leases
        self._watch = watch
        self._prefix = queue(name)
        self._ttl = checked_int("ttl", ttl, least=1)
        self._shared = session
        self._session: Session | None = None
        self._place: Place | None = None

    @property
    def key(self) -> bytes:
        """The key of this candidate; RuntimeError before it campaigned."""
        return opened(self._place).key

    @property
    def fence(self) -> int:
        """A number that grows with every leader; RuntimeError before it campaigned."""
        return opened(self._place).revision

    @property
    def lost(self) -> bool:
        """True no later than the server lets the leadership go because the lease ran out."""
        return self._session is not None and self._session.lost

    def campaign(self, value: str | bytes = "", timeout: float | None = None) -> None:
        """Wait until this candidate leads, and proclaim `value`.

        Raises:
            DeadlineExceededError: it did not within `timeout` seconds (also a TimeoutError).
            SessionExpiredError: the lease was lost while waiting.
        """
        if self._session is None:
            self._session = (self._shared or Session(self._leases, self._ttl)).__enter__()
        session = self._session
        try:
            self._procedures.perform(
                self._stand_and_wait(session.lease.id, as_value(value)), patience(session, timeout)
            )
        except BaseException:
            self.resign()
            raise

    def _stand_and_wait(self, lease: int, value: bytes) -> Procedure[None]:
        stood_before = self._place is not None
        self._place, is_first = yield from stand(self._prefix, lease, value)
        if stood_before:
            yield from proclaim(self._place, value, lease)
        if not is_first:
            yield from wait(self._prefix, self._place)

    def proclaim(self, value: str | bytes) -> None:
        """Change what the leader proclaims, without another election.

        Raises:
            ElectionNotLeaderError: this candidate does not lead.
        """
        if self._place is None or self._session is None:
            raise ElectionNotLeaderError
        self._procedures.perform(proclaim(self._place, as_value(value), self._session.lease.id))

    def resign(self) -> None:
        """Let another lead. Nothing to do when this candidate does not stand."""
        place, self._place = self._place, None
        session, self._session = self._session, None
        try:
            if place is not None:
                self._procedures.perform(leave(place))
        finally:
            if session is not None and session is not self._shared:
                session.close()

    def leader(self) -> KeyValue | None:
        """The leader's key and what it proclaims; None when nobody leads."""
        response: RangeResponse = self._procedures.perform(leader(self._prefix))
        return response.kvs[0] if response.kvs else None

    def observe(self) -> Iterator[KeyValue]:
        """Iterates over the leaders: the one of now, and each proclamation and change from then on."""
        response: RangeResponse = self._procedures.perform(leader(self._prefix))
        current = response.kvs[0] if response.kvs else None
        if current is not None:
            yield current
        with self._watch(Keys.prefix(self._prefix), start_revision=response.revision + 1) as watcher:
            for _batch in watcher.responses():
                now = self.leader()
                if now is not None and now != current:
                    current = now
                    yield now

    def __enter__(self) -> "Election":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.resign()


class AsyncElection:
    """An election among all who campaign under one name: the first leads until it resigns or loses its lease.

    Use it as an async context manager, which resigns and ends the session, or call `resign`. Compatible with Go's
    `concurrency.Election`.
    """

    def __init__(
        self,
        procedures: "AsyncProcedures",
        leases: "AsyncLeaseClient",
        watch: Callable[..., "AsyncWatcher"],
        name: str | bytes,
        ttl: int,
        session: AsyncSession | None = None,
    ) -> None:
        self._procedures = procedures
        self._leases = leases
        self._watch = watch
        self._prefix = queue(name)
        self._ttl = checked_int("ttl", ttl, least=1)
        self._shared = session
        self._session: AsyncSession | None = None
        self._place: Place | None = None

    @property
    def key(self) -> bytes:
        """The key of this candidate; RuntimeError before it campaigned."""
        return opened(self._place).key

    @property
    def fence(self) -> int:
        """A number that grows with every leader; RuntimeError before it campaigned."""
        return opened(self._place).revision

    @property
    def lost(self) -> bool:
        """True no later than the server lets the leadership go because the lease ran out."""
        return self._session is not None and self._session.lost

    async def campaign(self, value: str | bytes = "", timeout: float | None = None) -> None:
        """Wait until this candidate leads, and proclaim `value`.

        Raises:
            DeadlineExceededError: it did not within `timeout` seconds (also a TimeoutError).
            SessionExpiredError: the lease was lost while waiting.
        """
        if self._session is None:
            self._session = await (self._shared or AsyncSession(self._leases, self._ttl)).__aenter__()
        session = self._session
        try:
            await self._procedures.perform(
                self._stand_and_wait(session.lease.id, as_value(value)), patience(session, timeout)
            )
        except BaseException:
            await self.resign()
            raise

    def _stand_and_wait(self, lease: int, value: bytes) -> Procedure[None]:
        stood_before = self._place is not None
        self._place, is_first = yield from stand(self._prefix, lease, value)
        if stood_before:
            yield from proclaim(self._place, value, lease)
        if not is_first:
            yield from wait(self._prefix, self._place)

    async def proclaim(self, value: str | bytes) -> None:
        """Change what the leader proclaims, without another election.

        Raises:
            ElectionNotLeaderError: this candidate does not lead.
        """
        if self._place is None or self._session is None:
            raise ElectionNotLeaderError
        await self._procedures.perform(proclaim(self._place, as_value(value), self._session.lease.id))

    async def resign(self) -> None:
        """Let another lead. Nothing to do when this candidate does not stand."""
        place, self._place = self._place, None
        session, self._session = self._session, None
        try:
            if place is not None:
                await self._procedures.perform(leave(place))
        finally:
            if session is not None and session is not self._shared:
                await session.close()

    async def leader(self) -> KeyValue | None:
        """The leader's key and what it proclaims; None when nobody leads."""
        response: RangeResponse = await self._procedures.perform(leader(self._prefix))
        return response.kvs[0] if response.kvs else None

    async def observe(self) -> AsyncIterator[KeyValue]:
        """Iterates over the leaders: the one of now, and each proclamation and change from then on."""
        response: RangeResponse = await self._procedures.perform(leader(self._prefix))
        current = response.kvs[0] if response.kvs else None
        if current is not None:
            yield current
        async with self._watch(Keys.prefix(self._prefix), start_revision=response.revision + 1) as watcher:
            async for _batch in watcher.responses():
                now = await self.leader()
                if now is not None and now != current:
                    current = now
                    yield now

    async def __aenter__(self) -> "AsyncElection":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.resign()
