"""Waits for the demo's workload to fill the keyspace, and for its end; it writes nothing to the terminal."""

import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

_STOP_TIMEOUT = 3.0


class WorkloadError(RuntimeError):
    """The workload ended before the keyspace was filled; the message ends with the last line of its log."""


class Worker:
    """The workload's process, for a `with` block. It ends with the block, and by itself when this process dies."""

    def __init__(self, endpoint: str, log: Path) -> None:
        self._command = [sys.executable, "-m", "etcdobs_explorer.demo.workload", endpoint]
        self._log = log

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal is for this process alone
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(_STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def await_filled(self) -> tuple[int, int]:
        """Returns how many keys and leases there are once the keyspace is filled; raises WorkloadError."""
        assert self._process.stdout is not None
        words = self._process.stdout.readline().split()
        if len(words) != 2:
            last = self._log.read_text(errors="replace").strip().rpartition("\n")[2]
            raise WorkloadError(f"the keyspace could not be filled: {last}")
        return int(words[0]), int(words[1])
