"""Tab: commands, options, and keys of one directory, in all three forms of a line, within its deadline."""

import time
from collections.abc import Iterator

import pytest

from etcdobs import Client, Put
from etcdobs.testing import Etcd
from tests.notebook.kernel import Kernel

pytestmark = pytest.mark.timeout(120)
FORMS = ["%etcd ", "x = %etcd ", "x << %etcd ", "%%etcd ", "for _ in range(2):\n    x = %etcd "]


@pytest.fixture(scope="module")
def keys(etcd_server: Etcd) -> Iterator[str]:
    """A directory of this module with two directories, two keys, and one key that cannot be typed."""
    root = f"/complete-{time.time_ns()}/"
    with Client(etcd_server.endpoint) as client:
        for name in ("apple/1", "apple/2", "apricot/1", "avocado", "banana", "with blank", "with\x1bescape"):
            client.put(root + name, "v")
        yield root


@pytest.mark.parametrize("form", FORMS)
def test_commands_options_and_keys(notebook: Kernel, keys: str, form: str) -> None:
    assert notebook.complete(f"{form}ge") == (["get"], "ge")
    assert notebook.complete(f"{form}lease ti") == (["timetolive"], "ti")
    assert notebook.complete(f"{form}get /x --keys") == (["--keys-only"], "--keys")
    assert notebook.complete(f"{form}get /x --order ") == (["ASCEND", "DESCEND"], "")
    typed = f"{keys}ap"
    assert notebook.complete(f"{form}get {typed}") == ([f"{keys}apple/", f"{keys}apricot/"], typed)
    assert notebook.complete(f"{form}get {keys}apple/")[0] == [f"{keys}apple/1", f"{keys}apple/2"]


def test_options_of_all_commands(notebook: Kernel) -> None:
    assert "--endpoints" in notebook.complete("%etcd get /x --e")[0]
    assert "--rev" in notebook.complete("%etcd diff --")[0]


def test_what_cannot_be_typed_without_quotes_is_left_out(notebook: Kernel, keys: str) -> None:
    found, _ = notebook.complete(f"%etcd get {keys}")
    assert found == [f"{keys}apple/", f"{keys}apricot/", f"{keys}avocado", f"{keys}banana"]


def test_contexts(notebook: Kernel) -> None:
    assert notebook.complete("%etcd connect e")[0] == ["env"]


def test_python_is_completed_as_ever(notebook: Kernel) -> None:
    notebook.ok("some_name_of_mine = 1")
    assert "some_name_of_mine" in notebook.complete("some_name_of")[0]
    assert "some_name_of_mine" in notebook.complete("%etcd get /x\nsome_name_of")[0]


def test_a_large_directory_is_bounded(notebook: Kernel, etcd_server: Etcd) -> None:
    root = f"/large-{time.time_ns()}/"
    with Client(etcd_server.endpoint) as client:
        for start in range(0, 2000, 100):
            client.txn().then(*(Put(f"{root}{number:05}", "") for number in range(start, start + 100))).commit()
    assert len(notebook.complete(f"%etcd get {root}")[0]) == 200


def test_a_server_that_is_silent_costs_no_more_than_the_deadline(notebook: Kernel) -> None:
    notebook.ok("import socket; silent = socket.socket(); silent.bind(('127.0.0.1', 0)); silent.listen()")
    notebook.ok(
        "from etcdobs_explorer.notebook.extension import loaded; cs = loaded().magic.connections; before = cs.current"
    )
    notebook.ok("from dataclasses import replace; here = f'127.0.0.1:{silent.getsockname()[1]}'")
    notebook.ok("_ = cs.use(replace(cs.default().context, endpoints=(here,)))")
    try:
        began = time.monotonic()
        assert notebook.complete("%etcd get /") == (["/"], "/")
        assert time.monotonic() - began < 1.0
    finally:
        notebook.ok("cs.current = before; silent.close()")
