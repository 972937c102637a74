"""Leases, as both clients offer them."""

from etcdobs._bind import aio, sync
from etcdobs._call import CLIENT_DEFAULT, AtLeastOnce, Timeout, checked_timeout
from etcdobs._drive import aio as _aio
from etcdobs._drive import sync as _sync
from etcdobs._drive.aio_keepalive import AsyncHeartbeat
from etcdobs._drive.aio_keepalive import Heartbeats as _aio_Heartbeats
from etcdobs._drive.sync_keepalive import Heartbeat
from etcdobs._drive.sync_keepalive import Heartbeats as _sync_Heartbeats
from etcdobs.errors import LeaseNotFoundError
from etcdobs.ops import lease
from etcdobs.ops.operation import HasLeaseId, lease_id
from etcdobs.services._service import Service
from etcdobs.types import LeaseTimeToLive

__all__ = ["AsyncLease", "AsyncLeaseClient", "Lease", "LeaseClient"]


class Lease:
    """A lease that was granted; it goes wherever `lease=` does.

    Attributes:
        id: its id.
        ttl: seconds, as the server granted them: it may raise what was asked for.
    """

    def __init__(self, leases: "LeaseClient", id: int, ttl: int) -> None:
        self._leases = leases
        self.id: int = id
        self.ttl: int = ttl

    def __repr__(self) -> str:
        return f"<Lease {self.id:x} ttl={self.ttl}>"

    def revoke(self, *, retry: AtLeastOnce | None = None, timeout: Timeout = CLIENT_DEFAULT) -> None:
        """End it now and delete every key on it; raises LeaseNotFoundError when it is gone."""
        self._leases.revoke(self.id, retry=retry, timeout=timeout)

    def time_to_live(self, keys: bool = False, *, timeout: Timeout = CLIENT_DEFAULT) -> LeaseTimeToLive:
        """What is left of it, with its keys when `keys` is True; `ttl` is -1 when it is gone."""
        return self._leases.time_to_live(self.id, keys, timeout=timeout)

    def keep_alive(self, *, timeout: Timeout = CLIENT_DEFAULT) -> Heartbeat:
        """Renew it in the background while the returned context manager is open."""
        return self._leases.keep_alive(self.id, timeout=timeout)


class LeaseClient(Service):
    """Leases: `client.lease`."""

    def __init__(self, driver: _sync.Driver, heartbeats: _sync_Heartbeats | None = None) -> None:
        self._driver = driver
        self._heartbeats = heartbeats or _sync_Heartbeats(driver)
        # Which lock stands at each key: a lease is one owner, whichever sessions share it.
        self.places: dict[bytes, object] = {}

    def grant(
        self, ttl: int, id: int = 0, *, retry: AtLeastOnce | None = None, timeout: Timeout = CLIENT_DEFAULT
    ) -> Lease:
        """A new lease; keys put on it go when it does.

        Args:
            ttl: seconds; the server raises what is too short for it (2 s as a rule).
            id: its id; 0: a random one, for which the request is repeated like a read: nobody else has it.
            retry: "at_least_once": repeat it for a given id too. That the lease is then there already is taken for the
                work of an earlier attempt, also where it is another's.
            timeout: seconds for the whole call; left out: the client's; None: no deadline.

        Raises:
            LeaseExistError: there is a lease of this id.
            LeaseTTLTooLargeError: more than 9,000,000,000 seconds.
        """
        granted, seconds = self._driver.call(lease.grant(ttl, id, retry=retry, timeout=timeout))
        return Lease(self, granted, seconds)

    def existing(self, id: int | HasLeaseId, *, timeout: Timeout = CLIENT_DEFAULT) -> Lease:
        """A lease that was granted before, here or elsewhere.

        Raises:
            LeaseNotFoundError: there is no such lease, or it has expired.
        """
        found = self.time_to_live(id, timeout=timeout)
        if found.ttl < 0:
            details = f"{LeaseNotFoundError.message}: {found.id:x}"
            raise LeaseNotFoundError(details, method="etcdserverpb.Lease/LeaseTimeToLive")
        return Lease(self, found.id, found.granted_ttl)

    @sync(lease.revoke)
    def revoke(self) -> None: ...

    @sync(lease.time_to_live)
    def time_to_live(self) -> None: ...

    @sync(lease.list)
    def list(self) -> None: ...

    @sync(lease.keep_alive_once)
    def keep_alive_once(self) -> None: ...

    def keep_alive(self, id: int | HasLeaseId, *, timeout: Timeout = CLIENT_DEFAULT) -> Heartbeat:
        """Renew a lease in the background while the returned context manager is open.

        Args:
            id: the lease's id, or what `grant` returned.
            timeout: seconds until the first renewal must be answered; left out: the client's; None: no deadline.

        Raises (on entering):
            LeaseNotFoundError: there is no such lease, or it has expired.
        """
        seconds = self._driver.session.seconds(checked_timeout(timeout))
        return Heartbeat(self._heartbeats, lease_id(id, least=1), seconds)


class AsyncLease:
    """A lease that was granted; it goes wherever `lease=` does.

    Attributes:
        id: its id.
        ttl: seconds, as the server granted them: it may raise what was asked for.
    """

    def __init__(self, leases: "AsyncLeaseClient", id: int, ttl: int) -> None:
        self._leases = leases
        self.id: int = id
        self.ttl: int = ttl

    def __repr__(self) -> str:
        return f"<AsyncLease {self.id:x} ttl={self.ttl}>"

    async def revoke(self, *, retry: AtLeastOnce | None = None, timeout: Timeout = CLIENT_DEFAULT) -> None:
        """End it now and delete every key on it; raises LeaseNotFoundError when it is gone."""
        await self._leases.revoke(self.id, retry=retry, timeout=timeout)

    async def time_to_live(self, keys: bool = False, *, timeout: Timeout = CLIENT_DEFAULT) -> LeaseTimeToLive:
        """What is left of it, with its keys when `keys` is True; `ttl` is -1 when it is gone."""
        return await self._leases.time_to_live(self.id, keys, timeout=timeout)

    def keep_alive(self, *, timeout: Timeout = CLIENT_DEFAULT) -> AsyncHeartbeat:
        """Renew it in the background while the returned context manager is open."""
        return self._leases.keep_alive(self.id, timeout=timeout)


class AsyncLeaseClient(Service):
    """Leases: `client.lease`."""

    def __init__(self, driver: _aio.Driver, heartbeats: _aio_Heartbeats | None = None) -> None:
        self._driver = driver
        self._heartbeats = heartbeats or _aio_Heartbeats(driver)
        # Which lock stands at each key: a lease is one owner, whichever sessions share it.
        self.places: dict[bytes, object] = {}

    async def grant(
        self, ttl: int, id: int = 0, *, retry: AtLeastOnce | None = None, timeout: Timeout = CLIENT_DEFAULT
    ) -> AsyncLease:
        """A new lease; keys put on it go when it does.

        Args:
            ttl: seconds; the server raises what is too short for it (2 s as a rule).
            id: its id; 0: a random one, for which the request is repeated like a read: nobody else has it.
            retry: "at_least_once": repeat it for a given id too. That the lease is then there already is taken for the
                work of an earlier attempt, also where it is another's.
            timeout: seconds for the whole call; left out: the client's; None: no deadline.

        Raises:
            LeaseExistError: there is a lease of this id.
            LeaseTTLTooLargeError: more than 9,000,000,000 seconds.
        """
        granted, seconds = await self._driver.call(lease.grant(ttl, id, retry=retry, timeout=timeout))
        return AsyncLease(self, granted, seconds)

    async def existing(self, id: int | HasLeaseId, *, timeout: Timeout = CLIENT_DEFAULT) -> AsyncLease:
        """A lease that was granted before, here or elsewhere.

        Raises:
            LeaseNotFoundError: there is no such lease, or it has expired.
        """
        found = await self.time_to_live(id, timeout=timeout)
        if found.ttl < 0:
            details = f"{LeaseNotFoundError.message}: {found.id:x}"
            raise LeaseNotFoundError(details, method="etcdserverpb.Lease/LeaseTimeToLive")
        return AsyncLease(self, found.id, found.granted_ttl)

    @aio(lease.revoke)
    def revoke(self) -> None: ...

    @aio(lease.time_to_live)
    def time_to_live(self) -> None: ...

    @aio(lease.list)
    def list(self) -> None: ...

    @aio(lease.keep_alive_once)
    def keep_alive_once(self) -> None: ...

    def keep_alive(self, id: int | HasLeaseId, *, timeout: Timeout = CLIENT_DEFAULT) -> AsyncHeartbeat:
        """Renew a lease in the background while the returned context manager is open.

        Args:
            id: the lease's id, or what `grant` returned.
            timeout: seconds until the first renewal must be answered; left out: the client's; None: no deadline.

        Raises (on entering):
            LeaseNotFoundError: there is no such lease, or it has expired.
        """
        seconds = self._driver.session.seconds(checked_timeout(timeout))
        return AsyncHeartbeat(self._heartbeats, lease_id(id, least=1), seconds)
