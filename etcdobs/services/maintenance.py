"""What members say of themselves and can be told, as both clients offer it."""

from collections.abc import AsyncIterator, Callable, Iterator
from os import PathLike

from etcdobs._bind import aio, sync
from etcdobs._call import CLIENT_DEFAULT, Timeout
from etcdobs._drive import aio as _aio
from etcdobs._drive import aio_procedure as _aio_procedure
from etcdobs._drive import aio_snapshot as _aio_snapshot
from etcdobs._drive import sync as _sync
from etcdobs._drive import sync_procedure as _sync_procedure
from etcdobs._drive import sync_snapshot as _sync_snapshot
from etcdobs._maintain import disarm_all, move_leader
from etcdobs.ops import maintenance
from etcdobs.services._service import Service
from etcdobs.types import Alarm

__all__ = ["AsyncMaintenanceClient", "MaintenanceClient"]


class MaintenanceClient(Service):
    """What members say of themselves and can be told: `client.maintenance`."""

    def __init__(self, driver: _sync.Driver, procedures: _sync_procedure.Procedures) -> None:
        self._driver = driver
        self._procedures = procedures

    @sync(maintenance.status)
    def status(self) -> None: ...

    @sync(maintenance.alarms)
    def alarms(self) -> None: ...

    @sync(maintenance.defragment)
    def defragment(self) -> None: ...

    @sync(maintenance.hash_kv)
    def hash_kv(self) -> None: ...

    @sync(maintenance.downgrade)
    def downgrade(self) -> None: ...

    def disarm(self, alarm: Alarm | None = None, *, timeout: Timeout = CLIENT_DEFAULT) -> list[Alarm]:
        """Lowers one alarm, or all that are raised; returns those that were.

        Args:
            alarm: one of `alarms()`; None: all.
            timeout: seconds for each call; left out: the client's; None: no deadline.
        """
        return self._procedures.perform(disarm_all(alarm, timeout))

    def move_leader(self, target_id: int, *, timeout: Timeout = CLIENT_DEFAULT) -> None:
        """Makes another member the leader; the leader of now is found among the endpoints.

        Args:
            target_id: the member that is to lead.
            timeout: seconds for each call; left out: the client's; None: no deadline.

        Raises:
            BadLeaderTransfereeError: there is no such member, or it is a learner.
            NotLeaderError: none of the endpoints is the leader's.
        """
        endpoints = [endpoint.text for endpoint in self._driver.session.endpoints.all]
        self._procedures.perform(move_leader(target_id, endpoints, timeout))

    def snapshot(self, *, timeout: Timeout = None) -> Iterator[bytes]:
        """Iterates over the database of one member, in parts, as `etcdctl snapshot restore` takes it.

        Args:
            timeout: seconds for the whole; None: no deadline.

        Raises (while it is iterated):
            DataLossError: its checksum does not match what arrived.
        """
        return _sync_snapshot.snapshot(self._driver, timeout)

    def save_snapshot(
        self,
        path: str | PathLike[str],
        progress: Callable[[int, int | None], object] | None = None,
        *,
        timeout: Timeout = None,
    ) -> int:
        """Writes the database of one member to a file, which appears whole or not at all; returns its size in bytes.

        Args:
            path: the file, made with mode 0600; what is there is replaced at the end.
            progress: called with the bytes done, and the bytes in all, or None when the server does not say.
            timeout: seconds for the whole; None: no deadline.

        Raises:
            DataLossError: the checksum does not match what arrived; no file is left.
            OSError: the file cannot be written.
        """
        return _sync_snapshot.save_snapshot(self._driver, path, progress, timeout)


class AsyncMaintenanceClient(Service):
    """What members say of themselves and can be told: `client.maintenance`."""

    def __init__(self, driver: _aio.Driver, procedures: _aio_procedure.Procedures) -> None:
        self._driver = driver
        self._procedures = procedures

    @aio(maintenance.status)
    def status(self) -> None: ...

    @aio(maintenance.alarms)
    def alarms(self) -> None: ...

    @aio(maintenance.defragment)
    def defragment(self) -> None: ...

    @aio(maintenance.hash_kv)
    def hash_kv(self) -> None: ...

    @aio(maintenance.downgrade)
    def downgrade(self) -> None: ...

    async def disarm(self, alarm: Alarm | None = None, *, timeout: Timeout = CLIENT_DEFAULT) -> list[Alarm]:
        """Lowers one alarm, or all that are raised; returns those that were.

        Args:
            alarm: one of `alarms()`; None: all.
            timeout: seconds for each call; left out: the client's; None: no deadline.
        """
        return await self._procedures.perform(disarm_all(alarm, timeout))

    async def move_leader(self, target_id: int, *, timeout: Timeout = CLIENT_DEFAULT) -> None:
        """Makes another member the leader; the leader of now is found among the endpoints.

        Args:
            target_id: the member that is to lead.
            timeout: seconds for each call; left out: the client's; None: no deadline.

        Raises:
            BadLeaderTransfereeError: there is no such member, or it is a learner.
            NotLeaderError: none of the endpoints is the leader's.
        """
        endpoints = [endpoint.text for endpoint in self._driver.session.endpoints.all]
        await self._procedures.perform(move_leader(target_id, endpoints, timeout))

    def snapshot(self, *, timeout: Timeout = None) -> AsyncIterator[bytes]:
        """Iterates over the database of one member, in parts, as `etcdctl snapshot restore` takes it.

        Args:
            timeout: seconds for the whole; None: no deadline.

        Raises (while it is iterated):
            DataLossError: its checksum does not match what arrived.
        """
        return _aio_snapshot.snapshot(self._driver, timeout)

    async def save_snapshot(
        self,
        path: str | PathLike[str],
        progress: Callable[[int, int | None], object] | None = None,
        *,
        timeout: Timeout = None,
    ) -> int:
        """Writes the database of one member to a file, which appears whole or not at all; returns its size in bytes.

        Args:
            path: the file, made with mode 0600; what is there is replaced at the end.
            progress: called with the bytes done, and the bytes in all, or None when the server does not say.
            timeout: seconds for the whole; None: no deadline.

        Raises:
            DataLossError: the checksum does not match what arrived; no file is left.
            OSError: the file cannot be written.
        """
        return await _aio_snapshot.save_snapshot(self._driver, path, progress, timeout)
