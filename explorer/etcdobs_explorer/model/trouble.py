"""Decides what is wrong with the cluster or with the way to it, since when, and which of it the banner names."""

from dataclasses import dataclass, replace
from enum import Enum


class Trouble(Enum):
    """What can be wrong, the worst first; the value is what the banner calls it."""

    LOST = "connection lost"
    REFUSED = "authentication failed"
    NO_QUORUM = "no quorum"
    NO_LEADER = "no leader"
    CORRUPT = "data corruption"
    NO_SPACE = "no space"
    DENIED = "no permission"
    COMPACTED = "compacted"
    CONFIG = "configuration"


# What etcd itself says, whichever call it answers.
_SAID = (
    (b"authentication failed", Trouble.REFUSED),
    (b"invalid auth token", Trouble.REFUSED),
    (b"auth token is", Trouble.REFUSED),
    (b"user name is empty", Trouble.REFUSED),
    (b"database space exceeded", Trouble.NO_SPACE),
)
_ALARMS = ((b"NOSPACE", Trouble.NO_SPACE), (b"space exceeded", Trouble.NO_SPACE), (b"CORRUPT", Trouble.CORRUPT))


@dataclass(frozen=True, slots=True)
class Notice:
    """Something wrong since `since` on a monotonic clock; `reason` is the server's or the transport's text."""

    trouble: Trouble
    since: float
    reason: bytes = b""


class Troubles:
    """All that is wrong now."""

    def __init__(self) -> None:
        self._notices: dict[Trouble, Notice] = {}

    def __contains__(self, trouble: Trouble) -> bool:
        return trouble in self._notices

    @property
    def worst(self) -> Notice | None:
        """What the banner names."""
        return next((self._notices[trouble] for trouble in Trouble if trouble in self._notices), None)

    @property
    def others(self) -> int:
        """How much else is wrong."""
        return max(0, len(self._notices) - 1)

    def reason_of(self, trouble: Trouble) -> bytes:
        """What was said of it last; b"" where it is not so."""
        return self._notices[trouble].reason if trouble in self._notices else b""

    def set(self, trouble: Trouble, holds: bool, now: float, reason: bytes = b"") -> None:
        """Whether it is so; the time is that of the first news of it, the reason that of the last."""
        if not holds:
            self._notices.pop(trouble, None)
            return
        known = self._notices.get(trouble)
        self._notices[trouble] = replace(known, reason=reason) if known else Notice(trouble, now, reason)

    def end(self, *troubles: Trouble) -> None:
        """It is so no more."""
        for trouble in troubles:
            self._notices.pop(trouble, None)


def of_reason(reason: bytes) -> Trouble | None:
    """What a refusal says about more than the call that met it."""
    return next((trouble for said, trouble in _SAID if said in reason), None)


def is_compacted(reason: bytes) -> bool:
    """Whether what was refused is a revision that is gone: of the watch it is a trouble, of a read it is an answer."""
    return b"revision has been compacted" in reason


def of_errors(errors: tuple[bytes, ...]) -> dict[Trouble, bytes]:
    """The alarms among what a member says is wrong with it."""
    return {trouble: error for error in errors for said, trouble in _ALARMS if said in error}
