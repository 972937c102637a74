"""A session: a lease that is kept alive, for what lives only as long as its owner does."""

import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from etcdobs._call import CLIENT_DEFAULT, Timeout, checked_int, checked_timeout
from etcdobs._watch import METHOD
from etcdobs.errors import ClosedError, DeadlineExceededError, EtcdError, LeaseNotFoundError
from etcdobs.recipes.errors import SessionExpiredError

if TYPE_CHECKING:
    from etcdobs._drive.aio_keepalive import AsyncHeartbeat
    from etcdobs._drive.sync_keepalive import Heartbeat
    from etcdobs.ops.operation import HasLeaseId
    from etcdobs.services.lease import AsyncLease, AsyncLeaseClient, Lease, LeaseClient

__all__ = ["AsyncSession", "Session"]

T = TypeVar("T")

# Seconds between looks at the lease: nothing wakes who waits for a key when a renewal finds the lease gone.
_LOOK = 0.5


def opened(part: T | None) -> T:
    """`part`, which is there once its owner is open.

    Raises:
        RuntimeError: it is not.
    """
    if part is None:
        raise RuntimeError("not open: enter it, or acquire it, first")
    return part


def check_alive(session: "Session | AsyncSession") -> None:
    """Raise SessionExpiredError when the session's lease is lost."""
    if session.lost:
        raise SessionExpiredError


def patience(session: "Session | AsyncSession", timeout: float | None, failure: str) -> Callable[[], float]:
    """How long a wait may go on: until `timeout` seconds have passed, or the session's lease is lost; see `until`."""
    left = until(timeout, failure, METHOD)

    def seconds() -> float:
        check_alive(session)
        bound = left()
        return _LOOK if bound is None else min(bound, _LOOK)

    return seconds


def until(timeout: float | None, failure: str, method: str = "") -> Callable[[], float | None]:
    """How long a wait may go on: until `timeout` seconds have passed; `failure` and `method` are what is said then."""
    deadline = None if timeout is None else time.monotonic() + timeout

    def seconds() -> float | None:
        if deadline is None:
            return None
        if (left := deadline - time.monotonic()) <= 0:
            raise DeadlineExceededError(f"{failure} within {timeout:g} s", method=method)
        return left

    return seconds


def check_open(session: "Session | AsyncSession") -> None:
    """Raise ClosedError when a session that was given to hang something on is not open: nobody would close it."""
    if not session.is_open:
        raise ClosedError("the session is not open: enter it first", method="etcdserverpb.Lease/LeaseGrant")


def shown(session: "Session | AsyncSession", lease: "Lease | AsyncLease | None", ttl: int) -> str:
    """The text of a session's repr."""
    kind = type(session).__name__
    if lease is None:
        return f"<{kind} ttl={ttl} not open>"
    return f"<{kind} lease {lease.id:x} ttl={lease.ttl} {'lost' if session.lost else 'open'}>"


def _chosen(timeout: Timeout, otherwise: Timeout) -> Timeout:
    return otherwise if timeout is CLIENT_DEFAULT else timeout


class Session:
    """A lease that is kept alive while this is open, and revoked when it is closed: recipes hang their keys on it.

    Use it as a context manager.
    """

    def __init__(
        self,
        leases: "LeaseClient",
        ttl: int,
        lease: "int | HasLeaseId | None" = None,
        timeout: Timeout = CLIENT_DEFAULT,
    ) -> None:
        self._leases = leases
        self._ttl = checked_int("ttl", ttl, least=1)
        self._given = lease
        self._timeout = checked_timeout(timeout)
        self.places: dict[bytes, object] = leases.places
        self._lease: Lease | None = None
        self._heartbeat: Heartbeat | None = None

    def __repr__(self) -> str:
        return shown(self, self._lease, self._ttl)

    @property
    def id(self) -> int:
        """The id of its lease: a session goes wherever `lease=` does; RuntimeError before it is entered."""
        return self.lease.id

    @property
    def lease(self) -> "Lease":
        """The lease it stands on; RuntimeError before it is entered."""
        return opened(self._lease)

    @property
    def is_open(self) -> bool:
        """True from when it is entered until it is closed."""
        return self._lease is not None

    @property
    def lost(self) -> bool:
        """True no later than the server lets the lease go, and everything that hangs on it."""
        return self._heartbeat is not None and self._heartbeat.lost

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the lease is lost unless it is renewed."""
        return self._heartbeat.seconds_left if self._heartbeat else None

    def wait_lost(self, timeout: float | None = None) -> bool:
        """True as soon as the lease is lost; False when `timeout` seconds pass first, or the session is closed."""
        return opened(self._heartbeat).wait_lost(timeout)

    def __enter__(self) -> "Session":
        if self._lease is None:
            given = self._given
            self._lease = (
                self._leases.grant(self._ttl, timeout=self._timeout)
                if given is None
                else self._leases.existing(given, timeout=self._timeout)
            )
            try:
                self._heartbeat = self._lease.keep_alive(timeout=self._timeout).__enter__()
            except BaseException:
                self._undo()
                raise
        return self

    def _undo(self) -> None:
        """A session that could not be opened leaves no lease of its own behind, if the server can still be told."""
        with suppress(EtcdError):
            if self._given is None:
                self.close()
        self._lease = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def orphan(self) -> None:
        """End the renewals and leave the lease to run out: what hangs on it stays until then."""
        if self._heartbeat is not None:
            self._heartbeat.close()

    def close(self, *, timeout: Timeout = CLIENT_DEFAULT) -> None:
        """Revoke the lease, with all that hangs on it. May be called twice; a lease that is gone is no error."""
        lease, self._lease = self._lease, None
        self.orphan()
        if lease is not None:
            try:
                lease.revoke(timeout=_chosen(timeout, self._timeout))
            except LeaseNotFoundError:
                return


class AsyncSession:
    """A lease that is kept alive while this is open, and revoked when it is closed: recipes hang their keys on it.

    Use it as an async context manager.
    """

    def __init__(
        self,
        leases: "AsyncLeaseClient",
        ttl: int,
        lease: "int | HasLeaseId | None" = None,
        timeout: Timeout = CLIENT_DEFAULT,
    ) -> None:
        self._leases = leases
        self._ttl = checked_int("ttl", ttl, least=1)
        self._given = lease
        self._timeout = checked_timeout(timeout)
        self.places: dict[bytes, object] = leases.places
        self._lease: AsyncLease | None = None
        self._heartbeat: AsyncHeartbeat | None = None

    def __repr__(self) -> str:
        return shown(self, self._lease, self._ttl)

    @property
    def id(self) -> int:
        """The id of its lease: a session goes wherever `lease=` does; RuntimeError before it is entered."""
        return self.lease.id

    @property
    def lease(self) -> "AsyncLease":
        """The lease it stands on; RuntimeError before it is entered."""
        return opened(self._lease)

    @property
    def is_open(self) -> bool:
        """True from when it is entered until it is closed."""
        return self._lease is not None

    @property
    def lost(self) -> bool:
        """True no later than the server lets the lease go, and everything that hangs on it."""
        return self._heartbeat is not None and self._heartbeat.lost

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the lease is lost unless it is renewed."""
        return self._heartbeat.seconds_left if self._heartbeat else None

    async def wait_lost(self, timeout: float | None = None) -> bool:
        """True as soon as the lease is lost; False when `timeout` seconds pass first, or the session is closed."""
        return await opened(self._heartbeat).wait_lost(timeout)

    async def __aenter__(self) -> "AsyncSession":
        if self._lease is None:
            given = self._given
            granted = (
                self._leases.grant(self._ttl, timeout=self._timeout)
                if given is None
                else self._leases.existing(given, timeout=self._timeout)
            )
            self._lease = await granted
            try:
                self._heartbeat = await self._lease.keep_alive(timeout=self._timeout).__aenter__()
            except BaseException:
                await self._undo()
                raise
        return self

    async def _undo(self) -> None:
        """A session that could not be opened leaves no lease of its own behind, if the server can still be told."""
        with suppress(EtcdError):
            if self._given is None:
                await self.close()
        self._lease = None

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def orphan(self) -> None:
        """End the renewals and leave the lease to run out: what hangs on it stays until then."""
        if self._heartbeat is not None:
            await self._heartbeat.close()

    async def close(self, *, timeout: Timeout = CLIENT_DEFAULT) -> None:
        """Revoke the lease, with all that hangs on it. May be called twice; a lease that is gone is no error."""
        lease, self._lease = self._lease, None
        await self.orphan()
        if lease is not None:
            try:
                await lease.revoke(timeout=_chosen(timeout, self._timeout))
            except LeaseNotFoundError:
                return
