"""Measures what the steps of an event loop cost the thread that runs it, and names those that cost most.

For the explorer's benchmarks. A step is what runs between two looks for input: a key that is pressed meanwhile waits
for it. `own` is its CPU time, what it takes on a machine that has nothing else to do; `wall` is what it took here.
"""

import asyncio
import gc
import threading
import time
from array import array
from collections import deque
from collections.abc import Callable
from typing import Any

from textual.message_pump import MessagePump

BAR = 0.05
"""Seconds: no step may take longer of its own."""
_NAMED = 0.008  # seconds of a step from which on it is told what it did
_TOP = 6
_KEPT = 5_000  # steps
_GRAIN = 1e-4  # seconds
_GRAINS = 20_000


class Spread:
    """How long steps took, in bounded room."""

    def __init__(self) -> None:
        self._counts = array("L", bytes(_GRAINS * array("L").itemsize))
        self.number = 0
        self.longest = 0.0

    def add(self, seconds: float) -> None:
        """One more."""
        self._counts[min(_GRAINS - 1, int(seconds / _GRAIN))] += 1
        self.number += 1
        self.longest = max(self.longest, seconds)

    def at(self, part: float) -> float:
        """The seconds that such a part of them did not exceed."""
        left = int(self.number * part)
        for grain, count in enumerate(self._counts):
            left -= count
            if left < 0:
                return min(self.longest, (grain + 1) * _GRAIN)
        return self.longest

    def over(self, seconds: float) -> int:
        """How many took longer."""
        return sum(self._counts[int(seconds / _GRAIN) :])


class Steps:
    """The steps of the loop of the thread that made this, once it is `begun`."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._began = self._collected = 0.0
        self._did: list[tuple[str, float]] = []
        self._spent = 0.0
        self._ends: deque[tuple[float, float]] = deque(maxlen=_KEPT)
        self.reset()

    def reset(self) -> None:
        """Forget what was measured."""
        self.own, self.wall, self.garbage = Spread(), Spread(), Spread()
        self.top: list[tuple[float, float, str]] = []

    def begin(self) -> None:
        """Measure from now on, to the end of the process."""
        loop_step: Any = asyncio.Handle
        pump_class: Any = MessagePump
        run, dispatch = loop_step._run, pump_class._dispatch_message

        def measured(handle: Any) -> None:
            if threading.get_ident() != self._thread:
                run(handle)
                return
            self._did.clear()
            wall, own = time.perf_counter(), time.thread_time()
            try:
                run(handle)
            finally:
                self._end(handle, own, time.thread_time() - own, time.perf_counter() - wall)

        async def noted(pump: MessagePump, message: Any) -> None:
            self._did.append((f"{type(pump).__name__}({_what(message)})", time.thread_time()))
            await dispatch(pump, message)

        loop_step._run, pump_class._dispatch_message = measured, noted
        gc.callbacks.append(self._collects)

    def _collects(self, phase: str, found: dict[str, int]) -> None:
        if threading.get_ident() != self._thread:
            return
        if phase == "start":
            self._collected = time.thread_time()
        else:
            spent = time.thread_time() - self._collected
            self.garbage.add(spent)
            self._did.append((f"gc {found['generation']} took {spent * 1e3:.0f} ms, then", time.thread_time()))

    def _end(self, handle: Any, began: float, own: float, wall: float) -> None:
        self.own.add(own)
        self.wall.add(wall)
        self._spent += own
        self._ends.append((time.monotonic(), self._spent))
        if own >= _NAMED and (len(self.top) < _TOP or own > self.top[-1][0]):
            self.top = sorted([*self.top, (own, wall, self._told(handle, began, own))], reverse=True)[:_TOP]

    def since(self, moment: float) -> float:
        """The CPU time of the steps that ended after a moment on the monotonic clock: what a key waited for of this
        process, however busy others kept the machine."""
        before = next((spent for at, spent in reversed(self._ends) if at < moment), 0.0)
        return self._spent - before

    def _told(self, handle: Any, began: float, own: float) -> str:
        """Who ran, and what they did of it that took a millisecond."""
        did = [("itself", began), *self._did]
        ends = [*(at for _, at in self._did), began + own]
        parts = [(name, end - at) for (name, at), end in zip(did, ends, strict=True)]
        said = "; ".join(f"{name} {spent * 1e3:.0f}" for name, spent in parts if spent >= 1e-3)
        return f"{_who(handle)}: {said}"

    def told(self) -> str:
        """In one line."""
        return (
            f"own p99 {self.own.at(0.99) * 1e3:5.1f} max {self.own.longest * 1e3:5.0f} ms, "
            f"wall p99 {self.wall.at(0.99) * 1e3:5.1f} max {self.wall.longest * 1e3:5.0f} ms, "
            f"gc max {self.garbage.longest * 1e3:3.0f} ms, over {BAR * 1e3:.0f} ms: {self.own.over(BAR)}"
        )

    def tops(self) -> list[str]:
        """Those that cost most, a line each."""
        return [f"  own {own * 1e3:5.1f} wall {wall * 1e3:5.1f} ms  {name[:400]}" for own, wall, name in self.top]

    def report(self, what: str, *, tops: bool) -> bool:
        """Print what was measured since the last time; False where a step was too long."""
        print(f"{what:44} {self.told()}")
        for name in self.tops() if tops else ():
            print(name)
        is_well = self.own.longest <= BAR
        self.reset()
        return is_well


def _what(message: Any) -> str:
    """The kind of a message, and of what it brings."""
    name = type(message).__name__
    inner = getattr(message, "change", None)
    called: Callable[..., object] | None = getattr(message, "callback", None)
    while called is not None and hasattr(called, "func"):
        inner, called = called, called.func
    if called is not None:
        return f"{name} {getattr(called, '__qualname__', called)}"
    return f"{name} {type(inner).__name__}" if inner is not None else name


def _who(handle: Any) -> str:
    callback = handle._callback
    task = getattr(callback, "__self__", None)
    if not isinstance(task, asyncio.Task):
        return getattr(callback, "__qualname__", repr(callback))
    coroutine: Any = task.get_coro()
    frame = coroutine.cr_frame if hasattr(coroutine, "cr_frame") else None
    group = getattr(frame.f_locals.get("self"), "group", "") if frame is not None else ""
    return f"{getattr(coroutine, '__qualname__', '')} {group or task.get_name()}"
