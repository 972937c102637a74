"""Waits beside a run for what the machine does to it, and measures what the process holds: threads and memory.

Memory is what is allocated and not freed, of Python's objects as well as gRPC's. Resident pages would say less: the C
library keeps what was freed, in an arena for each of many threads, and how much depends on their order.
"""

import asyncio
import ctypes
import gc
import os
import pickle
import resource
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from tests.soak.journal import Journal, now

_TICK = 0.05
# Oversleeping by less is a busy machine's ordinary manner.
_STALL = 0.1
# What the harness itself starts, for each call of the blocking client and for faults; and the one of gRPC's own that
# polls for grpc.aio: it outlives the last channel.
_NOT_COUNTED = ("blocking ", "asyncio_", "(_poll_wrapper)")
_MIB = 2**20


class _Mallinfo2(ctypes.Structure):
    """The C library's count, in bytes, over all of its arenas."""

    _fields_ = (
        ("arena", ctypes.c_size_t),
        ("ordblks", ctypes.c_size_t),
        ("smblks", ctypes.c_size_t),
        ("hblks", ctypes.c_size_t),
        ("hblkhd", ctypes.c_size_t),
        ("usmblks", ctypes.c_size_t),
        ("fsmblks", ctypes.c_size_t),
        ("uordblks", ctypes.c_size_t),
        ("fordblks", ctypes.c_size_t),
        ("keepcost", ctypes.c_size_t),
    )


@dataclass(frozen=True, slots=True)
class Held:
    """What the process holds: Python threads but for the harness's, all threads, MiB allocated, resident."""

    threads: int
    native: int
    mib: float
    resident: float = 0.0
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.threads} threads ({self.native} with gRPC's), {self.mib:.1f} MiB ({self.resident:.0f} resident)"


@dataclass(frozen=True, slots=True)
class Measured:
    """What was held before the clients, once they were open, at work, at the end of it, and after they closed.

    When they had just opened and at the end nothing is under way. `journal`: MiB of the run's own records.
    """

    before: Held
    opened: Held
    at_work: Held
    at_end: Held
    after: Held
    journal: float

    @property
    def grown(self) -> float:
        """MiB that the clients took while they were at work, and still hold when they rest."""
        return self.at_end.mib - self.opened.mib - self.journal

    @property
    def left(self) -> float:
        """MiB that the clients took and closing did not give back."""
        return self.after.mib - self.before.mib - self.journal


def held() -> Held:
    """Now."""
    names = [thread.name for thread in threading.enumerate()]
    counted = sorted(name for name in names if not any(part in name for part in _NOT_COUNTED))
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    native = len(os.listdir("/proc/self/task"))
    return Held(len(counted), native, allocated(), pages * resource.getpagesize() / _MIB, tuple(counted))


def allocated() -> float:
    """MiB that are allocated and not freed, once what Python's collector can free is."""
    gc.collect()
    mallinfo2 = ctypes.CDLL(None).mallinfo2
    mallinfo2.restype = _Mallinfo2
    found = mallinfo2()
    return float(found.uordblks + found.hblkhd) / _MIB


def count_all_memory() -> None:
    """Starts this program again where Python would take memory from pages of its own, which `allocated` cannot see."""
    if os.environ.get("PYTHONMALLOC") != "malloc":
        os.environ["PYTHONMALLOC"] = "malloc"
        os.execv(sys.executable, sys.orig_argv)


def weight(journal: Journal) -> float:
    """MiB that the journal itself takes, by what a copy of it does: it grows with the run, as it should."""
    before = allocated()
    copied = pickle.loads(pickle.dumps(journal))
    with_copy = allocated()
    del copied
    return with_copy - before


class Pulse:
    """What only sleeps, and notes when it was not woken: in that time nobody could keep a deadline."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="soak-pulse", daemon=True)

    def __enter__(self) -> "Pulse":
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        due = now() + _TICK
        while not self._over.wait(max(0.0, due - now())):
            due = self._woken(due)

    async def beat_in_loop(self) -> None:
        """The same, in the thread of the event loop: it has more to do, and gets its turn later."""
        while True:
            due = now() + _TICK
            await asyncio.sleep(_TICK)
            self._woken(due)

    def _woken(self, due: float) -> float:
        woken = now()
        if woken - due > _STALL:
            self._journal.stalls.append((due, woken))
        return woken + _TICK
