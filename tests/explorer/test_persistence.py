"""What is remembered of a context: written and read again, and never in the way of a start."""

import stat
from pathlib import Path

import pytest

from etcdobs_explorer.model.remembered import Remembered, load, path_of, save, state_directory

ALL = Remembered(
    view="leases",
    root=b"/\xff",
    expanded=(b"/a/", b"/a/\x00/"),
    key=b"/a/k",
    theme="light",
    overview=False,
    bookmarks=(b"/b",),
    forms={b"/blobs/": "hex"},
    is_branch=True,
)


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    path = path_of(tmp_path / "new", "prod")
    save(path, ALL)
    assert load(path) == ALL
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", '{"version": 2}', '{"version": 1}', '{"version": 1, "view": 3}', "\udcff"]
)
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert load(path) == Remembered()
    assert load(tmp_path / "nowhere") == load(None) == Remembered()


def test_a_directory_that_cannot_be_written_costs_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "contexts").write_text("a file, where a directory is wanted")
    save(path_of(tmp_path, "prod"), ALL)


@pytest.mark.parametrize("identity", ["prod", "env 127.0.0.1:2379,b:1", "../../etc/passwd", "x" * 999, "a/b", "ü"])
def test_each_context_has_a_file_of_its_own(tmp_path: Path, identity: str) -> None:
    path = path_of(tmp_path, identity)
    assert path.parent == tmp_path / "contexts"
    save(path, ALL)
    assert load(path) == ALL


def test_where_it_is(tmp_path: Path) -> None:
    assert state_directory({"ETCDOBS_STATE": str(tmp_path)}) == tmp_path
    assert state_directory({}) is not None
