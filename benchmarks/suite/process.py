"""Waits for a contender in its process: a command goes in, its answer comes out, or it is out of the race."""

import json
import os
import select
import subprocess
import tempfile
import time
from typing import IO, Any

from benchmarks.suite.environments import CHECKOUT, NotHereError
from benchmarks.suite.field import Entry

PATIENCE = 150.0
"""Seconds for one command."""


class Process:
    """A contender that runs, or the reason why it does not."""

    def __init__(self, entry: Entry, endpoint: str) -> None:
        self.entry = entry
        self.out = ""
        """Why it is out of the race; empty while it is in."""
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._start(entry.command(), endpoint)
        except (NotHereError, OSError) as reason:
            self.out = str(reason)
            return
        self._answer()

    def _start(self, command: list[str], endpoint: str) -> None:
        at = 1 + command.index("benchmarks.suite.child") + 1 if "benchmarks.suite.child" in command else len(command)
        # gRPC and etcd log what is not asked for here; the end of it is told when the contender dies.
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - it lasts as long as the process
        self._process = subprocess.Popen(
            [*command[:at], endpoint, *command[at:]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            cwd=CHECKOUT,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        )
        self._unread = b""

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """What the contender answers to a command: `count`, `wall`, `cpu`, `growth`; or `error`, or `lacks`."""
        if self.out:
            return {"error": self.out}
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"do": do, **arguments}).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            return self._lost("it ended")
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        line = self._line(time.monotonic() + PATIENCE)
        if line is None:
            return self._lost(f"no answer within {PATIENCE:g} s")
        if not line:
            return self._lost("it ended")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _line(self, deadline: float) -> bytes | None:
        """One line of what it prints; empty when it ended, None when it takes too long."""
        assert self._process is not None
        assert self._process.stdout is not None
        output = self._process.stdout.fileno()
        while b"\n" not in self._unread:
            ready, _, _ = select.select([output], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                return None
            read = os.read(output, 65536)
            if not read:
                return b""
            self._unread += read
        line, _, self._unread = self._unread.partition(b"\n")
        return line

    def _lost(self, why: str) -> dict[str, Any]:
        self._log.seek(0)
        tail = self._log.read().decode(errors="replace").strip().rpartition("\n")[2][-160:]
        self.close()
        self.out = f"{why}: {tail}" if tail else why
        return {"error": self.out}

    def close(self) -> None:
        """End it; it has a moment to end by itself."""
        if self._process is None:
            return
        process, self._process = self._process, None
        try:
            process.communicate(timeout=5)
        except (subprocess.TimeoutExpired, ValueError, BrokenPipeError):
            process.kill()
            process.wait()
        self._log.close()
        self.out = self.out or "it was closed"
