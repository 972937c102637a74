"""Decides what a lock and an election know of themselves: their session, and their place in the queue."""

from typing import Generic, TypeVar

from etcdobs._call import checked_int
from etcdobs.recipes._queue_of_keys import Candidate, queue
from etcdobs.recipes.session import AsyncSession, Session, check_open, opened

S = TypeVar("S", bound=Session | AsyncSession)


class Standing(Generic[S]):
    """Who stands in a queue: in a session of its own, or in one that it was given."""

    def __init__(self, name: str | bytes, ttl: int, shared: S | None) -> None:
        self._prefix = queue(name)
        self._not_first = f"not first in the queue of {self._prefix[:-1]!r}"
        self._ttl = checked_int("ttl", ttl, least=1)
        self._shared = shared
        self._session: S | None = None
        self._candidate: Candidate | None = None

    def __repr__(self) -> str:
        state = "lost" if self.lost else "held" if self.held else "waiting" if self._candidate else "not held"
        place = f", fence {self._candidate.revision}" if self._candidate and self._candidate.revision else ""
        return f"<{type(self).__name__} {self._prefix[:-1]!r} {state}{place}>"

    @property
    def key(self) -> bytes:
        """The key that holds the place; RuntimeError while there is none."""
        return opened(self._candidate).key

    @property
    def fence(self) -> int:
        """A number that grows with every holder: let what is protected refuse a smaller one than it has seen.

        Raises:
            RuntimeError: there is no place.
        """
        return opened(self._candidate).revision

    @property
    def held(self) -> bool:
        """True while it is the first in the queue and its lease is not lost."""
        return self._candidate is not None and self._candidate.is_first and not self.lost

    @property
    def lost(self) -> bool:
        """True no later than the server gives the place to another because the lease ran out."""
        return self._session is not None and self._session.lost

    def _check_shared(self) -> None:
        if self._shared is not None:
            check_open(self._shared)

    def _forget(self) -> tuple[Candidate | None, S | None]:
        """Stand no more; returns the candidate that was, and the session that is to be closed with it."""
        candidate, self._candidate = self._candidate, None
        session, self._session = self._session, None
        return candidate, None if session is self._shared else session
