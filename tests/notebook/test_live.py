"""A watch while it runs: bounded, drawn seldom, stopped in every way, and static afterwards."""

import time
import urllib.request
from collections.abc import Callable

import pytest

from etcdobs import Client, Keys
from etcdobs.testing import Etcd
from tests.notebook.kernel import Cell, Kernel

pytestmark = pytest.mark.timeout(120)
WIDGET = "application/vnd.jupyter.widget-view+json"


def until(notebook: Kernel, condition: Callable[[], bool], patience: float = 10) -> None:
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        notebook.drain()


def put(server: Etcd, prefix: str, number: int) -> None:
    with Client(server.endpoint) as client:
        for at in range(number):
            client.put(f"{prefix}{at}", f"<b>{at}</b>")


def test_a_watch_ends_with_the_number_of_its_events(notebook: Kernel, etcd_server: Etcd, prefix: str) -> None:
    put(etcd_server, prefix, 5)
    cell = notebook.ok(f"seen = %etcd watch {prefix} --prefix --rev -4 --max-events 3")
    assert notebook.ok("[event.kv.text for event in seen]").text == "['<b>0</b>', '<b>1</b>', '<b>2</b>']"
    (bundle,) = cell.bundles
    assert set(bundle) == {"text/plain", "text/html"}
    assert "ended: after 3 events" in bundle["text/plain"]
    assert "&lt;b&gt;2&lt;/b&gt;" in bundle["text/html"]
    notebook.ok("assert len(seen.to_pandas()) == 3 and seen.to_polars()['type'].to_list() == ['put'] * 3")


def test_a_watch_ends_with_its_time(notebook: Kernel, prefix: str) -> None:
    began = time.monotonic()
    cell = notebook.ok(f"%etcd watch {prefix} --prefix --for 1s")
    assert 0.9 < time.monotonic() - began < 5
    assert "ended: after 1s" in cell.bundles[-1]["text/plain"]
    assert len(cell.bundles) == 1


def test_a_watch_without_bounds_has_those_of_the_settings(notebook: Kernel, prefix: str) -> None:
    notebook.ok("%config EtcdMagic.watch_seconds = 0.5")
    assert "ended: after 0.5s" in notebook.ok(f"%etcd watch {prefix} --prefix").text
    notebook.ok("%config EtcdMagic.watch_seconds = 60")


@pytest.mark.parametrize("show", ["widget", "updates", "none", "lines"])
def test_a_watch_is_drawn_as_asked(notebook: Kernel, etcd_server: Etcd, prefix: str, show: str) -> None:
    notebook.ok(f"%config EtcdMagic.live = {show!r}")
    try:
        running = notebook.begin(f"%etcd watch {prefix} --prefix --max-events 40 --for 20s")
        cell = notebook._cells[running]
        until(notebook, lambda: watchers(etcd_server) > 0)
        if show in ("widget", "updates"):
            until(notebook, lambda: bool(cell.bundles))
            assert (WIDGET in cell.bundles[0]) == (show == "widget")
        for _ in range(20):
            put(etcd_server, prefix, 2)
            time.sleep(0.02)
        done = notebook.finish(running)
        if show == "lines":
            assert "/1 <b>1</b>" in done.stdout
        else:
            assert "&lt;b&gt;1&lt;/b&gt;" in done.html
            assert WIDGET not in done.bundles[-1]
        assert done.updates <= 12
    finally:
        notebook.ok("%config EtcdMagic.live = 'auto'")


def test_an_interrupted_watch_is_a_result(notebook: Kernel, etcd_server: Etcd, prefix: str) -> None:
    notebook.ok("%config EtcdMagic.live = 'updates'")
    running = notebook.begin(f"seen = %etcd watch {prefix} --prefix --for 60s")
    until(notebook, lambda: bool(notebook._cells[running].bundles) and watchers(etcd_server) > 0)
    put(etcd_server, prefix, 2)
    until(notebook, lambda: "2 events" in notebook._cells[running].text)
    notebook.manager.interrupt_kernel()
    cell = notebook.finish(running)
    assert not cell.error
    assert "ended: interrupted" in cell.text
    assert notebook.ok("len(seen)").text == "2"
    notebook.ok("%config EtcdMagic.live = 'auto'")
    assert "1 key" in notebook.ok(f"%etcd get {prefix}0").text


def watchers(server: Etcd) -> int:
    with urllib.request.urlopen(f"{server.endpoint}/metrics", timeout=5) as page:
        lines = page.read().decode().split("\n")
    return next(int(float(line.split()[-1])) for line in lines if line.startswith("etcd_debugging_mvcc_watcher_total "))


def begin_live(notebook: Kernel, prefix: str, **options: object) -> Cell:
    given = "".join(f", {name}={value!r}" for name, value in options.items())
    notebook.ok("from etcdobs import Keys; from etcdobs_explorer.notebook import live")
    running = notebook.begin(f"w = live(Keys.prefix({prefix!r}){given})\nw")
    return notebook.finish(running)


@pytest.mark.parametrize("show", ["widget", "updates"])
def test_a_live_watch_runs_while_other_cells_do(notebook: Kernel, prefix: str, show: str) -> None:
    cell = begin_live(notebook, prefix, show=show)
    assert len(cell.bundles) == 1
    assert (WIDGET in cell.bundles[0]) == (show == "widget")
    notebook.ok(f"%etcd put {prefix}a one")
    notebook.ok(f"%etcd del {prefix}a")
    notebook.ok("import time\nwhile len(w) < 2: time.sleep(.01)")
    assert notebook.ok("w.running, w.total, w[0].kv.text").text == "(True, 2, 'one')"
    other = notebook.ok("w.stop(); w.running")
    assert other.text == "False"
    notebook.drain()
    assert set(cell.bundles[0]) == {"text/plain", "text/html"}
    assert "ended: stopped" in cell.text
    assert "delete" in cell.html


def test_a_live_watch_ends_with_its_bounds(notebook: Kernel, prefix: str) -> None:
    cell = begin_live(notebook, prefix, max_events=1)
    notebook.ok(f"%etcd put {prefix}a one")
    assert notebook.ok("w.wait(5)").text == "True"
    notebook.drain()
    assert "ended: after 1 event" in cell.text
    assert notebook.run("live('/x', seconds=0)").error == "ValueError"


def test_a_live_watch_ends_with_the_page(notebook: Kernel, prefix: str) -> None:
    begin_live(notebook, prefix, show="widget")
    notebook.ok("page = w._screen._widget; page._heard(page, {'kind': 'here'}, []); assert w.running")
    notebook.ok("from etcdobs_explorer.notebook.following import widget; widget._AFTER_GOODBYE = 0.0")
    notebook.ok("page._heard(page, {'kind': 'gone'}, [])")
    assert notebook.ok("w.wait(5), w.ended").text == "(True, 'the page has gone')"


def test_a_live_watch_ends_with_its_button(notebook: Kernel, prefix: str) -> None:
    begin_live(notebook, prefix, show="widget")
    notebook.ok("w._screen._widget._heard(None, {'kind': 'stop'}, [])")
    assert notebook.ok("w.wait(5), w.ended").text == "(True, 'stopped')"


def test_a_live_watch_ends_with_the_extension(notebook: Kernel, etcd_server: Etcd, prefix: str) -> None:
    begin_live(notebook, prefix)
    notebook.ok("%unload_ext etcdobs")
    assert notebook.ok("w.running").text == "False"
    assert "not found" in notebook.run("%etcd get /a").stderr
    assert notebook.complete("%etcd ge")[0] != ["get"]
    notebook.ok("import threading; assert not [t for t in threading.enumerate() if t.name == 'etcdobs-live']")
    notebook.ok("%load_ext etcdobs")
    notebook.ok("%etcd get /a")


def test_an_asyncio_client_is_refused(notebook: Kernel) -> None:
    cell = notebook.run(
        "from etcdobs import AsyncClient; from etcdobs_explorer.notebook import live; live('/x', client=AsyncClient())"
    )
    assert cell.error == "TypeError"
    assert "blocking Client" in cell.traceback


def test_nothing_of_the_watches_is_left(notebook: Kernel, etcd_server: Etcd) -> None:
    notebook.ok("%etcd disconnect")
    until(notebook, lambda: watchers(etcd_server) == 0)
    assert Keys.all()
