"""Decides what the packaging tests share: one wheel, built once."""

import sys
from pathlib import Path

import pytest

from tests.packaging.environments import ROOT, run


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    outdir = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", outdir, ROOT, cwd=outdir)
    (built,) = outdir.glob("*.whl")
    return built
