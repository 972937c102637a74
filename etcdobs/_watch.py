"""Decides what a watch asks for, what each answer means, and from where it resumes. No I/O, no clock, no threads.

Rules that hold here and nowhere else:
    1. A cursor's resume point moves only at the border of a batch, to the revision after its last event, or with the
       watcher's own progress notification, to the revision after that. An event from before what was handed on is
       dropped: a member that was restored from a snapshot may send one twice. One that a notification had said not to
       exist is handed on all the same, and the watch goes on from there. Fragments are put together before anything is
       handed on: the events of one revision are never apart. Those of a batch are put in the order of their revisions.
    2. Progress is always asked for, also where the user does not want to be told: without it the resume point of a
       watcher whose keys rest is overtaken by the compaction. Later servers tell none to a watch that starts beyond
       the store, as at the next revision of an idle one (etcd pull request 20229): who wants to be told starts a
       revision early, and what that brings is dropped. Others do not: a replay holds up what follows by up to 100 ms.
    3. A start that the user did not name is pinned: the cluster's revision R is read first and the watch starts at
       R + 1. (A watch created "now" has no such revision until its first event.) Compacted before it came that far, it
       starts at the compaction instead, where that took nothing from after the watch was created: the user has seen
       nothing yet, and counts on nothing earlier. After its stream broke once it may have missed something, so a
       compaction ends it as it ends any other; but for one that took only what was handed on before.
    4. created+canceled is a refusal. Servers before 3.4.22 / 3.5.6 send it with watch id 0 and silence the watcher that
       owns that id, so such a stream is rebuilt (etcd pull request 14562).
    5. An event for an id that nobody owns is answered with a cancel; an id that is given twice, or cannot be one, makes
       the stream one to be opened again, for whose events come then cannot be told. Progress of the stream as a whole
       (id -1) is never asked for, and means nothing: servers before 3.4.25 / 3.5.8 tell it too early.
"""

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, TypeAlias

from etcdobs._retry import RESUMABLE, TOKEN_REFUSED
from etcdobs._wire import etcdserverpb as pb
from etcdobs._wire import rpc
from etcdobs._wire.columns import EventColumns
from etcdobs.errors import (
    CompactedError,
    DeadlineExceededError,
    EtcdError,
    InternalError,
    InvalidAuthTokenError,
    PermissionDeniedError,
    UnavailableError,
    from_cancel_reason,
)
from etcdobs.keys import Keys
from etcdobs.ops import _decode
from etcdobs.types import Event, WatchResponse
from etcdobs.types.events import received_events

WATCH = rpc("etcdserverpb.Watch/Watch")
METHOD = "etcdserverpb.Watch/Watch"

# Watchers of one client share a few streams: a stream each is two threads each, and one alone lets a busy watcher hold
# up all others (docs/decisions/watch-streams.md).
STREAMS = 4
WATCHERS_BEFORE_ANOTHER_STREAM = 64

# After it there is none to resume from: the wire holds no later one.
_LAST_REVISION = 2**63 - 1

_revision_of = attrgetter("kv.mod_revision")


class CreationRefusedError(UnavailableError):
    """The server refused one watch of a stream, which may have silenced another: the stream is opened again."""


class TokenDoubtedError(InvalidAuthTokenError):
    """The server denied a watch. Before 3.4.22 and 3.5.6 it says so of an expired token too: ask with a new one."""


@dataclass(eq=False, slots=True)
class Cursor:
    """One watcher: what it asked for, and the revision it goes on from.

    Attributes:
        next_revision: where it resumes: the first revision that may hold what was not yet handed on; 0 until pinned.
        denied: the server denied it with a token that may have expired.
        pins_itself: the user named no start and has seen nothing yet, so that it may start at a compaction.
        created_at: the store's revision when the server first had it: later ones its user counts on. None before.
    """

    keys: Keys
    start_revision: int = 0
    prev_kv: bool = False
    put: bool = True
    delete: bool = True
    progress_notify: bool = False
    fragment: bool = True
    next_revision: int = 0
    denied: bool = False
    pins_itself: bool = False
    created_at: int | None = None
    _wanted_from: int = 0
    _asked_for: int = 0
    _compacted: int = 0
    _parts: list[Event] = field(default_factory=list[Event])

    def __post_init__(self) -> None:
        self.next_revision = self._wanted_from = self.start_revision
        self.pins_itself = self.start_revision == 0

    def pin(self, revision: int) -> None:
        """Start after `revision`, the cluster's own of a moment ago."""
        self.next_revision = self._wanted_from = revision + 1

    def created(self, revision: int) -> None:
        """The server has it, and its store is at `revision`."""
        self.denied = False
        if self.created_at is None:
            self.created_at = max(revision, self.next_revision - 1)

    def request(self) -> pb.WatchRequest:
        """What creates the watch, or resumes it."""
        self._parts.clear()
        self._asked_for = self._start()
        return pb.WatchRequest(
            create_request=pb.WatchCreateRequest(
                key=self.keys.start,
                range_end=self.keys.end,
                start_revision=self._asked_for,
                progress_notify=True,
                prev_kv=self.prev_kv,
                filters=self._filters(),
                fragment=self.fragment,
            )
        )

    def _start(self) -> int:
        early = self.progress_notify and self.next_revision > 1
        return min(max(self.next_revision - early, self._compacted), _LAST_REVISION)

    def _filters(self) -> list["pb.WatchCreateRequest.FilterType"]:
        filters: list[pb.WatchCreateRequest.FilterType] = []
        if not self.put:
            filters.append(pb.WatchCreateRequest.NOPUT)
        if not self.delete:
            filters.append(pb.WatchCreateRequest.NODELETE)
        return filters

    def receive(self, response: pb.WatchResponse) -> WatchResponse | None:
        """The batch that `response` completes; None when more of it is to come, or nothing that is wanted."""
        events: Any = response.events
        if not events and not self._parts:
            return self._progress(response.header.revision)
        if isinstance(events, EventColumns) and not (response.fragment or self._parts):
            revisions = events.kvs.mod_revisions
            if revisions[0] >= self._wanted_from and revisions == sorted(revisions):
                return self._moved(received_events(_decode.Unmade(events, prev_kv=self.prev_kv), revisions))
        made = _decode.events(events, prev_kv=self.prev_kv)
        if len(made) == 1 and not (response.fragment or self._parts):
            # As most are: nothing to join, to sort or to leave out.
            revision = made[0].kv.mod_revision
            return self._moved(received_events((made[0],), [revision])) if revision >= self._wanted_from else None
        if response.fragment or self._parts:
            self._parts += made
            if response.fragment:
                return None
            made, self._parts = self._parts, []
        return self._whole(made)

    def _whole(self, events: list[Event]) -> WatchResponse | None:
        """The batch that all its parts are, as far as it is wanted."""
        revisions = list(map(_revision_of, events))
        # To sort what is in order is one comparison of numbers for each.
        in_order = sorted(revisions)
        if revisions != in_order:
            events.sort(key=_revision_of)
        if in_order[0] < self._wanted_from:
            known = bisect_left(in_order, self._wanted_from)
            del events[:known], in_order[:known]
        return self._moved(received_events(tuple(events), in_order)) if events else None

    def _moved(self, batch: WatchResponse) -> WatchResponse:
        """`batch`, after which the watch goes on."""
        self.next_revision = self._wanted_from = batch.revision + 1
        self.pins_itself = False
        return batch

    def start_at_compaction(self, revision: int) -> bool:
        """Go on where history now starts; False when what the user has not seen is gone with the rest."""
        if self.pins_itself and self.created_at is not None and revision <= self.created_at + 1:
            self.next_revision = max(self.next_revision, revision)
        self._compacted = revision
        # A server that refuses what it says it has would refuse it for ever.
        return revision <= self.next_revision and self._start() > self._asked_for

    def _progress(self, revision: int) -> WatchResponse | None:
        self.next_revision = max(self.next_revision, revision + 1)
        return WatchResponse((), revision) if self.progress_notify else None


@dataclass(frozen=True, slots=True)
class Created:
    """The server has the watch: no later change is missed."""

    cursor: Cursor


@dataclass(slots=True)
class Batch:
    """A whole batch for one watcher (not frozen: one is made for each message)."""

    cursor: Cursor
    response: WatchResponse


@dataclass(frozen=True, slots=True)
class Ended:
    """One watcher is over."""

    cursor: Cursor
    error: EtcdError


@dataclass(frozen=True, slots=True)
class Ask:
    """Send this on the same stream."""

    request: pb.WatchRequest


@dataclass(frozen=True, slots=True)
class Rebuild:
    """Give up the stream and resume all its watchers on another."""

    error: EtcdError


Effect: TypeAlias = Created | Batch | Ended | Ask | Rebuild


class WatchStream:
    """The watchers that share one gRPC stream; the server answers creations in order, so ids are matched by turn."""

    def __init__(self) -> None:
        self._creating: deque[Cursor | None] = deque()
        self._live: dict[int, Cursor] = {}
        self._leaving: set[int] = set()
        self._waiting: list[Cursor] = []
        self.endpoint = ""
        self.can_renew_token = False

    def __len__(self) -> int:
        return len(self.cursors())

    def cursors(self) -> list[Cursor]:
        """All watchers, those not yet created included."""
        return [*self._live.values(), *(cursor for cursor in self._creating if cursor), *self._waiting]

    def hold(self, cursor: Cursor) -> None:
        """Keep a watcher for the next `restart`: there is no stream at the moment."""
        self._waiting.append(cursor)

    def create(self, cursor: Cursor) -> pb.WatchRequest:
        """What to send for a new watcher on the open stream."""
        self._creating.append(cursor)
        return cursor.request()

    def restart(self) -> list[pb.WatchRequest]:
        """What to send first on a new stream: every watcher resumes where it was."""
        cursors = self.cursors()
        self.broken()
        self._waiting = []
        return [self.create(cursor) for cursor in cursors]

    def broken(self) -> None:
        """The stream is gone; its watchers wait for the next."""
        for cursor in self.cursors():
            cursor.pins_itself = cursor.pins_itself and cursor.created_at is None
        self._waiting = self.cursors()
        self._creating.clear()
        self._live.clear()
        self._leaving.clear()

    def cancel(self, cursor: Cursor) -> pb.WatchRequest | None:
        """Let a watcher go; what to send for that, if anything."""
        if cursor in self._waiting:
            self._waiting.remove(cursor)
        elif cursor in self._creating:
            self._creating[self._creating.index(cursor)] = None
        for watch_id, owner in self._live.items():
            if owner is cursor:
                del self._live[watch_id]
                return self._leave(watch_id)
        return None

    def _leave(self, watch_id: int) -> pb.WatchRequest:
        self._leaving.add(watch_id)
        return pb.WatchRequest(cancel_request=pb.WatchCancelRequest(watch_id=watch_id))

    def receive(self, response: pb.WatchResponse) -> list[Effect]:
        """What an answer of the server means."""
        if response.created:
            return self._created(response)
        if response.canceled:
            return self._canceled(response)
        cursor = self._live.get(response.watch_id)
        if cursor is None:
            unknown = response.watch_id >= 0 and response.watch_id not in self._leaving
            return [Ask(self._leave(response.watch_id))] if unknown else []
        batch = cursor.receive(response)
        return [Batch(cursor, batch)] if batch else []

    def _created(self, response: pb.WatchResponse) -> list[Effect]:
        cursor = self._creating.popleft() if self._creating else None
        if response.canceled:
            return self._refused(cursor, self._error(response), silenced=response.watch_id in self._live)
        if response.watch_id < 0 or response.watch_id in self._live:
            self._waiting += [cursor] if cursor is not None else []
            details = f"the server gave the watch id {response.watch_id}, which is another's or none"
            return [Rebuild(InternalError(details, method=METHOD, endpoint=self.endpoint))]
        if cursor is None:
            return [Ask(self._leave(response.watch_id))]
        self._live[response.watch_id] = cursor
        cursor.created(response.header.revision)
        first = cursor.receive(response) if response.events else None
        return [Created(cursor), Batch(cursor, first)] if first else [Created(cursor)]

    def _refused(self, cursor: Cursor | None, error: EtcdError, *, silenced: bool) -> list[Effect]:
        if cursor is not None and self._is_doubtful(cursor, error):
            cursor.denied, error = True, TokenDoubtedError(error.details, method=METHOD, endpoint=self.endpoint)
        if cursor is not None and isinstance(error, TOKEN_REFUSED):
            self._waiting.append(cursor)
            return [Rebuild(error)]
        ended: list[Effect] = [Ended(cursor, error)] if cursor is not None else []
        return [*ended, Rebuild(CreationRefusedError(error.details))] if silenced else ended

    def _is_doubtful(self, cursor: Cursor, error: EtcdError) -> bool:
        return self.can_renew_token and isinstance(error, PermissionDeniedError) and not cursor.denied

    def _canceled(self, response: pb.WatchResponse) -> list[Effect]:
        self._leaving.discard(response.watch_id)
        cursor = self._live.pop(response.watch_id, None)
        if cursor is None:
            return []
        error = self._error(response)
        if isinstance(error, CompactedError) and cursor.start_at_compaction(response.compact_revision):
            return [Ask(self.create(cursor))]
        if isinstance(error, TOKEN_REFUSED):
            self._waiting.append(cursor)
            return [Rebuild(error)]
        return [Ended(cursor, error)]

    def _error(self, response: pb.WatchResponse) -> EtcdError:
        if response.compact_revision:
            compacted = CompactedError(method=METHOD, endpoint=self.endpoint)
            compacted.compact_revision = response.compact_revision
            return compacted
        reason = response.cancel_reason or "etcdserver: watch canceled"
        return from_cancel_reason(reason, method=METHOD, endpoint=self.endpoint)


def may_resume(error: EtcdError) -> bool:
    """True when a stream that broke so is opened again; False when its watchers are told."""
    return isinstance(error, (*RESUMABLE, *TOKEN_REFUSED))


def not_created(unconnected: EtcdError | None, timeout: float | None, dial_timeout: float) -> EtcdError:
    """Why a watch was not created in time: no connection for `dial_timeout` seconds, or else no answer."""
    if unconnected is None or (timeout is not None and timeout <= dial_timeout):
        return DeadlineExceededError("the watch was not created in time", method=METHOD)
    details = f"no connection within {dial_timeout:g} s; last: {unconnected.details}"
    return type(unconnected)(details, method=METHOD, endpoint=unconnected.endpoint)
