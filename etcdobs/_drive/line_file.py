"""Waits for files of lines: those that are loaded, and those that a dump grows in until it is whole."""

import errno
import io
import os
import select
import stat
import sys
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from etcdobs._dump import Dumping, Writable, taken
from etcdobs._load import Source

if sys.platform != "win32":
    import fcntl

# Milliseconds in which a thread that waits for a pipe finds out that nobody waits for it any more.
_LOOK = 50
# Bytes that are tried at once of what an open file did not take.
_PIECE = 65_536


class PatientFile(io.FileIO):
    """A file or a pipe to read, in a thread that may be told to wait no longer."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._over = False
        super().__init__(path, "rb", opener=_at_once)

    def give_up(self) -> None:
        """Whoever reads finds the end."""
        self._over = True

    def readinto(self, buffer: Any, /) -> int | None:
        while not self._over:
            if _is_ready(self.fileno()) and (count := super().readinto(buffer)) is not None:
                return count
        return 0


def _at_once(path: str, flags: int) -> int:
    # A pipe that nobody writes to yet is opened nevertheless.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _is_ready(descriptor: int) -> bool:
    if sys.platform == "win32":
        return True
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(_LOOK))


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
        yield _Entire(dumping.target)
        return
    path = _real(dumping.target)
    part = path.with_name(f"{path.name}.part")
    with _alone(part):
        with _growing(dumping, part) as file:
            yield file
        part.replace(path)


@contextmanager
def _growing(dumping: Dumping, part: Path) -> Generator[Writable]:
    try:
        with open(part, "r+b") as file:
            file.truncate(dumping.go_on(file) if dumping.resume else 0)
            file.seek(0, os.SEEK_END)
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException as error:
        dumping.broken_off(error, os.fspath(part))
        raise


class _Entire:
    """Writes all that it is given, however little of it the file takes at once."""

    def __init__(self, file: Writable) -> None:
        self._file = file

    def write(self, data: bytes, /) -> None:
        done = 0
        while done < len(data):
            piece = data[done : done + _PIECE] if done else data
            done += taken(self._file, self._file.write(piece), len(piece))


def _real(name: str | os.PathLike[str]) -> Path:
    """The file that is to be replaced, which need not be there yet."""
    path = os.fspath(name)
    # Of a directory that is not there, either.
    if not os.path.basename(path) or os.path.isdir(path):
        raise IsADirectoryError(errno.EISDIR, "target is a directory, not a file's name", path)
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise ValueError(f"target {path!r} is a pipe or a device: open it, and dump to what is open")
    return Path(os.path.realpath(path))


@contextmanager
def _alone(part: Path) -> Generator[None]:
    """While no other dump writes there, as far as the system has such locks."""
    descriptor = _locked(part)
    while not _is_at(part, descriptor):
        # Whoever had it has given it its name.
        os.close(descriptor)
        descriptor = _locked(part)
    if sys.platform == "win32":
        os.close(descriptor)  # an open file is not renamed there
        yield
        return
    try:
        yield
    finally:
        os.close(descriptor)


def _locked(part: Path) -> int:
    # What is stored may be secret.
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT, 0o600)
    if sys.platform != "win32":
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise BlockingIOError(errno.EAGAIN, "another dump to this name is under way", os.fspath(part)) from None
        except OSError:
            pass  # a file system without locks
    return descriptor


def _is_at(part: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(part), os.fstat(descriptor))
    except FileNotFoundError:
        return False
