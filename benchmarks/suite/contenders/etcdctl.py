"""etcdctl: a process a call."""

import subprocess
from typing import ClassVar


class Contender:
    """The program at `path`."""

    lacks: ClassVar[dict[str, str]] = {"load": "its transactions are typed in, one at a time"}

    def __init__(self, path: str) -> None:
        self._path = path

    def open(self, endpoint: str) -> None:
        self._command = [self._path, f"--endpoints={endpoint}"]

    def close(self) -> None:
        """Nothing stays open."""

    def _run(self, *arguments: bytes | str) -> bytes:
        return subprocess.run([*self._command, *arguments], check=True, capture_output=True).stdout

    def get(self, key: bytes) -> None:
        self._run("get", key)

    def put(self, key: bytes, value: bytes) -> None:
        self._run("put", key, value)

    def range(self, prefix: str) -> int:
        return self._run("get", "--prefix", prefix).count(b"\n") // 2

    def watch(self, prefix: str, count: int, revision: int) -> int:
        command = [*self._command, "watch", "--prefix", f"--rev={revision}", prefix]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            # An event is a line each for what it is, its key and its value.
            for line, _ in enumerate(process.stdout, 1):
                if line >= 3 * count:
                    break
            process.terminate()
        return count
