"""Waits for the disk: events go to a file in the background, and those that would have to wait too long are counted."""

import asyncio
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from io import FileIO
from threading import Lock

from etcdobs_explorer.model.recording import Recorded, Recording, is_covered, line
from etcdobs_explorer.model.records import EventBatch
from etcdobs_explorer.model.secrets import asked_for

ROOM = 16 * 1024 * 1024  # bytes of keys and values that wait to be written
_PERIOD = 0.25  # seconds between two writes
_AT_ONCE = 1_000  # events written before the status is told


class Recorder:
    """Appends events to a file as lines of JSON.

    It never waits for the disk: what does not fit into `room` bytes is left out and counted. The file is made to be
    read by its owner only. Secrets are covered in it, unless `name` is the path and `with-secrets` behind it."""

    def __init__(self, name: bytes, room: int = ROOM) -> None:
        path, self._with_secrets = asked_for(name)
        self.recording = Recording(path)
        self._room = room
        self._waiting: list[Recorded] = []
        self._used = 0
        self._is_stopped = asyncio.Event()
        self._lock = Lock()

    def put(self, batch: EventBatch, at: float) -> None:
        """Keep the events of a batch for the next write."""
        if self._is_stopped.is_set():
            return
        for event, value in zip(batch.events, batch.values, strict=True):
            cost = len(event.key) + len(value)
            if self._used + cost > self._room:
                self.recording = replace(self.recording, dropped=self.recording.dropped + 1)
                continue
            self._used += cost
            self._waiting.append(Recorded(event, value, at))

    def stop(self) -> None:
        """Take no more; `run` ends once what there is has been written."""
        self._is_stopped.set()

    async def run(self, tell: Callable[[Recording], object]) -> None:
        """Write until stopped, and tell how far it is now and then; what is left is written even where this is
        cancelled."""
        try:
            file = await asyncio.to_thread(_opened, self.recording.path)
        except OSError as error:
            self._end(tell, error)
            return
        tell(self.recording)
        failure: OSError | None = None
        try:
            while not self._is_stopped.is_set():
                await self._rest()
                await self._write(file, tell)
        except OSError as error:
            failure = error
        finally:
            with file:
                failure = failure or self._write_rest(file)
            self._end(tell, failure)

    async def _rest(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_PERIOD):
                await self._is_stopped.wait()

    async def _write(self, file: FileIO, tell: Callable[[Recording], object]) -> None:
        """Write what waits, a part at a time."""
        while self._waiting:
            part, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
            self._wrote(part, *await asyncio.to_thread(self._append, file, part))
            tell(self.recording)

    def _append(self, file: FileIO, part: list[Recorded]) -> tuple[int, int]:
        """Answers the bytes that were written, and the values that were covered."""
        with self._lock:  # a write goes on in its thread where its waiting was cancelled
            covered = [not self._with_secrets and is_covered(each) for each in part]
            text = b"".join(line(each, covered=is_so) for each, is_so in zip(part, covered, strict=True))
            _write_whole(file, text)
        return len(text), sum(covered)

    def _wrote(self, part: list[Recorded], size: int, covered: int) -> None:
        self._used -= sum(len(each.event.key) + len(each.value) for each in part)
        held = self.recording
        self.recording = replace(
            held, written=held.written + len(part), size=held.size + size, covered=held.covered + covered
        )

    def _write_rest(self, file: FileIO) -> OSError | None:
        """Write what is left at once: whoever cancelled this does not wait for it."""
        part, self._waiting = self._waiting, []
        try:
            self._wrote(part, *self._append(file, part))
        except OSError as error:
            return error
        return None

    def _end(self, tell: Callable[[Recording], object], failure: OSError | None) -> None:
        self._is_stopped.set()
        self._waiting.clear()
        reason = (failure.strerror or str(failure)) if failure else ""
        self.recording = replace(self.recording, is_over=True, reason=reason)
        tell(self.recording)


def _opened(path: bytes) -> FileIO:
    # Not to wait for ever for the reader of a pipe.
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
    file = FileIO(os.open(os.path.expanduser(path), flags, 0o600), "a")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError("it is no regular file")
    return file


def _write_whole(file: FileIO, text: bytes) -> None:
    """All of it or nothing: a line that was cut off would spoil the next one."""
    before = os.fstat(file.fileno()).st_size
    left = memoryview(text)
    try:
        while left:
            left = left[file.write(left) :]
    except OSError:
        file.truncate(before)
        raise
