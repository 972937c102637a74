"""Waits for the answers of one stream of watches by blocking: a thread that opens it again whenever it breaks."""

import threading
import time
from queue import SimpleQueue
from typing import Any

import grpc

from etcdobs._attempts import TOKEN_RENEWALS
from etcdobs._drive.notes import unexpected
from etcdobs._drive.sync import Driver
from etcdobs._drive.sync_mailbox import Mailbox
from etcdobs._drive.uninterrupted import Latch, apart, join
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
from etcdobs.observe.spans import Origin
from etcdobs.types.events import revisions_of


class Stream:
    """One gRPC stream, the watchers on it, and the thread that reads it; it is opened again whenever it breaks."""

    def __init__(self, driver: Driver) -> None:
        self.ended = Latch()
        self._driver = driver
        self._spans = driver.spans.stream()
        self._state = WatchStream()
        self._mailboxes: dict[Cursor, Mailbox] = {}
        self._lock = threading.RLock()
        self._requests: SimpleQueue[Any] | None = None
        self._call: Any = None
        self._endpoint: Endpoint | None = None
        self._backoff = Backoff(driver.session.jitter)
        self._token: str | None = None
        self._token_refusals = 0
        self._thread = threading.Thread(target=self._run, name="etcdobs-watch", daemon=True)

    def __len__(self) -> int:
        return len(self._mailboxes)

    # ---- called from the users' threads

    def add(self, mailbox: Mailbox) -> bool:
        """Create a watch on this stream; False when it has ended meanwhile."""
        with self._lock:
            if self.ended.is_set():
                return False
            self._mailboxes[mailbox.cursor] = mailbox
            self._create(mailbox.cursor)
            if self._thread.ident is None:
                self._start()
            return True

    def unpark(self, mailbox: Mailbox) -> None:
        """Create a watch again that was cancelled because nobody took its events."""
        with self._lock:
            if mailbox.cursor in self._mailboxes:
                self._create(mailbox.cursor)

    def remove(self, mailbox: Mailbox) -> None:
        """Cancel a watch."""
        with self._lock:
            if self._mailboxes.pop(mailbox.cursor, None) is not None:
                self._cancel(mailbox.cursor)

    def doubt(self) -> None:
        """Resume all watchers elsewhere when the member that serves them does not answer a probe."""
        with self._lock:
            call, endpoint = self._call, self._endpoint
        if call is not None and endpoint is not None and self._driver.run(is_silent(self._driver.session, endpoint)):
            apart(call.cancel)

    def end(self) -> None:
        """Take no more watchers, and end the thread soon."""
        with self._lock:
            self.ended.set()
            call = self._call
        if call is not None:
            apart(call.cancel)

    def close(self) -> None:
        """End the stream and its thread."""
        self.end()
        join(self._thread)

    def _start(self) -> None:
        try:
            self._thread.start()
        except BaseException:
            # Whether it runs is anyone's guess: the next watcher gets another.
            self.ended.set()
            raise

    def _create(self, cursor: Cursor) -> None:
        if self._requests is None:
            self._state.hold(cursor)
        else:
            self._requests.put(self._state.create(cursor))

    def _cancel(self, cursor: Cursor) -> None:
        request = self._state.cancel(cursor)
        if request is not None and self._requests is not None:
            self._requests.put(request)

    # ---- the stream's own thread

    def _run(self) -> None:
        try:
            self._keep_open()
        except Exception as error:  # noqa: BLE001 - a watch never dies silently, whatever failed
            self._give_up(unexpected(error, METHOD))
        finally:
            self._spans.ended()

    def _keep_open(self) -> None:
        while not self.ended.is_set():
            try:
                self._serve()
                error: EtcdError = UnavailableError("the server ended the stream", method=METHOD)
            except EtcdError as broken:
                error = broken
            self._break()
            if not self.ended.is_set():
                self._recover(error)

    def _serve(self) -> None:
        endpoint, metadata = self._driver.run(open_stream(self._driver.session, frozenset()))
        self._token = token_of(metadata)
        requests: SimpleQueue[Any] = SimpleQueue()
        with self._spans.opening(self._origins()):
            call = self._driver.stream(WATCH, endpoint, iter(requests.get, None), metadata)
        try:
            self._begin(call, requests, endpoint)
            for response in call:
                self._receive(response, endpoint)
        except grpc.RpcError as error:
            broken = self._driver.error(error, WATCH, endpoint)
            if not self.ended.is_set() and isinstance(broken, UnavailableError):
                self._driver.session.endpoints.failed(endpoint, time.monotonic())
            raise broken from error
        finally:
            call.cancel()
            requests.put(None)

    def _origins(self) -> list[Origin]:
        with self._lock:
            return [mailbox.origin for mailbox in self._mailboxes.values()]

    def _begin(self, call: Any, requests: "SimpleQueue[Any]", endpoint: Endpoint) -> None:
        with self._lock:
            self._call, self._requests, self._endpoint = call, requests, endpoint
            self._state.endpoint = endpoint.address
            self._state.can_renew_token = self._driver.session.credentials.can_renew
            for request in self._state.restart():
                requests.put(request)
        if self.ended.is_set():
            call.cancel()

    def _break(self) -> None:
        with self._lock:
            self._call = self._requests = None
            self._state.broken()

    def _receive(self, response: Any, endpoint: Endpoint) -> None:
        with self._lock:
            effects = self._state.receive(response)
        for effect in effects:
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
        # Under one lock with the cancel: its user may drain it at once, and `unpark` must come after.
        with self._lock:
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
        with self._lock:
            if self._requests is not None:
                self._requests.put(effect.request)

    def _end(self, cursor: Cursor, error: EtcdError) -> None:
        with self._lock:
            mailbox = self._mailboxes.pop(cursor, None)
        if mailbox is not None:
            self._failed(mailbox, error)

    def _failed(self, mailbox: Mailbox, error: EtcdError) -> None:
        if self._driver.metrics is not None and not mailbox.inbox.closed:
            self._driver.metrics.watch_failed(reason(error))
        mailbox.end(error)

    # ---- after the stream broke

    def _recover(self, error: EtcdError) -> None:
        with self._lock:
            mailboxes = list(self._mailboxes.values())
        broken = sum([mailbox.broken(error) for mailbox in mailboxes])
        if not self._may_resume(error):
            self._give_up(error)
            return
        self._spans.broken(reason(error), self._origins())
        if broken:
            self._driver.log.tell("watches_resumed", broken, cause=reason(error), endpoint=error.endpoint)
        if isinstance(error, TOKEN_REFUSED):
            self._renew(doubted=isinstance(error, TokenDoubtedError))
        elif not isinstance(error, CreationRefusedError):
            self.ended.wait(self._backoff.seconds())

    def _may_resume(self, error: EtcdError) -> bool:
        if not isinstance(error, TOKEN_REFUSED):
            return may_resume(error)
        self._token_refusals += 1
        return self._driver.session.credentials.can_renew and self._token_refusals <= TOKEN_RENEWALS

    def _renew(self, *, doubted: bool) -> None:
        refused = self._driver.session.credentials.token if doubted else self._token
        try:
            self._driver.renew(refused)
        except EtcdError as error:
            if not may_resume(error):
                self._give_up(error)
            self.ended.wait(self._backoff.seconds())

    def _give_up(self, error: EtcdError) -> None:
        self._spans.ended(error)
        with self._lock:
            self.ended.set()
            mailboxes = list(self._mailboxes.values())
            self._mailboxes.clear()
        for mailbox in mailboxes:
            self._failed(mailbox, error)
