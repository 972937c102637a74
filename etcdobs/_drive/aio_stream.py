"""Waits for the answers of one stream of watches by awaiting: a task that opens it again whenever it breaks."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import grpc

from etcdobs._attempts import TOKEN_RENEWALS
from etcdobs._drive.aio import Driver
from etcdobs._drive.aio_mailbox import Mailbox
from etcdobs._drive.notes import unexpected
from etcdobs._flow import is_silent, open_stream, token_of
from etcdobs._retry import TOKEN_REFUSED, Backoff, reason
from etcdobs._watch import (
    METHOD,
    WATCH,
    Ask,
    Batch,
    Created,
    CreationRefusedError,
    Cursor,
    Effect,
    Ended,
    TokenDoubtedError,
    WatchStream,
    may_resume,
)
from etcdobs.config import Endpoint
from etcdobs.errors import EtcdError, UnavailableError
from etcdobs.observe.spans import Origin, detached
from etcdobs.types.events import revisions_of


class Stream:
    """One gRPC stream, the watchers on it, and the task that reads it; it is opened again whenever it breaks."""

    def __init__(self, driver: Driver) -> None:
        self.ended = False
        self._driver = driver
        self._spans = driver.spans.stream()
        self._state = WatchStream()
        self._mailboxes: dict[Cursor, Mailbox] = {}
        self._requests: asyncio.Queue[Any] | None = None
        self._backoff = Backoff(driver.session.jitter)
        self._token: str | None = None
        self._token_refusals = 0
        self._task: asyncio.Task[None] | None = None
        self._call: Any = None
        self._endpoint: Endpoint | None = None
        self._left = False

    def __len__(self) -> int:
        return len(self._mailboxes)

    # ---- called from the users' tasks

    def add(self, mailbox: Mailbox) -> None:
        """Create a watch on this stream."""
        self._mailboxes[mailbox.cursor] = mailbox
        self._create(mailbox.cursor)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="etcdobs-watch", context=detached())

    def unpark(self, mailbox: Mailbox) -> None:
        """Create a watch again that was cancelled because nobody took its events."""
        if mailbox.cursor in self._mailboxes:
            self._create(mailbox.cursor)

    def remove(self, mailbox: Mailbox) -> None:
        """Cancel a watch."""
        if self._mailboxes.pop(mailbox.cursor, None) is not None:
            self._cancel(mailbox.cursor)

    async def doubt(self) -> None:
        """Resume all watchers elsewhere when the member that serves them does not answer a probe."""
        call, endpoint = self._call, self._endpoint
        if call is None or endpoint is None or not await self._driver.run(is_silent(self._driver.session, endpoint)):
            return
        if self._call is call:
            self._left = True
            call.cancel()

    async def close(self) -> None:
        """End the stream and its task."""
        self.ended = True
        task = self._task
        if task is not None and task is not asyncio.current_task():
            task.cancel()
            await asyncio.wait([task])

    def _create(self, cursor: Cursor) -> None:
        if self._requests is None:
            self._state.hold(cursor)
        else:
            self._requests.put_nowait(self._state.create(cursor))

    def _cancel(self, cursor: Cursor) -> None:
        request = self._state.cancel(cursor)
        if request is not None and self._requests is not None:
            self._requests.put_nowait(request)

    # ---- the stream's own task

    async def _run(self) -> None:
        try:
            await self._keep_open()
        except Exception as error:  # noqa: BLE001 - a watch never dies silently, whatever failed
            self._give_up(unexpected(error, METHOD))
        finally:
            self._spans.ended()

    async def _keep_open(self) -> None:
        while not self.ended:
            try:
                await self._serve()
                error: EtcdError = UnavailableError("the server ended the stream", method=METHOD)
            except EtcdError as broken:
                error = broken
            finally:
                self._requests = None
                self._state.broken()
            if not self.ended:
                await self._recover(error)

    async def _serve(self) -> None:
        endpoint, metadata = await self._driver.run(open_stream(self._driver.session, frozenset()))
        self._token = token_of(metadata)
        requests: asyncio.Queue[Any] = asyncio.Queue()
        with self._spans.opening(self._origins()):
            call = await self._driver.stream(WATCH, endpoint, _until_none(requests), metadata)
        try:
            self._call, self._endpoint, self._left = call, endpoint, False
            self._begin(requests, endpoint)
            async for response in call:
                self._receive(response, endpoint)
        except asyncio.CancelledError:
            if not self._left or self.ended:
                raise
            raise UnavailableError("the member does not answer", method=METHOD, endpoint=endpoint.address) from None
        except grpc.RpcError as error:
            if not self._driver.closing:
                self._driver.session.endpoints.failed(endpoint, time.monotonic())
            self._driver.fail(error, WATCH, endpoint)
        finally:
            self._call = None
            call.cancel()
            requests.put_nowait(None)

    def _origins(self) -> list[Origin]:
        return [mailbox.origin for mailbox in self._mailboxes.values()]

    def _begin(self, requests: "asyncio.Queue[Any]", endpoint: Endpoint) -> None:
        self._requests = requests
        self._state.endpoint = endpoint.address
        self._state.can_renew_token = self._driver.session.credentials.can_renew
        for request in self._state.restart():
            requests.put_nowait(request)

    def _receive(self, response: Any, endpoint: Endpoint) -> None:
        for effect in self._state.receive(response):
            self._apply(effect, endpoint)

    def _apply(self, effect: Effect, endpoint: Endpoint) -> None:
        if isinstance(effect, Batch):
            self._deliver(effect)
        elif isinstance(effect, Created):
            self._created(effect.cursor, endpoint)
        elif isinstance(effect, Ended):
            self._end(effect.cursor, effect.error)
        elif isinstance(effect, Ask):
            self._ask(effect)
        else:
            raise effect.error

    def _deliver(self, batch: Batch) -> None:
        mailbox = self._mailboxes.get(batch.cursor)
        events = len(revisions_of(batch.response))
        if mailbox is not None and mailbox.origin is not None:
            self._spans.batch(mailbox.origin, events, batch.response.revision)
        if self._driver.metrics is not None and events:
            self._driver.metrics.watch_received(events)
        if mailbox is not None and mailbox.put(batch.response):
            # Nobody takes its events: the server forgets it, and it resumes where it was once they are taken.
            self._cancel(batch.cursor)
            self._driver.log.tell("watch_parked", events=str(mailbox.inbox.depth))

    def _created(self, cursor: Cursor, endpoint: Endpoint) -> None:
        self._backoff.reset()
        self._spans.resumed(endpoint.address)
        self._token_refusals = 0
        self._driver.session.endpoints.succeeded(endpoint)
        mailbox = self._mailboxes.get(cursor)
        cause = None if mailbox is None else mailbox.created()
        if cause is not None and self._driver.metrics is not None:
            self._driver.metrics.watch_resumed(cause)

    def _ask(self, effect: Ask) -> None:
        if self._requests is not None:
            self._requests.put_nowait(effect.request)

    def _end(self, cursor: Cursor, error: EtcdError) -> None:
        mailbox = self._mailboxes.pop(cursor, None)
        if mailbox is not None:
            self._failed(mailbox, error)

    def _failed(self, mailbox: Mailbox, error: EtcdError) -> None:
        if self._driver.metrics is not None and not mailbox.inbox.closed:
            self._driver.metrics.watch_failed(reason(error))
        mailbox.end(error)

    # ---- after the stream broke

    async def _recover(self, error: EtcdError) -> None:
        broken = sum([mailbox.broken(error) for mailbox in self._mailboxes.values()])
        if not self._may_resume(error):
            self._give_up(error)
            return
        self._spans.broken(reason(error), self._origins())
        if broken:
            self._driver.log.tell("watches_resumed", broken, cause=reason(error), endpoint=error.endpoint)
        if isinstance(error, TOKEN_REFUSED):
            await self._renew(doubted=isinstance(error, TokenDoubtedError))
        elif not isinstance(error, CreationRefusedError):
            await asyncio.sleep(self._backoff.seconds())

    def _may_resume(self, error: EtcdError) -> bool:
        if not isinstance(error, TOKEN_REFUSED):
            return may_resume(error)
        self._token_refusals += 1
        return self._driver.session.credentials.can_renew and self._token_refusals <= TOKEN_RENEWALS

    async def _renew(self, *, doubted: bool) -> None:
        refused = self._driver.session.credentials.token if doubted else self._token
        try:
            await self._driver.renew(refused)
        except EtcdError as error:
            if not may_resume(error):
                self._give_up(error)
            await asyncio.sleep(self._backoff.seconds())

    def _give_up(self, error: EtcdError) -> None:
        self._spans.ended(error)
        self.ended = True
        mailboxes = list(self._mailboxes.values())
        self._mailboxes.clear()
        for mailbox in mailboxes:
            self._failed(mailbox, error)


async def _until_none(requests: "asyncio.Queue[Any]") -> AsyncIterator[Any]:
    while (request := await requests.get()) is not None:
        yield request
