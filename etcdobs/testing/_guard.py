"""Waits for this process to end, however it ends, and then removes the servers and the directory it leaves behind.

The guard is a shell that reads a pipe which only this process writes to. When the pipe closes (orderly, or because the
process was killed), it kills the server it was told of and deletes the directory. A parent-death signal would not do:
it fires when the thread that started the server ends, exists on Linux only, and deletes nothing.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

# A killed process may still be writing for an instant, hence the second and third try at deleting.
_GUARD = """
while read -r line; do pid=$line; done
[ -n "$pid" ] && kill -9 "$pid"
rm -rf "$1" || { sleep 0.2; rm -rf "$1"; } || { sleep 2; rm -rf "$1"; }
"""
# The server announces its pid to the guard before it becomes etcd: there is no moment in which it runs unguarded.
_ANNOUNCE = 'echo "$$" >&0; exec "$@" </dev/null'


class Guard:
    """Owns a temporary directory and at most one running process; both are gone after `close`, or after our death."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="etcdobs-"))
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, "etcdobs-guard", str(self.directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def _pipe(self) -> IO[bytes]:
        assert self._shell.stdin is not None
        return self._shell.stdin

    def spawn(self, command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
        """Starts the command in a session of its own, so that Ctrl-C in the terminal is for the tests alone."""
        with log.open("ab") as output:
            return subprocess.Popen(
                ["/bin/sh", "-c", _ANNOUNCE, "etcdobs-announce", *command],
                stdin=self._pipe,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=_environment(),
                start_new_session=True,
            )

    def forget(self) -> None:
        """The process has ended; its pid may soon be another's."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self._pipe.fileno(), b"\n")

    def close(self) -> None:
        """Returns once the directory is deleted."""
        self._pipe.close()
        self._shell.wait()
        shutil.rmtree(self.directory, ignore_errors=True)  # where the guard itself was killed


def _environment() -> dict[str, str]:
    """Ours, without the settings that etcd would read from it."""
    kept = "ETCD_UNSUPPORTED_ARCH"
    return {name: value for name, value in os.environ.items() if name == kept or not name.startswith("ETCD_")}
