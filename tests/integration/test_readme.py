"""The README's code runs as it is written."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from etcdobs.testing import Etcd

README = (Path(__file__).resolve().parents[2] / "README.md").read_text()
SNIPPETS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


@pytest.mark.parametrize("snippet", SNIPPETS, ids=range(len(SNIPPETS)))
def test_runs(snippet: str, fresh_etcd: Etcd, tmp_path: Path) -> None:
    code = snippet.replace("localhost:2379", fresh_etcd.endpoint).replace("9464", "0")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_first_snippet_prints_what_it_says(fresh_etcd: Etcd, tmp_path: Path) -> None:
    code = SNIPPETS[0].replace("localhost:2379", fresh_etcd.endpoint)
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "b'/app/owner' b'/app/lock'\nhello 3\n"


def test_the_two_commands_exist() -> None:
    makefile = (Path(__file__).resolve().parents[2] / "Makefile").read_text()
    for target in re.findall(r"^make (\w+)", README, flags=re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE)
