"""Decides what is known of the connection: connecting, up, or lost, since when and why, and what else is wrong."""

from enum import Enum

from . import trouble
from .records import ClusterStatus, FailureKind
from .trouble import Trouble, Troubles


class Link(Enum):
    """How the explorer stands with the cluster."""

    CONNECTING = "connecting"
    UP = "connected"
    LOST = "connection lost"


class Connection:
    """The state of the link and the last status that came over it. Times are on a monotonic clock."""

    def __init__(self) -> None:
        self.link = Link.CONNECTING
        self.status: ClusterStatus | None = None
        self.revision = 0
        self.reason = b""
        self.troubles = Troubles()
        self._down = self._all = 0

    @property
    def is_stale(self) -> bool:
        """Whether what the views show may be older than what the cluster holds."""
        return self.link is Link.LOST or Trouble.REFUSED in self.troubles

    def up(self, status: ClusterStatus, now: float) -> bool:
        """The cluster answered; True where the connection had been lost before."""
        recovered = self.link is Link.LOST
        self.link, self.status, self.reason = Link.UP, status, b""
        self.seen(status.revision)
        self.troubles.end(Trouble.LOST)
        self._lead(bool(status.leader_id), now)
        alarms = trouble.of_errors(status.errors)
        for alarm in (Trouble.NO_SPACE, Trouble.CORRUPT):
            self.troubles.set(alarm, alarm in alarms, now, alarms.get(alarm, b""))
        return recovered

    def _lead(self, leader: bool, now: float) -> None:
        # A member that others cannot reach from here may still have its quorum: the leader says so.
        few = 0 < self._all < 2 * self._down + 1
        known = f"{self._all - self._down} of {self._all} members answer".encode()
        self.troubles.set(Trouble.NO_QUORUM, not leader and few, now, known)
        self.troubles.set(Trouble.NO_LEADER, not leader and not few, now)

    def failed(self, kind: FailureKind, reason: bytes, now: float) -> None:
        """The cluster did not answer, or would not; the time of a loss is that of the first failure."""
        self.reason = reason
        if kind is FailureKind.AUTHENTICATION:
            self.troubles.set(Trouble.REFUSED, True, now, reason)
            return
        self.link = Link.LOST
        self.troubles.set(Trouble.LOST, True, now, reason)

    def heard(self, reason: bytes, now: float) -> None:
        """A call failed; what its reason says about more than that call is a trouble."""
        found = trouble.of_reason(reason)
        if found is not None:
            self.troubles.set(found, True, now, reason)

    def answered(self) -> None:
        """A call that needs the user's rights succeeded."""
        self.troubles.end(Trouble.REFUSED)

    def members(self, down: int, all: int) -> None:
        """So many of all voting members do not answer."""
        self._down, self._all = down, all

    def seen(self, revision: int) -> None:
        """A reply or an event carried this revision."""
        self.revision = max(self.revision, revision)
