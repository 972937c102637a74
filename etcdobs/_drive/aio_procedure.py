"""Waits for procedures by awaiting: carries out their calls, and waits for keys to come and go."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from etcdobs._call import Call
from etcdobs._drive.aio import Driver
from etcdobs._drive.aio_watch import AsyncWatcher, Watches
from etcdobs._procedure import Procedure, Step, UntilPut, Wait
from etcdobs._watch import Cursor
from etcdobs.errors import CompactedError, DeadlineExceededError, EtcdError
from etcdobs.keys import Keys

T = TypeVar("T")

Patience = Callable[[], float | None]
"""How many seconds to wait before asking again; None: as long as it takes. It raises when the wait is over."""


def endless() -> float | None:
    """The patience of who waits as long as it takes."""
    return None


class Procedures:
    """Carries out procedures on the calls and the watches of one client."""

    def __init__(self, driver: Driver, watches: Watches) -> None:
        self.driver: Driver = driver
        self._watches = watches

    async def perform(self, procedure: Procedure[T], patience: Patience = endless) -> T:
        """Carry out `procedure`; whatever `patience` raises ends a wait, and the procedure."""
        answer: Any = None
        failure: EtcdError | None = None
        while True:
            try:
                step = procedure.send(answer) if failure is None else procedure.throw(failure)
            except StopIteration as stop:
                result: T = stop.value
                return result
            answer = failure = None
            try:
                answer = await self._do(step, patience)
            except EtcdError as error:
                failure = error

    async def _do(self, step: Step, patience: Patience) -> Any:
        if isinstance(step, Call):
            return await (_to_its_end(self.driver.call(step)) if step.mutates else self.driver.call(step))
        return await self._until(step, patience)

    async def _until(self, step: Wait, patience: Patience) -> None:
        put = isinstance(step, UntilPut)
        keys = step.keys if isinstance(step, UntilPut) else Keys(step.key)
        cursor = Cursor(keys, start_revision=step.revision + 1, put=put, delete=not put)
        watcher = AsyncWatcher(self._watches, cursor, 16, self.driver.session.timeout)
        try:
            async with watcher:
                while not await _arrived(watcher, patience()):
                    pass
        except CompactedError:
            # Whatever happened is forgotten: whoever waits looks again.
            return


async def _to_its_end(call: Coroutine[Any, Any, T]) -> T:
    # Whoever is cancelled while it changes something takes that back: which must not reach the server before it.
    task = asyncio.ensure_future(call)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()
        raise


async def _arrived(watcher: AsyncWatcher, seconds: float | None) -> bool:
    try:
        await watcher.get(timeout=seconds)
    except DeadlineExceededError:
        raise
    except TimeoutError:
        return False
    return True
