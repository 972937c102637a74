"""What several calls make together, with an `Async` twin each for `AsyncClient`.

Coordination: `Session`, `Lock`, `RWLock`, `Election`, `Barrier`, `DoubleBarrier`, `Queue`, `PriorityQueue`, `STM`.
Reading and writing in another way: `Batch`, `Cache`, `LeasingKV`, `Ordering`, `Kubernetes`, `Mirror`.
Services: `Naming`, `NamingWatcher`, `Resolver`.
"""

from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
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
else:
    from etcdobs._lazy import homes, lazily

    _HOMES = homes(
        {
            "etcdobs.recipes.barrier": "AsyncBarrier Barrier",
            "etcdobs.recipes.batched": "AsyncBatch Batch",
            "etcdobs.recipes.cache": "AsyncCache Cache",
            "etcdobs.recipes.double_barrier": "AsyncDoubleBarrier DoubleBarrier",
            "etcdobs.recipes.election": "AsyncElection Election",
            "etcdobs.recipes.errors": (
                "BarrierHeldError ElectionNotLeaderError LockNotHeldError SessionExpiredError StaleReadError "
                "TooManyClientsError"
            ),
            "etcdobs.recipes.kubernetes": "AsyncKubernetes Kubernetes",
            "etcdobs.recipes.leasing": "AsyncLeasingKV LeasingKV",
            "etcdobs.recipes.lock": "AsyncLock Lock",
            "etcdobs.recipes.mirror": "AsyncMirror Mirror",
            "etcdobs.recipes.naming": (
                "AsyncNaming AsyncNamingWatcher AsyncResolver Endpoint Naming NamingWatcher Resolver"
            ),
            "etcdobs.recipes.ordering": "AsyncOrdering Ordering",
            "etcdobs.recipes.queue": "AsyncPriorityQueue AsyncQueue PriorityQueue Queue",
            "etcdobs.recipes.rwlock": "AsyncRWLock RWLock",
            "etcdobs.recipes.session": "AsyncSession Session",
            "etcdobs.recipes.stm": "STM AsyncSTM Isolation",
        }
    )
    __getattr__, __dir__ = lazily(__name__, _HOMES)
