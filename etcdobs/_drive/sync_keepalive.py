"""Waits for lease renewals by blocking: one thread and one stream renew all leases of a client."""

import threading
import time
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any

import grpc

from etcdobs._call import checked_seconds
from etcdobs._drive.boottime import boottime
from etcdobs._drive.notes import unexpected
from etcdobs._drive.readings import lease_readings
from etcdobs._drive.sync import Driver
from etcdobs._drive.uninterrupted import apart, interruptible, join
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
from etcdobs.observe.spans import Origin, Streams
from etcdobs.ops.lease import KEEP_ALIVE


class Heartbeat:
    """A lease that is renewed in the background while this is open.

    Use it as a context manager; entering it returns after the first renewal. Leaving it ends the renewals, not the
    lease. Thread-safe.
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

    def wait_lost(self, timeout: float | None = None) -> bool:
        """True as soon as the lease is lost; False when `timeout` seconds pass first, or the heartbeat is closed."""
        return self._heart is not None and self._heartbeats.wait_lost(self._heart, checked_seconds(timeout))

    def __enter__(self) -> "Heartbeat":
        if self._heart is not None and not self._open:
            raise ClosedError("the heartbeat is closed: ask the client for another", method=METHOD)
        if self._heart is None:
            with self._heartbeats.spans.keeping(self.id) as origin:
                self._join(origin)
        return self

    def _join(self, origin: Origin) -> None:
        self._heart = self._heartbeats.join(self.id, origin)
        self._open = True
        try:
            self._heartbeats.wait_answered(self._heart, self._timeout)
        except BaseException:
            self.close()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the renewals; the lease lives on until its ttl has passed. May be called twice."""
        if self._open and self._heart is not None:
            self._open = False
            self._heartbeats.leave(self._heart)


class Heartbeats:
    """All leases that a client keeps alive."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._clock = KeepAliveClock()
        # Entered by itself: a Ctrl-C within the condition's own `__enter__` would leave it locked for ever.
        self._lock = threading.RLock()
        # Told when something is to be sent sooner than was known, and, by lease, when something is to be known of it.
        self._due = threading.Condition(self._lock)
        self._news: dict[Heart, threading.Condition] = {}
        self._thread: threading.Thread | None = None
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
        over = self._driver.closing.is_set() or self._driver.forked
        return () if over else lease_readings(self._clock.hearts(), boottime())

    # ---- called from the users' threads

    def join(self, lease_id: int, origin: Origin) -> Heart:
        """Begin to keep a lease alive."""
        with self._lock:
            self._driver.check_usable()
            if not len(self._clock):
                self._error = None
            heart = self._clock.join(lease_id)
            self._origins.setdefault(lease_id, origin)
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="etcdobs-keepalive", daemon=True)
                thread.start()
                self._thread = thread
            self._news.setdefault(heart, threading.Condition(self._lock))
            self._due.notify_all()
            self._show(heart)
        return heart

    def leave(self, heart: Heart) -> None:
        """Stop keeping a lease alive; with the last one the stream ends."""
        if self._driver.forked:
            return
        self.is_lost(heart)
        with self._lock:
            self._clock.leave(heart)
            self._tell(heart)
            if not heart.users:
                self._origins.pop(heart.id, None)
                self._news.pop(heart, None)
                self._hide(heart)
            if not len(self._clock):
                self._due.notify_all()

    def wait_answered(self, heart: Heart, timeout: float | None) -> None:
        """Return after the first renewal; raise what kept it away otherwise."""
        dial_timeout = self._driver.session.dial_timeout
        first = dial_timeout if timeout is None else min(timeout, dial_timeout)
        with interruptible(), self._lock:
            news = self._news[heart]
            if not news.wait_for(lambda: self._is_settled(heart), first):
                left = None if timeout is None else timeout - first
                news.wait_for(lambda: self._is_settled(heart) or self._is_unconnected(), left)
            error = self._error
        self._driver.check_usable()
        if heart.ended:
            raise error or not_found(heart, self._endpoint)
        if heart.expires_at is None:
            raise not_renewed(error, timeout, dial_timeout)

    def _is_settled(self, heart: Heart) -> bool:
        over = heart.ended or self._driver.closing.is_set() or ends_waiting(self._error)
        return over or heart.expires_at is not None

    def _is_unconnected(self) -> bool:
        return isinstance(self._error, ConnectionFailedError)

    def is_lost(self, heart: Heart) -> bool:
        """Whether the lease is lost by now; counted once, where it was alive before and somebody wants it alive."""
        if self._driver.forked:
            return True  # The parent keeps it alive, or does not: here nobody would know.
        with self._lock:
            lost = heart.lost(boottime())
            if lost and heart.users and not heart.counted:
                heart.counted = True
                self._count_loss(heart)
            return lost

    def _count_loss(self, heart: Heart) -> None:
        self._hide(heart)
        # Whoever closed the client wanted no lease kept alive any more.
        if heart.expires_at is None or self._driver.closing.is_set():
            return
        self._driver.log.tell("lease_lost", lease=f"{heart.id:x}")
        self.spans.lost(heart.id, self._origins.get(heart.id))
        if self._driver.metrics is not None:
            self._driver.metrics.lease_lost()

    def wait_lost(self, heart: Heart, timeout: float | None) -> bool:
        """True as soon as the lease is lost."""
        deadline = None if timeout is None else boottime() + timeout
        with interruptible(), self._lock:
            while not self.is_lost(heart):
                now = boottime()
                if self._is_over(heart) or (deadline is not None and now >= deadline):
                    return False
                bounds = [bound for bound in (heart.expires_at, deadline) if bound is not None]
                self._news[heart].wait(min(bounds) - now if bounds else None)
        return True

    def _is_over(self, heart: Heart) -> bool:
        return not heart.users or self._driver.closing.is_set()

    def close(self) -> None:
        """End all renewals."""
        with self._lock:
            call, thread = self._call, self._thread
            for heart in self._clock.hearts():
                self._hide(heart)
            self._due.notify_all()
            self._tell_all()
        if call is not None:
            apart(call.cancel)
        if thread is not None:
            join(thread)

    def _tell(self, heart: Heart) -> None:
        if heart in self._news:
            self._news[heart].notify_all()

    def _tell_all(self) -> None:
        for news in self._news.values():
            news.notify_all()

    def _show(self, heart: Heart) -> None:
        if self._driver.metrics is not None and not heart.shown:
            heart.shown = True
            self._driver.metrics.lease_kept()

    def _hide(self, heart: Heart) -> None:
        if self._driver.metrics is not None and heart.shown:
            heart.shown = False
            self._driver.metrics.lease_dropped()

    # ---- the stream's own thread

    def _run(self) -> None:
        while self._is_wanted():
            try:
                self._serve()
                error: EtcdError | None = None
            except EtcdError as broken:
                error = broken
            except Exception as failed:  # noqa: BLE001 - renewals go on, whatever failed
                error = unexpected(failed, METHOD)
            self._recover(error)

    def _is_wanted(self) -> bool:
        with self._lock:
            wanted = bool(len(self._clock)) and not self._driver.closing.is_set()
            if not wanted:
                self._thread = None
            return wanted

    def _serve(self) -> None:
        endpoint, metadata = self._driver.run(open_stream(self._driver.session, frozenset()))
        self._token, self._endpoint = token_of(metadata), endpoint.address
        stream = Stream()
        with self._stream_spans.opening(list(self._origins.values())):
            call = self._driver.stream(KEEP_ALIVE, endpoint, self._requests(stream), metadata)
        with self._lock:
            self._call = call
        try:
            for response in call:
                self._receive(response, endpoint)
        except grpc.RpcError as error:
            self._failed(endpoint)
            failure = self._driver.error(error, KEEP_ALIVE, endpoint)
            raise unanswered(endpoint.address) if stream.stalled else failure from error
        finally:
            call.cancel()
            self._break(stream)
        if not stream.complete:
            self._failed(endpoint)
            raise ended(endpoint.address)

    def _failed(self, endpoint: Endpoint) -> None:
        if not self._driver.closing.is_set():
            self._driver.session.endpoints.failed(endpoint, time.monotonic())

    def _requests(self, stream: Stream) -> Iterator[Any]:
        """What gRPC's own thread sends: each renewal when it is due, until the stream breaks or nothing is left."""
        while True:
            with self._lock:
                if stream.over or self._driver.closing.is_set() or not len(self._clock):
                    stream.complete = True
                    return
                # There is no call yet while gRPC begins one: it asks here for what to send first.
                call = self._call
                stream.stalled = call is not None and self._clock.is_overdue(boottime())
                due = [] if stream.stalled else self._clock.due(boottime())
                self._see_losses()
                if not due and not stream.stalled:
                    self._due.wait(self._clock.seconds_to_next(boottime()))
            if stream.stalled and call is not None:
                call.cancel()
                return
            yield from due

    def _see_losses(self) -> None:
        for heart in self._clock.expired():
            self.is_lost(heart)
            self._tell(heart)

    def _receive(self, response: Any, endpoint: Endpoint) -> None:
        self._backoff.reset()
        self._driver.session.endpoints.succeeded(endpoint)
        with self._lock:
            self._error = None
            now = boottime()
            soonest = self._clock.soonest(now)
            heart = self._clock.received(response, now)
            if heart is not None:
                self.is_lost(heart)
                self._tell(heart)
            if self._clock.soonest(now) < soonest:
                self._due.notify_all()

    def _break(self, stream: Stream) -> None:
        with self._lock:
            stream.over = True
            self._call = None
            self._clock.broken()
            self._due.notify_all()

    def _recover(self, error: EtcdError | None) -> None:
        with self._lock:
            self._error = error
            self._tell_all()
            leases, margin = len(self._clock), self._clock.margin(boottime())
        if error is not None and leases and not self._driver.closing.is_set():
            self._driver.log.tell("renewals_resumed", leases, **resumed(error, margin))
        if isinstance(error, TOKEN_REFUSED) and self._driver.session.credentials.can_renew:
            self._renew()
        if self._is_wanted() and error is not None:
            self._driver.closing.wait(self._backoff.seconds())

    def _renew(self) -> None:
        try:
            self._driver.renew(self._token)
        except EtcdError as error:
            with self._lock:
                self._error = error
