"""`python -m etcdobs_explorer.demo` from outside: what it prints, what it shows, and that it leaves nothing behind."""

import fcntl
import http.client
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.waiting import until

COMMAND = [sys.executable, "-m", "etcdobs_explorer.demo"]
# A shell's job: the terminal is its controlling one, so that Ctrl-C and a closed window reach it as signals.
IN_TERMINAL = [
    *(sys.executable, "-c"),
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])",
    *COMMAND,
]
EVENT = re.compile(r"^  \d\d:\d\d:\d\d  (?:CREATE|PUT|DELETE) ", re.M)


def environment(tmp_path: Path, **more: str) -> dict[str, str]:
    return os.environ | {"TMPDIR": str(tmp_path), "TERM": "xterm-256color"} | more


def commands() -> list[str]:
    """The command line of every process."""
    if not Path("/proc/self/cmdline").exists():
        return subprocess.run(
            ["ps", "-A", "-o", "args"], capture_output=True, text=True, check=True
        ).stdout.splitlines()
    found: list[str] = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(entry.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:  # it ended meanwhile
            continue
    return found


def left_behind(tmp_path: Path, output: str) -> list[str]:
    """Processes and directories of a demo; the etcd names its directory, the workload the endpoint."""
    port = re.search(r"on 127\.0\.0\.1:(\d+),", output)
    marks = [str(tmp_path), *([f"http://127.0.0.1:{port[1]}"] if port else [])]
    processes = [command for command in commands() if any(mark in command for mark in marks)]
    return processes + [entry.name for entry in tmp_path.iterdir()]


class Terminal:
    """A demo in a terminal of 80x24, its controlling one or not."""

    def __init__(self, tmp_path: Path, command: Sequence[str] = IN_TERMINAL) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.output = ""
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environment(tmp_path), start_new_session=True
        )
        os.close(slave)

    def read_until(self, pattern: str, timeout: float = 30) -> re.Match[str]:
        """What matches in everything that was drawn so far."""
        deadline = time.monotonic() + timeout
        while (found := re.search(pattern, self.output)) is None:
            assert time.monotonic() < deadline, f"{pattern!r} never came:\n{self.output}"
            assert self._read(), f"it ended before {pattern!r}:\n{self.output}"
        return found

    def wait(self) -> int:
        """The exit code, when all output was read."""
        while self._read():
            pass
        return self.process.wait(20)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.master)

    def _read(self) -> bool:
        """False at the end of the output."""
        ready, _, _ = select.select([self.master], [], [], 20)
        assert ready, f"nothing came for 20 s:\n{self.output}"
        try:
            data = os.read(self.master, 65536)
        except OSError:  # Linux says EIO where nobody has the other side open
            return False
        self.output += data.decode(errors="replace")
        return bool(data)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    opened = Terminal(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def window(tmp_path: Path) -> Iterator[Terminal]:
    """A terminal that the test closes."""
    opened = Terminal(tmp_path)
    yield opened
    opened.process.kill()
    opened.process.wait()


@pytest.fixture
def foreign_window(tmp_path: Path) -> Iterator[Terminal]:
    """A terminal that the test closes and whose end the kernel tells nobody, as it is not the controlling one."""
    opened = Terminal(tmp_path, COMMAND)
    yield opened
    opened.process.kill()
    opened.process.wait()


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a run without a terminal prints; etcdctl's variables of another cluster do not lead it astray."""
    tmp_path = tmp_path_factory.mktemp("demo")
    elsewhere = environment(tmp_path, ETCDCTL_USER="root:secret", ETCDCTL_CACERT="/nowhere/ca.pem")
    began = time.monotonic()
    run = subprocess.run(COMMAND, capture_output=True, text=True, env=elsewhere, stdin=subprocess.DEVNULL, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    assert time.monotonic() - began < 30
    assert left_behind(tmp_path, run.stdout) == []
    return run.stdout


def section(printed: str, title: str) -> str:
    found = re.search(rf"^{title}\b.*?(?=^\S|\Z)", printed, re.M | re.S)
    assert found is not None, f"there is no section {title}"
    return found.group()


def test_it_says_what_it_does(printed: str) -> None:
    lines = printed.splitlines()
    assert re.fullmatch(r"starting etcd \.\.\. \d+\.\d+\.\S+ on 127\.0\.0\.1:\d+, ready in \d+\.\d s", lines[0])
    assert re.fullmatch(r"filling it \.\.\. \d+ keys, \d+ leases; .*", lines[1])
    assert re.search(r"http://127\.0\.0\.1:\d+/metrics$", lines[2])
    assert lines[-1] == "stopped etcd, removed its data"


def test_it_prints_the_tree(printed: str) -> None:
    names = {line.strip() for line in section(printed, "KEYS").splitlines()}
    assert names >= {"config/", "app.yaml", "services/", "registry/", "pods/", "寿司 🍣"}


def test_it_prints_leases_and_members(printed: str) -> None:
    assert len(re.findall(r"^ +[0-9a-f]{12,16}  \S+ of \S+ ", section(printed, "LEASES"), re.M)) >= 6
    assert re.search(r"\bleader\b", section(printed, "MEMBERS"))


def test_it_prints_ten_live_events(printed: str) -> None:
    assert len(EVENT.findall(section(printed, "EVENTS"))) == 10


def test_it_prints_an_excerpt_of_its_metrics(printed: str) -> None:
    excerpt = section(printed, "METRICS")
    assert re.search(r'^  grpc_client_started_total\{grpc_method="Range",.*\} [1-9]', excerpt, re.M)
    assert re.search(r'^  grpc_client_started_total\{grpc_method="Watch",.*\} 1\.0$', excerpt, re.M)
    assert re.search(r'^  grpc_client_handling_seconds_bucket\{.*le="\+Inf"\} [1-9]', excerpt, re.M)
    assert "Put" not in excerpt, "the workload's calls are not the explorer's"


def test_nothing_hostile_reaches_the_reader(printed: str) -> None:
    assert [char for char in printed if ord(char) < 0x20 and char != "\n"] == []
    assert "line\\nbreak\\x1b[31m" in printed


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    with subprocess.Popen(
        COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(tmp_path)
    ) as demo:
        assert demo.stdout is not None
        assert demo.stderr is not None
        first = demo.stdout.readline()
        demo.stdout.close()
        errors = demo.stderr.read()
        assert (demo.wait(30), errors) == (0, "")
    assert left_behind(tmp_path, first) == []


def test_without_an_etcd_it_says_so(tmp_path: Path) -> None:
    nowhere = environment(tmp_path, ETCDOBS_ETCD=str(tmp_path / "none"))
    run = subprocess.run(COMMAND, capture_output=True, text=True, env=nowhere, check=False)
    assert run.returncode == 1
    assert run.stderr.startswith("the demo cannot start: ETCDOBS_ETCD=")
    assert "stopped" not in run.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("moment", ["filling it", "EVENTS"])
def test_a_signal_ends_it_and_leaves_nothing(tmp_path: Path, number: signal.Signals, moment: str) -> None:
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, text=True, env=environment(tmp_path)) as demo:
        assert demo.stdout is not None
        output = ""
        while moment not in output:
            read = demo.stdout.read(1)
            assert read, output
            output += read
        demo.send_signal(number)
        output += demo.stdout.read()
        assert demo.wait(20) == 128 + number
    assert output.endswith("stopped etcd, removed its data\n")
    assert left_behind(tmp_path, output) == []


def test_even_a_kill_leaves_nothing(tmp_path: Path) -> None:
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, text=True, env=environment(tmp_path)) as demo:
        assert demo.stdout is not None
        output = "".join(iter(demo.stdout.readline, "\n"))
        demo.kill()
    assert "leases" in output
    until(lambda: left_behind(tmp_path, output) == [])


def test_in_a_terminal_it_opens_the_explorer_until_q(terminal: Terminal, tmp_path: Path) -> None:
    terminal.read_until("press q to leave")
    terminal.read_until("registry")
    os.write(terminal.master, b"q")
    assert terminal.wait() == 0
    assert re.search(r"\x1b\[\?1049l.*stopped etcd, removed its data\r\n$", terminal.output, re.S)
    assert left_behind(tmp_path, terminal.output) == []


def test_metrics_of_the_open_explorer_can_be_scraped(terminal: Terminal) -> None:
    port = int(terminal.read_until(r"http://127\.0\.0\.1:(\d+)/metrics")[1])
    terminal.read_until("registry")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", "/metrics")
    body = connection.getresponse().read().decode()
    connection.close()
    assert re.search(r'^grpc_client_started_total\{grpc_method="Range",.*\} [1-9]', body, re.M)
    assert re.search(r'^grpc_client_started_total\{grpc_method="Watch",.*\} 1\.0$', body, re.M)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_gives_the_terminal_back(terminal: Terminal, tmp_path: Path, number: signal.Signals) -> None:
    before = termios.tcgetattr(terminal.master)
    terminal.read_until("registry")
    assert termios.tcgetattr(terminal.master) != before
    terminal.process.send_signal(number)
    assert terminal.wait() == 128 + number
    assert termios.tcgetattr(terminal.master) == before
    assert re.search(r"\x1b\[\?1049l.*stopped etcd, removed its data\r\n$", terminal.output, re.S)
    assert left_behind(tmp_path, terminal.output) == []


def test_ctrl_c_before_the_explorer_opens_ends_it(terminal: Terminal, tmp_path: Path) -> None:
    terminal.read_until("filling it")
    os.write(terminal.master, b"\x03")
    assert terminal.wait() == 128 + signal.SIGINT
    assert terminal.output.endswith("stopped etcd, removed its data\r\n")
    assert left_behind(tmp_path, terminal.output) == []


@pytest.mark.parametrize("moment", ["filling it", "registry"])
def test_a_window_that_is_closed_leaves_nothing(window: Terminal, tmp_path: Path, moment: str) -> None:
    window.read_until(moment)
    os.close(window.master)
    assert window.process.wait(20) in (128 + signal.SIGHUP, 1), "1 where the failing terminal is noticed first"
    until(lambda: left_behind(tmp_path, window.output) == [])


def test_a_window_that_is_closed_without_a_signal_leaves_nothing(foreign_window: Terminal, tmp_path: Path) -> None:
    foreign_window.read_until("registry")
    os.close(foreign_window.master)
    assert foreign_window.process.wait(5) == 128 + signal.SIGHUP
    until(lambda: left_behind(tmp_path, foreign_window.output) == [])
