"""Waits for what a client does beside its calls, each in a task of its own, and ends it with the client."""

import asyncio
from collections.abc import Coroutine
from typing import Any

__all__ = ["Asides"]


class Asides:
    """Tasks of the running event loop, each known until it is over."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Do this, and wait for nobody."""
        task = asyncio.create_task(work, name="etcdobs-aside")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def forget(self) -> None:
        """Their event loop is over."""
        self._tasks.clear()

    async def end(self) -> None:
        """Cancel them, and wait until they are over."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
