"""A lock that many may hold to read, or one to write: fair, so that who writes waits for those before it only."""

import secrets
from typing import TYPE_CHECKING

from etcdobs._call import checked_int, checked_seconds
from etcdobs.recipes._client import asynchronous, blocking
from etcdobs.recipes._queue_of_keys import Candidate, queue
from etcdobs.recipes._standing import S, Standing
from etcdobs.recipes.lock import AsyncLock, Lock
from etcdobs.recipes.session import AsyncSession, Session

if TYPE_CHECKING:
    from etcdobs.aio import AsyncClient
    from etcdobs.client import Client

__all__ = ["AsyncRWLock", "RWLock"]


class _Side(Standing[S]):
    """Which keys one side of the lock has, and which it waits for, as in Go's `recipe.RWMutex`.

    Attributes:
        kind: "read" or "write", the directory of its key.
    """

    kind: str

    def _own_candidate(self, lease: int) -> Candidate:
        """A key of its own each time: in one session many may read."""
        own = self._prefix + f"{self.kind}/{secrets.token_hex(8)}".encode()
        return Candidate(self._prefix + (b"write" if self.kind == "read" else b""), lease, own)


class _SyncSide(_Side[Session], Lock):
    def _open(self) -> tuple[Session, Candidate]:
        session, _ = super()._open()
        self._candidate = self._own_candidate(session.lease.id)
        return session, self._candidate


class _AsyncSide(_Side[AsyncSession], AsyncLock):
    async def _open(self) -> tuple[AsyncSession, Candidate]:
        session, _ = await super()._open()
        self._candidate = self._own_candidate(session.lease.id)
        return session, self._candidate


class RWLock:
    """A lock of the whole cluster that many may hold to read, or one to write. Compatible with Go's `recipe.RWMutex`.

    `with rwlock.read() as lock: ...`, `with rwlock.write() as lock: ...`; each is a `Lock` of its own, with `lost`,
    `fence`, `acquire`, `try_acquire` and `release`, and this object may be shared by threads.

    Args:
        client: whose calls it makes.
        name: all who use one name exclude each other.
        ttl: seconds after which a holder that died loses it.
        session: an open session to hang the locks on, instead of one each.
    """

    def __init__(self, client: "Client", name: str | bytes, ttl: int = 60, session: Session | None = None) -> None:
        queue(name)
        self._client = blocking(client)
        self._name = name
        self._ttl = checked_int("ttl", ttl, least=1)
        self._session = session

    def read(self, timeout: float | None = None) -> Lock:
        """A lock that excludes those who write; it waits, `timeout` seconds at most, for those who came before it."""
        return self._side("read", timeout)

    def write(self, timeout: float | None = None) -> Lock:
        """A lock that excludes all others; it waits, `timeout` seconds at most, for those who came before it."""
        return self._side("write", timeout)

    def _side(self, kind: str, timeout: float | None) -> Lock:
        client, seconds = self._client, checked_seconds(timeout)
        procedures = client._procedures  # pyright: ignore[reportPrivateUsage]
        side = _SyncSide(procedures, client.lease, self._name, self._ttl, seconds, self._session)
        side.kind = kind
        return side


class AsyncRWLock:
    """A lock of the whole cluster that many may hold to read, or one to write. Compatible with Go's `recipe.RWMutex`.

    `async with rwlock.read() as lock: ...`, `async with rwlock.write() as lock: ...`; each is an `AsyncLock` of its
    own, with `lost`, `fence`, `acquire`, `try_acquire` and `release`, and this object may be shared by tasks.

    Args:
        client: whose calls it makes.
        name: all who use one name exclude each other.
        ttl: seconds after which a holder that died loses it.
        session: an open session to hang the locks on, instead of one each.
    """

    def __init__(
        self, client: "AsyncClient", name: str | bytes, ttl: int = 60, session: AsyncSession | None = None
    ) -> None:
        queue(name)
        self._client = asynchronous(client)
        self._name = name
        self._ttl = checked_int("ttl", ttl, least=1)
        self._session = session

    def read(self, timeout: float | None = None) -> AsyncLock:
        """A lock that excludes those who write; it waits, `timeout` seconds at most, for those who came before it."""
        return self._side("read", timeout)

    def write(self, timeout: float | None = None) -> AsyncLock:
        """A lock that excludes all others; it waits, `timeout` seconds at most, for those who came before it."""
        return self._side("write", timeout)

    def _side(self, kind: str, timeout: float | None) -> AsyncLock:
        client, seconds = self._client, checked_seconds(timeout)
        procedures = client._procedures  # pyright: ignore[reportPrivateUsage]
        side = _AsyncSide(procedures, client.lease, self._name, self._ttl, seconds, self._session)
        side.kind = kind
        return side
