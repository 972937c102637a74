"""Waits by awaiting: performs the steps of a flow for the running event loop."""

import asyncio
import time
import weakref
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any, NoReturn, TypeVar

import grpc
import grpc.aio

from etcdobs._attempts import answered
from etcdobs._call import CLIENT_DEFAULT, Call, Timeout
from etcdobs._drive.aio_asides import Asides
from etcdobs._drive.aio_connecting import INTERCEPTORS, Connecting, connected
from etcdobs._drive.aio_replies import FAILURES, OpenStream, given_up, is_cancelled, one, only_reply
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
    from_status,
)
from etcdobs.observe import ClientMetrics, Instruments
from etcdobs.observe.attempts import Attempts
from etcdobs.observe.live import Reading
from etcdobs.observe.spans import Streams

T = TypeVar("T")


class Driver:
    """The asyncio half of a client: its channels, and the steps of its flows. For one event loop at a time."""

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
        self.closing: bool = False
        self.log: Log = Log()
        self._settings = settings
        tls = settings.tls or TLS()
        self._certificates = Certificates(tls, self.log)
        self._may_change = bool(tls.paths)
        self._unverified = not tls.verify
        self._instruments = instruments
        self.spans: Streams = instruments.streams()
        self._interceptors = checked_interceptors(interceptors, INTERCEPTORS)
        self._channels: dict[str, grpc.aio.Channel] = {}
        self._bound: Senders = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._renewing = asyncio.Lock()
        self._connecting = Connecting()
        self._generation = Generation.number
        self._streams: weakref.WeakSet[Any] = weakref.WeakSet()
        self._drains: dict[asyncio.Task[None], grpc.aio.Channel] = {}
        self.streamless: Streamless = Streamless()
        self._over = asyncio.Event()
        self._ending: asyncio.Task[None] | None = None
        self._asides = Asides()
        if metrics is not None:
            metrics.follow(self)

    # ---- flows

    async def call(self, call: Call[T]) -> T:
        """Carry out one call; it is one operation, whatever attempts it takes."""
        spans = self._instruments.attempts()
        spans.request = call.request
        operation = None if self.metrics is None else self.metrics.operation(operation_of(call))
        began = 0.0 if operation is None else operation.begin()
        try:
            if self.closing or Generation.number != self._generation:
                self.check_usable(call.rpc.path[1:])
            if asyncio.get_running_loop() is not self._loop:
                self.enter_loop()
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
                    reply = await bound(call.request, send.timeout, send.metadata, attempts=spans)
                except (EtcdError, *FAILURES) as error:
                    flow = unary(call, self.session, started, send, self._failure(error, send))
                else:
                    answer = answered(call, self.session, send.endpoint, started, reply)
            if flow is not None:
                answer = await self.run(flow, call.rpc.path[1:], spans)
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

    async def run(self, flow: Flow[T], method: str = "", attempts: Attempts | None = None) -> T:
        """Perform what `flow` asks for until it returns; `method` is the RPC that it is for, where it is for one."""
        if attempts is None:  # else it was looked before the first of them
            self.check_usable(method)
            self.enter_loop()
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
                answer = await (self._send(step, attempts) if isinstance(step, Send) else self._perform(step))
            except EtcdError as error:
                error.method = error.method or method
                failure = error

    async def _perform(self, step: Other) -> Any:
        if isinstance(step, Now):
            return time.monotonic()
        if isinstance(step, Sleep):
            return await self._sleep(step.seconds)
        if isinstance(step, Renew):
            return await self.renew(step.refused, step.timeout)
        if isinstance(step, Aside):
            return self._asides.begin(self._run_aside(step.flow))
        return self._note(step)

    async def _run_aside(self, flow: Flow[None]) -> None:
        with suppress(ClosedError):
            await self.run(flow)

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._over.wait()
        self.check_usable()

    async def renew(self, refused: str | None, timeout: Timeout = CLIENT_DEFAULT) -> None:
        """Replace the token that was refused within `timeout` seconds, one task at a time."""
        seconds = self.session.seconds(timeout)
        limit = asyncio.timeout(seconds)
        try:
            async with limit, self._renewing:
                await self.run(renew_token(self.session, refused, seconds))
        except EtcdError as error:
            renewal_failed(self.metrics, error)
            raise
        except TimeoutError:
            if not limit.expired():
                raise
            raise DeadlineExceededError("another call's renewal of the token took too long") from None

    def _note(self, note: Note) -> None:
        tell(self.log, note)
        if self.metrics is not None:
            record(self.metrics, note)

    # ---- calls

    async def _send(self, step: Send, attempts: Attempts | None) -> Any:
        rpc, endpoint, timeout = step.call.rpc, step.endpoint, step.timeout
        bound = self._current((endpoint.address, rpc.path))
        if bound is None:
            began = time.monotonic()
            bound = await self.bound(rpc, endpoint, timeout)
            if self._unverified:  # it has asked for the server's certificate
                timeout = time_left(timeout, time.monotonic() - began)
        try:
            if not rpc.client_streaming:
                # A flow may ask others in between.
                mine = attempts if attempts is not None and attempts.request is step.call.request else None
                return await bound(step.call.request, timeout, step.metadata, attempts=mine)
            return await only_reply(bound(one(step.call.request), timeout=timeout, metadata=step.metadata))
        except FAILURES as error:
            self.fail(error, rpc, endpoint)

    def _failure(self, error: BaseException, send: Send) -> EtcdError:
        """What an attempt that raised `error` failed with; a cancellation of the task itself goes on as it is."""
        try:
            if not isinstance(error, EtcdError):
                self.fail(error, send.call.rpc, send.endpoint)
            raise error  # a user's interceptor did
        except EtcdError as failure:
            failure.method = failure.method or send.call.rpc.path[1:]
            return failure

    async def stream(
        self, rpc: Rpc, endpoint: Endpoint, request: Any, metadata: Metadata, timeout: float | None = None
    ) -> Any:
        """An open stream, to be iterated for the replies; `request` is one, or an iterator of them."""
        bound = await self.bound(rpc, endpoint, timeout)
        try:
            return OpenStream(self, bound(request, timeout=timeout, metadata=metadata), rpc, endpoint, bound)
        except (grpc.RpcError, grpc.aio.UsageError) as error:
            self.fail(error, rpc, endpoint)

    def fail(self, error: BaseException, rpc: Rpc, endpoint: Endpoint) -> NoReturn:
        """Raise the exception for what gRPC raised; a cancellation of the task itself stays what it is."""
        method = f"{rpc.service}/{rpc.method}"
        if self.closing and not is_cancelled():
            raise ClosedError(method=method, endpoint=endpoint.address) from error
        if isinstance(error, asyncio.CancelledError) and not is_cancelled():
            raise given_up(rpc, endpoint) from error
        if isinstance(error, grpc.aio.UsageError):
            given = ConnectionFailedError("its connection was given up", method=method, endpoint=endpoint.address)
            raise given from error
        if not isinstance(error, grpc.RpcError):
            raise error
        status: Any = error
        failure = from_status(status.code(), status.details() or "", method=method, endpoint=endpoint.address)
        if isinstance(failure, ConnectionFailedError) and self._settings.pins(endpoint):
            self._retire({endpoint.address})
        raise failure from quiet(error)

    # ---- channels

    def _current(self, to: tuple[str, str]) -> Callable[..., Any] | None:
        if self._may_change and self._certificates.have_changed(time.monotonic()):
            self._retire(set(self._channels))
        return self._bound.get(to)

    async def bound(self, rpc: Rpc, endpoint: Endpoint, timeout: float | None = None) -> Callable[..., Any]:
        """What sends `rpc` to `endpoint`, counted and traced."""
        known = self._current((endpoint.address, rpc.path))
        if known is not None:
            return known
        channel = await self._channel(endpoint, timeout)
        bound = self._instruments.bind_aio(
            multicallable(channel, rpc, intercepted=bool(self._interceptors)),
            method=rpc.path,
            kind=rpc.kind,
            target=endpoint.address,
            endpoint=endpoint.address if endpoint in self.session.endpoints.all else "",
        )
        if self._channels.get(endpoint.address) is channel:
            return self._bound.setdefault((endpoint.address, rpc.path), bound)
        return bound

    def is_bound(self, bound: Callable[..., Any], rpc: Rpc, endpoint: Endpoint) -> bool:
        """Whether new calls of `rpc` to `endpoint` go over the same connection as `bound`."""
        return self._bound.get((endpoint.address, rpc.path)) is bound

    async def _channel(self, endpoint: Endpoint, timeout: float | None) -> grpc.aio.Channel:
        seconds = self._settings.dial_seconds(timeout)
        async with self._connecting.to(endpoint, seconds):
            self.check_usable()
            channel = self._channels.get(endpoint.address)
            if channel is None:
                options = self._settings.channel_options(len(self.session.endpoints.all))
                certificates = self._certificates if self._settings.is_secure(endpoint) else None
                channel = await connected(endpoint, options, certificates, seconds, self._interceptors)
                if self.closing:
                    await channel.close()
                    self.check_usable()
                self._channels[endpoint.address] = channel
                self._retire(strangers(self._channels, self.session.endpoints.all))
            return channel

    def set_endpoints(self, endpoints: tuple[Endpoint, ...]) -> None:
        """Send new calls to these; what is under way elsewhere has the client's timeout to come to its end."""
        self.check_usable()
        self.enter_loop()
        refuse_plaintext(endpoints, self._settings.tls)
        before = self.session.endpoints.texts
        gone = {endpoint.address for endpoint in self.session.endpoints.replace(endpoints)}
        self._retire(gone | (self._channels.keys() - {endpoint.address for endpoint in endpoints}))
        if gone and self.metrics is not None:
            self.metrics.endpoints_left(gone)
        if (now := self.session.endpoints.texts) != before:
            self.log.tell("endpoints_changed", before=",".join(before), now=",".join(now))

    def _retire(self, addresses: set[str]) -> None:
        channels = [self._channels.pop(address) for address in addresses & self._channels.keys()]
        for key in [key for key in self._bound if key[0] in addresses]:
            del self._bound[key]
        for channel in channels:
            drain = asyncio.create_task(channel.close(drain_seconds(self.session)), name="etcdobs-drain")
            self._drains[drain] = channel
            drain.add_done_callback(lambda drained: self._drains.pop(drained, None))

    def readings(self) -> Iterable[Reading]:
        """What its metrics show of it now."""
        return () if self.closing or self.forked else endpoint_readings(self.session.endpoints)

    # ---- life

    @property
    def forked(self) -> bool:
        """True in a child of the process that made the client: what it inherited, locks too, is not to be touched."""
        return Generation.number != self._generation

    def check_usable(self, method: str = "") -> None:
        """Raises ClosedError when the client is closed, or was made in the parent of this process."""
        if self.closing:
            raise ClosedError(method=method)
        if Generation.number != self._generation:
            raise ClosedError(
                "the client was made before this process was forked: make one after the fork", method=method
            )

    def enter_loop(self) -> None:
        """Belong to the running event loop, and to no other that was before."""
        loop = asyncio.get_running_loop()
        if loop is self._loop:
            return
        if self._loop is not None and self._loop.is_running():
            raise RuntimeError("this AsyncClient is in use on another running event loop: make one for each loop")
        # What belonged to a loop that is over cannot be awaited any more, not even to close it.
        self._loop = loop
        self._channels.clear()
        self._bound.clear()
        self._drains.clear()
        self._asides.forget()
        self._renewing, self._connecting = asyncio.Lock(), Connecting()
        self._over = asyncio.Event()
        for stream in list(self._streams):
            stream.abandon()

    def soon(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do this beside everything else, if there is a loop to do it; may be called from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            with suppress(RuntimeError):  # it closed just now
                self._loop.call_soon_threadsafe(lambda: self._asides.begin(work()))

    def close_with_me(self, stream: Any) -> None:
        """Await `stream.close()` when the client is closed; `stream.abandon()` when its event loop is over."""
        self._streams.add(stream)

    async def close(self) -> None:
        """End everything; calls in flight raise ClosedError. May be called twice; once begun, it comes to its end."""
        if self.forked:
            return
        if not self.closing:
            self.enter_loop()
            self.closing = True
            self._over.set()
            self._ending = asyncio.create_task(self._end(), name="etcdobs-close")
        if self._ending is not None and self._loop is asyncio.get_running_loop():
            await asyncio.shield(self._ending)

    async def _end(self) -> None:
        for stream in list(self._streams):
            await stream.close()
        channels = list(self._channels.values())
        self._channels.clear()
        self._bound.clear()
        for channel in channels:
            await channel.close()
        await self._asides.end()
        await self._end_drains()
        self.log.close()

    async def _end_drains(self) -> None:
        drains, self._drains = self._drains, {}
        for drain in drains:
            drain.cancel()
        await asyncio.gather(*drains, return_exceptions=True)
        for channel in drains.values():
            await channel.close()
