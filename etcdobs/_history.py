"""Decides how all that happened to one key is read: what is asked, and when nothing is missing. No I/O, no clock.

Reads of the key at older and older revisions would not do: a deletion leaves no mark on them, and a life that began
and ended between two reads is not seen at all. So the events come from a watch that starts where the history does (a
start at revision 1 is refused with the revision of the compaction), and ends at the revision the cluster had at first:

    1. The key exists: its mod_revision is that of the last event.
    2. The key does not: the server is asked how far the watch has come. Servers from 3.4.25 and 3.5.8 on answer once
       all events up to then are sent.
    3. Servers before answer at once (etcd issue 15220). But a batch of theirs that is not full holds all events up to
       the revision in its header; and where no event comes at all, as for a key that never was, a second of silence is
       taken for an answer: there is nothing else to be had of them.

What the compaction left of the key, its value at that revision, is read from there, and is the oldest event.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from etcdobs._call import CLIENT_DEFAULT, Call, Timeout, checked_timeout
from etcdobs._retry import RESUMABLE, TOKEN_REFUSED
from etcdobs._watch import METHOD
from etcdobs._wire import etcdserverpb as pb
from etcdobs.errors import CompactedError, DeadlineExceededError, EtcdError, from_cancel_reason
from etcdobs.keys import as_key
from etcdobs.ops import kv
from etcdobs.ops._decode import events as decode_events
from etcdobs.types import Event, EventType, KeyValue, RangeResponse

T = TypeVar("T")

# Seconds between questions how far the watch has come: a server syncs watches ten times a second.
SECONDS_BETWEEN_QUESTIONS = 0.1
_ANSWERS_TO_SILENCE = 10
# Revisions in a full batch: `watchBatchMaxRevs` of the servers that need this rule, none of which is still made.
_REVISIONS_IN_A_BATCH = 1000
# A compaction may overtake the reading as often before it is told.
_BEGINNINGS = 5
_FRUITLESS_STREAMS = 3

QUESTION = pb.WatchRequest(progress_request=pb.WatchProgressRequest())


@dataclass(frozen=True, slots=True)
class HistoryOptions:
    """What `history` was asked for."""

    key: bytes
    timeout: Timeout


def history(key: str | bytes, *, timeout: Timeout = CLIENT_DEFAULT) -> HistoryOptions:
    """Iterates over all that happened to one key, newest first, from now back to the compaction.

    Deletions are events too, and so are the lives before them. The last event is the oldest that the server still has:
    either the key's creation, or what the compaction left of it. `prev_kv` is what the key was before each event; None
    where it was created, and where that is compacted. Nothing is sent before the first event is asked for; then all
    events are held in memory, as the server tells the oldest first.

    Args:
        key: its name.
        timeout: seconds for each of the few calls, and in which the server must tell some of the events; left out: the
            client's; None: no deadline.

    Raises:
        EmptyKeyError: the key is empty.
        CompactedError: compactions overtook the reading time and again.
    """
    return HistoryOptions(as_key(key), checked_timeout(timeout))


class Past:
    """One key's events up to a revision, as a watch on it tells them; it may be told by several streams in turn.

    Attributes:
        asks: True while it has to be asked how far the watch has come.
        done: all events are there.
        over: nothing more is to be had of this stream.
        compacted: the revision at which history starts; 0 where nothing was compacted.
        events: those so far, oldest first.
    """

    def __init__(self, key: bytes, until: int, last: int) -> None:
        self._key = key
        self._until = until
        self._last = last
        self._live = self._trusted = False
        self._in_batch = self._answers = 0
        self.done: bool = False
        self.over: bool = False
        self.compacted: int = 0
        self.events: list[Event] = []

    @property
    def needs_version(self) -> bool:
        """True when it matters which version of etcd tells it."""
        return not self._last

    @property
    def asks(self) -> bool:
        return self._live and not self._last

    def begin(self, version: str = "") -> pb.WatchRequest:
        """What a new stream to a server of `version` (empty: unknown) starts with."""
        self._trusted = _tells_progress_in_order(version)
        self._live = self.over = False
        self._in_batch = self._answers = 0
        # Its last event once more: a server that has no other would say nothing.
        start = self.events[-1].kv.mod_revision if self.events else max(1, self.compacted)
        return pb.WatchRequest(create_request=pb.WatchCreateRequest(key=self._key, start_revision=start, fragment=True))

    def receive(self, response: pb.WatchResponse, endpoint: str) -> None:
        """Take an answer in."""
        if response.canceled:
            self._cancel(response, endpoint)
        elif response.created:
            self._live = True
        elif response.events:
            self._take(response)
        elif response.header.revision >= self._until:
            self._answers += 1
            self.done = self._trusted or self._is_silent()
        self.over = self.over or self.done

    def _cancel(self, response: pb.WatchResponse, endpoint: str) -> None:
        if not response.compact_revision:
            reason = response.cancel_reason or "etcdserver: watch canceled"
            raise from_cancel_reason(reason, method=METHOD, endpoint=endpoint)
        if response.compact_revision > self._until:
            raise CompactedError(method=METHOD, endpoint=endpoint)
        # What came before is no longer known to be followed by what comes next. And a stream with a watch that is
        # compacted is never told its progress: the next watch needs another.
        self.events.clear()
        self.compacted = response.compact_revision
        self.over, self.done = True, 0 < self._last <= self.compacted

    def _is_silent(self) -> bool:
        awaits_deletion = bool(self.events) and self.events[-1].type is EventType.PUT
        return self._answers >= _ANSWERS_TO_SILENCE and not awaits_deletion

    def _take(self, response: pb.WatchResponse) -> None:
        known = self.events[-1].kv.mod_revision if self.events else 0
        news = decode_events(response.events)
        self.events += [event for event in news if known < event.kv.mod_revision <= self._until]
        self._in_batch += len(news)
        self._answers = 0
        newest = news[-1].kv.mod_revision
        self.done = 0 < self._last <= newest or newest > self._until or self._is_last_batch(response)
        if not response.fragment:
            self._in_batch = 0

    def _is_last_batch(self, response: pb.WatchResponse) -> bool:
        if self._trusted or self._last or response.fragment:
            return False
        return self._in_batch < _REVISIONS_IN_A_BATCH and response.header.revision >= self._until


def _tells_progress_in_order(version: str) -> bool:
    parts = version.split(".")
    if len(parts) < 3 or not all(part.isdecimal() for part in parts[:2]):
        return False
    major, minor = map(int, parts[:2])
    patch = int("".join(digit for digit in parts[2].partition("-")[0] if digit.isdecimal()) or 0)
    return {(3, 4): patch >= 25, (3, 5): patch >= 8}.get((major, minor), (major, minor) > (3, 5))


Reading: TypeAlias = Generator[Call[Any] | Past, Any, list[Event]]


def read(options: HistoryOptions, namespace: bytes) -> Reading:
    """The events of a key, newest first: yields a Call, to be answered, or a Past, to be filled from a stream."""
    for left in reversed(range(_BEGINNINGS)):
        try:
            return (yield from _read(options, namespace))
        except CompactedError:
            if not left:
                raise
    raise AssertionError


def _read(options: HistoryOptions, namespace: bytes) -> Reading:
    now: RangeResponse = yield kv.range(options.key, timeout=options.timeout)
    past = Past(namespace + options.key, now.revision, now.kvs[0].mod_revision if now.kvs else 0)
    yield from _told(past, options)
    remnant: KeyValue | None = None
    if past.compacted:
        remnant = yield kv.get(options.key, revision=past.compacted, timeout=options.timeout)
    return newest_first(options.key, remnant, past.events)


def _told(past: Past, options: HistoryOptions) -> Generator[Call[Any] | Past, Any, None]:
    fruitless = 0
    while not past.done:
        known = len(past.events)
        try:
            yield past
        except EtcdError as error:
            fruitless = 0 if len(past.events) > known else fruitless + 1
            if not _may_go_on(error, fruitless):
                raise
            # Waits as every call does until a member answers, and has a token renewed that was refused.
            yield kv.get(options.key, timeout=options.timeout)


def _may_go_on(error: EtcdError, fruitless: int) -> bool:
    if isinstance(error, DeadlineExceededError):
        return not fruitless
    return isinstance(error, (*RESUMABLE, *TOKEN_REFUSED)) and fruitless < _FRUITLESS_STREAMS


def newest_first(key: bytes, remnant: KeyValue | None, events: list[Event]) -> list[Event]:
    """The events under the key's own name, each with what was before it; `remnant` is what the compaction left."""
    told: list[Event] = []
    if remnant is not None and (not events or remnant.mod_revision < events[0].kv.mod_revision):
        told.append(Event(EventType.PUT, remnant))
    for event in events:
        before = told[-1] if told else None
        previous = before.kv if before is not None and before.type is EventType.PUT else None
        told.append(Event(event.type, event.kv._replace(key=key), previous))
    told.reverse()
    return told
