"""IPython in a terminal: tables as text, events as lines, and no control character of the data."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect  # type: ignore[import-untyped]
import pytest

from etcdobs import Client
from etcdobs.testing import Etcd

pytestmark = pytest.mark.timeout(120)
_ARGUMENTS = ["-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor", "--no-confirm-exit"]


class Terminal:
    """An IPython that is typed to."""

    def __init__(self, child: "pexpect.spawn[str]") -> None:
        self._child = child
        self._number = 0
        self._child.expect_exact("In [1]: ")

    def typed(self, line: str) -> str:
        """What is printed up to the next prompt."""
        self._number += 1
        self._child.sendline(line)
        self._child.expect_exact(f"In [{self._number + 1}]: ")
        return str(self._child.before).replace("\r\n", "\n").split("\n", 1)[1]

    def interrupt(self) -> None:
        """Ctrl-C."""
        self._child.sendintr()


@pytest.fixture(scope="module")
def terminal(etcd_server: Etcd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """An IPython with the extension loaded."""
    home: Path = tmp_path_factory.mktemp("ipython")
    own = {"ETCDCTL_ENDPOINTS": etcd_server.endpoint, "ETCDOBS_CONFIG": os.devnull, "IPYTHONDIR": str(home)}
    environ = {**os.environ, **own, "TERM": "dumb", "PYTHONUTF8": "1"}
    child = pexpect.spawn(sys.executable, _ARGUMENTS, env=environ, encoding="utf-8", timeout=40, dimensions=(50, 160))
    try:
        running = Terminal(child)
        running.typed("%load_ext etcdobs")
        yield running
    finally:
        child.close(force=True)


def test_a_range_is_a_table(terminal: Terminal, prefix: str) -> None:
    assert "OK" in terminal.typed(f"%etcd put {prefix}a {{'a': 1}}".replace("'", '"'))
    terminal.typed(f"%etcd put {prefix}b two")
    shown = terminal.typed(f"%etcd get {prefix} --prefix").strip().split("\n")
    assert shown[1].split() == ["key", "value", "mod", "version"]
    assert shown[2].split()[:3] == [f"{prefix}a", '{"a":', "1}"]
    assert "2 keys" in shown[4]


def test_control_characters_do_not_reach_it(terminal: Terminal, etcd_server: Etcd, prefix: str) -> None:
    with Client(etcd_server.endpoint) as client:
        client.put(prefix + "\x1b]2;PWNED\x07\u202e", b"\x1b[31m\x9b\xff\x00" + "\u2066".encode())
    lines = (f"get {prefix} --prefix", f"tree {prefix}", f"watch {prefix} --prefix --rev -1 --max-events 1 --for 2s")
    for line in (*(f"%etcd {line}" for line in lines), f"__import__('etcdobs').Client.from_env().range('{prefix}')"):
        shown = terminal.typed(line)
        for char in ("\x07", "\x9b", "\u202e", "\u2066", "\x00", "\x1b]", "\x1b[31m"):
            assert char not in shown, line


def test_a_watch_prints_a_line_an_event(terminal: Terminal, prefix: str) -> None:
    terminal.typed(f"%etcd put {prefix}a one")
    terminal.typed(f"%etcd del {prefix}a")
    shown = terminal.typed(f"seen = %etcd watch {prefix} --prefix --rev -1 --max-events 2 --for 10s")
    assert shown.split("\n")[:2] == [f"PUT {prefix}a one", f"DELETE {prefix}a"]
    assert "2" in terminal.typed("len(seen)")


def test_wrong_input_is_one_line(terminal: Terminal) -> None:
    assert terminal.typed("%etcd gte /a").strip() == (
        "UsageError: there is no command 'gte'; did you mean get? (%etcd --help)"
    )


def test_help_is_read_there(terminal: Terminal) -> None:
    assert "%etcd get KEY [RANGE_END] [options]" in terminal.typed("%etcd get --help")
