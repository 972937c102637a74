"""Waits beside a run for what the machine does to it, and measures what the process holds: threads and memory."""

import os
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
_PAGE_MIB = resource.getpagesize() / 2**20


@dataclass(frozen=True, slots=True)
class Held:
    """What the process holds at a moment: Python threads but for the harness's, all threads, MiB of memory."""

    threads: int
    native: int
    mib: float
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.threads} threads ({self.native} with gRPC's), {self.mib:.0f} MiB"


def held() -> Held:
    """Now."""
    names = [thread.name for thread in threading.enumerate()]
    counted = sorted(name for name in names if not any(part in name for part in _NOT_COUNTED))
    resident = int(Path("/proc/self/statm").read_text().split()[1])
    native = len(os.listdir("/proc/self/task"))
    return Held(len(counted), native, resident * _PAGE_MIB, tuple(counted))


def weight(journal: Journal) -> float:
    """MiB that the journal itself takes, about: it grows with the run, as it should."""
    parts: list[object] = [journal.operations, journal.log, *(view.revisions for view in journal.views)]
    for operation in journal.operations:
        parts += [operation, operation.began, operation.ended, operation.timeout, operation.writes, operation.revision]
    for writes in (*journal.log.values(), *(operation.writes for operation in journal.operations)):
        parts += [writes, *writes, *(part for write in writes for part in write)]
    return sum(map(sys.getsizeof, parts)) / 2**20


class Pulse:
    """A thread that only sleeps, and notes when it was not woken: in that time nobody could keep a deadline."""

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
            woken = now()
            if woken - due > _STALL:
                self._journal.stalls.append((due, woken))
            due = woken + _TICK
