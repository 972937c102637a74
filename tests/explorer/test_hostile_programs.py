"""Hostile bytes in a real terminal, past the screen: programs, files, and the names of members and users."""

import json
import re
import stat
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from etcdobs import Client, Keys
from etcdobs.testing import Etcd, etcd
from tests.explorer.test_hostile_tmux import EVIL, SHOWN, dialog, watched
from tests.explorer.tmux import Window, explorer_in_tmux
from tests.waiting import QUICK

pytestmark = pytest.mark.timeout(150)
# Each keeps what it is given, and says where.
_PAGER = """#!/bin/sh
cat >"$KEPT/paged"
printf '%s\\n' "$#" >"$KEPT/words"
"""
_EDITOR = """#!/bin/sh
[ $# = 1 ] || exit 1
cp "$1" "$KEPT/edited"
{{ echo "$1"; stat -c '%a %F' "$1"; stat -c '%a %F' "${{1%/*}}"; }} >"$KEPT/facts"
{then}
"""
_NAME = "\x1b]2;PWNED\x07[/nonsense][@click]x[/]\u202e\x9d0;PWNED\x9c"
_HARM = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8b-\x8f\xaa-\xae]")


def program(directory: Path, name: str, text: str) -> str:
    path = directory / name
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def come(path: Path) -> bytes:
    """What is in a file, once something is."""
    end = time.monotonic() + 25
    while not (path.exists() and path.stat().st_size):
        assert time.monotonic() < end, f"never: {path.name}"
        time.sleep(0.05)
    return path.read_bytes()


def opened(server: Etcd, **variables: str) -> AbstractContextManager[Window]:
    return explorer_in_tmux("--endpoints", server.endpoint, "--separator", "|", columns=160, rows=45, **variables)


@pytest.fixture
def server(fresh_etcd: Etcd) -> Etcd:
    with Client(fresh_etcd.endpoint) as client:
        client.put(EVIL, EVIL + b"\n\x1b]2;PWNED\x07 \x00\ttwo")
    return fresh_etcd


def test_the_pager_is_given_nothing_harmful(server: Etcd, tmp_path: Path) -> None:
    pager = program(tmp_path, "pager", _PAGER)
    told = {"PAGER": f"{pager} -R", "KEPT": str(tmp_path)}
    with opened(server, **told) as window:
        with watched(window, window.record()):
            window.see(SHOWN, "live", "version 1")
            command(window, "as text")
            window.see("as text")
            window.press("V")
            assert come(tmp_path / "words") == b"1\n"  # its own option, and no file's name
            window.press("j", "k", *"xxxxx", "C-l")
            window.see("live")
        paged = (tmp_path / "paged").read_bytes()
        assert b"\\x1b]2;PWNED\\x07" in paged
        assert _HARM.search(paged) is None


@pytest.mark.parametrize(
    ("then", "seen"),
    [
        ("printf '\\033]2;PWNED\\007 mine' >\"$1\"", "Enter applies"),
        ('ln -sf /etc/passwd "$1"', "left something else"),
        ('rm "$1"', "cannot be read"),
    ],
    ids=["changed", "a link", "nothing"],
)
def test_the_editor_has_a_file_of_its_own(server: Etcd, tmp_path: Path, then: str, seen: str) -> None:
    told = {"VISUAL": "", "EDITOR": program(tmp_path, "editor", _EDITOR.format(then=then)), "KEPT": str(tmp_path)}
    with opened(server, **told) as window:
        with watched(window, window.record()):
            window.see(SHOWN, "live", "version 1")
            window.press("E")
            window.see(seen)
            name, *kinds = come(tmp_path / "facts").decode().splitlines()
            assert kinds == ["600 regular file", "700 directory"]
            assert Path(name).name == "value.txt"
            assert not Path(name).parent.exists()  # nor what an editor left beside it
            assert (tmp_path / "edited").read_bytes().startswith(EVIL)
            if seen == "Enter applies":
                window.press("Enter")
                window.see("✓ done")
        with Client(server.endpoint) as client:
            found = client.get(EVIL)
            assert found is not None
            assert (found.value == b"\x1b]2;PWNED\x07 mine") is (seen == "Enter applies")


def test_what_is_written_to_files(server: Etcd, tmp_path: Path) -> None:
    """A watch is made of the hostile key and recorded, the key is deleted, and that is saved as a script."""
    recording, script = tmp_path / "it.jsonl", tmp_path / "it.sh"
    with opened(server) as window:
        with watched(window, window.record()), Client(server.endpoint) as client:
            window.see(SHOWN, "live", "version 1")
            window.press("4")
            window.see("WATCH", "all keys")
            with dialog(window, "n", "Enter starts"):
                window.press("Tab", "Space")
            window.press("1")
            window.see("version 1")
            window.press("w")
            window.see("events")
            command(window, f"record {recording}")
            window.see("● rec")
            client.put(EVIL, EVIL + b"\n" + EVIL)
            window.see("1 written")
            window.press("s")
            window.see("■ 1 written")
            window.press("1")
            window.see("version 2")
            window.press("d")
            window.see("Enter applies")
            window.press("Enter")
            window.see("✓ done")
            window.press("Enter", "8")
            window.see("delete")
            command(window, f"export {script}")
            assert come(script)
        check_files(recording, script)


def command(window: Window, line: str) -> None:
    window.ask("send-keys", "-l", f":{line}")
    window.press("Enter")


def check_files(recording: Path, script: Path) -> None:
    for path in (recording, script):
        assert _HARM.search(path.read_bytes()) is None
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
    assert json.loads(recording.read_bytes())["type"] == "put"
    assert "etcdctl del " in script.read_text()


def test_leases_and_a_search(server: Etcd) -> None:
    with Client(server.endpoint) as client:
        lease = client.lease.grant(600)
        for evil in (EVIL, b"~" + EVIL):
            client.put(evil, EVIL, lease=lease)
    with opened(server) as window, watched(window, window.record()):
        window.see(SHOWN, "live", "version 2")
        window.press("2")
        window.see("REMAINING", "first key")
        for key, part in (
            ("Enter", "Enter goes to the key"),
            ("d", "2 keys are deleted"),
            ("n", "seconds to live"),
        ):
            with dialog(window, key, part):
                pass
        window.press("1")
        command(window, "search ~^.*(PWNED.*)+$")
        window.see("search on the server", "2 hits")
        window.press("Escape")
        window.lose("search on the server")
        window.press("/")
        window.see("\n /")
        window.ask("send-keys", "-l", "]2;PWNED")
        window.see("/ ]2;PWNED", SHOWN)


@pytest.fixture
def named() -> Iterator[Etcd]:
    server = etcd(root_password="right", flags=(*QUICK, "--bcrypt-cost=4"))
    server.name = _NAME
    with server:
        yield server


def test_names_of_members_and_of_users(named: Etcd) -> None:
    with Client(named.endpoint, username="root", password="right") as client:
        client.put("allowed/" + _NAME, "v")
        client.put("other", "v")
        client.auth.user_add(_NAME, "mine")
        client.auth.role_add(_NAME)
        client.auth.role_grant_permission(_NAME, "read", Keys.prefix("allowed/"))
        client.auth.user_grant_role(_NAME, _NAME)
    user = {"ETCDCTL_USER": _NAME, "ETCDCTL_PASSWORD": "mine"}
    with opened(named, **user) as window, watched(window, window.record()):
        window.see("permission denied", f"{SHOWN}[/nonsense]")
        command(window, "keys allowed/")
        window.see("live")
        for view in "2345678":
            window.press(view)
            time.sleep(0.3)
        window.press("3")
        window.see("member", SHOWN)
        with dialog(window, "Enter", "Esc closes"):
            pass
    root = {"ETCDCTL_USER": "root", "ETCDCTL_PASSWORD": "right"}
    with opened(named, **root) as window, watched(window, window.record()):
        window.see("live", "other")
        window.press("3")
        window.see(f"{SHOWN}[/nonsense]")
        with dialog(window, "Enter", f"member {SHOWN}[/nonsense]"):
            pass
