"""Decides what the status line says of the connection: connecting, up, or lost since when and why."""

from enum import Enum

from .records import ClusterStatus


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
        self.lost_at = 0.0

    @property
    def is_stale(self) -> bool:
        """Whether what the views show is older than the loss of the connection."""
        return self.link is Link.LOST

    def up(self, status: ClusterStatus) -> bool:
        """The cluster answered; True where the connection had been lost before."""
        recovered = self.link is Link.LOST
        self.link, self.status, self.reason = Link.UP, status, b""
        self.seen(status.revision)
        return recovered

    def lost(self, reason: bytes, now: float) -> None:
        """The cluster did not answer; the time of the loss is that of the first failure."""
        if self.link is not Link.LOST:
            self.lost_at = now
        self.link, self.reason = Link.LOST, reason

    def seen(self, revision: int) -> None:
        """A reply or an event carried this revision."""
        self.revision = max(self.revision, revision)
