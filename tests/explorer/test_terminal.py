"""The explorer in a terminal of its own: what reaches the terminal, byte for byte, and how it is left."""

import fcntl
import os
import pty
import re
import select
import signal
import socket
import struct
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from etcdobs import Client
from etcdobs.testing import Etcd, etcd
from tests.explorer.hostile import HOSTILE

_SEQUENCE = re.compile(
    rb"\x1b\[[0-9;?<>=$]*[A-Za-z~]|\x1b\][0-9]+;[^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][A-Z0-9]|\x1b[78=>]"
)
_PATIENCE = 30.0
# As gRPC's core does, and others: written to the descriptor, past Python's sys.stderr.
NOISE = """
import os, sys, threading
from etcdobs_explorer.cli import main
def noise():
    os.write(2, b"NOISE")
    timer = threading.Timer(0.02, noise)
    timer.daemon = True
    timer.start()
threading.Timer(0.5, noise).start()
sys.exit(main())
"""


class Terminal:
    """A process on a pseudo-terminal, and everything it wrote there."""

    def __init__(self, process: int, descriptor: int) -> None:
        self._process = process
        self._descriptor = descriptor
        self._is_open = True
        self.written = b""
        self.exit_code: int | None = None

    @property
    def text(self) -> str:
        """What was written, without the control sequences."""
        return _SEQUENCE.sub(b"", self.written).decode("utf-8", "replace")

    def wait_for(self, *parts: str) -> None:
        """Read until all these texts were written."""
        end = time.monotonic() + _PATIENCE
        while not all(part in self.text for part in parts):
            assert time.monotonic() < end, f"never: {parts}\n{self.text[-3000:]}"
            assert self._read(), f"ended before {parts}:\n{self.text[-3000:]}"

    def wait_for_more(self) -> None:
        """Read until something is written that was not before."""
        before, end = len(self.written), time.monotonic() + _PATIENCE
        while len(self.written) == before:
            assert time.monotonic() < end
            assert self._read()

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._descriptor, keys.encode())

    def wait_for_exit(self) -> int:
        """Read until the process ends; answers its exit code."""
        end = time.monotonic() + _PATIENCE
        while self._read():
            assert time.monotonic() < end, self.text[-3000:]
        _, status = os.waitpid(self._process, 0)
        self.exit_code = os.waitstatus_to_exitcode(status)
        return self.exit_code

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process."""
        os.kill(self._process, number)

    def modes(self) -> list[Any]:
        """How the terminal is set: raw or not, and so on."""
        return termios.tcgetattr(self._descriptor)

    def hang_up(self) -> None:
        """Close the window. It is nobody's controlling terminal, so that nobody is sent a SIGHUP."""
        os.close(self._descriptor)
        self._is_open = False

    def wait_for_end(self, timeout: float) -> int:
        """Wait without reading until the process ends; answers its exit code."""
        end = time.monotonic() + timeout
        while (ended := os.waitpid(self._process, os.WNOHANG)) == (0, 0):
            assert time.monotonic() < end, "still running"
            time.sleep(0.02)
        self.exit_code = os.waitstatus_to_exitcode(ended[1])
        return self.exit_code

    def end(self) -> None:
        """Make sure that nothing is left running."""
        if self.exit_code is None:
            os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)
        if self._is_open:
            os.close(self._descriptor)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._descriptor], [], [], 1.0)
        if not ready:
            return True
        try:
            chunk = os.read(self._descriptor, 65536)
        except OSError:  # Linux's word for the end of a pseudo-terminal
            return False
        self.written += chunk
        return bool(chunk)


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def terminal(
    *arguments: str,
    size: tuple[int, int] = (80, 24),
    stderr: Path | None = None,
    script: Path | None = None,
    **variables: str,
) -> Iterator[Terminal]:
    """The explorer in a terminal of that many columns and rows; its stderr may go to a file, and a script start it."""
    columns, rows = size
    command = [sys.executable, *([str(script)] if script else ["-m", "etcdobs_explorer"]), *arguments]
    # A new interpreter, not a fork of this one: gRPC does not survive a fork.
    leader, follower = pty.openpty()
    fcntl.ioctl(leader, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    environ = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
    environ |= {"ETCDOBS_CONFIG": os.devnull, "ETCDOBS_STATE": os.devnull, **variables}
    actions: list[Any] = [(os.POSIX_SPAWN_DUP2, follower, number) for number in (0, 1, 2)]
    if stderr is not None:
        actions.append((os.POSIX_SPAWN_OPEN, 2, str(stderr), os.O_WRONLY | os.O_CREAT, 0o600))
    process = os.posix_spawn(sys.executable, command, environ, file_actions=actions, setsid=False)
    os.close(follower)
    opened = Terminal(process, leader)
    try:
        yield opened
    finally:
        opened.end()


@pytest.fixture
def hostile_server(fresh_etcd: Etcd) -> Etcd:
    with Client(fresh_etcd.endpoint) as client:
        for raw in HOSTILE.values():
            client.put(raw, raw)
    return fresh_etcd


@pytest.mark.parametrize("size", [(80, 24), (160, 48)], ids=["80x24", "160x48"])
def test_it_starts_shows_keys_and_quits(fresh_etcd: Etcd, size: tuple[int, int]) -> None:
    with Client(fresh_etcd.endpoint) as client:
        client.put("first-key", "the value of it")
    with terminal("--endpoints", fresh_etcd.endpoint, "--read-only", size=size) as shown:
        shown.wait_for("first-key", "the value of it", " RO ", "live")
        for key, part in (("2", "REMAINING"), ("3", "leader"), ("4", "no changes yet"), ("5", "KV/")):
            shown.press(key)
            shown.wait_for(part)
        shown.press("q")
        assert shown.wait_for_exit() == 0
        assert b"\x1b[?1049l" in shown.written  # the alternate screen is left


def test_hostile_bytes_do_not_reach_the_terminal(hostile_server: Etcd) -> None:
    with terminal("--endpoints", hostile_server.endpoint, size=(160, 48)) as shown:
        shown.wait_for("\\x1b]2;PWNED\\x07", "live")
        for _ in range(len(HOSTILE)):
            shown.press("j")
            shown.wait_for_more()
        shown.press("2345q")
        assert shown.wait_for_exit() == 0
    assert b"\x1b]2;PWNED" not in shown.written
    assert b"\x1b]52;" not in shown.written
    assert b"\xc2\x9b" not in shown.written
    assert "\u202e".encode() not in shown.written
    remaining = set(_SEQUENCE.sub(b"", shown.written)) & (set(range(0x20)) | {0x7F})
    assert remaining <= {0x0A, 0x0D}


def test_mutual_tls_and_the_metrics_of_its_own_calls() -> None:
    with etcd(tls="mutual") as server:
        files = server.certificates
        trust = ["--cacert", str(files.ca), "--cert", str(files.client_cert), "--key", str(files.client_key)]
        port = free_port()
        with terminal("--endpoints", server.endpoint, *trust, "--metrics-port", str(port)) as shown:
            shown.wait_for("no keys", "live")
            shown.press("5")
            shown.wait_for(f"http://127.0.0.1:{port}/metrics")
            with urlopen(f"http://127.0.0.1:{port}/metrics") as reply:
                assert b'grpc_client_started_total{grpc_method="Status"' in reply.read()
            shown.press("q")
            assert shown.wait_for_exit() == 0


@pytest.mark.parametrize("size", [(80, 24), (160, 48)], ids=["80x24", "160x48"])
def test_a_terminal_that_goes_away_without_a_signal_ends_it(fresh_etcd: Etcd, size: tuple[int, int]) -> None:
    with terminal("--endpoints", fresh_etcd.endpoint, size=size) as shown:
        shown.wait_for("no keys", "live")
        shown.hang_up()
        assert shown.wait_for_end(5.0) == 128 + signal.SIGHUP


def test_a_signal_gives_the_terminal_back(fresh_etcd: Etcd) -> None:
    with terminal("--endpoints", fresh_etcd.endpoint) as shown:
        before = shown.modes()
        shown.wait_for("no keys", "live")
        assert shown.modes() != before
        shown.send(signal.SIGTERM)
        assert shown.wait_for_exit() == 128 + signal.SIGTERM
        assert shown.modes() == before
    assert b"\x1b[?1049l" in shown.written


def test_output_on_stderr_does_not_take_the_screen_away(fresh_etcd: Etcd, tmp_path: Path) -> None:
    with terminal("--endpoints", fresh_etcd.endpoint, stderr=tmp_path / "stderr") as shown:
        shown.wait_for("no keys", "live")
        shown.press("q")
        assert shown.wait_for_exit() == 0
    assert (tmp_path / "stderr").read_bytes() == b""


def test_without_a_server_it_waits_and_says_so() -> None:
    with terminal("--endpoints", "127.0.0.1:1", "--dial-timeout", "1s") as shown:
        shown.wait_for("connection lost", "Connection refused")
        shown.press("q")
        assert shown.wait_for_exit() == 0
    assert b"Traceback" not in shown.written


def test_a_wrong_endpoint_leaves_one_line_and_a_sane_terminal() -> None:
    with terminal("--endpoints", "nonsense") as shown:
        assert shown.wait_for_exit() == 2
    last = shown.written.rpartition(b"\x1b[?1049l")[2]
    assert b"etcdobs-explorer: " in last
    assert b"host:port is wanted" in last
    assert b"Traceback" not in shown.written


def test_what_others_write_to_stderr_never_reaches_the_screen(fresh_etcd: Etcd, tmp_path: Path) -> None:
    noise = tmp_path / "noise.py"
    noise.write_text(NOISE)
    with terminal("--endpoints", fresh_etcd.endpoint, script=noise, ETCDOBS_STATE=str(tmp_path)) as shown:
        shown.wait_for("no keys", "live")
        shown.press("3")
        shown.wait_for("leader")
        shown.press("q")
        assert shown.wait_for_exit() == 0
    meanwhile = shown.written.partition(b"\x1b[?1049h")[2].partition(b"\x1b[?1049l")[0]
    assert b"leader" in meanwhile
    assert b"NOISE" not in meanwhile
    assert b"NOISE" in (tmp_path / "explorer.log").read_bytes()


def test_an_unknown_theme_is_a_wrong_command_line() -> None:
    with terminal("--theme", "nonsense") as shown:
        assert shown.wait_for_exit() == 2
    assert "argument --theme: no theme 'nonsense'" in shown.text
