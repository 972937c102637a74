"""What several calls make together, with an `Async` twin each for `AsyncClient`.

Coordination: `Session`, `Lock`, `RWLock`, `Election`, `Barrier`, `DoubleBarrier`, `Queue`, `PriorityQueue`, `STM`.
Reading and writing in another way: `Batch`, `Cache`, `LeasingKV`, `Ordering`, `Kubernetes`, `Mirror`.
Services: `Naming`, `NamingWatcher`, `Resolver`.
"""

from etcdobs.recipes.barrier import AsyncBarrier, Barrier
from etcdobs.recipes.batched import AsyncBatch, Batch
from etcdobs.recipes.cache import AsyncCache, Cache
from etcdobs.recipes.double_barrier import AsyncDoubleBarrier, DoubleBarrier
from etcdobs.recipes.election import AsyncElection, Election
from etcdobs.recipes.errors import (
    BarrierHeldError,
    ElectionNotLeaderError,
    LockNotHeldError,
    SessionExpiredError,
    StaleReadError,
    TooManyClientsError,
)
from etcdobs.recipes.kubernetes import AsyncKubernetes, Kubernetes
from etcdobs.recipes.leasing import AsyncLeasingKV, LeasingKV
from etcdobs.recipes.lock import AsyncLock, Lock
from etcdobs.recipes.mirror import AsyncMirror, Mirror
from etcdobs.recipes.naming import (
    AsyncNaming,
    AsyncNamingWatcher,
    AsyncResolver,
    Endpoint,
    Naming,
    NamingWatcher,
    Resolver,
)
from etcdobs.recipes.ordering import AsyncOrdering, Ordering
from etcdobs.recipes.queue import AsyncPriorityQueue, AsyncQueue, PriorityQueue, Queue
from etcdobs.recipes.rwlock import AsyncRWLock, RWLock
from etcdobs.recipes.session import AsyncSession, Session
from etcdobs.recipes.stm import STM, AsyncSTM, Isolation

__all__ = [
    "STM",
    "AsyncBarrier",
    "AsyncBatch",
    "AsyncCache",
    "AsyncDoubleBarrier",
    "AsyncElection",
    "AsyncKubernetes",
    "AsyncLeasingKV",
    "AsyncLock",
    "AsyncMirror",
    "AsyncNaming",
    "AsyncNamingWatcher",
    "AsyncOrdering",
    "AsyncPriorityQueue",
    "AsyncQueue",
    "AsyncRWLock",
    "AsyncResolver",
    "AsyncSTM",
    "AsyncSession",
    "Barrier",
    "BarrierHeldError",
    "Batch",
    "Cache",
    "DoubleBarrier",
    "Election",
    "ElectionNotLeaderError",
    "Endpoint",
    "Isolation",
    "Kubernetes",
    "LeasingKV",
    "Lock",
    "LockNotHeldError",
    "Mirror",
    "Naming",
    "NamingWatcher",
    "Ordering",
    "PriorityQueue",
    "Queue",
    "RWLock",
    "Resolver",
    "Session",
    "SessionExpiredError",
    "StaleReadError",
    "TooManyClientsError",
]
