"""Naming: the endpoints of a service, stored so that Go's gRPC clients and these find each other's."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from etcdobs._call import CLIENT_DEFAULT, Timeout
from etcdobs.recipes._client import asynchronous, blocking
from etcdobs.recipes._naming import Changes, Endpoint, Target
from etcdobs.recipes.resolver import AsyncNamingWatcher, AsyncResolver, NamingWatcher, Resolver

if TYPE_CHECKING:
    from etcdobs.aio import AsyncClient
    from etcdobs.client import Client
    from etcdobs.ops.operation import HasLeaseId

__all__ = [
    "AsyncNaming",
    "AsyncNamingWatcher",
    "AsyncResolver",
    "Changes",
    "Endpoint",
    "Naming",
    "NamingWatcher",
    "Resolver",
]


class Naming:
    """The endpoints of one target, by name. Compatible with Go's `naming/endpoints`.

    An endpoint is the key `target/name`, and hangs on a lease where it is to go with the process that it leads to.

    Args:
        client: of the cluster they are kept in.
        target: the name of the service; in Go's gRPC `etcd:///target`.

    Raises:
        TypeError, ValueError: the target is neither str nor bytes, or empty, or ends with a slash.
    """

    def __init__(self, client: "Client", target: str | bytes) -> None:
        self._client = blocking(client)
        self._target = Target(target)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._target.name!r}>"

    def add(
        self, name: str | bytes, endpoint: Endpoint, *, lease: "int | HasLeaseId" = 0, timeout: Timeout = CLIENT_DEFAULT
    ) -> None:
        """Store an endpoint, or replace the one of that name.

        Args:
            name: its own within the target.
            endpoint: where it is reached.
            lease: what it hangs on; 0: nothing.
            timeout: seconds for the call; left out: the client's; None: no deadline.

        Raises:
            TypeError, ValueError: an argument is wrong, or JSON cannot hold the metadata.
            LeaseNotFoundError: there is no such lease.
        """
        self.update({name: endpoint}, lease=lease, timeout=timeout)

    def delete(self, name: str | bytes, *, timeout: Timeout = CLIENT_DEFAULT) -> None:
        """Delete an endpoint. Nothing to do when there is none of that name."""
        self.update({name: None}, timeout=timeout)

    def update(
        self,
        changes: "Mapping[str | bytes, Endpoint | None]",
        *,
        lease: "int | HasLeaseId" = 0,
        timeout: Timeout = CLIENT_DEFAULT,
    ) -> None:
        """Store and delete several endpoints at one moment, in one transaction: all of it happens, or nothing.

        Args:
            changes: names with the endpoint to store, or None to delete it; no more than the server's `--max-txn-ops`.
            lease: what those that are stored hang on; 0: nothing.
            timeout: seconds for the call; left out: the client's; None: no deadline.

        Raises:
            TypeError, ValueError: an argument is wrong, or JSON cannot hold the metadata.
            LeaseNotFoundError: there is no such lease.
        """
        self._client.do(self._target.update(changes, lease), timeout=timeout)

    def list(self, *, timeout: Timeout = CLIENT_DEFAULT) -> dict[bytes, Endpoint]:
        """The endpoints of now, by name; what else is stored under the target is passed over."""
        return dict(self._target.endpoints(self._client.range(self._target.keys, timeout=timeout)))

    def watch(self, *, timeout: Timeout = CLIENT_DEFAULT) -> "NamingWatcher":
        """The endpoints of now, then their changes: a context manager, to be iterated."""
        return NamingWatcher(self._client, self._target, timeout)

    def resolver(self, *, timeout: Timeout = CLIENT_DEFAULT) -> "Resolver":
        """The addresses, kept current in memory: a context manager."""
        return Resolver(self.watch(timeout=timeout))


class AsyncNaming:
    """The endpoints of one target, by name. Compatible with Go's `naming/endpoints`.

    An endpoint is the key `target/name`, and hangs on a lease where it is to go with the process that it leads to.

    Args:
        client: of the cluster they are kept in.
        target: the name of the service; in Go's gRPC `etcd:///target`.

    Raises:
        TypeError, ValueError: the target is neither str nor bytes, or empty, or ends with a slash.
    """

    def __init__(self, client: "AsyncClient", target: str | bytes) -> None:
        self._client = asynchronous(client)
        self._target = Target(target)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._target.name!r}>"

    async def add(
        self, name: str | bytes, endpoint: Endpoint, *, lease: "int | HasLeaseId" = 0, timeout: Timeout = CLIENT_DEFAULT
    ) -> None:
        """Store an endpoint, or replace the one of that name.

        Args:
            name: its own within the target.
            endpoint: where it is reached.
            lease: what it hangs on; 0: nothing.
            timeout: seconds for the call; left out: the client's; None: no deadline.

        Raises:
            TypeError, ValueError: an argument is wrong, or JSON cannot hold the metadata.
            LeaseNotFoundError: there is no such lease.
        """
        await self.update({name: endpoint}, lease=lease, timeout=timeout)

    async def delete(self, name: str | bytes, *, timeout: Timeout = CLIENT_DEFAULT) -> None:
        """Delete an endpoint. Nothing to do when there is none of that name."""
        await self.update({name: None}, timeout=timeout)

    async def update(
        self,
        changes: "Mapping[str | bytes, Endpoint | None]",
        *,
        lease: "int | HasLeaseId" = 0,
        timeout: Timeout = CLIENT_DEFAULT,
    ) -> None:
        """Store and delete several endpoints at one moment, in one transaction: all of it happens, or nothing.

        Args:
            changes: names with the endpoint to store, or None to delete it; no more than the server's `--max-txn-ops`.
            lease: what those that are stored hang on; 0: nothing.
            timeout: seconds for the call; left out: the client's; None: no deadline.

        Raises:
            TypeError, ValueError: an argument is wrong, or JSON cannot hold the metadata.
            LeaseNotFoundError: there is no such lease.
        """
        await self._client.do(self._target.update(changes, lease), timeout=timeout)

    async def list(self, *, timeout: Timeout = CLIENT_DEFAULT) -> dict[bytes, Endpoint]:
        """The endpoints of now, by name; what else is stored under the target is passed over."""
        return dict(self._target.endpoints(await self._client.range(self._target.keys, timeout=timeout)))

    def watch(self, *, timeout: Timeout = CLIENT_DEFAULT) -> "AsyncNamingWatcher":
        """The endpoints of now, then their changes: an async context manager, to be iterated."""
        return AsyncNamingWatcher(self._client, self._target, timeout)

    def resolver(self, *, timeout: Timeout = CLIENT_DEFAULT) -> "AsyncResolver":
        """The addresses, kept current in memory: an async context manager."""
        return AsyncResolver(self.watch(timeout=timeout))
