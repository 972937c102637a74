"""Decides when each lease of a client is renewed and when it is lost. No I/O, no clock: the time is told.

The time is one that runs while the machine sleeps. A lease's expiry counts from when the renewal was *sent*: the server
counts from when it received it, so what is called lost here is never called alive there for longer than the truth.
"""

from collections import deque
from dataclasses import dataclass, field

from etcdobs._retry import RESUMABLE, TOKEN_REFUSED
from etcdobs._wire import etcdserverpb as pb
from etcdobs.errors import ConnectionFailedError, DeadlineExceededError, EtcdError, LeaseNotFoundError

METHOD = "etcdserverpb.Lease/LeaseKeepAlive"

# Seconds until a first answer is overdue; later ones are after a third of the ttl: there is time for a second try.
_FIRST_ANSWER = 2.0


@dataclass(slots=True)
class Heart:
    """One lease that is kept alive.

    Attributes:
        id: the lease.
        ttl: seconds, as the server granted them last; 0 before its first answer.
        expires_at: when the server may let it go; None before its first answer.
        next_at: when to renew it.
        ended: it is lost for good.
        counted: its loss was told to the metrics.
        users: how many heartbeats want it kept alive.
    """

    id: int
    ttl: int = 0
    expires_at: float | None = None
    next_at: float = 0.0
    ended: bool = False
    counted: bool = False
    users: int = 1
    _sent_at: deque[float] = field(default_factory=deque[float])

    def lost(self, now: float) -> bool:
        """True from the moment the server may have let it go; it never becomes False again."""
        if self.expires_at is not None and now >= self.expires_at:
            self.ended = True
        return self.ended

    def seconds_left(self, now: float) -> float | None:
        """Seconds until it is lost unless renewed; None before the server's first answer."""
        return None if self.expires_at is None else max(0.0, self.expires_at - now)

    def sent(self, now: float) -> None:
        """A renewal goes out: the next one waits for its answer."""
        self._sent_at.append(now)
        self.next_at = float("inf")

    @property
    def overdue_at(self) -> float:
        """When the answer to the oldest renewal should be there; infinity while none is awaited."""
        return self._sent_at[0] + (self.ttl / 3 or _FIRST_ANSWER) if self._sent_at else float("inf")

    def unanswered(self) -> None:
        """The stream broke: whatever was sent on it may never have arrived, so renew at once."""
        self._sent_at.clear()
        self.next_at = 0.0

    def answered(self, ttl: int, now: float) -> None:
        """The server's answer to the oldest renewal; a ttl of 0 means there is no such lease (any more)."""
        sent_at = self._sent_at.popleft() if self._sent_at else now
        if ttl <= 0:
            self.ended = True
        elif not self.lost(now):
            self.ttl = ttl
            self.expires_at = max(self.expires_at or 0.0, sent_at + ttl)
            self.next_at = sent_at + ttl / 3


class KeepAliveClock:
    """All leases that a client keeps alive: one stream renews them all."""

    def __init__(self) -> None:
        self._hearts: dict[int, Heart] = {}

    def __len__(self) -> int:
        return len(self._hearts)

    def hearts(self) -> list[Heart]:
        """Every lease that is kept alive."""
        return list(self._hearts.values())

    def join(self, lease_id: int) -> Heart:
        """Begin to keep a lease alive, or join those who do."""
        heart = self._hearts.get(lease_id)
        if heart is None or heart.ended:
            heart = self._hearts[lease_id] = Heart(lease_id)
        else:
            heart.users += 1
        return heart

    def leave(self, heart: Heart) -> None:
        """One user less; with the last one the renewals end."""
        heart.users -= 1
        if heart.users <= 0 and self._hearts.get(heart.id) is heart:
            del self._hearts[heart.id]

    def due(self, now: float) -> list[pb.LeaseKeepAliveRequest]:
        """The renewals to send now; they count as sent."""
        due = [heart for heart in self._hearts.values() if not heart.lost(now) and heart.next_at <= now]
        for heart in due:
            heart.sent(now)
        return [pb.LeaseKeepAliveRequest(ID=heart.id) for heart in due]

    def is_overdue(self, now: float) -> bool:
        """True when the stream has left a renewal unanswered for so long that another had better be tried."""
        return any(heart.overdue_at <= now for heart in self._hearts.values() if not heart.ended)

    def seconds_to_next(self, now: float) -> float | None:
        """Seconds until something is due, or overdue; None: nothing is."""
        times = [min(heart.next_at, heart.overdue_at) for heart in self._hearts.values() if not heart.ended]
        soonest = min(times, default=float("inf"))
        return None if soonest == float("inf") else max(0.0, soonest - now)

    def received(self, response: pb.LeaseKeepAliveResponse, now: float) -> None:
        """An answer of the server."""
        heart = self._hearts.get(response.ID)
        if heart is not None:
            heart.answered(response.TTL, now)

    def broken(self) -> None:
        """The stream broke."""
        for heart in self._hearts.values():
            heart.unanswered()


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
