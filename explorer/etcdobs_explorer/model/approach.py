"""Decides where to begin to read so that a key of a huge directory has some others before it: etcd reads forwards only.

A generator yields a start, and is sent how many keys there are from it to the key; each is a count, which costs the
server what it counts, so the nearest starts come first.
"""

from collections.abc import Generator, Iterator

LEAST = 200
"""Keys before the one that is gone to: enough to see what is around it."""
MOST = 2_500

Approach = Generator[bytes, int, bytes]


def approach(prefix: bytes, key: bytes, least: int = LEAST, most: int = MOST) -> Approach:
    """Ends with a start that has between `least` and `most` keys of `prefix` before `key`, as far as few counts tell;
    empty where that is the beginning of the directory."""
    near = key
    for size in _sizes(len(prefix), len(key)):
        start = key[:size]
        found = yield start
        if found > most:
            return (yield from _between(start, near, key, least, most))
        if size == len(prefix):
            return b""
        near = start
        if found >= least:
            return start
    return b""


def _sizes(least: int, size: int) -> Iterator[int]:
    """How much of the key to keep: less and less, in few steps where it is long."""
    cut = 1
    while size - cut > least:
        yield size - cut
        cut += max(1, cut // 3)
    yield least


def _between(far: bytes, near: bytes, key: bytes, least: int, most: int) -> Approach:
    """`far`, which `near` begins with, has too many keys before `key`, and `near` too few: look byte by byte."""
    low, high = far, near
    for _ in range(4):
        first = yield from _smallest(low, high, most)
        if first is None:
            return high
        number, found = first
        high = low + bytes([number])
        if found >= least or number == 0:
            return high
        low += bytes([number - 1])
    return high


def _smallest(low: bytes, high: bytes, most: int) -> Generator[bytes, int, tuple[int, int] | None]:
    """The smallest byte after `low` from which on there are at most `most` keys, and how many; None: it is `high`."""
    begin, end = 0, high[len(low)] if high.startswith(low) and len(high) > len(low) else 255
    best: tuple[int, int] | None = None
    while begin <= end:
        middle = (begin + end) // 2
        found = yield low + bytes([middle])
        if found <= most:
            best, end = (middle, found), middle - 1
        else:
            begin = middle + 1
    return best
