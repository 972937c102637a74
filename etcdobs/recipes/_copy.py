"""Decides what is read from a cache of either kind, and whether it may be."""

from contextlib import AbstractContextManager
from typing import Any

from etcdobs._call import checked_int
from etcdobs._drive.boottime import boottime
from etcdobs._drive.forks import Generation
from etcdobs._watch import METHOD
from etcdobs.errors import ClosedError, EtcdError
from etcdobs.keys import Keys, as_key, as_keys
from etcdobs.recipes._cached_range import CachedRange
from etcdobs.types import KeyValue, RangeResponse


class Copy:
    """What is read from a cache, of either client: from memory, without waiting.

    Every read is of one moment, `revision`, which lags behind the cluster by as much as the events are under way;
    `wait_until` and `refresh` close the gap. Reads raise RuntimeError before it is open, ClosedError after it or the
    client is closed, and whatever else ended the feed.

    Args:
        keys: what is cached.
        lock: what keeps those who read apart from what is received.
    """

    def __init__(self, keys: str | bytes | Keys, lock: AbstractContextManager[Any]) -> None:
        self._held = CachedRange(keys, boottime)
        self._lock = lock
        self._failure: EtcdError | None = None
        self._opened = False
        self._generation = Generation.number

    @property
    def keys(self) -> Keys:
        """What is cached."""
        return self._held.keys

    @property
    def revision(self) -> int:
        """The cluster's revision as of which the copy is right."""
        return self._checked().revision

    @property
    def staleness(self) -> float:
        """Seconds since the server last said something of the range. It is silent while nothing in it changes."""
        return max(0.0, boottime() - self._checked().heard_at)

    @property
    def rebuilds(self) -> int:
        """How often the copy was read anew, because the events it had missed were compacted."""
        return self._held.rebuilds

    def __len__(self) -> int:
        return len(self._checked())

    def __repr__(self) -> str:
        state = "closed" if self._failure is not None else "open" if self._opened else "not open"
        return f"<{type(self).__name__} of {self.keys}, {state}, at revision {self._held.revision}>"

    def get(self, key: str | bytes) -> KeyValue | None:
        """One key; None when it does not exist.

        Raises:
            ValueError: the key is not among those cached.
        """
        name = as_key(key)
        self._check_not_forked()
        with self._lock:
            return self._checked().get(name)

    def range(self, keys: str | bytes | Keys | None = None, *, limit: int = 0) -> RangeResponse:
        """The keys of a range, in ascending order and of one moment.

        Args:
            keys: one key, or a `Keys` within what is cached; None: all of it.
            limit: at most so many keys; 0: all. `response.more` says whether some were left out.

        Raises:
            ValueError: a part of it is not cached.
        """
        wanted = self.keys if keys is None else as_keys(keys)
        checked_int("limit", limit)
        self._check_not_forked()
        with self._lock:
            return self._checked().range(wanted, limit)

    def _check_not_forked(self) -> None:
        # A child has the copy, and perhaps its lock, but nobody who feeds it.
        if Generation.number != self._generation:
            raise ClosedError(
                "the cache was made before this process was forked: make one after the fork", method=METHOD
            )

    def _checked(self) -> CachedRange:
        self._check_not_forked()
        if self._failure is not None:
            raise self._failure
        if not self._opened:
            raise RuntimeError("not open: enter it first")
        return self._held

    def _end(self, error: EtcdError) -> None:
        """Nothing is served any more, nor held; the first error stands."""
        with self._lock:
            self._failure = self._failure or error
            self._held.drop()

    def _enter_once(self) -> None:
        if self._failure is not None or self._opened:
            raise ClosedError("the cache was open before: make another", method=METHOD)
