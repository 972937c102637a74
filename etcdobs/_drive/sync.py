"""Waits by blocking: performs the steps of a flow for the calling thread, whichever that is."""

import threading
import time
import weakref
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, TypeVar

import grpc

from etcdobs._attempts import answered
from etcdobs._call import CLIENT_DEFAULT, Call, Timeout
from etcdobs._drive.certificates import Certificates
from etcdobs._drive.channel import (
    ChannelSettings,
    Senders,
    checked_interceptors,
    drain_seconds,
    multicallable,
    strangers,
    time_left,
)
from etcdobs._drive.forks import Generation
from etcdobs._drive.log import Log
from etcdobs._drive.notes import outcome, quiet, record, renewal_failed, tell
from etcdobs._drive.readings import endpoint_readings
from etcdobs._drive.streamless import Streamless
from etcdobs._drive.sync_connecting import INTERCEPTORS, connected, secured
from etcdobs._drive.uninterrupted import CLOSING, Latch, join, within
from etcdobs._first_attempt import first_attempt
from etcdobs._flow import renew_token, unary
from etcdobs._operations import operation_of
from etcdobs._steps import Aside, Flow, Metadata, Note, Now, Other, Renew, Send, Session, Sleep
from etcdobs._wire import Rpc
from etcdobs.config import TLS, Endpoint, refuse_plaintext
from etcdobs.errors import (
    ClosedError,
    ConnectionFailedError,
    DeadlineExceededError,
    EtcdError,
    UnavailableError,
    from_status,
)
from etcdobs.observe import ClientMetrics, Instruments
from etcdobs.observe.attempts import Attempts
from etcdobs.observe.live import Reading
from etcdobs.observe.spans import Streams

T = TypeVar("T")

# What gRPC raises of a call; ValueError: its channel is closed.
_FAILURES = (grpc.RpcError, ValueError)


class Driver:
    """The blocking half of a client: its channels, and the steps of its flows. Thread-safe."""

    def __init__(
        self,
        session: Session,
        settings: ChannelSettings,
        instruments: Instruments,
        interceptors: tuple[Any, ...] = (),
        metrics: ClientMetrics | None = None,
    ) -> None:
        self.session = session
        self.metrics = metrics
        self.log: Log = Log()
        self._settings = settings
        tls = settings.tls or TLS()
        self._certificates = Certificates(tls, self.log)
        self._may_change = bool(tls.paths)
        self._unverified = not tls.verify
        self._instruments = instruments
        self.spans: Streams = instruments.streams()
        self._interceptors = checked_interceptors(interceptors, INTERCEPTORS)
        self._channels: dict[str, grpc.Channel] = {}
        self._bound: Senders = {}
        self._lock = threading.Lock()
        self._renewing = threading.Lock()
        self._closing = Latch()
        self._generation = Generation.number
        self._on_close: weakref.WeakSet[Any] = weakref.WeakSet()
        self._drains: list[threading.Thread] = []
        self.streamless: Streamless = Streamless()
        self._asides: list[threading.Thread] = []
        if metrics is not None:
            metrics.follow(self)

    # ---- flows

    def call(self, call: Call[T]) -> T:
        """Carry out one call; it is one operation, whatever attempts it takes."""
        spans = self._instruments.attempts()
        spans.request = call.request
        operation = None if self.metrics is None else self.metrics.operation(operation_of(call))
        began = 0.0 if operation is None else operation.begin()
        try:
            if self._closing.is_set() or Generation.number != self._generation:
                self.check_usable(call.rpc.path[1:])
            answer: Any = None
            flow: Flow[T] | None = None
            started = time.monotonic()
            send = first_attempt(call, self.session, started)
            bound = None
            if send is not None:
                to = send.endpoint.address, call.rpc.path
                bound = self._current(to) if self._may_change else self._bound.get(to)
            if send is None or bound is None:
                flow = unary(call, self.session, started, send)
            else:
                # In place: each function here is in the way of every call (docs/decisions/drivers.md).
                try:
                    reply = bound(call.request, send.timeout, send.metadata, attempts=spans)
                except (EtcdError, *_FAILURES) as error:
                    flow = unary(call, self.session, started, send, self._failure(error, send))
                else:
                    answer = answered(call, self.session, send.endpoint, started, reply)
            if flow is not None:
                answer = self.run(flow, call.rpc.path[1:], spans)
        except BaseException as error:
            spans.over(error)
            if operation is not None:
                operation.end(began, outcome(error))
            raise
        if spans.held is not None:
            spans.over()
        if operation is not None:
            operation.end(began)
        result: T = answer
        return result

    def run(self, flow: Flow[T], method: str = "", attempts: Attempts | None = None) -> T:
        """Perform what `flow` asks for until it returns; `method` is the RPC that it is for, where it is for one."""
        if attempts is None:  # else it was looked before the first of them
            self.check_usable(method)
        answer: Any = None
        failure: EtcdError | None = None
        while True:
            try:
                step = flow.send(answer) if failure is None else flow.throw(failure)
            except StopIteration as stop:
                result: T = stop.value
                return result
            answer = failure = None
            try:
                answer = self._send(step, attempts) if isinstance(step, Send) else self._perform(step)
            except EtcdError as error:
                error.method = error.method or method
                failure = error

    def _perform(self, step: Other) -> Any:
        if isinstance(step, Now):
            return time.monotonic()
        if isinstance(step, Sleep):
            return self._sleep(step.seconds)
        if isinstance(step, Renew):
            return self.renew(step.refused, step.timeout)
        if isinstance(step, Aside):
            return self._begin(step.flow)
        return self._note(step)

    def _begin(self, flow: Flow[None]) -> None:
        thread = threading.Thread(target=self._run_aside, args=(flow,), name="etcdobs-aside", daemon=True)
        with self._lock:
            self.check_usable()
            self._asides = [aside for aside in self._asides if aside.is_alive()] + [thread]
            thread.start()

    def _run_aside(self, flow: Flow[None]) -> None:
        with suppress(ClosedError):
            self.run(flow)

    def _sleep(self, seconds: float) -> None:
        if self._closing.wait(seconds):
            raise ClosedError

    def renew(self, refused: str | None, timeout: Timeout = CLIENT_DEFAULT) -> None:
        """Replace the token that was refused within `timeout` seconds, one thread at a time."""
        seconds = self.session.seconds(timeout)
        began = time.monotonic()
        if not self._renewing.acquire(timeout=-1 if seconds is None else min(seconds, threading.TIMEOUT_MAX)):
            raise DeadlineExceededError("another call's renewal of the token took too long")
        try:
            left = None if seconds is None else seconds - (time.monotonic() - began)
            self.run(renew_token(self.session, refused, left))
        except EtcdError as error:
            renewal_failed(self.metrics, error)
            raise
        finally:
            self._renewing.release()

    def _note(self, note: Note) -> None:
        tell(self.log, note)
        if self.metrics is not None:
            record(self.metrics, note)

    # ---- calls

    def _send(self, step: Send, attempts: Attempts | None) -> Any:
        rpc, endpoint, timeout = step.call.rpc, step.endpoint, step.timeout
        bound = self._current((endpoint.address, rpc.path))
        if bound is None:
            began = time.monotonic()
            bound = self.bound(rpc, endpoint, timeout)
            if self._unverified:  # it has asked for the server's certificate
                timeout = time_left(timeout, time.monotonic() - began)
        try:
            if not rpc.client_streaming:
                # A flow may ask others in between.
                mine = attempts if attempts is not None and attempts.request is step.call.request else None
                return bound(step.call.request, timeout, step.metadata, attempts=mine)
            return _only_reply(bound(iter((step.call.request,)), timeout=timeout, metadata=step.metadata))
        except _FAILURES as error:
            raise self.error(error, rpc, endpoint) from quiet(error)

    def stream(
        self, rpc: Rpc, endpoint: Endpoint, request: Any, metadata: Metadata, timeout: float | None = None
    ) -> Any:
        """An open stream, to be iterated for the replies; `request` is one, or an iterator of them."""
        try:
            return self.bound(rpc, endpoint, timeout)(request, timeout=timeout, metadata=metadata)
        except _FAILURES as error:
            raise self.error(error, rpc, endpoint) from quiet(error)

    def _failure(self, error: Exception, send: Send) -> EtcdError:
        """What an attempt that raised `error` failed with."""
        failure = error if isinstance(error, EtcdError) else self.error(error, send.call.rpc, send.endpoint)
        if failure is not error:  # else a user's interceptor raised it
            failure.__cause__ = quiet(error)
        failure.method = failure.method or send.call.rpc.path[1:]
        return failure

    def error(self, error: Exception, rpc: Rpc, endpoint: Endpoint) -> EtcdError:
        """The exception for what gRPC raised."""
        method = f"{rpc.service}/{rpc.method}"
        if self._closing.is_set():
            return ClosedError(method=method, endpoint=endpoint.address)
        if isinstance(error, ValueError) and "closed" in str(error):
            return ConnectionFailedError("its connection was given up", method=method, endpoint=endpoint.address)
        if not isinstance(error, grpc.RpcError):
            raise error
        status: Any = error
        failure = from_status(status.code(), status.details() or "", method=method, endpoint=endpoint.address)
        if isinstance(failure, ConnectionFailedError) and self._settings.pins(endpoint):
            self._retire({endpoint.address})
        return failure

    # ---- channels

    def _current(self, to: tuple[str, str]) -> Callable[..., Any] | None:
        if self._may_change and self._certificates.have_changed(time.monotonic()):
            self._retire(set(self._channels))
        return self._bound.get(to)

    def bound(self, rpc: Rpc, endpoint: Endpoint, timeout: float | None = None) -> Callable[..., Any]:
        """What sends `rpc` to `endpoint`, counted and traced."""
        known = self._current((endpoint.address, rpc.path))
        if known is not None:
            return known
        channel = self._channel(endpoint, timeout)
        shown = endpoint.address if endpoint in self.session.endpoints.all else ""
        bound = self._instruments.bind_sync(
            multicallable(channel, rpc, intercepted=bool(self._interceptors)),
            method=rpc.path,
            kind=rpc.kind,
            target=endpoint.address,
            endpoint=shown,
        )
        with self._lock:
            if self._channels.get(endpoint.address) is channel:
                self._bound[endpoint.address, rpc.path] = bound
        return bound

    def _channel(self, endpoint: Endpoint, timeout: float | None) -> grpc.Channel:
        self.check_usable()
        channel = self._channels.get(endpoint.address)
        if channel is not None:
            return channel
        # Not under the lock: what a server is slow to show must keep nobody from another, nor the client from closing.
        tls = self._certificates.current() if self._settings.is_secure(endpoint) else None
        secure = None if tls is None else secured(endpoint, tls, self._settings.dial_seconds(timeout))
        with self._lock:
            self.check_usable()
            channel = self._channels.get(endpoint.address)
            if channel is None:
                options = self._settings.channel_options(len(self.session.endpoints.all))
                channel = connected(endpoint, options, secure, self._interceptors)
                self._channels[endpoint.address] = channel
        self._retire(strangers(self._channels, self.session.endpoints.all))
        return channel

    def set_endpoints(self, endpoints: tuple[Endpoint, ...]) -> None:
        """Send new calls to these; what is under way elsewhere has the client's timeout to come to its end."""
        self.check_usable()
        refuse_plaintext(endpoints, self._settings.tls)
        before = self.session.endpoints.texts
        gone = {endpoint.address for endpoint in self.session.endpoints.replace(endpoints)}
        self._retire(gone | (self._channels.keys() - {endpoint.address for endpoint in endpoints}))
        if gone and self.metrics is not None:
            self.metrics.endpoints_left(gone)
        if (now := self.session.endpoints.texts) != before:
            self.log.tell("endpoints_changed", before=",".join(before), now=",".join(now))

    def _retire(self, addresses: set[str]) -> None:
        with self._lock:
            channels = [self._channels.pop(address) for address in addresses & self._channels.keys()]
            for address, path in list(self._bound):
                if address in addresses:
                    del self._bound[address, path]
            self._drains = [drain for drain in self._drains if drain.is_alive()]
            if channels and not self._closing.is_set():
                self._drains.append(self._drain(channels))

    def _drain(self, channels: list[grpc.Channel]) -> threading.Thread:
        def close() -> None:
            self._closing.wait(drain_seconds(self.session))
            for channel in channels:
                channel.close()

        thread = threading.Thread(target=close, name="etcdobs-drain", daemon=True)
        thread.start()
        return thread

    def readings(self) -> Iterable[Reading]:
        """What its metrics show of it now."""
        return () if self._closing.is_set() or self.forked else endpoint_readings(self.session.endpoints)

    # ---- life

    @property
    def forked(self) -> bool:
        """True in a child of the process that made the client: what it inherited, locks too, is not to be touched."""
        return Generation.number != self._generation

    def check_usable(self, method: str = "") -> None:
        """Raises ClosedError when the client is closed, or was made in the parent of this process."""
        if self._closing.is_set():
            raise ClosedError(method=method)
        if Generation.number != self._generation:
            raise ClosedError(
                "the client was made before this process was forked: make one after the fork", method=method
            )

    @property
    def closing(self) -> Latch:
        """Set once the client is closed."""
        return self._closing

    def start(self, thread: threading.Thread) -> None:
        """Start a thread that ends when the client is closed, which waits for that."""
        with self._lock:
            self._asides = [aside for aside in self._asides if aside.is_alive()] + [thread]
            thread.start()

    def close_with_me(self, stream: Any) -> None:
        """Call `stream.close()` when the client is closed."""
        with self._lock:
            self._on_close.add(stream)

    def close(self) -> None:
        """End everything; calls in flight raise ClosedError. May be called twice, and from any thread."""
        if self.forked:
            return
        with self._lock:
            if self._closing.is_set():
                return
            self._closing.set()
            channels = list(self._channels.values())
            self._channels.clear()
            self._bound.clear()
            streams = list(self._on_close)
        # All of it together in bounded time: what an interrupt has left locked would hold up each in turn.
        within(CLOSING, [*(stream.close for stream in streams), *(channel.close for channel in channels), self._join])
        self.log.close()

    def _join(self) -> None:
        for thread in (*self._drains, *self._asides):
            join(thread)


def _only_reply(call: Any) -> Any:
    replies = list(call)
    if not replies:
        raise UnavailableError("the stream ended without an answer")
    return replies[0]
