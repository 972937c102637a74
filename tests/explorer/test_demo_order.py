"""The demo's order of events where something goes wrong on the way."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from etcdobs_explorer import cli
from etcdobs_explorer.demo import show
from etcdobs_explorer.departure import Departure


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the demo puts its data; a demo in this process leaves the environment as it was."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in [name for name in os.environ if name.startswith("ETCDCTL_")]:
        monkeypatch.delenv(name)
    return tmp_path


def test_an_explorer_that_fails_leaves_nothing(
    empty: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(departure: Departure, arguments: Sequence[str], **more: str) -> int:
        assert list(empty.iterdir()) != []
        raise ZeroDivisionError

    monkeypatch.setattr(cli, "explore", fail)
    with pytest.raises(ZeroDivisionError):
        show.main()
    assert list(empty.iterdir()) == []
    assert capfd.readouterr().out.endswith("stopped etcd, removed its data\n")


def test_the_explorers_exit_code_is_the_demos(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "explore", lambda departure, arguments, **more: 7)
    assert show.main() == 7
    assert list(empty.iterdir()) == []


def test_a_second_explorer_has_metrics_too(
    empty: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "explore", lambda departure, arguments, **more: 0)
    with socket.socket() as other:
        taken = other.connect_ex(("127.0.0.1", 9464)) == 0
    with socket.socket() as first:
        if not taken:
            first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            first.bind(("127.0.0.1", 9464))
            first.listen()
        assert show.main() == 0
    told = capfd.readouterr().out
    assert "metrics of this explorer: http://127.0.0.1:" in told
    assert ":9464/" not in told


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_heard_at_once(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(SystemExit) as leaving, Departure():
        signal.raise_signal(number)
    assert leaving.value.code == 128 + number
    assert signal.getsignal(number) is before


def test_a_signal_while_held_is_heard_at_the_end() -> None:
    reached: list[str] = []

    def start_something() -> None:
        with Departure() as departure, departure.held():
            signal.raise_signal(signal.SIGTERM)
            reached.append("the end of the block")

    with pytest.raises(SystemExit):
        start_something()
    assert reached


def test_a_second_signal_does_not_interrupt_the_cleaning_up() -> None:
    cleaned: list[str] = []

    def end_something() -> None:
        with Departure():
            try:
                signal.raise_signal(signal.SIGTERM)
            finally:
                signal.raise_signal(signal.SIGINT)
                cleaned.append("everything")

    with pytest.raises(SystemExit) as leaving:
        end_something()
    assert cleaned
    assert leaving.value.code == 128 + signal.SIGTERM


def test_a_block_that_does_not_end_is_cut_short() -> None:
    program = """
import signal, threading
from etcdobs_explorer.departure import Departure
with Departure(patience=0.1):
    try:
        signal.raise_signal(signal.SIGTERM)
    finally:
        threading.Event().wait()
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (128 + signal.SIGTERM, "", "")
