"""Decides what a leasing client of either kind is: what it owns, and whether it is open."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from etcdobs._call import CLIENT_DEFAULT, Call, checked_int
from etcdobs._drive.boottime import boottime
from etcdobs._watch import METHOD
from etcdobs.errors import ClosedError, EtcdError
from etcdobs.keys import as_key
from etcdobs.recipes._leased_keys import LeasedKeys
from etcdobs.recipes._leasing import Leasing
from etcdobs.recipes._serialized import Serialized

T = TypeVar("T")


class Owner:
    """What the leasing clients of both kinds are: what they own, and whether they are open.

    Args:
        prefix, ttl: as the leasing clients take them.
        lock: what keeps those apart who take a step.
    """

    def __init__(self, prefix: str | bytes, ttl: int, lock: AbstractContextManager[Any]) -> None:
        self._prefix = as_key(prefix)
        self._ttl = checked_int("ttl", ttl, least=1)
        self._leasing = Leasing(LeasedKeys(self._prefix, boottime))
        self._lock = lock
        self._failure: EtcdError | None = None
        self._opened = False

    @property
    def owned(self) -> frozenset[bytes]:
        """The keys that are served from memory at the moment; none while the session is lost."""
        with self._lock:
            return frozenset(self._leasing.keys.owned)

    def __repr__(self) -> str:
        state = "closed" if self._failure is not None else "open" if self._opened else "not open"
        return f"<{type(self).__name__} under {self._prefix!r}, {state}, {len(self.owned)} keys owned>"

    def _steps(self, call: Call[T]) -> Serialized[Any, T]:
        if self._failure is not None:
            raise self._failure
        if not self._opened:
            raise RuntimeError("not open: enter it first")
        return Serialized(self._leasing.carry_out(call), self._lock)

    def _leaving(self) -> Serialized[Any, None] | None:
        """What deletes the leasing keys that were given up; None when there are none."""
        keys = self._leasing.keys
        return Serialized(self._leasing.leave(CLIENT_DEFAULT), self._lock) if keys.leaving else None

    def _began(self, lease: int, lost: Callable[[], bool]) -> None:
        with self._lock:
            self._leasing.keys.began(lease, lost)

    def _ended(self) -> None:
        with self._lock:
            self._leasing.keys.ended()

    def _end(self, error: EtcdError) -> None:
        """Nothing is served any more; the first error stands."""
        self._failure = self._failure or error
        self._ended()

    def _enter_once(self) -> None:
        if self._failure is not None or self._opened:
            raise ClosedError("the leasing client was open before: make another", method=METHOD)

    def _most(self, seconds: float | None) -> float:
        """How long closing may take, of the client's `seconds`: once the lease has run out nothing is left to do."""
        return self._ttl if seconds is None else min(seconds, self._ttl)
