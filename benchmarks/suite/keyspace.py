"""Decides which keys all contenders read and write, so that all have the same. Needs nothing but Python."""

import math
from collections.abc import Iterator

VALUE = b"x" * 100
DIRECTORIES = 97
OPERATIONS = 128
"""In a transaction: as many as a server takes, unless it is told otherwise."""
IN_FLIGHT = 8
"""Transactions of a bulk load that are under way at a time."""
PAGE = 1_000


def call_key(caller: int) -> bytes:
    """The key that a caller of `get` and `put` has to itself."""
    return f"/bench/calls/{caller:04}".encode()


def key(prefix: str, number: int) -> bytes:
    """One of the keys under a prefix: they are spread over directories of the same size."""
    return f"{prefix}{number % DIRECTORIES:02}/{number:08}".encode()


def end(prefix: str) -> bytes:
    """The key after the last that begins with this prefix."""
    return prefix[:-1].encode() + bytes([ord(prefix[-1]) + 1])


def directory(prefix: str, number: int) -> bytes:
    """What the keys of one directory begin with."""
    return f"{prefix}{number:02}/".encode()


def chunks(prefix: str, count: int, size: int = OPERATIONS) -> Iterator[list[bytes]]:
    """The keys of a bulk load, one list a transaction."""
    for first in range(0, count, size):
        yield [key(prefix, number) for number in range(first, min(count, first + size))]


def lines(prefix: str, count: int) -> Iterator[str]:
    """The same keys as lines of JSON, as etcdobs loads them."""
    for number in range(count):
        yield f'{{"key": "{key(prefix, number).decode()}", "value": "{VALUE.decode()}"}}'


def places(prefix: str, count: int, wanted: int) -> tuple[list[bytes], float]:
    """Keys to begin a page at, evenly spread over all pages, and how many pages one of them stands for."""
    pages = math.ceil(count / PAGE)
    taken = min(pages, wanted)
    ordered = sorted_key(prefix, count)
    return [ordered(min(count - 1, int((step + 0.5) * count / taken))) for step in range(taken)], pages / taken


def sorted_key(prefix: str, count: int) -> "SortedKeys":
    """The keys under a prefix by their place in the order of keys, none of them stored."""
    return SortedKeys(prefix, count)


class SortedKeys:
    """`keys(place)`: the key that so many others come before."""

    def __init__(self, prefix: str, count: int) -> None:
        self._prefix, self._count = prefix, count

    def __call__(self, place: int) -> bytes:
        directory = 0
        while place >= (held := len(range(directory, self._count, DIRECTORIES))):
            directory, place = directory + 1, place - held
        return key(self._prefix, directory + place * DIRECTORIES)
