"""Waits for files of lines: those that are loaded, and those that a dump grows in until it is whole."""

import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

from etcdobs._dump import Dumping, Writable
from etcdobs._load import Source


@contextmanager
def lines_of(source: Source) -> Generator[Iterable[str | bytes]]:
    """The lines of a file of that name, or those that were given."""
    if isinstance(source, (str, os.PathLike)):
        with open(source, "rb") as file:
            yield file
    else:
        yield source


@contextmanager
def target_of(dumping: Dumping) -> Generator[Writable]:
    """Where the lines go: under its own name once it is whole, which is when the block ends without an error."""
    if not isinstance(dumping.target, (str, os.PathLike)):
        yield dumping.target
        return
    path = Path(dumping.target)
    part = path.with_name(f"{path.name}.part")
    # What is stored may be secret.
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT, 0o600)
    with open(descriptor, "r+b") as file:
        file.truncate(dumping.go_on(file) if dumping.resume else 0)
        file.seek(0, os.SEEK_END)
        yield file
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
