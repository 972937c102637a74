"""An operator's terminal through faults: frozen servers, small windows, job control and signals, in tmux."""

import os
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from etcdobs import Client
from etcdobs.testing import Etcd
from tests.explorer.test_tmux import ends_well
from tests.explorer.tmux import Window, explorer_in_tmux, program
from tests.waiting import until

QUITS = 3.0  # seconds, on a busy machine; a deadline that is waited for takes longer


@pytest.fixture
def server(quick_etcd: Etcd) -> Etcd:
    with Client(quick_etcd.endpoint) as client:
        client.put("kept-key", "value")
    return quick_etcd


@contextmanager
def shell_in_tmux(endpoint: str) -> Generator[Window]:
    """An interactive shell, in which `x` starts the explorer; its prompt is `ready>`."""
    with tempfile.TemporaryDirectory(prefix="tmux-") as directory:
        window = Window(program(), Path(directory))
        command = shlex.join([sys.executable, "-m", "etcdobs_explorer", "--endpoints", endpoint])
        Path(directory, "rc").write_text(
            f"PS1='ready> '\nexplorer() {{ {command}; }}\nalias x={shlex.quote(command)}\n"
        )
        environment = ["env", "-u", "NO_COLOR", f"ETCDOBS_CONFIG={os.devnull}", f"ETCDOBS_STATE={os.devnull}"]
        window.ask("new-session", "-d", "-x", "80", "-y", "24", *environment, "bash", "--rcfile", f"{directory}/rc")
        try:
            window.see("ready>")
            yield window
        finally:
            window.ask("kill-server")


def run(window: Window, line: str) -> None:
    """Type a line, and Enter."""
    window.ask("send-keys", "-l", line)
    window.press("Enter")


def is_sane(window: Window) -> bool:
    """Whether nothing of the explorer's modes is left."""
    flags = ("alternate_on", "mouse_any_flag", "mouse_sgr_flag", "keypad_cursor_flag", "insert_flag")
    return all(window.flag(name) == "0" for name in flags) and window.flag("cursor_flag") == "1"


def explorer_process(window: Window) -> int:
    """The explorer that the shell started."""
    shell = window.flag("pane_pid")
    children = Path(f"/proc/{shell}/task/{shell}/children").read_text().split()
    return next(int(child) for child in children if b"etcdobs_explorer" in Path(f"/proc/{child}/cmdline").read_bytes())


def has_keys(process: int) -> bool:
    """Whether the terminal's keys go to the job that a process is in."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return fields[2] == fields[5]


@pytest.mark.parametrize("key", ["q", "C-c"])
def test_a_server_that_is_frozen_holds_nobody_up(server: Etcd, key: str) -> None:
    with explorer_in_tmux("--endpoints", server.endpoint, columns=80, rows=24) as window:
        window.see("kept-key", "live")
        server.pause()
        window.see("connection lost for", "no answer in time", "stale")
        window.press("3")
        window.see("ROLE")
        began = time.monotonic()
        window.press(key)
        window.see("ended with 0")
        assert time.monotonic() - began < QUITS


def test_a_server_that_is_frozen_from_the_start(server: Etcd) -> None:
    server.pause()
    with explorer_in_tmux("--endpoints", server.endpoint, columns=80, rows=24) as window:
        window.see("connection lost for")
        server.resume()
        window.see("kept-key", "live")
        window.lose("connection lost")
        ends_well(window)


def test_a_window_made_tiny_while_a_dialog_is_open(server: Etcd) -> None:
    with explorer_in_tmux("--endpoints", server.endpoint, columns=80, rows=24) as window:
        window.see("kept-key", "value", "live")
        window.press("d")
        window.see("Enter applies")
        window.resize(20, 5)
        time.sleep(0.3)
        window.resize(80, 24)
        window.see("- value", "Enter applies", "kept-key")
        window.press("Escape")
        window.lose("Enter applies")
        ends_well(window)


class TestJobControl:
    def test_ctrl_z_and_fg(self, server: Etcd) -> None:
        with shell_in_tmux(server.endpoint) as window:
            run(window, "x")
            window.see("kept-key", "live")
            for _ in range(2):
                window.press("C-z")
                window.see("Stopped", "ready>")
                assert is_sane(window)
                run(window, "clear; stty | tail -1; echo typed''here")
                window.see("typedhere")
                assert "-icanon" not in window.text
                run(window, "fg")
                window.see("kept-key", "live")
                window.press("3")
                window.see("ROLE")
                window.press("1")
                window.see("kept-key", "value")
            window.press("q")
            window.see("ready>")
            window.lose("kept-key")
            assert is_sane(window)

    def test_one_that_was_stopped_from_outside(self, server: Etcd) -> None:
        with shell_in_tmux(server.endpoint) as window:
            run(window, "x")
            window.see("kept-key", "live")
            # It may be in the middle of a drawing, in which what the shell says is lost.
            process = explorer_process(window)
            os.kill(process, signal.SIGSTOP)
            until(lambda: not has_keys(process))
            run(window, "fg")
            until(lambda: has_keys(process))
            window.lose("ready>")
            window.see("kept-key", "live")
            window.press("3")
            window.see("ROLE")
            window.press("q")
            window.see("ready>")
            window.lose("ROLE")
            run(window, "clear; echo typed''here")
            window.see("typedhere")
            assert is_sane(window)

    def test_one_that_is_killed_while_it_is_stopped(self, server: Etcd) -> None:
        with shell_in_tmux(server.endpoint) as window:
            run(window, "x")
            window.see("kept-key", "live")
            window.press("C-z")
            window.see("Stopped")
            run(window, "clear; kill %1; wait; echo ended''well; jobs")
            window.see("endedwell")
            assert is_sane(window)
            run(window, "echo typed''here")
            window.see("typedhere")

    def test_one_that_goes_on_in_the_background_waits_there(self, server: Etcd) -> None:
        with shell_in_tmux(server.endpoint) as window:
            run(window, "x")
            window.see("kept-key", "live")
            window.press("C-z")
            window.see("Stopped")
            run(window, "clear; bg; sleep 0.5; echo here''still")
            window.see("herestill")
            assert is_sane(window)
            run(window, "fg")
            window.see("kept-key", "live")
            window.press("q")
            window.see("ready>")


@pytest.mark.parametrize(
    ("number", "is_frozen"),
    [(signal.SIGTERM, False), (signal.SIGHUP, False), (signal.SIGINT, False), (signal.SIGTERM, True)],
    ids=["TERM", "HUP", "INT", "TERM, frozen"],
)
def test_a_signal_leaves_a_sane_terminal(server: Etcd, number: signal.Signals, is_frozen: bool) -> None:
    with shell_in_tmux(server.endpoint) as window:
        run(window, "x; echo code''d $?")
        window.see("kept-key", "live")
        if is_frozen:
            server.pause()
            window.see("connection lost for")
        os.kill(explorer_process(window), number)
        window.see(f"coded {128 + number}")
        assert is_sane(window)
        run(window, "clear; stty | tail -1; echo typed''here")
        window.see("typedhere")
        assert "-icanon" not in window.text
