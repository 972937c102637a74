"""Trouble: a server that goes away, an interrupted cell, a restart, a user who may not, and hostile data."""

import time
from collections.abc import Iterator

import pytest

from etcdobs import Client, Keys
from etcdobs.testing import Etcd, etcd
from tests.explorer.hostile import HOSTILE
from tests.notebook.kernel import Kernel, kernel
from tests.notebook.test_live import watchers
from tests.waiting import QUICK

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def server() -> Iterator[Etcd]:
    """A server of this module's own, to be stopped."""
    with etcd(root_password="secret", flags=QUICK) as running:
        with Client(running.endpoint, username="root", password="secret") as client:
            client.auth.role_add("team")
            client.auth.role_grant_permission("team", "readwrite", Keys.prefix("/team/"))
            client.auth.user_add("viewer", "pw")
            client.auth.user_grant_role("viewer", "team")
            client.put("/team/a/1", "mine")
            client.put("/other", "theirs")
            for name, raw in HOSTILE.items():
                client.put(b"/team/hostile/" + name.encode() + b"/" + raw[:500], raw)
        yield running


@pytest.fixture(scope="module")
def viewer(server: Etcd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel of a user who may read and write below /team/ only."""
    home = str(tmp_path_factory.mktemp("ipython"))
    with kernel(server.endpoint, ETCDCTL_USER="viewer:pw", IPYTHONDIR=home) as running:
        yield running


def test_a_restricted_user_is_told_in_one_line(viewer: Kernel) -> None:
    for line in ("get /other", "get / --prefix", "put /other x", "history /other", "lease list -x", "user list"):
        cell = viewer.run(f"%etcd {line}")
        assert cell.stderr.startswith("UsageError: "), cell
        assert cell.stderr.count("\n") == 1
        assert cell.traceback == ""
    assert "permission denied" in viewer.run("%etcd get /other").stderr


def test_a_restricted_user_sees_what_is_its_own(viewer: Kernel) -> None:
    assert "mine" in viewer.ok("%etcd get /team/a/1").text
    tree = viewer.ok("%etcd tree")
    assert "/team/" in tree.text
    assert "only what this user may read" in tree.text
    assert "/other" not in tree.html
    assert viewer.complete("%etcd get ")[0] == ["/team/"]
    assert viewer.complete("%etcd get /team/a/")[0] == ["/team/a/1"]


def test_a_wrong_password_is_one_line(viewer: Kernel) -> None:
    cell = viewer.run("%etcd get /team/a/1 --user viewer:wrong")
    assert "authentication failed" in cell.stderr
    assert cell.stderr.count("\n") == 1
    assert "password of viewer is wanted" in viewer.run("%etcd get /team/a/1 --user viewer").stderr


def test_hostile_keys_and_values_in_a_page(viewer: Kernel) -> None:
    viewer.ok("%config EtcdMagic.displaylimit = 0")
    try:
        for line in ("get /team/hostile/ --prefix", "tree /team --depth 9", "watch /team/ --prefix --rev 1 --for 1s"):
            cell = viewer.ok(f"%etcd {line}")
            for shown in (cell.html, cell.text):
                assert "\x1b" not in shown
                assert "\u202e" not in shown
                assert "\x00" not in shown
            assert cell.html.count("<script") == 0
    finally:
        viewer.ok("%config EtcdMagic.displaylimit = 20")


def test_a_key_of_any_bytes_can_be_asked_for(viewer: Kernel) -> None:
    viewer.ok("key = b'/team/bin/\\xff\\x00\\x1b'")
    viewer.ok("%etcd put {key} {key}")
    viewer.ok('same = %etcd get "/team/bin/\\xff\\x00\\x1b"')
    viewer.ok("assert same[0].key == same[0].value == key")


def test_an_interrupted_call_leaves_the_client_usable(viewer: Kernel, server: Etcd) -> None:
    server.pause()
    try:
        running = viewer.begin("%etcd get /team/a/1 --command-timeout 60s")
        time.sleep(1.0)
        began = time.monotonic()
        viewer.manager.interrupt_kernel()
        cell = viewer.finish(running)
        assert time.monotonic() - began < 10
        assert cell.error == "KeyboardInterrupt"
    finally:
        server.resume()
    assert "mine" in viewer.ok("%etcd get /team/a/1").text


def test_a_server_that_goes_away_is_one_line_and_its_return_is_seen(viewer: Kernel, server: Etcd) -> None:
    server.stop()
    try:
        cell = viewer.run("%etcd get /team/a/1 --command-timeout 1s")
        assert cell.stderr.startswith("UsageError: etcdserverpb.")
        assert "at 127.0.0.1:" in cell.stderr
        assert cell.stderr.count("\n") == 1
        assert "unreachable" in viewer.ok("%etcd endpoint status").text
    finally:
        server.start()
    assert "mine" in viewer.ok("%etcd get /team/a/1").text


def test_a_watch_outlives_its_server(viewer: Kernel, server: Etcd) -> None:
    running = viewer.begin("seen = %etcd watch /team/ --prefix --max-events 2 --for 60s")
    end = time.monotonic() + 20
    while watchers(server) == 0:
        assert time.monotonic() < end
        time.sleep(0.05)
    with Client(server.endpoint, username="viewer", password="pw") as client:
        client.put("/team/w", "before")
        server.stop()
        server.start()
        client.put("/team/w", "after")
    viewer.finish(running)
    assert viewer.ok("[event.kv.text for event in seen]").text == "['before', 'after']"


def test_a_restart_leaves_nothing_behind(viewer: Kernel, server: Etcd) -> None:
    viewer.ok("from etcdobs import Keys; from etcdobs_explorer.notebook import live; w = live(Keys.prefix('/team/'))")
    end = time.monotonic() + 20
    while watchers(server) == 0:
        assert time.monotonic() < end
    viewer.manager.restart_kernel(now=False)
    viewer.client.wait_for_ready(timeout=60)
    end = time.monotonic() + 20
    while watchers(server) != 0:
        assert time.monotonic() < end
        time.sleep(0.05)
    viewer.ok("%load_ext etcdobs_explorer.notebook")
    assert "mine" in viewer.ok("%etcd get /team/a/1").text
