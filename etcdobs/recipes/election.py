"""An election: of all who campaign under one name the first leads, and all can see who it is."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING

from etcdobs._call import CLIENT_DEFAULT, Timeout, checked_seconds, checked_timeout
from etcdobs._procedure import timed
from etcdobs.errors import CompactedError, EtcdError
from etcdobs.keys import Keys, as_value
from etcdobs.recipes._queue_of_keys import Candidate, candidates, leader
from etcdobs.recipes._standing import Standing
from etcdobs.recipes._succession import Succession
from etcdobs.recipes.errors import ElectionNotLeaderError
from etcdobs.recipes.session import AsyncSession, Session, check_alive, opened, patience
from etcdobs.types import KeyValue

if TYPE_CHECKING:
    from etcdobs._drive.aio_procedure import Procedures as AsyncProcedures
    from etcdobs._drive.aio_watch import AsyncWatcher
    from etcdobs._drive.sync_procedure import Procedures
    from etcdobs._drive.sync_watch import Watcher
    from etcdobs.services.lease import AsyncLeaseClient, LeaseClient

__all__ = ["AsyncElection", "Election"]


class Election(Standing[Session]):
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
        super().__init__(name, ttl, session)
        self._procedures = procedures
        self._leases = leases
        self._watch = watch

    def wait_lost(self, timeout: float | None = None) -> bool:
        """True as soon as the lease is lost; False when `timeout` seconds pass first, or the candidate resigns."""
        return opened(self._session).wait_lost(timeout)

    def campaign(self, value: str | bytes = "", timeout: float | None = None) -> None:
        """Wait until this candidate leads, and proclaim `value`; who leads already only proclaims it, and goes on
        leading where that fails.

        Args:
            value: what the others are to know of the leader, such as its address.
            timeout: seconds to wait in the queue; None: as long as it takes.

        Raises:
            DeadlineExceededError: it did not lead in time (also a TimeoutError); the candidacy is given up.
            SessionExpiredError: the lease was lost while waiting.
        """
        proclaimed, seconds = as_value(value), checked_seconds(timeout)
        led = self.held
        try:
            session, candidate = self._open()
            self._procedures.perform(candidate.stand_and_wait(proclaimed), patience(session, seconds, self._not_first))
            check_alive(session)
        except BaseException:
            if not (led and self.held):
                with suppress(EtcdError):
                    self.resign()
            raise

    def resume(self) -> None:
        """Take up a leadership that was won with the same lease before, as by a process that was started again.

        It needs a session on that lease: `client.election(name, session=session)`.

        Raises:
            ElectionNotLeaderError: the lease does not lead.
        """
        session, candidate = self._open()
        try:
            self._procedures.perform(candidate.resume())
            check_alive(session)
        except BaseException:
            self._candidate = None
            raise

    def proclaim(self, value: str | bytes, *, timeout: Timeout = CLIENT_DEFAULT) -> None:
        """Change what the leader proclaims, without another election.

        Args:
            value: what the others are to know of the leader, such as its address.
            timeout: seconds for each call; left out: the client's; None: no deadline.

        Raises:
            ElectionNotLeaderError: this candidate does not lead.
        """
        if self._candidate is None or not self._candidate.is_first:
            raise ElectionNotLeaderError
        self._procedures.perform(timed(self._candidate.proclaim(as_value(value)), timeout))

    def resign(self, *, timeout: Timeout = CLIENT_DEFAULT) -> None:
        """Let another lead. Nothing to do when this candidate does not stand.

        Args:
            timeout: seconds for each call; left out: the client's; None: no deadline.
        """
        checked_timeout(timeout)
        candidate, session = self._forget()
        try:
            if candidate is not None:
                self._procedures.perform(timed(candidate.leave(), timeout))
        finally:
            if session is not None:
                session.close(timeout=timeout)

    def leader(self, *, timeout: Timeout = CLIENT_DEFAULT) -> KeyValue | None:
        """The leader\'s key and what it proclaims; None when nobody leads.

        Args:
            timeout: seconds for each call; left out: the client's; None: no deadline.
        """
        response = self._procedures.perform(timed(leader(self._prefix), timeout))
        return response.kvs[0] if response.kvs else None

    def observe(self) -> Iterator[KeyValue]:
        """Iterates over the leaders: the one of now, then each proclamation and each change, in order.

        None is missed, however short its time, unless the history it was in is compacted while this reads too slowly.
        """
        succession = Succession()
        while True:
            for leading in succession.read(self._procedures.perform(candidates(self._prefix))):
                yield leading
            watcher = self._watch(Keys.prefix(self._prefix), start_revision=succession.revision + 1)
            try:
                with watcher:
                    for batch in watcher.responses():
                        for leading in succession.follow(batch.events):
                            yield leading
                return
            except CompactedError:
                continue

    def __enter__(self) -> "Election":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self.resign()
        except EtcdError:
            if error is None:
                raise

    def _open(self) -> tuple[Session, Candidate]:
        if self.lost:
            _, outlived = self._forget()
            if outlived is not None:
                outlived.orphan()
        if self._session is None:
            self._check_shared()
            self._session = self._shared or Session(self._leases, self._ttl)
            self._session.__enter__()
        if self._candidate is None:
            self._candidate = Candidate(self._prefix, self._session.lease.id)
        return self._session, self._candidate


class AsyncElection(Standing[AsyncSession]):
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
        super().__init__(name, ttl, session)
        self._procedures = procedures
        self._leases = leases
        self._watch = watch

    async def wait_lost(self, timeout: float | None = None) -> bool:
        """True as soon as the lease is lost; False when `timeout` seconds pass first, or the candidate resigns."""
        return await opened(self._session).wait_lost(timeout)

    async def campaign(self, value: str | bytes = "", timeout: float | None = None) -> None:
        """Wait until this candidate leads, and proclaim `value`; who leads already only proclaims it, and goes on
        leading where that fails.

        Args:
            value: what the others are to know of the leader, such as its address.
            timeout: seconds to wait in the queue; None: as long as it takes.

        Raises:
            DeadlineExceededError: it did not lead in time (also a TimeoutError); the candidacy is given up.
            SessionExpiredError: the lease was lost while waiting.
        """
        proclaimed, seconds = as_value(value), checked_seconds(timeout)
        led = self.held
        try:
            session, candidate = await self._open()
            await self._procedures.perform(
                candidate.stand_and_wait(proclaimed), patience(session, seconds, self._not_first)
            )
            check_alive(session)
        except BaseException:
            if not (led and self.held):
                with suppress(EtcdError):
                    await self.resign()
            raise

    async def resume(self) -> None:
        """Take up a leadership that was won with the same lease before, as by a process that was started again.

        It needs a session on that lease: `client.election(name, session=session)`.

        Raises:
            ElectionNotLeaderError: the lease does not lead.
        """
        session, candidate = await self._open()
        try:
            await self._procedures.perform(candidate.resume())
            check_alive(session)
        except BaseException:
            self._candidate = None
            raise

    async def proclaim(self, value: str | bytes, *, timeout: Timeout = CLIENT_DEFAULT) -> None:
        """Change what the leader proclaims, without another election.

        Args:
            value: what the others are to know of the leader, such as its address.
            timeout: seconds for each call; left out: the client's; None: no deadline.

        Raises:
            ElectionNotLeaderError: this candidate does not lead.
        """
        if self._candidate is None or not self._candidate.is_first:
            raise ElectionNotLeaderError
        await self._procedures.perform(timed(self._candidate.proclaim(as_value(value)), timeout))

    async def resign(self, *, timeout: Timeout = CLIENT_DEFAULT) -> None:
        """Let another lead. Nothing to do when this candidate does not stand.

        Args:
            timeout: seconds for each call; left out: the client's; None: no deadline.
        """
        checked_timeout(timeout)
        candidate, session = self._forget()
        try:
            if candidate is not None:
                await self._procedures.perform(timed(candidate.leave(), timeout))
        finally:
            if session is not None:
                await session.close(timeout=timeout)

    async def leader(self, *, timeout: Timeout = CLIENT_DEFAULT) -> KeyValue | None:
        """The leader\'s key and what it proclaims; None when nobody leads.

        Args:
            timeout: seconds for each call; left out: the client's; None: no deadline.
        """
        response = await self._procedures.perform(timed(leader(self._prefix), timeout))
        return response.kvs[0] if response.kvs else None

    async def observe(self) -> AsyncIterator[KeyValue]:
        """Iterates over the leaders: the one of now, then each proclamation and each change, in order.

        None is missed, however short its time, unless the history it was in is compacted while this reads too slowly.
        """
        succession = Succession()
        while True:
            for leading in succession.read(await self._procedures.perform(candidates(self._prefix))):
                yield leading
            watcher = self._watch(Keys.prefix(self._prefix), start_revision=succession.revision + 1)
            try:
                async with watcher:
                    async for batch in watcher.responses():
                        for leading in succession.follow(batch.events):
                            yield leading
                return
            except CompactedError:
                continue

    async def __aenter__(self) -> "AsyncElection":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            await self.resign()
        except EtcdError:
            if error is None:
                raise

    async def _open(self) -> tuple[AsyncSession, Candidate]:
        if self.lost:
            _, outlived = self._forget()
            if outlived is not None:
                await outlived.orphan()
        if self._session is None:
            self._check_shared()
            self._session = self._shared or AsyncSession(self._leases, self._ttl)
            await self._session.__aenter__()
        if self._candidate is None:
            self._candidate = Candidate(self._prefix, self._session.lease.id)
        return self._session, self._candidate
