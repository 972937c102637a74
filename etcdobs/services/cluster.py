"""The members of the cluster, as both clients offer them."""

from etcdobs._bind import aio, sync
from etcdobs._call import CLIENT_DEFAULT, Timeout, checked_timeout
from etcdobs._drive import aio as _aio
from etcdobs._drive import sync as _sync
from etcdobs._membership import member_endpoints
from etcdobs.ops import cluster
from etcdobs.services._service import Service

__all__ = ["AsyncClusterClient", "ClusterClient"]


class ClusterClient(Service):
    """The members of the cluster: `client.cluster`."""

    def __init__(self, driver: _sync.Driver) -> None:
        self._driver = driver

    @sync(cluster.members)
    def members(self) -> None: ...

    @sync(cluster.add)
    def add(self) -> None: ...

    @sync(cluster.remove)
    def remove(self) -> None: ...

    @sync(cluster.update)
    def update(self) -> None: ...

    @sync(cluster.promote)
    def promote(self) -> None: ...

    def sync(self, *, timeout: Timeout = CLIENT_DEFAULT) -> tuple[str, ...]:
        """Makes the client use the members' own client URLs; returns the endpoints in use.

        Learners and members that never started are left out. Where the server denies the member list (etcd 3.4.42,
        3.5.28 and 3.6.9 give it to root only) the endpoints stay as they are.

        Args:
            timeout: seconds for the call; left out: the client's; None: no deadline.
        """
        self._driver.set_endpoints(self._driver.run(member_endpoints(self._driver.session, checked_timeout(timeout))))
        return self._driver.session.endpoints.texts


class AsyncClusterClient(Service):
    """The members of the cluster: `client.cluster`."""

    def __init__(self, driver: _aio.Driver) -> None:
        self._driver = driver

    @aio(cluster.members)
    def members(self) -> None: ...

    @aio(cluster.add)
    def add(self) -> None: ...

    @aio(cluster.remove)
    def remove(self) -> None: ...

    @aio(cluster.update)
    def update(self) -> None: ...

    @aio(cluster.promote)
    def promote(self) -> None: ...

    async def sync(self, *, timeout: Timeout = CLIENT_DEFAULT) -> tuple[str, ...]:
        """Makes the client use the members' own client URLs; returns the endpoints in use.

        Learners and members that never started are left out. Where the server denies the member list (etcd 3.4.42,
        3.5.28 and 3.6.9 give it to root only) the endpoints stay as they are.

        Args:
            timeout: seconds for the call; left out: the client's; None: no deadline.
        """
        found = await self._driver.run(member_endpoints(self._driver.session, checked_timeout(timeout)))
        self._driver.set_endpoints(found)
        return self._driver.session.endpoints.texts
