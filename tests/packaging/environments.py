"""Decides how a test gets a fresh virtual environment with the built wheel in it."""

import subprocess
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command[:4]}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def install(folder: Path, wheel: Path, pins: dict[str, str], *, wheels_only: bool = True) -> Path:
    """A fresh environment with the wheel in it; returns its interpreter."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    pinned = [f"{name}=={version}" for name, version in pins.items()]
    pip = (python, "-m", "pip", "--disable-pip-version-check", "--quiet")
    binary = ("--only-binary", ":all:") if wheels_only else ()
    run(*pip, "install", *binary, wheel, *pinned, cwd=folder)
    run(*pip, "check", cwd=folder)
    return python
