"""Waits for a file that appears whole or not at all: written beside its place, flushed, then renamed."""

import os
import tempfile
from pathlib import Path
from types import TracebackType


class PartFile:
    """A file under construction, mode 0600; a context manager that leaves nothing behind unless `keep` was called."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        descriptor, part = tempfile.mkstemp(prefix=f"{self._path.name}.", suffix=".part", dir=self._path.parent)
        self._part = Path(part)
        self._file = os.fdopen(descriptor, "wb")

    def write(self, blob: bytes) -> None:
        """Add to it."""
        self._file.write(blob)

    def keep(self) -> None:
        """It is whole: flush it to the disk, and give it its name."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.replace(self._path)
        directory = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def __enter__(self) -> "PartFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            # What a full disk refused before is refused again here: that is being told already.
            self._file.close()
        except OSError:
            if error is None:
                raise
        finally:
            self._part.unlink(missing_ok=True)
