"""Ctrl-C in the moments in which a lent terminal is nobody's yet, or no longer the program's: it ends no explorer."""

from pathlib import Path

import pytest

from etcdobs import Client
from etcdobs.testing import Etcd
from tests.explorer.test_terminal import Terminal, terminal

# A terminal sends the signal to the group that has it: in these moments that is the explorer's.
INTERRUPTED = """
import os, signal, sys
from etcdobs_explorer.cli import main
from etcdobs_explorer.tui import terminal
give = terminal._give
def interrupted(group):
    if {when}:
        os.kill(os.getpid(), signal.SIGINT)
    give(group)
terminal._give = interrupted
sys.exit(main())
"""


def goes_on(shown: Terminal) -> None:
    shown.press("3")
    shown.wait_for("ROLE")
    shown.press("q")
    assert shown.wait_for_exit() == 0


@pytest.fixture
def server(quick_etcd: Etcd) -> Etcd:
    with Client(quick_etcd.endpoint) as client:
        client.put("only-key", "value")
    return quick_etcd


def test_before_the_program_has_the_terminal_it_is_the_programs(server: Etcd, tmp_path: Path) -> None:
    script = tmp_path / "start.py"
    script.write_text(INTERRUPTED.format(when="group != os.getpgrp()"))
    with terminal("--endpoints", server.endpoint, script=script, EDITOR="sh -c 'sleep 30'", VISUAL="") as shown:
        shown.wait_for("only-key", "value", "live")
        shown.press("E")
        shown.wait_for("sh ended with -2: nothing is written")
        goes_on(shown)


def test_after_the_program_ended_it_is_nobodys(server: Etcd, tmp_path: Path) -> None:
    script = tmp_path / "start.py"
    script.write_text(INTERRUPTED.format(when="group == os.getpgrp()"))
    with terminal("--endpoints", server.endpoint, script=script, EDITOR="true", VISUAL="") as shown:
        shown.wait_for("only-key", "value", "live")
        shown.press("E")
        shown.wait_for("nothing changed: nothing is written")
        goes_on(shown)
