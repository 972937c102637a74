"""Waits for lease renewals by awaiting: one task and one stream renew all leases of a client."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from types import TracebackType
from typing import Any

import grpc

from etcdobs._call import checked_seconds
from etcdobs._drive.aio import Driver
from etcdobs._drive.boottime import boottime
from etcdobs._drive.notes import unexpected
from etcdobs._drive.readings import lease_readings
from etcdobs._flow import open_stream, token_of
from etcdobs._keepalive import (
    METHOD,
    Heart,
    KeepAliveClock,
    Stream,
    ended,
    ends_waiting,
    not_found,
    not_renewed,
    resumed,
    unanswered,
)
from etcdobs._retry import TOKEN_REFUSED, Backoff
from etcdobs.config import Endpoint
from etcdobs.errors import ClosedError, ConnectionFailedError, EtcdError
from etcdobs.observe.live import Reading
from etcdobs.observe.spans import Origin, Streams, detached
from etcdobs.ops.lease import KEEP_ALIVE


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

    def __repr__(self) -> str:
        state = "not open" if self._heart is None else "lost" if self.lost else "open" if self._open else "closed"
        return f"<{type(self).__name__} of lease {self.id:x} ttl={self.ttl} {state}>"

    @property
    def lost(self) -> bool:
        """True no later than the server lets the lease go; it never becomes False again."""
        return self._heart is not None and self._heartbeats.is_lost(self._heart)

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
        return self._heart is not None and await self._heartbeats.wait_lost(self._heart, checked_seconds(timeout))

    async def __aenter__(self) -> "AsyncHeartbeat":
        if self._heart is not None and not self._open:
            raise ClosedError("the heartbeat is closed: ask the client for another", method=METHOD)
        if self._heart is None:
            with self._heartbeats.spans.keeping(self.id) as origin:
                await self._join(origin)
        return self

    async def _join(self, origin: Origin) -> None:
        self._heart = self._heartbeats.join(self.id, origin)
        self._open = True
        try:
            await self._heartbeats.wait_answered(self._heart, self._timeout)
        except BaseException:
            await self.close()
            raise

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
        # Told when something is to be sent sooner than was known, and, by lease, when something is to be known of it.
        self._due = asyncio.Event()
        self._news: dict[Heart, asyncio.Event] = {}
        self._task: asyncio.Task[None] | None = None
        self._call: Any = None
        self._backoff = Backoff(driver.session.jitter)
        self.spans: Streams = driver.spans
        self._stream_spans = driver.spans.stream()
        self._origins: dict[int, Origin] = {}
        self._error: EtcdError | None = None
        self._token: str | None = None
        self._endpoint = ""
        driver.close_with_me(self)
        if driver.metrics is not None:
            driver.metrics.follow(self)

    def readings(self) -> Iterable[Reading]:
        """What the metrics show of the leases now."""
        over = self._driver.closing or self._driver.forked
        return () if over else lease_readings(self._clock.hearts(), boottime())

    # ---- called from the users' tasks

    def join(self, lease_id: int, origin: Origin) -> Heart:
        """Begin to keep a lease alive."""
        self._driver.check_usable()
        self._driver.enter_loop()
        if not len(self._clock):
            self._error = None
        heart = self._clock.join(lease_id)
        self._origins.setdefault(lease_id, origin)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="etcdobs-keepalive", context=detached())
        self._news.setdefault(heart, asyncio.Event())
        _tell(self._due)
        self._show(heart)
        return heart

    def leave(self, heart: Heart) -> None:
        """Stop keeping a lease alive; with the last one the stream ends."""
        if self._driver.forked:
            return
        self.is_lost(heart)
        self._clock.leave(heart)
        self._tell(heart)
        if not heart.users:
            self._origins.pop(heart.id, None)
            self._news.pop(heart, None)
            self._hide(heart)
        if not len(self._clock):
            _tell(self._due)

    async def wait_answered(self, heart: Heart, timeout: float | None) -> None:
        """Return after the first renewal; raise what kept it away otherwise."""
        dial_timeout = self._driver.session.dial_timeout
        first = dial_timeout if timeout is None else min(timeout, dial_timeout)
        news = self._news[heart]
        if not await _wait_for(news, lambda: self._is_settled(heart), first):
            left = None if timeout is None else timeout - first
            await _wait_for(news, lambda: self._is_settled(heart) or self._is_unconnected(), left)
        self._driver.check_usable()
        if heart.ended:
            raise self._error or not_found(heart, self._endpoint)
        if heart.expires_at is None:
            raise not_renewed(self._error, timeout, dial_timeout)

    def _is_settled(self, heart: Heart) -> bool:
        over = heart.ended or self._driver.closing or ends_waiting(self._error)
        return over or heart.expires_at is not None

    def _is_unconnected(self) -> bool:
        return isinstance(self._error, ConnectionFailedError)

    def is_lost(self, heart: Heart) -> bool:
        """Whether the lease is lost by now; counted once, where it was alive before and somebody wants it alive."""
        if self._driver.forked:
            return True  # The parent keeps it alive, or does not: here nobody would know.
        lost = heart.lost(boottime())
        if lost and heart.users and not heart.counted:
            heart.counted = True
            self._count_loss(heart)
        return lost

    def _count_loss(self, heart: Heart) -> None:
        self._hide(heart)
        # Whoever closed the client wanted no lease kept alive any more.
        if heart.expires_at is None or self._driver.closing:
            return
        self._driver.log.tell("lease_lost", lease=f"{heart.id:x}")
        self.spans.lost(heart.id, self._origins.get(heart.id))
        if self._driver.metrics is not None:
            self._driver.metrics.lease_lost()

    async def wait_lost(self, heart: Heart, timeout: float | None) -> bool:
        """True as soon as the lease is lost."""
        deadline = None if timeout is None else boottime() + timeout
        while not self.is_lost(heart):
            now = boottime()
            if not heart.users or self._driver.closing or (deadline is not None and now >= deadline):
                return False
            bounds = [bound for bound in (heart.expires_at, deadline) if bound is not None]
            await _wait_told(self._news[heart], min(bounds) - now if bounds else None)
        return True

    async def close(self) -> None:
        """End all renewals."""
        task = self._task
        self._hide_all()
        self._tell_all()
        if task is not None and task is not asyncio.current_task():
            task.cancel()
            await asyncio.wait([task])

    def abandon(self) -> None:
        """The event loop is over, and with it every renewal."""
        self._hide_all()
        for heart in self._clock.hearts():
            # Nobody renews it any more; that is its user's doing, and no news.
            heart.ended = heart.counted = True
        self._clock = KeepAliveClock()
        self._due = asyncio.Event()
        self._news.clear()
        self._task = None

    def _tell(self, heart: Heart) -> None:
        if heart in self._news:
            _tell(self._news[heart])

    def _tell_all(self) -> None:
        for news in self._news.values():
            _tell(news)

    def _show(self, heart: Heart) -> None:
        if self._driver.metrics is not None and not heart.shown:
            heart.shown = True
            self._driver.metrics.lease_kept()

    def _hide(self, heart: Heart) -> None:
        if self._driver.metrics is not None and heart.shown:
            heart.shown = False
            self._driver.metrics.lease_dropped()

    def _hide_all(self) -> None:
        for heart in self._clock.hearts():
            self._hide(heart)

    # ---- the stream's own task

    async def _run(self) -> None:
        try:
            while len(self._clock) and not self._driver.closing:
                try:
                    await self._serve()
                    error: EtcdError | None = None
                except EtcdError as broken:
                    error = broken
                except Exception as failed:  # noqa: BLE001 - renewals go on, whatever failed
                    error = unexpected(failed, METHOD)
                await self._recover(error)
        finally:
            self._task = None

    async def _serve(self) -> None:
        endpoint, metadata = await self._driver.run(open_stream(self._driver.session, frozenset()))
        self._token, self._endpoint = token_of(metadata), endpoint.address
        stream = Stream()
        with self._stream_spans.opening(list(self._origins.values())):
            call = await self._driver.stream(KEEP_ALIVE, endpoint, self._requests(stream), metadata)
        self._call = call
        try:
            async for response in call:
                self._receive(response, endpoint)
        except asyncio.CancelledError:
            if not stream.stalled:
                raise
            self._failed(endpoint)
            raise unanswered(endpoint.address) from None
        except grpc.RpcError as error:
            self._failed(endpoint)
            self._driver.fail(error, KEEP_ALIVE, endpoint)
        finally:
            stream.over, self._call = True, None
            call.cancel()
            self._clock.broken()
            _tell(self._due)
        if not stream.complete:
            self._failed(endpoint)
            raise ended(endpoint.address)

    def _failed(self, endpoint: Endpoint) -> None:
        if not self._driver.closing:
            self._driver.session.endpoints.failed(endpoint, time.monotonic())

    async def _requests(self, stream: Stream) -> AsyncIterator[Any]:
        """Each renewal when it is due, until the stream breaks or nothing is left."""
        # gRPC may wake this once more when the stream is gone: what is due then is for the next stream.
        while len(self._clock) and not self._driver.closing and not stream.over:
            if self._call is not None and self._clock.is_overdue(boottime()):
                stream.stalled = True
                self._call.cancel()
                return
            due = self._clock.due(boottime())
            self._see_losses()
            for request in due:
                yield request
            if not due:
                await _wait_told(self._due, self._clock.seconds_to_next(boottime()))
        stream.complete = True

    def _see_losses(self) -> None:
        for heart in self._clock.expired():
            self.is_lost(heart)
            self._tell(heart)

    def _receive(self, response: Any, endpoint: Endpoint) -> None:
        self._backoff.reset()
        self._driver.session.endpoints.succeeded(endpoint)
        self._error = None
        now = boottime()
        soonest = self._clock.soonest(now)
        heart = self._clock.received(response, now)
        if heart is not None:
            self.is_lost(heart)
            self._tell(heart)
        if self._clock.soonest(now) < soonest:
            _tell(self._due)

    async def _recover(self, error: EtcdError | None) -> None:
        self._error = error
        self._tell_all()
        if error is not None and len(self._clock) and not self._driver.closing:
            told = resumed(error, self._clock.margin(boottime()))
            self._driver.log.tell("renewals_resumed", len(self._clock), **told)
        if isinstance(error, TOKEN_REFUSED) and self._driver.session.credentials.can_renew:
            await self._renew()
        if error is not None and len(self._clock) and not self._driver.closing:
            await asyncio.sleep(self._backoff.seconds())

    async def _renew(self) -> None:
        try:
            await self._driver.renew(self._token)
        except EtcdError as error:
            self._error = error


def _tell(event: asyncio.Event) -> None:
    """Wake all who wait for it; whoever waits later waits for the next time."""
    event.set()
    event.clear()


async def _wait_told(event: asyncio.Event, timeout: float | None) -> None:
    try:
        async with asyncio.timeout(timeout):
            await event.wait()
    except TimeoutError:
        return


async def _wait_for(event: asyncio.Event, holds: Callable[[], bool], timeout: float | None) -> bool:
    deadline = None if timeout is None else boottime() + timeout
    while not holds():
        left = None if deadline is None else deadline - boottime()
        if left is not None and left <= 0:
            return False
        await _wait_told(event, left)
    return True
