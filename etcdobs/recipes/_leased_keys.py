"""Decides which keys a client owns through leasing keys, and when what it knows of them may be served. Pure.

1. A key is owned from the moment its leasing key was made by this client's session until that is revoked, gone, or
   the session is lost, whichever is known first. The session's loss is asked for at every read: its clock is ahead
   of the server's.
2. While a write of this client's own is under way nothing that it covers is served, nor acquired: its outcome is
   not known yet. An acquisition that a write or a revocation overtook is not kept.
3. What is given up is not acquired again before its leasing key is deleted: an older write whose outcome is unknown
   fails by its guard then, however late it arrives.
4. Keys on a lease are never owned: they may go without anybody writing.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from etcdobs.keys import Keys
from etcdobs.recipes._leased_answer import Known
from etcdobs.types import Event, EventType

REVOKE = b"REVOKE"

# Seconds that a key which another wanted, or has, is left alone, as in Go's leasing.
_BACKOFF = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Write:
    """A write that is under way, and what it may touch."""

    targets: tuple[Keys, ...]


class LeasedKeys:
    """The keys that one client owns.

    Attributes:
        lease: of the session; the last one, when that is lost.
        header: the newest of those that were answered: what is owned is right as of it.
        leaving: the leasing keys, by key, that are to be deleted, with their create revision.
    """

    def __init__(self, prefix: bytes, clock: Callable[[], float]) -> None:
        self.prefix: bytes = prefix
        self.lease: int = 0
        self.header: Any = None
        self.leaving: dict[bytes, int] = {}
        self._clock = clock
        self._lost: Callable[[], bool] | None = None
        self._known: dict[bytes, Known] = {}
        self._spoiled: dict[bytes, bool] = {}
        self._writes: list[Write] = []
        self._left_alone: dict[bytes, float] = {}

    # ---- the session

    @property
    def is_alive(self) -> bool:
        """True while the session is: only then is anything owned."""
        # Asked without the lock, while another thread may end it.
        lost = self._lost
        return lost is not None and not lost()

    def began(self, lease: int, lost: Callable[[], bool]) -> None:
        """A session is open, and its leasing keys are watched."""
        self.ended()
        self.lease, self._lost = lease, lost

    def ended(self) -> None:
        """The session is lost, or is not to be trusted any more."""
        self._lost = None
        self._known.clear()
        self.leaving.clear()

    # ---- what is owned

    @property
    def owned(self) -> list[bytes]:
        """The keys that are served from memory."""
        return [key for key in self._known if self.current(key)]

    def current(self, key: bytes) -> Known | None:
        """What is known of a key, where it may be served; None: ask the server."""
        known = self._known.get(key)
        if known is None or self._is_written(key) or not self.is_alive:
            return None
        return known

    def within(self, targets: Iterable[Keys]) -> dict[bytes, Known]:
        """The owned among some keys."""
        if not self.is_alive:
            return {}
        keys = (key for target in targets for key in self._names(target))
        return {key: self._known[key] for key in keys}

    def _names(self, target: Keys) -> list[bytes]:
        if target.is_single:
            return [target.start] if target.start in self._known else []
        return [key for key in self._known if key in target]

    def give_up(self, key: bytes) -> None:
        """Serve it no more, and have its leasing key deleted."""
        known = self._known.pop(key, None)
        if known is not None:
            self._leave(key, known.leased_at)

    def drop(self, key: bytes, leased_at: int) -> None:
        """Its leasing key of that revision is gone."""
        known = self._known.get(key)
        if known is not None and known.leased_at <= leased_at:
            del self._known[key]

    def _leave(self, key: bytes, leased_at: int) -> None:
        self.leaving[key] = max(leased_at, self.leaving.get(key, 0))

    def has_left(self, key: bytes, leased_at: int) -> None:
        """A leasing key of `leaving` is deleted."""
        if self.leaving.get(key) == leased_at:
            del self.leaving[key]

    def saw(self, header: Any) -> None:
        """An answer of the server."""
        if self.header is None or header.revision > self.header.revision:
            self.header = header

    # ---- acquiring

    def may_acquire(self, key: bytes) -> bool:
        """True when it is worth a try to own a key."""
        if not self.is_alive or key in self.leaving or key in self._spoiled or self._is_written(key):
            return False
        return self._left_alone.get(key, 0.0) <= self._clock()

    def begin_acquiring(self, key: bytes) -> None:
        """The leasing key is asked for."""
        self._spoiled[key] = False

    def end_acquiring(self, key: bytes) -> bool:
        """It was answered; True when what the answer says may be kept."""
        return not self._spoiled.pop(key, True)

    def acquired(self, key: bytes, lease: int, known: Known, *, may_keep: bool) -> None:
        """The leasing key is this client's, by the session of `lease`."""
        if lease != self.lease or not self.is_alive:
            return
        if may_keep:
            self._known[key] = known
        else:
            self._leave(key, known.leased_at)

    def leave_alone(self, key: bytes) -> None:
        """Do not ask for its leasing key for a while."""
        now = self._clock()
        self._left_alone.pop(key, None)
        self._left_alone[key] = now + _BACKOFF
        # The oldest come first: what is over is forgotten as soon as there is something new to remember.
        while (oldest := next(iter(self._left_alone))) != key and self._left_alone[oldest] <= now:
            del self._left_alone[oldest]

    # ---- writing

    def begin(self, write: Write) -> None:
        """A write of this client's own goes out."""
        self._writes.append(write)
        for key in self._spoiled:
            self._spoiled[key] = self._spoiled[key] or self._covers(write, key)

    def end(self, write: Write) -> None:
        """The write has come to its end."""
        self._writes.remove(write)

    def _is_written(self, key: bytes) -> bool:
        return any(self._covers(write, key) for write in self._writes)

    def _covers(self, write: Write, key: bytes) -> bool:
        """Whether a write touches a key, or its leasing key: a wide range holds both."""
        return any(key in target or self.prefix + key in target for target in write.targets)

    def learn(self, key: bytes, known: Known, kv: Any, revision: int) -> None:
        """How a key is after a write, which went out when it was `known`."""
        if self._known.get(key) is not known:
            return
        if kv is not None and kv.lease:
            self.give_up(key)
        elif revision >= known.revision:
            known.kv, known.revision = kv, revision

    def wrote(self, write: Write) -> None:
        """The write is done; where it was wide enough it took leasing keys with it."""
        wide = [target for target in write.targets if not target.is_single or target.start.startswith(self.prefix)]
        for key in list(self._known) if wide else ():
            if any(self.prefix + key in target for target in wide):
                del self._known[key]

    # ---- what is heard of the leasing keys

    def heard(self, event: Event) -> None:
        """A leasing key has changed, whosever it is."""
        key = event.kv.key.removeprefix(self.prefix)
        if event.type is EventType.DELETE:
            self._spoil(key)
            self.drop(key, event.kv.mod_revision)
        elif event.kv.value == REVOKE and event.kv.lease == self.lease:
            self._spoil(key)
            self.drop(key, event.kv.create_revision)
            self._leave(key, event.kv.create_revision)
            self.leave_alone(key)

    def _spoil(self, key: bytes) -> None:
        if key in self._spoiled:
            self._spoiled[key] = True
