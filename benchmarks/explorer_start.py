"""How long the explorer takes to its first frame and to the first keys: python -m benchmarks.explorer_start."""

import fcntl
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

from etcdobs import Client
from etcdobs.testing import etcd

ROUNDS = 5
FIRST_FRAME, FIRST_KEYS = b"Keys", b"benchmark-key"
BAR = 0.8  # seconds to the first frame
IMPORTS = (
    "pass",
    "import textual.app",
    "import etcdobs_explorer.tui.app",
    "import etcdobs_explorer.opening",
)


def main() -> int:
    """Print the medians; 1 where the first frame comes later than it should."""
    with etcd() as server:
        with Client(server.endpoint) as client:
            for number in range(100):
                client.put(f"/config/{number}", "value")
            client.put(FIRST_KEYS, "value")
        rounds = [started(server.endpoint) for _ in range(ROUNDS)]
    frame, keys, spent = (sorted(each) for each in zip(*rounds, strict=True))
    for name, seconds in (("first frame", frame), ("first keys", keys), ("processor", spent)):
        print(f"{name:12} median {statistics.median(seconds):.2f} s, {seconds[0]:.2f} to {seconds[-1]:.2f} s")
    for code in IMPORTS:
        print(f"python -c {code!r}: {imported(code):.2f} s")
    return int(statistics.median(frame) > BAR)


def started(endpoint: str) -> tuple[float, float, float]:
    """Seconds to the first frame and to the first keys of one start, in a terminal of 120x40, and of processor time."""
    leader, follower = pty.openpty()
    fcntl.ioctl(leader, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    environ = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "ETCDOBS_CONFIG": os.devnull}
    environ |= {"ETCDOBS_STATE": os.devnull}
    command = [sys.executable, "-m", "etcdobs_explorer", "--endpoints", endpoint]
    began = time.monotonic()
    process = subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower, env=environ)
    os.close(follower)
    try:
        frame = seen(leader, FIRST_FRAME) - began
        spent = processor_seconds(process.pid)
        return frame, seen(leader, FIRST_KEYS) - began, spent
    finally:
        process.kill()
        process.wait()
        os.close(leader)


def processor_seconds(process: int) -> float:
    """What a process has used so far: tells of a machine that others use, too."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def seen(descriptor: int, text: bytes) -> float:
    """When a text was written."""
    written = b""
    while text not in written:
        if not select.select([descriptor], [], [], 30.0)[0]:
            raise TimeoutError(f"{text!r} was never written")
        written += os.read(descriptor, 65536)
    return time.monotonic()


def imported(code: str) -> float:
    """Seconds of an interpreter that runs some code."""
    took: list[float] = []
    for _ in range(3):
        began = time.monotonic()
        subprocess.run([sys.executable, "-c", code], check=True)
        took.append(time.monotonic() - began)
    return min(took)


if __name__ == "__main__":
    sys.exit(main())
