"""The explorer as an operator has it, in a terminal multiplexer: through the loss of a leader, from start to end."""

from pathlib import Path

import pytest

from etcdobs import Client
from etcdobs.testing import Etcd, etcd_cluster
from tests.explorer.hostile import HOSTILE
from tests.explorer.tmux import TmuxNotFoundError, Window, explorer_in_tmux, program

# It says that it edits once the terminal's keys go to it.
INTERRUPTED = r"""#!/bin/sh
trap 'echo interrupted >"$1"; exit 0' INT
until read -r _ _ _ _ group _ _ holder _ </proc/$$/stat; [ "$group" = "$holder" ]; do :; done
echo editing
read -r line
"""


def put_anyhow(client: Client, key: str) -> None:
    """Write through an election."""
    client.put(key, "value", retry="at_least_once", timeout=15.0)


def ends_well(window: Window) -> None:
    """`q` ends it with 0, and the terminal is as it was."""
    window.press("q")
    window.see("ended with 0")
    assert window.flag("alternate_on") == "0"
    assert window.flag("cursor_flag") == "1"
    assert window.flag("mouse_any_flag") == "0"
    assert window.flag("keypad_cursor_flag") == "0"
    assert window.modes("after") == window.modes("before")


def test_through_the_loss_of_the_leader_and_of_the_quorum() -> None:
    with etcd_cluster(3) as cluster, Client(cluster.endpoint) as client:
        client.put("/before", "value")
        with explorer_in_tmux("--endpoints", cluster.endpoint) as window:
            window.see("before", "live", "● member0", "● member1", "● member2")
            cluster.leader().kill()
            put_anyhow(client, "/without-it")
            window.see("without-it", "1 down", "live")
            second = cluster.leader()
            second.kill()
            window.see("one member is read alone")
            assert "without-it" in window.text
            second.start()
            window.lose("one member is read alone")
            put_anyhow(client, "/again")
            window.see("again", "live")
            ends_well(window)


def test_a_cluster_that_is_down_at_the_start_is_waited_for(fresh_etcd: Etcd) -> None:
    with Client(fresh_etcd.endpoint) as client:
        client.put("kept-key", "value")
    fresh_etcd.stop()
    with explorer_in_tmux("--endpoints", fresh_etcd.endpoint, columns=80, rows=24) as window:
        window.see("connection lost", "Connection refused")
        fresh_etcd.start()
        window.see("kept-key", "live")
        window.lose("connection lost")
        ends_well(window)


def test_hostile_bytes_leave_the_title_of_the_terminal_alone(fresh_etcd: Etcd) -> None:
    with Client(fresh_etcd.endpoint) as client:
        for raw in HOSTILE.values():
            client.put(raw, raw)
    with explorer_in_tmux("--endpoints", fresh_etcd.endpoint) as window:
        window.see("PWNED", "live")
        window.press(*"j" * len(HOSTILE))
        window.press("G")
        window.see("00000000  ff fe c3 28")  # the value of the last one
        assert window.title == "untouched"
        ends_well(window)
        assert window.title == "untouched"


def test_ctrl_c_in_an_editor_is_the_editors(fresh_etcd: Etcd, tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text(INTERRUPTED)
    editor.chmod(0o755)
    with Client(fresh_etcd.endpoint) as client:
        client.put("only-key", "value")
    with explorer_in_tmux("--endpoints", fresh_etcd.endpoint, EDITOR=str(editor), VISUAL="") as window:
        window.see("only-key", "value", "live")
        window.press("E")
        window.see("editing")
        window.press("C-c")
        window.see("+ interrupted", "Enter applies")
        window.press("Escape")
        window.lose("Enter applies")
        ends_well(window)


def test_without_tmux_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(TmuxNotFoundError, match=r"tmux is not on PATH, and this is no Debian .*: install it"):
        program()
