"""Waits for the endpoints: the first that answers speaks for the cluster."""

import asyncio
import time
from collections.abc import Awaitable, Iterable
from typing import TypeVar

from etcdobs import DeadlineExceededError, EtcdError, UnavailableError
from etcdobs_explorer.model.records import ClusterStatus

from .calls import GLANCE, Calls
from .failures import failures
from .forms import text_bytes

T = TypeVar("T")


class ClusterCalls(Calls):
    """The endpoints and what they say of the cluster."""

    _last_good: str | None = None  # the endpoint that answered last

    @property
    def endpoints(self) -> tuple[str, ...]:
        """The endpoints as the user gave them."""
        return self._endpoints

    async def close(self) -> None:
        """Close the client."""
        await self._client.close()

    async def status(self) -> ClusterStatus:
        """The status of the endpoint that answered last, else of the first of all that answers."""
        with failures():
            if self._last_good is None:
                return await self._first_status(self._dial_timeout)
            try:
                return await self._status_of(self._last_good, GLANCE)
            except (UnavailableError, DeadlineExceededError):
                if len(self._endpoints) == 1:
                    raise
                return await self._first_status(GLANCE)

    async def _first_status(self, timeout: float) -> ClusterStatus:
        """All endpoints at once: a dead one among them must not cost the time that its timeout takes."""
        return await _first([self._status_of(endpoint, timeout) for endpoint in self._endpoints])

    async def _status_of(self, endpoint: str, timeout: float) -> ClusterStatus:
        began = time.perf_counter()
        status = await self._client.maintenance.status(endpoint, timeout=timeout)
        rtt = time.perf_counter() - began
        self._last_good = endpoint
        return ClusterStatus(
            endpoint=endpoint.encode(),
            member_id=status.header.member_id,
            leader_id=status.leader,
            leader_name=self._names.get(status.leader, b""),
            revision=status.header.revision,
            db_size=status.db_size,
            db_in_use=status.db_size_in_use,
            raft_term=status.raft_term,
            version=text_bytes(status.version),
            rtt=rtt,
            errors=tuple(map(text_bytes, status.errors)),
        )


async def _first(looks: Iterable[Awaitable[T]]) -> T:
    """The first that succeeds; the failure of the last where none does."""
    tasks = [asyncio.ensure_future(look) for look in looks]
    failure: EtcdError | None = None
    try:
        for done in asyncio.as_completed(tasks):
            try:
                return await done
            except EtcdError as error:
                failure = error
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    raise failure or RuntimeError("there is no endpoint")
