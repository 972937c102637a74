"""Decides how tests hold a reading in the middle of it, and how long they wait for what a fault takes its time for."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from tests.explorer.screens import Shown

_PATIENCE = 25.0


async def wait(shown: Shown, condition: Callable[[], object], what: str) -> None:
    """Let the app run until a condition holds: deadlines and reconnections take their seconds."""
    end = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < end, f"never: {what}\n{shown.text}"
        await shown.pilot.pause(0.02)


async def comes(shown: Shown, *parts: str) -> None:
    """Wait until the screen shows all these texts."""
    await wait(shown, lambda: all(part in shown.text for part in parts), f"seen: {parts}")


async def goes(shown: Shown, part: str) -> None:
    """Wait until the screen shows a text no more."""
    await wait(shown, lambda: part not in shown.text, f"gone: {part}")


class Gate:
    """Holds what an iterator brings after so many of its items, once, until it is opened."""

    def __init__(self, after: int) -> None:
        self._after = after
        self._is_used = False
        self.reached = asyncio.Event()
        self._open = asyncio.Event()

    def open(self) -> None:
        """Let the rest pass."""
        self._open.set()

    def around(self, items: Callable[..., AsyncIterator[Any]]) -> Callable[..., AsyncIterator[Any]]:
        """The same iterator, held."""

        async def held(*arguments: Any, **options: Any) -> AsyncIterator[Any]:
            passed = 0
            async for item in items(*arguments, **options):
                yield item
                passed += 1
                if passed == self._after and not self._is_used:
                    self._is_used = True
                    self.reached.set()
                    await self._open.wait()

        return held
