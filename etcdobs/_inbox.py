"""Decides what a watcher holds for its user: whole batches, counted, and the revision handed out. It never waits.

An event that is at hand is taken out of `Inbox.at_hand`, by whoever wants it, with no step but that: what is held, and
the revision handed out, are reckoned from how far that is, when somebody asks.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Iterator
from operator import length_hint

from etcdobs.errors import EtcdError
from etcdobs.types import Event, WatchResponse
from etcdobs.types.events import begin, revisions_of

_NO_EVENTS: Iterator[Event] = iter(())
_NONE_BEGUN: tuple[WatchResponse, list[int], Iterator[object]] = WatchResponse((), 0), [], _NO_EVENTS


class Inbox:
    """What one watcher has received and its user has not yet taken.

    One thread may put and another take, both under one lock; but the events at hand are taken without.

    Attributes:
        at_hand: what is left of the batch that is being taken event by event.
        error: why it ended, raised once the rest is taken; None while it goes on, or when its user closed it.
        closed: nothing more will come.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._batches: deque[WatchResponse] = deque()
        self._waiting = 0  # events in `_batches`
        self._revision = 0
        self.at_hand: Iterator[Event] = _NO_EVENTS
        self._begun = _NONE_BEGUN
        self.error: EtcdError | None = None
        self.closed: bool = False

    def _begin(self, batch: WatchResponse) -> None:
        self.at_hand, left = begin(batch)
        # Together: another thread asks for the revision.
        self._begun = batch, revisions_of(batch), left

    @property
    def depth(self) -> int:
        """How many events it holds."""
        return self._waiting + length_hint(self._begun[2])

    @property
    def revision(self) -> int:
        """The last revision wholly handed out."""
        batch, revisions, left = begun = self._begun
        if begun is _NONE_BEGUN:
            return self._revision
        taken = len(revisions) - length_hint(left)
        if taken == len(revisions):
            return max(self._revision, batch.revision)
        # Of the next event's revision something is missing.
        whole = bisect_left(revisions, revisions[taken], hi=taken)
        return max(self._revision, revisions[whole - 1]) if whole else self._revision

    @revision.setter
    def revision(self, revision: int) -> None:
        self._revision = revision

    @property
    def is_full(self) -> bool:
        """True when nothing more should be fetched for now."""
        return self.depth >= self._limit

    @property
    def fill(self) -> float:
        """The share of its bound that it holds; a last batch may take it above 1."""
        return self.depth / self._limit

    @property
    def is_drained(self) -> bool:
        """True when it is time to fetch again."""
        return self.depth <= self._limit // 2

    @property
    def has_more(self) -> bool:
        """True when a batch is there to be taken, or the rest of one."""
        return bool(self._batches) or length_hint(self._begun[2]) > 0

    def put(self, batch: WatchResponse) -> bool:
        """Keep a batch; nothing is kept once it is closed. True when nothing more should be fetched for now."""
        if not self.closed:
            self._batches.append(batch)
            self._waiting += len(revisions_of(batch))
        # As `is_full`, without another call.
        return self._waiting + length_hint(self._begun[2]) >= self._limit

    def end(self, error: EtcdError | None) -> None:
        """Nothing more will come."""
        if not self.closed:
            self.error, self.closed = error, True

    def take_event(self) -> Event | None:
        """The next event; None when there is none yet."""
        while (event := next(self.at_hand, None)) is None and (batch := self._next()) is not None:
            self._begin(batch)
            self._waiting -= len(self._begun[1])
        return event

    def take_batch(self) -> WatchResponse | None:
        """The next batch, or what is left of it; None when there is none yet."""
        rest, revision = tuple(self.at_hand), self._begun[0].revision
        if rest:
            return WatchResponse(rest, revision)
        batch = self._next()
        if batch is not None:
            self._waiting -= len(revisions_of(batch))
            self._revision = max(self._revision, batch.revision)
        return batch

    def _next(self) -> WatchResponse | None:
        """What comes after the batch begun, which is done with and kept no longer."""
        if self._begun is not _NONE_BEGUN:
            # All of it is taken.
            self._revision = max(self._revision, self._begun[0].revision)
            self.at_hand, self._begun = _NO_EVENTS, _NONE_BEGUN
        return self._batches.popleft() if self._batches else None
