"""Hostile bytes through every view and dialog, in a terminal that acts upon escape sequences: tmux."""

import json
import re
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from etcdobs import Client
from etcdobs.testing import Etcd
from tests.explorer.hostile import HOSTILE
from tests.explorer.tmux import Window, explorer_in_tmux

_SEQUENCE = re.compile(
    rb"\x1b\[[0-9;?<>=$:]*[ -/]*[A-Za-z~]|\x1b\]52;c;[A-Za-z0-9+/=]*(?:\x07|\x1b\\)"
    rb"|\x1b\]22;[a-z-]*\x07|\x1b[()][A-Z0-9]|\x1b[78=>]"
)
_FIRST = b"\x1b]2;PWNED\x07\x1b]52;c;UFdORUQ=\x07[/nonsense][@click=app.quit]x[/]"
_MORE = "\u202e".encode() + b"\xff\x9b31m\xc2\x9d0;PWNED\xc2\x9c"
EVIL = _FIRST + _MORE
pytestmark = pytest.mark.timeout(120)
SHOWN = "\\x1b]2;PWNED\\x07"


def fill(endpoint: str) -> None:
    """Hostile keys and values with a history, one of them with a lease."""
    with Client(endpoint) as client:
        for raw in HOSTILE.values():
            client.put(b"~more|" + raw, raw)
        lease = client.lease.grant(600)
        client.put(EVIL, b"before " + EVIL)
        client.put(EVIL, EVIL + b"\n" + EVIL, lease=lease)


def config(directory: Path, endpoint: str) -> str:
    """A file whose contexts, users, prefixes and mistakes are hostile."""
    evil = json.dumps("".join(chr(byte) for byte in EVIL if byte < 0x80))
    path = directory / "config.toml"
    path.write_text(
        f'current = {evil}\n[contexts.{evil}]\nendpoints = [{json.dumps(endpoint)}]\nseparator = "|"\n'
        f"protected = [{evil}]\n"
        f"[contexts.other]\nendpoints = [{json.dumps(endpoint)}]\nuser = {evil}\n"
        f"[contexts.wrong]\n{evil} = 1\ncolour = {evil}\n[keymap]\n{evil} = {evil}\n"
    )
    return str(path)


@contextmanager
def watched(window: Window, written: Path) -> Generator[None]:
    """Nothing that the data says may happen to the terminal."""
    yield
    assert window.title == "untouched"
    raw = written.read_bytes().split(b"untouched\x07")[-1]  # which the test itself wrote
    assert len(raw) > 10_000
    assert b"PWNED" in raw
    for harm in (b"\x1b]2;", b"\x1b]0;", b"UFdORUQ=\x07", b"\x1bc", b"\xc2\x9b", b"\xc2\x9d", "\u202e".encode()):
        assert harm not in raw
    remaining = re.findall(rb"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f].{,20}", _SEQUENCE.sub(b"", raw))
    assert remaining == []


@contextmanager
def dialog(window: Window, key: str, part: str) -> Generator[None]:
    """Open a dialog, and close it again: what follows an Escape at once would be one key with it."""
    window.press(key)
    window.see(part)
    yield
    window.press("Escape")
    for _ in range(3):  # what is looked at may be half drawn
        window.lose(part)
        time.sleep(0.05)


@pytest.fixture
def server(fresh_etcd: Etcd) -> Etcd:
    fill(fresh_etcd.endpoint)
    return fresh_etcd


def test_the_keys_and_their_dialogs(server: Etcd, tmp_path: Path) -> None:
    variables = {"ETCDOBS_CONFIG": config(tmp_path, server.endpoint), "PAGER": "cat"}
    with explorer_in_tmux(columns=160, rows=45, **variables) as window:
        written = window.record()
        with watched(window, written):
            window.see(SHOWN, "live", "version 2")
            window.press("b")
            for keys, part in (
                ("e", "Ctrl+S shows the plan"),
                ("n", "Enter goes on"),
                ("R", "Enter goes on"),
                ("c", "Enter goes on"),
                ("d", "Enter applies"),
                ("B", "d removes"),
                ("C", "Esc stays"),
                ("?", "help: keys"),
            ):
                with dialog(window, keys, part):
                    pass
            with dialog(window, "C-p", "bookmark"):
                window.press(*"other")
                window.see("context other")
            window.press("m")
            with dialog(window, "D", "difference"):
                pass
            window.press(*"xxxxx", "Y", "y")
            window.see("copied")
            window.press("H")
            window.see("2 revisions")
            window.press("m", "j", "D", "1", "G", "Enter", *"jjjjjjjjjjjjjjjjjjjjjjj")
            window.see("~more|\\xff\\xfe")
            window.press("C")
            window.see("Esc stays")
            window.press("G", "Enter")
            window.see("password")


def test_the_other_views_and_their_dialogs(server: Etcd, tmp_path: Path) -> None:
    with explorer_in_tmux("--endpoints", server.endpoint, "--separator", "|", columns=160, rows=45) as window:
        written = window.record()
        with watched(window, written), Client(server.endpoint) as client:
            window.see(SHOWN, "live", "version 2")
            for key in ("d", "u"):
                window.press(key)
                window.see("Enter applies", SHOWN)
                window.press("Enter")
                window.see("✓ done")
                window.press("Enter")
                window.lose("✓ done")
                window.press("8")
                window.see("undone" if key == "u" else "delete")
            client.put(EVIL, EVIL * 2)
            for raw in HOSTILE.values():
                client.put(b"~event|" + raw, raw)
            window.press("4")
            window.see("~event")
            with dialog(window, "Enter", "what the event changed"):
                window.press("[", "[")
            window.press("2")
            window.see("REMAINING")
            with dialog(window, "Enter", "Esc"):
                pass
            window.press("6")
            window.see("Txn")
            with dialog(window, "Enter", "attempt"):
                window.press("y")
            window.press("3")
            window.see("leader")
            with dialog(window, "Enter", "Esc closes"):
                pass
            window.press("5")
            window.see("KV/")
            window.press("1")
            window.see("live")
            window.press("S")
            window.see("search on the server")
            window.press(*"PWNED", "Enter")
            window.lose("nothing found")
