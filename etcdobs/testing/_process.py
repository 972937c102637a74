"""Waits for one guarded process to start, freeze, go on and end, as a test asks."""

import atexit
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from etcdobs.testing._guard import Guard

_STOP_TIMEOUT = 10.0


class ServerProcess:
    """A server's process, its directory and its log, from start to start. All are gone after `close()`."""

    def __init__(self) -> None:
        self._guard: Guard | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._paused = False
        self._log_start = 0
        self._owner = os.getpid()

    @property
    def pid(self) -> int:
        """Of the process last started, which may have ended."""
        return self._last.pid

    @property
    def running(self) -> bool:
        """Whether the process exists; a paused one does."""
        return self._process is not None and self._process.poll() is None

    @property
    def paused(self) -> bool:
        """Whether the process is frozen by `pause()`."""
        return self.running and self._paused

    @property
    def exit_status(self) -> int | None:
        """As `subprocess.Popen.returncode`: None while the process exists, -9 after `kill()`."""
        return self._last.poll()

    @property
    def directory(self) -> Path:
        """Holds log, data and certificates; removed when the server is closed."""
        return self._guarded.directory

    @property
    def log(self) -> Path:
        """What the server wrote to its output, from all its starts."""
        return self.directory / "etcd.log"

    def log_tail(self, lines: int = 40) -> str:
        """The last lines that the server wrote since it was last started."""
        with self.log.open("rb") as file:
            file.seek(self._log_start)
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])

    def stop(self) -> None:
        """Ends the server as an operator would (SIGTERM), and returns when it has ended. Wakes it if paused."""
        if not self.running:
            return
        self._last.terminate()
        self.resume()
        try:
            self._reap(_STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Ends the server as a crash would (SIGKILL), and returns when it has ended."""
        if self.running:
            self._last.kill()
            self._reap(None)

    def pause(self) -> None:
        """Freezes the process (SIGSTOP): its connections stay, and nothing answers. Returns when it is frozen."""
        if not self.running:
            raise RuntimeError("this server is not running")
        self._last.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        self._paused = True

    def resume(self) -> None:
        """Lets a paused process go on; otherwise does nothing."""
        if self.paused:
            self._last.send_signal(signal.SIGCONT)
        self._paused = False

    def close(self) -> None:
        """Ends the server and removes its directory. May be called again, and does nothing in a forked child."""
        if self._guard is None or os.getpid() != self._owner:
            return
        self.kill()
        self._guard.close()
        self._guard = None
        atexit.unregister(self.close)

    def _open(self) -> None:
        """Takes the directory, which from here on is removed on every path."""
        self._guard = Guard()
        atexit.register(self.close)

    def _spawn(self, command: Sequence[str]) -> None:
        self.log.touch()
        self._log_start = self.log.stat().st_size
        self._process = self._guarded.spawn(command, self.log)
        self._paused = False

    def _reap(self, timeout: float | None) -> None:
        self._last.wait(timeout)
        self._guarded.forget()

    @property
    def _last(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("this server has not been started")
        return self._process

    @property
    def _guarded(self) -> Guard:
        if self._guard is None:
            raise RuntimeError("this server has not been started, or is closed")
        return self._guard
