"""The members of the cluster, as both clients offer them."""

from etcdobs._bind import aio, sync
from etcdobs._drive import aio as _aio
from etcdobs._drive import sync as _sync
from etcdobs.ops import cluster

__all__ = ["AsyncClusterClient", "ClusterClient"]


class ClusterClient:
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


class AsyncClusterClient:
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
