"""Decides which clock a lease is measured by: one that runs while the machine sleeps, as the server's does."""

import time

_CLOCK = getattr(time, "CLOCK_BOOTTIME", None)


def boottime() -> float:
    """Seconds since some fixed moment, time asleep included where the system can tell (Linux)."""

    clock = _CLOCK if _CLOCK is not None else time.CLOCK_MONOTONIC
    return time.clock_gettime(clock)
