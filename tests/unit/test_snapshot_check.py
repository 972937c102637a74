"""Only a snapshot with the right digest is whole, and a file appears whole or not at all."""

import hashlib
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from etcdobs import DataLossError
from etcdobs._drive.part_file import PartFile
from etcdobs._snapshot import SnapshotCheck

DATABASE = bytes(range(256)) * 2 * 10
SNAPSHOT = DATABASE + hashlib.sha256(DATABASE).digest()


def check(snapshot: bytes, size: int) -> SnapshotCheck:
    checked = SnapshotCheck()
    for start in range(0, len(snapshot), size):
        part = snapshot[start : start + size]
        checked.add(part, max(0, len(DATABASE) - start - len(part)))
    return checked


@pytest.mark.parametrize("size", [1, 7, 31, 32, 33, 512, 5120, len(SNAPSHOT)])
def test_a_whole_one_however_it_is_cut(size: int) -> None:
    checked = check(SNAPSHOT, size)
    checked.finish()
    assert checked.done == checked.total == len(SNAPSHOT)


@pytest.mark.parametrize("at", [0, 1, len(DATABASE) - 1, len(DATABASE), len(SNAPSHOT) - 1])
def test_a_bit_that_changed_on_the_way(at: int) -> None:
    corrupted = bytearray(SNAPSHOT)
    corrupted[at] ^= 1
    with pytest.raises(DataLossError, match="does not match"):
        check(bytes(corrupted), 512).finish()


@pytest.mark.parametrize("size", [0, 1, 32, 512, len(DATABASE), len(SNAPSHOT) - 1, len(SNAPSHOT) - 512])
def test_one_that_ended_early(size: int) -> None:
    with pytest.raises(DataLossError) as caught:
        check(SNAPSHOT[:size], 512).finish()
    assert caught.value.method == "etcdserverpb.Maintenance/Snapshot"


def test_progress_is_whole_only_at_the_end() -> None:
    """The server counts what is to come without the digest, and sends that in a message of its own."""
    checked = SnapshotCheck()
    told: list[tuple[int, int | None]] = [(checked.done, checked.total)]
    for part, remaining in ((DATABASE[:512], len(DATABASE) - 512), (DATABASE[512:], 0), (SNAPSHOT[-32:], 0)):
        checked.add(part, remaining)
        told.append((checked.done, checked.total))
    whole = len(SNAPSHOT)
    assert told == [(0, None), (512, whole), (len(DATABASE), whole), (whole, whole)]


def test_a_file_appears_when_it_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "snapshot"
    with PartFile(path) as file:
        file.write(b"new")
        assert not path.exists()
        file.keep()
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_what_was_there_stays_until_then(tmp_path: Path) -> None:
    path = tmp_path / "snapshot"
    path.write_bytes(b"old")
    with PartFile(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"old"
    with PartFile(path) as file:
        file.write(b"new")
        file.keep()
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_two_may_be_written_at_once(tmp_path: Path) -> None:
    """And what a process left behind that was killed is in nobody's way, whose id is the same as in a container."""
    path = tmp_path / "snapshot"
    with PartFile(path) as one, PartFile(path) as two:
        one.write(b"one")
        two.write(b"two")
        one.keep()
        two.keep()
    assert path.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [path]


@contextmanager
def no_file_above(size: int) -> Iterator[None]:
    """As on a disk that is full: writing more is an OSError."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def write(path: Path, parts: int) -> None:
    with PartFile(path) as file:
        for _ in range(parts):
            file.write(bytes(1000))
        file.keep()


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    with no_file_above(4096), pytest.raises(OSError, match="File too large"):
        write(tmp_path / "snapshot", parts=100)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_at_the_end_leaves_nothing(tmp_path: Path) -> None:
    with no_file_above(4096), pytest.raises(OSError, match="File too large"):
        write(tmp_path / "snapshot", parts=5)
    assert list(tmp_path.iterdir()) == []
