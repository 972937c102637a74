"""Waits for what a test expects to come about, and no longer than that."""

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any

from etcdobs import AsyncWatcher, Event

# A lone member elects itself in a tenth of a second, and grants leases of 1 s.
QUICK = ("--heartbeat-interval=10", "--election-timeout=100")


async def eventually(condition: Callable[[], Any], timeout: float = 10) -> Any:
    """What `condition` returns, or what awaiting that gives, as soon as it is true; fails after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        outcome = condition()
        value = await outcome if inspect.isawaitable(outcome) else outcome
        if value:
            return value
        assert time.monotonic() < deadline, f"not so within {timeout:g} s: {inspect.getsource(condition).strip()}"
        await asyncio.sleep(0.01)


def until(condition: Callable[[], object], timeout: float = 10) -> None:
    """Return as soon as `condition` is true; fails after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"not so within {timeout:g} s: {inspect.getsource(condition).strip()}"
        time.sleep(0.01)


async def taken(watcher: AsyncWatcher, count: int, timeout: float = 10) -> list[Event]:
    """The next `count` events."""
    return [await watcher.get(timeout=timeout) for _ in range(count)]


async def values(watcher: AsyncWatcher, count: int, timeout: float = 10) -> list[str]:
    """The values of the next `count` events."""
    return [event.kv.text for event in await taken(watcher, count, timeout)]


class Stopwatch:
    """How long the block took, in `seconds`."""

    seconds = 0.0

    def __enter__(self) -> "Stopwatch":
        self._began = time.monotonic()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.seconds = time.monotonic() - self._began
