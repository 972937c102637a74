"""Decides what a dump says, and where one that was broken off goes on: a scan, as lines. No I/O."""

from collections.abc import Callable, Iterable, Sequence
from errno import EAGAIN, EIO
from inspect import isawaitable
from io import RawIOBase, TextIOBase
from os import PathLike, fspath
from typing import Protocol

from etcdobs._call import CLIENT_DEFAULT, Timeout, checked_bool, checked_plain, refuse_coroutine
from etcdobs._lines import Heading, Reading, ending, heading, heading_of, lines
from etcdobs._scan import ScanCursor, scan
from etcdobs.errors import CompactedError, FutureRevisionError
from etcdobs.keys import Keys, as_keys
from etcdobs.types import KeyValue

Progress = Callable[[int, int], object]


class Writable(Protocol):
    """A file that takes bytes, or what is like one."""

    def write(self, data: bytes, /) -> object:
        """Add to it; what an int that is returned leaves over is written again."""
        ...


Target = str | PathLike[str] | Writable


def dump(
    keys: str | bytes | Keys,
    target: Target,
    *,
    resume: bool = False,
    leased: bool = True,
    revision: int = 0,
    serializable: bool = False,
    progress: Progress | None = None,
    timeout: Timeout = CLIENT_DEFAULT,
) -> "Dumping":
    """Writes the keys of a range as lines of JSON, as of one revision; returns how many.

    A line is `{"key": ..., "value": ...}`; bytes that are not UTF-8 are in base64 as `key_base64`, `value_base64`. The
    first line tells the revision, the range, the cluster and the namespace, the last one how many keys there were.
    Leases are not written. A file appears under its name once it is whole; until then, and where it was broken off, it
    is called `<name>.part`. A name that is a link stands for the file that it leads to.

    Args:
        keys: one key, or a `Keys` such as `Keys.prefix("/app/")`.
        target: a file's name, or a binary file that is open, such as a pipe, and that waits until there is room in it.
        resume: go on with what is in `<name>.part`, at its revision; where there is none, begin.
        leased: False leaves out the keys that hang on a lease.
        revision: read as of this revision; 0 for that of now.
        serializable: let any member answer from its own state, which may lag behind.
        progress: a plain function, called with how many keys are written, and how many there are in all.
        timeout: seconds for each page; left out: the client's; None: no deadline.

    Raises:
        CompactedError: the revision was compacted meanwhile: it can not be gone on with.
        ValueError: what is to be gone on with is a dump of another range, revision, cluster or namespace, or with other
            `leased`, or does not tell; `target` is empty, or names a pipe or a device.
        TypeError: `target` is a text file, or its `write` is to be awaited.
        IsADirectoryError: `target` names a directory.
        BlockingIOError: another dump to this name is under way; or `target` is open, and does not wait for room.
    """
    if checked_bool("resume", resume) and not isinstance(target, (str, PathLike)):
        raise ValueError("resume needs the name of a file, to read what is in it")
    _check_target(target)
    cursor = scan(keys, revision=revision, serializable=serializable, timeout=timeout)
    return Dumping(
        as_keys(keys), cursor, target, resume=resume, leased=checked_bool("leased", leased), progress=progress
    )


def _check_target(target: Target) -> None:
    if isinstance(target, (str, PathLike)):
        if not fspath(target):
            raise ValueError("target is an empty name")
    elif not callable(write := getattr(target, "write", None)):
        raise TypeError(f"target must be a file's name or a binary file, not {type(target).__name__}")
    elif _is_text(target):
        raise TypeError('target must be opened in binary mode ("wb"), and is a text file')
    else:
        checked_plain("the write of target", write)


def _is_text(file: object) -> bool:
    # What wraps a text file, such as a temporary one, tells its encoding.
    return isinstance(file, TextIOBase) or isinstance(getattr(file, "encoding", None), str)


def taken(target: Writable, answer: object, size: int) -> int:
    """How many of `size` bytes `target` took, whose `write` returned `answer`.

    Raises:
        BlockingIOError: none, as it would have to wait.
        OSError: none.
        TypeError: nobody knows: it is to be awaited.
    """
    refuse_coroutine("the write of target", answer)
    if isawaitable(answer):
        raise TypeError(f"the write of target must not return what is to be awaited, a {type(answer).__name__}")
    # Others may return nothing, whatever they take.
    if answer is None and isinstance(target, RawIOBase):
        raise BlockingIOError(EAGAIN, "target does not wait until there is room: let it block, as os.set_blocking does")
    if not isinstance(answer, int) or isinstance(answer, bool):
        return size
    if answer <= 0:
        raise OSError(EIO, f"target took none of {size} bytes: its write returned {answer}")
    return min(answer, size)


class Dumping:
    """Keys on their way into a file.

    Attributes:
        cursor: the scan that they come from.
        target, resume: as they were asked for.
        namespace: that the keys are in.
    """

    def __init__(
        self,
        keys: Keys,
        cursor: ScanCursor,
        target: Target,
        *,
        resume: bool,
        leased: bool,
        progress: Progress | None,
    ) -> None:
        self.cursor: ScanCursor = cursor
        self.target: Target = target
        self.resume = resume
        self._keys = keys
        self._leased = leased
        self._progress: Progress | None = None if progress is None else checked_plain("progress", progress)
        self.namespace = b""
        self._begun = False
        # By what was begun.
        self._cluster = ""
        # Of what was begun, and can not be gone on with.
        self._refusal: ValueError | None = None
        self.count = self._before = 0

    def go_on(self, part: Iterable[bytes]) -> int:
        """Go on behind these lines of a dump that was broken off; returns how many bytes of them stay."""
        try:
            return self._kept(part)
        except ValueError as error:
            self._refusal = error
            raise

    def _kept(self, part: Iterable[bytes]) -> int:
        reading, kept, begins, before, last = Reading(), 0, 0, b"", b""
        for line in part:
            if not line.endswith(b"\n"):
                break
            found = reading.read(line)
            if reading.number == 1:
                self._same(heading_of(line))
            elif found is None:
                break
            else:
                before, last, begins = last, found[0], kept
                self.count += 1
            kept += len(line)
        self._begun = kept > 0
        if last and last + b"\0" not in self._keys:
            # Nothing is left to ask for, and only an answer tells which cluster this is: that key once more.
            last, kept = before, begins
            self.count -= 1
        self._before = self.count
        if last:
            self.cursor.go_on_after(last)
        return kept

    def _same(self, told: Heading) -> None:
        if told.keys != self._keys:
            raise ValueError(f"the dump to go on with is of {told.keys}, not of {self._keys}")
        if told.leased is not self._leased:
            raise ValueError(
                f"the dump to go on with was begun with leased={told.leased}, not with leased={self._leased}"
            )
        if self.cursor.revision not in (0, told.revision):
            raise ValueError(f"the dump to go on with is of revision {told.revision}, not of {self.cursor.revision}")
        if told.cluster is None:
            raise ValueError("the dump to go on with does not tell its cluster and namespace: it is of an old version")
        if told.namespace != self.namespace:
            raise ValueError(f"the dump to go on with is of namespace {told.namespace!r}, not of {self.namespace!r}")
        self.cursor.revision, self._cluster = told.revision, told.cluster

    def add(self, kvs: Sequence[KeyValue]) -> bytes:
        """What a page adds."""
        wanted = kvs if self._leased else [kv for kv in kvs if not kv.lease]
        self.count += len(wanted)
        return self._first() + lines(wanted)

    def _first(self) -> bytes:
        cluster = f"{self.cursor.cluster:x}"
        if self._begun:
            self._check(cluster)
            return b""
        self._begun, self._cluster = True, cluster
        return heading(Heading(self.cursor.revision, self._keys, self.namespace, cluster, self._leased))

    def _check(self, cluster: str) -> None:
        if cluster != self._cluster:
            self._refusal = ValueError(f"the dump to go on with is of cluster {self._cluster}, not of {cluster}")
            raise self._refusal

    def tell(self) -> None:
        """What was added is written."""
        if self._progress is not None:
            refuse_coroutine("progress", self._progress(self.count, self._before + self.cursor.count))

    def finish(self) -> bytes:
        """What comes behind all pages."""
        return self._first() + ending(self.count)

    def broken_off(self, error: BaseException, part: str) -> None:
        """It ends with this error, which is told where nothing goes on from `part`, the file that is left."""
        is_gone = self._begun and isinstance(error, (CompactedError, FutureRevisionError))
        if is_gone or error is self._refusal:
            error.add_note(f"{part!r} can not be gone on with: delete it, or pass resume=False to begin anew")
