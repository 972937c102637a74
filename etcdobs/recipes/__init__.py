"""What several calls make together: sessions, locks, elections, software transactional memory."""

from etcdobs.recipes.election import AsyncElection, Election
from etcdobs.recipes.errors import ElectionNotLeaderError, LockNotHeldError, SessionExpiredError
from etcdobs.recipes.lock import AsyncLock, Lock
from etcdobs.recipes.session import AsyncSession, Session
from etcdobs.recipes.stm import STM, AsyncSTM, Isolation

__all__ = [
    "STM",
    "AsyncElection",
    "AsyncLock",
    "AsyncSTM",
    "AsyncSession",
    "Election",
    "ElectionNotLeaderError",
    "Isolation",
    "Lock",
    "LockNotHeldError",
    "Session",
    "SessionExpiredError",
]
