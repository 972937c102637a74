"""Contexts: the configuration file is the explorer's own, and what it forbids is forbidden here too."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from etcdobs.testing import Etcd
from tests.notebook.kernel import Kernel, kernel

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def notebook(etcd_server: Etcd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel with a configuration file."""
    home: Path = tmp_path_factory.mktemp("home")
    config = home / "config.toml"
    endpoint = etcd_server.endpoint
    config.write_text(
        f"""
current = "dev"
[contexts.dev]
endpoints = ["{endpoint}"]
protected = ["/vault/"]
[contexts.prod]
endpoints = ["{endpoint}"]
read_only = true
[contexts.broken]
endpoints = ["{endpoint}"]
read_onyl = true
[contexts.dots]
endpoints = ["{endpoint}"]
separator = "."
"""
    )
    profile = home / "ipython" / "profile_default"
    profile.mkdir(parents=True)
    (profile / "ipython_config.py").write_text("c.EtcdMagic.displaylimit = 3\nc.EtcdMagic.decode = 'text'\n")
    with kernel("", IPYTHONDIR=str(home / "ipython"), ETCDOBS_CONFIG=str(config)) as running:
        yield running


def test_the_current_context_is_where_lines_go(notebook: Kernel, prefix: str) -> None:
    notebook.ok(f"%etcd put {prefix}a one")
    assert "dev" in notebook.ok(f"%etcd get {prefix}a").text
    assert "●  dev" in notebook.ok("%etcd contexts").text
    assert notebook.complete("%etcd connect pr")[0] == ["prod"]


def test_settings_of_the_profile_hold(notebook: Kernel, prefix: str) -> None:
    for number in range(5):
        notebook.ok(f"%etcd put {prefix}{number} v")
    assert "the first 3 of 5 keys" in notebook.ok(f"%etcd get {prefix} --prefix").text
    names = "[type(each).__name__ for each in get_ipython().configurables]"
    assert notebook.ok(f"{names}.count('EtcdMagic')").text == "1"
    notebook.ok("%unload_ext etcdobs")
    assert notebook.ok(f"{names}.count('EtcdMagic')").text == "0"
    notebook.ok("%load_ext etcdobs")
    assert notebook.ok("get_ipython().find_line_magic('etcd').__self__.limits.form").text == "'text'"


def test_a_read_only_context_is_read_only(notebook: Kernel, prefix: str) -> None:
    for line in (f"%etcd put {prefix}b x --context prod", f"%%etcd txn --context prod\n\nput {prefix}b x\n"):
        assert "the context prod is read-only" in notebook.run(line).stderr
    assert "read-only" in notebook.ok("%etcd connect prod").text
    assert "the context prod is read-only" in notebook.run(f"%etcd put {prefix}b x").stderr
    assert "no key" in notebook.ok(f"%etcd get {prefix}b").text
    notebook.ok("%etcd connect --context dev")
    notebook.ok(f"%etcd put {prefix}b x")


@pytest.mark.parametrize(
    "line",
    ["put /vault/x y", "del /vault/ --prefix", "del /v --prefix", "del /a /w", "del '' --from-key", "txn"],
)
def test_protected_prefixes_are_protected(notebook: Kernel, line: str) -> None:
    cell = notebook.run(f"%etcd {line}" if line != "txn" else "%%etcd txn\n\nput /vault/x y\n")
    assert "which the context protects" in cell.stderr


def test_what_is_wrong_in_the_file_is_said(notebook: Kernel) -> None:
    assert "read_onyl" in notebook.run("%etcd connect broken").stderr
    assert "no context 'nowhere'" in notebook.run("%etcd connect nowhere").stderr
    assert "read_onyl" in notebook.ok("%etcd contexts").text


def test_a_connection_that_fails_leaves_the_one_before(notebook: Kernel, prefix: str) -> None:
    notebook.ok("%etcd connect dev")
    assert notebook.run("%etcd connect 127.0.0.1:1 --dial-timeout 300ms --command-timeout 500ms").stderr
    assert "dev" in notebook.ok(f"%etcd get {prefix}").text


def test_the_separator_is_the_context_s(notebook: Kernel, prefix: str) -> None:
    name = prefix.strip("/")
    notebook.ok(f"%etcd put {name}.a.b one --context dots")
    assert "a.  1 key" in notebook.ok(f"%etcd tree {name} --context dots").text


def test_tls_files_that_are_not_there_are_one_line(notebook: Kernel) -> None:
    missing = os.path.join(os.sep, "nowhere", "ca.pem")
    cell = notebook.run(f"%etcd connect --cacert {missing}")
    assert cell.stderr == f"UsageError: TLS: ca names no file: {missing}\n"
