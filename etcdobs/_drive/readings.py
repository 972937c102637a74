"""Decides what a living client shows of its endpoints, its watchers and its leases, whenever it is asked."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Protocol

from etcdobs._endpoints import STATES, Endpoints
from etcdobs._inbox import Inbox
from etcdobs._keepalive import Heart
from etcdobs._watch import Cursor
from etcdobs.observe.live import Reading
from etcdobs.types import WatchResponse


class Arrivals:
    """When the batches of one watcher arrived that its user has not taken yet."""

    def __init__(self) -> None:
        self._known: deque[tuple[int, float]] = deque()

    def add(self, batch: WatchResponse, taken: int, now: float) -> None:
        """A batch arrived at `now`; all up to the revision `taken` has been handed out."""
        known = self._known
        while known and known[0][0] <= taken:
            known.popleft()
        if not batch.is_progress:
            known.append((batch.revision, now))

    def oldest(self, taken: int) -> float | None:
        """When the first arrived that is not wholly taken; None when all are. May be asked from any thread."""
        return next((at for revision, at in tuple(self._known) if revision > taken), None)


class WatchedMailbox(Protocol):
    """What is read of one watcher's mailbox."""

    cursor: Cursor
    inbox: Inbox
    arrivals: Arrivals
    parked: bool


def endpoint_readings(endpoints: Endpoints) -> Iterator[Reading]:
    """The state of each endpoint: 1 for the one that it is in, 0 for the others."""
    for endpoint in endpoints.all:
        now = endpoints.state(endpoint)
        for state in STATES:
            yield Reading("endpoint_state", float(state == now), (endpoint.address, state))


def watch_readings(mailboxes: Iterable[WatchedMailbox], now: float) -> Iterator[Reading]:
    """How much waits to be taken from the watchers, and how far behind the slowest is at `now`."""
    known = list(mailboxes)
    newest = max((mailbox.cursor.next_revision - 1 for mailbox in known), default=0)
    revisions, seconds = 0, 0.0
    for mailbox in known:
        oldest = mailbox.arrivals.oldest(mailbox.inbox.revision)
        if oldest is not None:
            # Of a parked one nothing is fetched: the others say how far the cluster is.
            received = newest if mailbox.parked else mailbox.cursor.next_revision - 1
            revisions = max(revisions, received - mailbox.inbox.revision)
            seconds = max(seconds, now - oldest)
    yield Reading("watch_buffer_events", sum(mailbox.inbox.depth for mailbox in known))
    yield Reading("watch_buffer_fill_ratio", max((mailbox.inbox.fill for mailbox in known), default=0.0))
    yield Reading("watch_lag_revisions", revisions)
    yield Reading("watch_lag_seconds", seconds)


def lease_readings(hearts: Iterable[Heart], now: float) -> Iterator[Reading]:
    """What the first of the leases has left: seconds, and of its ttl; nothing while none is kept alive."""
    # One that is lost is kept alive no more, and would hide what the others have left.
    left = [(seconds, heart.ttl) for heart in hearts if (seconds := heart.seconds_left(now))]
    if left:
        yield Reading("lease_margin_seconds", min(seconds for seconds, _ in left))
        yield Reading("lease_margin_ratio", min(seconds / ttl for seconds, ttl in left))
