"""Decides what a watcher holds for its user: whole batches, counted, and the revision handed out. It never waits."""

from collections import deque

from etcdobs.errors import EtcdError
from etcdobs.types import Event, WatchResponse


class Inbox:
    """What one watcher has received and its user has not yet taken.

    Attributes:
        revision: the last revision wholly handed out.
        error: why it ended, raised once the rest is taken; None while it goes on, or when its user closed it.
        closed: nothing more will come.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._batches: deque[WatchResponse] = deque()
        self._taken = 0
        self.depth: int = 0
        self.revision: int = 0
        self.error: EtcdError | None = None
        self.closed: bool = False

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
        """True when a batch is there to be taken."""
        return bool(self._batches)

    def put(self, batch: WatchResponse) -> None:
        """Keep a batch; nothing is kept once it is closed."""
        if self.closed:
            return
        self._batches.append(batch)
        self.depth += len(batch.events)

    def end(self, error: EtcdError | None) -> None:
        """Nothing more will come."""
        if not self.closed:
            self.error, self.closed = error, True

    def take_event(self) -> Event | None:
        """The next event; None when there is none yet."""
        while self._batches:
            batch = self._batches[0]
            events = batch.events
            if not events:
                self._pop()
                continue
            event = events[self._taken]
            self._taken += 1
            self.depth -= 1
            if self._taken == len(events):
                self._pop()
            elif (revision := event.kv.mod_revision) != batch.revision and events[
                self._taken
            ].kv.mod_revision != revision:
                self.revision = revision
            return event
        return None

    def take_batch(self) -> WatchResponse | None:
        """The next batch, or what is left of it; None when there is none yet."""
        if not self._batches:
            return None
        batch = self._batches[0]
        rest = batch.events[self._taken :]
        self.depth -= len(rest)
        self._pop()
        return WatchResponse(rest, batch.revision)

    def _pop(self) -> None:
        self.revision = max(self.revision, self._batches.popleft().revision)
        self._taken = 0
