"""Decides when each lease of a client is renewed and when it is lost. No I/O, no clock: the time is told.

The time is one that runs while the machine sleeps. A lease's expiry counts from when the renewal was *sent*: the server
counts from when it received it, so what is called lost here is never called alive there for longer than the truth.
"""

from collections import deque
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import count

from etcdobs._retry import RESUMABLE, TOKEN_REFUSED, reason
from etcdobs._wire import etcdserverpb as pb
from etcdobs.errors import (
    ConnectionFailedError,
    DeadlineExceededError,
    EtcdError,
    LeaseNotFoundError,
    UnavailableError,
)

METHOD = "etcdserverpb.Lease/LeaseKeepAlive"

# Seconds until a first answer is overdue; later ones are after a third of the ttl: there is time for a second try.
_FIRST_ANSWER = 2.0

# Renewals on their way at a time; after so many the rest waits until half are answered. More would fill the window of a
# stream whose member is frozen: gRPC then takes no other, and nobody is there to see that answers are overdue.
_IN_FLIGHT = 512

_NEVER = float("inf")


@dataclass(slots=True, eq=False)
class Heart:
    """One lease that is kept alive.

    Attributes:
        id: the lease.
        ttl: seconds, as the server granted them last; 0 before its first answer.
        expires_at: when the server may let it go; None before its first answer.
        ended: it is lost for good.
        counted: its loss was told to the metrics.
        shown: the metrics show it as kept alive.
        users: how many heartbeats want it kept alive.
    """

    id: int
    ttl: int = 0
    expires_at: float | None = None
    ended: bool = False
    counted: bool = False
    shown: bool = False
    users: int = 1

    def lost(self, now: float) -> bool:
        """True from the moment the server may have let it go; it never becomes False again."""
        if self.expires_at is not None and now >= self.expires_at:
            self.ended = True
        return self.ended

    def seconds_left(self, now: float) -> float | None:
        """Seconds until it is lost unless renewed; None before the server's first answer."""
        if self.ended:
            return 0.0
        return None if self.expires_at is None else max(0.0, self.expires_at - now)

    @property
    def patience(self) -> float:
        """Seconds that an answer may take."""
        return self.ttl / 3 or _FIRST_ANSWER

    def answered(self, ttl: int, sent_at: float, now: float) -> None:
        """The server's answer to a renewal; a ttl of 0 means there is no such lease (any more)."""
        if ttl <= 0:
            self.ended = True
        elif not self.lost(now):
            self.ttl = ttl
            self.expires_at = max(self.expires_at or 0.0, sent_at + ttl)


class _Agenda:
    """When to look after which lease, the soonest first: each step costs the logarithm of how many they are."""

    def __init__(self) -> None:
        self._at: dict[Heart, float] = {}
        self._heap: list[tuple[float, int, Heart]] = []
        self._order = count()

    def put(self, heart: Heart, at: float) -> None:
        """Look after it then, and at no other time."""
        self._at[heart] = at
        heappush(self._heap, (at, next(self._order), heart))
        # What was put off or dropped stays in the heap until its time: half of it at most.
        if len(self._heap) > 2 * len(self._at) + 64:
            self._heap = [(at, order, heart) for order, (heart, at) in enumerate(self._at.items())]
            self._order = count(len(self._heap))
            heapify(self._heap)

    def drop(self, heart: Heart) -> None:
        """Look after it no more."""
        self._at.pop(heart, None)

    def soonest(self) -> float:
        """When the first of all is to be looked after; infinity when none is."""
        while self._heap and self._at.get(self._heap[0][2]) != self._heap[0][0]:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else _NEVER

    def take(self, now: float) -> Heart | None:
        """The first whose time has come, which is dropped with that."""
        if self.soonest() > now:
            return None
        heart = heappop(self._heap)[2]
        del self._at[heart]
        return heart


class KeepAliveClock:
    """All leases that a client keeps alive: one stream renews them all."""

    def __init__(self) -> None:
        self._hearts: dict[int, Heart] = {}
        self._renewals = _Agenda()
        # When an answer is overdue, unless the stream brings others meanwhile: it brings them in the order of asking.
        self._answers = _Agenda()
        # By lease and not by heart: who begins anew gets the answers that others waited for, and they count from then.
        self._sent: dict[int, deque[float]] = {}
        self._in_flight = 0
        self._is_full = False
        self._answered_at = -_NEVER
        self._expired: list[Heart] = []

    def __len__(self) -> int:
        return len(self._hearts)

    def hearts(self) -> list[Heart]:
        """Every lease that is kept alive."""
        return list(self._hearts.values())

    def join(self, lease_id: int) -> Heart:
        """Begin to keep a lease alive, or join those who do."""
        heart = self._hearts.get(lease_id)
        if heart is not None and not heart.ended:
            heart.users += 1
            return heart
        if heart is not None:
            self._rest(heart)
        joined = self._hearts[lease_id] = Heart(lease_id)
        self._renewals.put(joined, 0.0)
        return joined

    def leave(self, heart: Heart) -> None:
        """One user less; with the last one the renewals end."""
        heart.users -= 1
        if heart.users <= 0:
            self._rest(heart)
            if self._hearts.get(heart.id) is heart:
                del self._hearts[heart.id]

    def _rest(self, heart: Heart) -> None:
        self._renewals.drop(heart)
        # What it has asked for is still waited for: a stream that answers nothing is overdue, whoever asked.
        if heart.id not in self._sent:
            self._answers.drop(heart)

    def due(self, now: float) -> list[pb.LeaseKeepAliveRequest]:
        """The renewals to send now, so many at most as may be on their way; they count as sent."""
        due: list[pb.LeaseKeepAliveRequest] = []
        while not self._is_full and (heart := self._renewals.take(now)) is not None:
            if heart.lost(now):
                self._expired.append(heart)
                continue
            self._sent.setdefault(heart.id, deque()).append(now)
            self._in_flight += 1
            self._is_full = self._in_flight >= _IN_FLIGHT
            self._answers.put(heart, now + heart.patience)
            due.append(pb.LeaseKeepAliveRequest(ID=heart.id))
        return due

    def expired(self) -> list[Heart]:
        """Those that were found lost when their time to be renewed had come, each told once."""
        expired, self._expired = self._expired, []
        return expired

    def margin(self, now: float) -> float:
        """Seconds until the first lease is lost unless renewed; infinity while none was ever renewed."""
        left = (heart.seconds_left(now) for heart in self._hearts.values() if not heart.ended)
        return min((seconds for seconds in left if seconds is not None), default=_NEVER)

    def is_overdue(self, now: float) -> bool:
        """True when the stream has left a renewal unanswered for so long that another had better be tried."""
        return self._overdue_at(now) <= now

    def _overdue_at(self, now: float) -> float:
        while (heart := self._answers.take(now)) is not None:
            sent = self._sent.get(heart.id)
            if heart.users <= 0 and not sent:
                continue
            if heart.lost(now):
                if heart.users > 0:
                    self._expired.append(heart)
                continue
            at = max(sent[0] if sent else now, self._answered_at) + heart.patience
            self._answers.put(heart, at)
            if at <= now:
                break
        return self._answers.soonest()

    def soonest(self, now: float) -> float:
        """When something is due, or overdue; infinity: nothing is."""
        return min(_NEVER if self._is_full else self._renewals.soonest(), self._overdue_at(now))

    def seconds_to_next(self, now: float) -> float | None:
        """Seconds until something is due, or overdue; None: nothing is."""
        soonest = self.soonest(now)
        return None if soonest == _NEVER else max(0.0, soonest - now)

    def received(self, response: pb.LeaseKeepAliveResponse, now: float) -> Heart | None:
        """An answer of the server; returns the lease that it concerns, None when nobody waits for it."""
        self._answered_at = now
        sent = self._sent.get(response.ID)
        if not sent:
            return None
        sent_at = sent.popleft()
        self._in_flight -= 1
        self._is_full = self._is_full and self._in_flight > _IN_FLIGHT // 2
        if not sent:
            del self._sent[response.ID]
        heart = self._hearts.get(response.ID)
        if heart is None:
            return None
        heart.answered(response.TTL, sent_at, now)
        self._answers.drop(heart)
        if heart.ended:
            self._renewals.drop(heart)
        else:
            self._renewals.put(heart, sent_at + heart.patience)
        return heart

    def broken(self) -> None:
        """The stream broke: what was sent may never have arrived, and what was revoked meanwhile is to be known.

        All are renewed as soon as there is another, those with the least time left first.
        """
        self._sent.clear()
        self._in_flight, self._is_full = 0, False
        for heart in sorted(self._hearts.values(), key=lambda heart: heart.expires_at or 0.0):
            if not heart.ended:
                self._answers.drop(heart)
                self._renewals.put(heart, 0.0)


@dataclass(slots=True)
class Stream:
    """What the two ends of one stream tell each other.

    Attributes:
        over: nothing is received on it any more.
        complete: nothing more is sent on it, so that the server ends it.
        stalled: it left a renewal unanswered, and is cancelled for that.
    """

    over: bool = False
    complete: bool = False
    stalled: bool = False


def resumed(error: EtcdError, margin: float) -> dict[str, str]:
    """What the log says of leases that have to be renewed on a new stream, after `error`."""
    return {"cause": reason(error), "endpoint": error.endpoint, "seconds_left": f"{margin:.1f}"}


def unanswered(endpoint: str) -> UnavailableError:
    """Why a stream that stalled was given up."""
    return UnavailableError("no renewal was answered in time", method=METHOD, endpoint=endpoint)


def ended(endpoint: str) -> UnavailableError:
    """Why a stream has to be opened again although the server ended it without an error."""
    return UnavailableError("the server ended the stream", method=METHOD, endpoint=endpoint)


def ends_waiting(error: EtcdError | None) -> bool:
    """True when a first renewal that failed so is not worth waiting for."""
    return error is not None and not isinstance(error, (*RESUMABLE, *TOKEN_REFUSED))


def not_found(heart: Heart, endpoint: str) -> LeaseNotFoundError:
    """That the server at `endpoint` has no such lease (any more)."""
    return LeaseNotFoundError(f"{LeaseNotFoundError.message}: {heart.id:x}", method=METHOD, endpoint=endpoint)


def not_renewed(last: EtcdError | None, timeout: float | None, dial_timeout: float) -> EtcdError:
    """Why a lease was not renewed in time: refused, no connection for `dial_timeout` seconds, or else no answer."""
    if last is not None and ends_waiting(last):
        return last
    if isinstance(last, ConnectionFailedError) and (timeout is None or timeout > dial_timeout):
        details = f"no connection within {dial_timeout:g} s; last: {last.details}"
        return ConnectionFailedError(details, method=METHOD, endpoint=last.endpoint)
    details = "the lease was not renewed in time" + (f"; last: {last.details}" if last else "")
    return DeadlineExceededError(details, method=METHOD)
