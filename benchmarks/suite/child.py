"""Runs one contender in a process of its own: a line of JSON says what to do, a line of JSON says what that took.

    python -m benchmarks.suite.child CONTENDER ENDPOINT [OPTION=VALUE ...]

CONTENDER is a module of benchmarks/suite/contenders/, whose `Contender` is made, and connected by `open`. Needs nothing
but Python, so that it runs beside whatever a contender wants of its environment.
"""

import asyncio
import ctypes
import gc
import importlib
import inspect
import json
import os
import resource
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TextIO

from benchmarks.suite.keyspace import VALUE, call_key

CALLS: Mapping[str, tuple[bytes, ...]] = {"get": (), "put": (VALUE,)}
"""What a caller does over and over, and what it gives besides its key. The rest is done once."""


def threads_calling(operation: Callable[..., Any], arguments: tuple[bytes, ...], callers: int, seconds: float) -> int:
    """How many calls so many threads make in that time."""
    made, failed = [0] * callers, list[Exception]()
    until = time.perf_counter() + seconds

    def call(caller: int) -> None:
        key = call_key(caller)
        try:
            while time.perf_counter() < until:
                operation(key, *arguments)
                made[caller] += 1
        except Exception as error:  # noqa: BLE001 - whatever a contender raises is what it has to show
            failed.append(error)

    threads = [threading.Thread(target=call, args=(caller,)) for caller in range(1, callers)]
    for thread in threads:
        thread.start()
    call(0)
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return sum(made)


async def tasks_calling(
    operation: Callable[..., Any], arguments: tuple[bytes, ...], callers: int, seconds: float
) -> int:
    """The same with tasks."""
    until = time.perf_counter() + seconds

    async def call(caller: int) -> int:
        key, made = call_key(caller), 0
        while time.perf_counter() < until:
            await operation(key, *arguments)
            made += 1
        return made

    return sum(await asyncio.gather(*map(call, range(callers))))


def memory(name: str) -> int:
    """Bytes, of this process: VmRSS now, or VmHWM at most; 0 where there is no Linux."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(name)), 0)


def forget_peak() -> None:
    """Have VmHWM begin anew, without what the case before has left to the allocator."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of the GNU C library
    if trim is not None:
        trim(0)
    refs = Path("/proc/self/clear_refs")
    if refs.exists():
        refs.write_text("5")


def used() -> float:
    """Seconds of CPU, of this process and of those that it waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


class Host:
    """The contender, and the event loop that an asynchronous one lives in."""

    def __init__(self, module: str, endpoint: str, options: Mapping[str, str]) -> None:
        self._contender = importlib.import_module(f"benchmarks.suite.contenders.{module}").Contender(**options)
        self._is_async = inspect.iscoroutinefunction(self._contender.open)
        self._runner = asyncio.Runner(loop_factory=self._loop_factory(options))
        self._finish(self._contender.open(endpoint))

    @staticmethod
    def _loop_factory(options: Mapping[str, str]) -> Callable[[], asyncio.AbstractEventLoop] | None:
        if options.get("loop") != "uvloop":
            return None
        factory: Callable[[], asyncio.AbstractEventLoop] = importlib.import_module("uvloop").new_event_loop
        return factory

    def _finish(self, result: Any) -> Any:
        async def wait() -> Any:
            return await result

        return self._runner.run(wait()) if inspect.isawaitable(result) else result

    def answer(self, command: dict[str, Any]) -> dict[str, Any]:
        """What came of one command; a contender's error is an answer too."""
        name = command.pop("do")
        lacks: Mapping[str, str] = getattr(self._contender, "lacks", {})
        if name in lacks or not hasattr(self._contender, name):
            return {"lacks": lacks.get(name, "not measured")}
        try:
            return self._measured(name, command)
        except Exception as error:  # noqa: BLE001 - see above
            return {"error": f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"}

    def _measured(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        forget_peak()
        resident, cpu, began = memory("VmRSS"), used(), time.perf_counter()
        count = self._run(name, arguments)
        wall, spent = time.perf_counter() - began, used() - cpu
        return {"count": count, "wall": wall, "cpu": spent, "growth": max(0, memory("VmHWM") - resident)}

    def _run(self, name: str, arguments: dict[str, Any]) -> float:
        operation = getattr(self._contender, name)
        if name in CALLS:
            operation = self._calls(operation, CALLS[name])
        count: float = self._finish(operation(**arguments))
        return count

    def _calls(self, operation: Callable[..., Any], given: tuple[bytes, ...]) -> Callable[..., Any]:
        many = tasks_calling if self._is_async else threads_calling
        return lambda callers, seconds: many(operation, given, callers, seconds)

    def close(self) -> None:
        """End the contender, and the loop."""
        self._finish(self._contender.close())
        self._runner.close()


def own_output() -> TextIO:
    """Where the answers go: whatever else a contender prints goes to the standard error."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    return answers


def main(module: str, endpoint: str, *options: str) -> None:
    """Answer until there are no more commands."""
    answers = own_output()
    host = Host(module, endpoint, dict(option.split("=", 1) for option in options))
    answers.write('{"ready": true}\n')
    for line in sys.stdin:
        answers.write(json.dumps(host.answer(json.loads(line))) + "\n")
    host.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
