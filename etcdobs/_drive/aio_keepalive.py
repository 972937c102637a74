"""Waits for lease renewals by awaiting: one task and one stream renew all leases of a client."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Any

import grpc

from etcdobs._drive.aio import Driver
from etcdobs._drive.boottime import boottime
from etcdobs._flow import open_stream, token_of
from etcdobs._keepalive import Heart, KeepAliveClock
from etcdobs._retry import TOKEN_REFUSED, Backoff
from etcdobs.config import Endpoint
from etcdobs.errors import DeadlineExceededError, EtcdError, LeaseNotFoundError
from etcdobs.ops.lease import KEEP_ALIVE

METHOD = f"{KEEP_ALIVE.service}/{KEEP_ALIVE.method}"


class AsyncHeartbeat:
    """A lease that is renewed in the background while this is open.

    Use it as an async context manager; entering it returns after the first renewal. Leaving it ends the renewals, not
    the lease.
    """

    def __init__(self, heartbeats: "Heartbeats", lease_id: int, timeout: float | None) -> None:
        self._heartbeats = heartbeats
        self._timeout = timeout
        self._heart: Heart | None = None
        self._open = False
        self.id = lease_id

    @property
    def lost(self) -> bool:
        """True no later than the server lets the lease go; it never becomes False again."""
        return self._heart is not None and self._heart.lost(boottime())

    @property
    def ttl(self) -> int:
        """Seconds, as the server granted them at the last renewal."""
        return self._heart.ttl if self._heart else 0

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the lease is lost unless it is renewed."""
        return self._heart.seconds_left(boottime()) if self._heart else None

    async def wait_lost(self, timeout: float | None = None) -> bool:
        """True as soon as the lease is lost; False when `timeout` seconds pass first, or the heartbeat is closed."""
        return self._heart is not None and await self._heartbeats.wait_lost(self._heart, timeout)

    async def __aenter__(self) -> "AsyncHeartbeat":
        if self._heart is None:
            self._heart = self._heartbeats.join(self.id)
            self._open = True
            try:
                await self._heartbeats.wait_answered(self._heart, self._timeout)
            except BaseException:
                await self.close()
                raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End the renewals; the lease lives on until its ttl has passed. May be called twice."""
        if self._open and self._heart is not None:
            self._open = False
            self._heartbeats.leave(self._heart)


class Heartbeats:
    """All leases that a client keeps alive."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._clock = KeepAliveClock()
        self._waiters: set[asyncio.Event] = set()
        self._task: asyncio.Task[None] | None = None
        self._backoff = Backoff(driver.session.jitter)
        self._error: EtcdError | None = None
        self._token: str | None = None
        driver.close_with_me(self)

    # ---- called from the users' tasks

    def join(self, lease_id: int) -> Heart:
        """Begin to keep a lease alive."""
        self._driver.check_usable()
        heart = self._clock.join(lease_id)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="etcdobs-keepalive")
        self._notify()
        self._joined()
        return heart

    def leave(self, heart: Heart) -> None:
        """Stop keeping a lease alive; with the last one the stream ends."""
        self._clock.leave(heart)
        self._notify()
        self._left()

    async def wait_answered(self, heart: Heart, timeout: float | None) -> None:
        """Return after the first renewal; raise what kept it away otherwise."""
        answered = await self._wait_for(
            lambda: heart.expires_at is not None or heart.ended or self._driver.closing, timeout
        )
        self._driver.check_usable()
        if heart.ended:
            raise self._error or LeaseNotFoundError(method=METHOD)
        if not answered:
            last = f"; last: {self._error.details}" if self._error else ""
            raise DeadlineExceededError(f"the lease was not renewed within {timeout:g} s{last}", method=METHOD)

    async def wait_lost(self, heart: Heart, timeout: float | None) -> bool:
        """True as soon as the lease is lost."""
        deadline = None if timeout is None else boottime() + timeout
        while not heart.lost(now := boottime()):
            if not heart.users or self._driver.closing or (deadline is not None and now >= deadline):
                return False
            bounds = [bound for bound in (heart.expires_at, deadline) if bound is not None]
            await self._wait_change(min(bounds) - now if bounds else None)
        return True

    async def close(self) -> None:
        """End all renewals."""
        task = self._task
        self._notify()
        if task is not None and task is not asyncio.current_task():
            task.cancel()
            await asyncio.wait([task])

    # ---- waiting

    def _notify(self) -> None:
        for waiter in self._waiters:
            waiter.set()

    async def _wait_change(self, timeout: float | None) -> None:
        waiter = asyncio.Event()
        self._waiters.add(waiter)
        try:
            async with asyncio.timeout(timeout):
                await waiter.wait()
        except TimeoutError:
            pass
        finally:
            self._waiters.discard(waiter)

    async def _wait_for(self, holds: Callable[[], bool], timeout: float | None) -> bool:
        deadline = None if timeout is None else boottime() + timeout
        while not holds():
            left = None if deadline is None else deadline - boottime()
            if left is not None and left <= 0:
                return False
            await self._wait_change(left)
        return True

    def _joined(self) -> None:
        if self._driver.metrics is not None:
            self._driver.metrics.lease_kept()

    def _left(self) -> None:
        if self._driver.metrics is not None:
            self._driver.metrics.lease_dropped()

    # ---- the stream's own task

    async def _run(self) -> None:
        try:
            while len(self._clock) and not self._driver.closing:
                try:
                    await self._serve()
                    error: EtcdError | None = None
                except EtcdError as broken:
                    error = broken
                await self._recover(error)
        finally:
            self._task = None

    async def _serve(self) -> None:
        endpoint, metadata = await self._driver.run(open_stream(self._driver.session, frozenset()))
        self._token = token_of(metadata)
        call = await self._driver.stream(KEEP_ALIVE, endpoint, self._requests(), metadata)
        try:
            async for response in call:
                self._receive(response, endpoint)
        except grpc.RpcError as error:
            if not self._driver.closing:
                self._driver.session.endpoints.failed(endpoint, time.monotonic())
            self._driver.fail(error, KEEP_ALIVE, endpoint)
        finally:
            call.cancel()
            self._clock.broken()
            self._notify()

    async def _requests(self) -> AsyncIterator[Any]:
        """Each renewal when it is due, until nothing is left; gRPC drops it when the stream breaks."""
        while len(self._clock) and not self._driver.closing:
            for request in self._clock.due(boottime()):
                yield request
            if len(self._clock):
                await self._wait_change(self._clock.seconds_to_next(boottime()))

    def _receive(self, response: Any, endpoint: Endpoint) -> None:
        self._backoff.reset()
        self._driver.session.endpoints.succeeded(endpoint)
        self._error = None
        self._clock.received(response, boottime())
        self._notify()

    async def _recover(self, error: EtcdError | None) -> None:
        self._error = error
        if isinstance(error, TOKEN_REFUSED) and self._driver.session.credentials.can_renew:
            await self._renew()
        if error is not None and len(self._clock) and not self._driver.closing:
            await asyncio.sleep(self._backoff.seconds())

    async def _renew(self) -> None:
        try:
            await self._driver.renew(self._token)
        except EtcdError as error:
            self._error = error
