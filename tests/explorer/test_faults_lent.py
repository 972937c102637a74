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


MOMENTS = {
    "before the program has it": ("group != os.getpgrp()", "sh -c 'sleep 30'", "sh ended with -2: nothing is written"),
    "after the program ended": ("group == os.getpgrp()", "true", "nothing changed: nothing is written"),
}


@pytest.mark.parametrize(("when", "editor", "said"), MOMENTS.values(), ids=MOMENTS)
def test_in_between_it_ends_nothing_but_the_program(
    server: Etcd, tmp_path: Path, when: str, editor: str, said: str
) -> None:
    script = tmp_path / "start.py"
    script.write_text(INTERRUPTED.format(when=when))
    with terminal("--endpoints", server.endpoint, script=script, EDITOR=editor, VISUAL="") as shown:
        shown.wait_for("only-key", "value", "live")
        shown.press("E")
        shown.wait_for(said)
        goes_on(shown)
