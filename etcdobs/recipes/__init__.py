"""What several calls make together: sessions, locks, elections, software transactional memory, barriers, queues."""

from etcdobs.recipes.barrier import AsyncBarrier, Barrier
from etcdobs.recipes.election import AsyncElection, Election
from etcdobs.recipes.errors import BarrierHeldError, ElectionNotLeaderError, LockNotHeldError, SessionExpiredError
from etcdobs.recipes.lock import AsyncLock, Lock
from etcdobs.recipes.queue import AsyncPriorityQueue, AsyncQueue, PriorityQueue, Queue
from etcdobs.recipes.session import AsyncSession, Session
from etcdobs.recipes.stm import STM, AsyncSTM, Isolation

__all__ = [
    "STM",
    "AsyncBarrier",
    "AsyncElection",
    "AsyncLock",
    "AsyncPriorityQueue",
    "AsyncQueue",
    "AsyncSTM",
    "AsyncSession",
    "Barrier",
    "BarrierHeldError",
    "Election",
    "ElectionNotLeaderError",
    "Isolation",
    "Lock",
    "LockNotHeldError",
    "PriorityQueue",
    "Queue",
    "Session",
    "SessionExpiredError",
]
