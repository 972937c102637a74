"""A run of the whole suite fails when a test that docs/parity.md names did not run; a run of a part says nothing."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import ran

SUITE = {
    "pyproject.toml": '[tool.pytest.ini_options]\ntestpaths = ["tests"]\npythonpath = ["."]\n',
    "docs/parity.md": "| `Go` | `Client.put` | `unit/test_it.py::test_both` <br> `unit/test_it.py::test_skipped` |\n",
    "tests/conftest.py": 'pytest_plugins = ["tests.ran"]\n',
    "tests/unit/test_other.py": "def test_nothing() -> None: ...\n",
}
TESTS = """
import pytest

@pytest.mark.parametrize("client", {clients})
def test_both(client): ...

@pytest.mark.skipif({skipped}, reason="not here")
def test_skipped(): ...
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    for name, text in SUITE.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    shutil.copy(ran.__file__, tmp_path / "tests" / "ran.py")
    return tmp_path


def outcome(suite: Path, *arguments: str) -> tuple[int, list[str]]:
    """The exit status, and what was said of the page."""
    command = [sys.executable, "-m", "pytest", "-p", "no:randomly", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(command, cwd=suite, capture_output=True, text=True, check=False)
    told = [line.rpartition(": ")[2] for line in done.stdout.splitlines() if "docs/parity.md" in line]
    return done.returncode, told


@pytest.mark.parametrize(
    ("clients", "skipped", "said"),
    [
        (["sync", "aio"], False, []),
        (["sync", "aio"], True, ["unit/test_it.py::test_skipped"]),
        (["sync"], False, ["unit/test_it.py::test_both on aio"]),
    ],
)
def test_a_whole_run_is_judged(suite: Path, clients: list[str], skipped: bool, said: list[str]) -> None:
    (suite / "tests/unit/test_it.py").write_text(TESTS.format(clients=clients, skipped=skipped))
    assert outcome(suite) == (1 if said else 0, said)


@pytest.mark.parametrize("arguments", [["tests/unit/test_other.py"], ["-k", "nothing"], ["--collect-only"]])
def test_a_part_is_not(suite: Path, arguments: list[str]) -> None:
    (suite / "tests/unit/test_it.py").write_text(TESTS.format(clients=["sync"], skipped=True))
    assert outcome(suite, *arguments) == (0, [])
