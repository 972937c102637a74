"""Decides where Prometheus and promtool come from: PATH, or Debian's package, unpacked and not installed.

`python -m dashboards.prometheus` obtains them and prints where they are.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

_PROGRAMS = ("prometheus", "promtool")


class PrometheusNotFoundError(Exception):
    """It is not on PATH, and this is no Debian that could bring it; the message says which and what to do."""


def programs() -> Path:
    """The directory that holds `prometheus` and `promtool`.

    Raises:
        PrometheusNotFoundError: they are not here, and cannot be obtained.
    """
    found = shutil.which("prometheus")
    if found is not None and shutil.which("promtool", path=os.path.dirname(found)) is not None:
        return Path(found).parent
    kept = _cache()
    return kept if all((kept / program).exists() for program in _PROGRAMS) else _unpacked(kept)


def _cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home).absolute() / "etcdobs" / "prometheus"


def _unpacked(directory: Path) -> Path:
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise PrometheusNotFoundError(
            "prometheus is not on PATH, and this is no Debian whose package could be unpacked: put prometheus and "
            "promtool, of https://prometheus.io/download, on PATH"
        )
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory.parent, prefix=".new-") as scratch:
        _download(scratch)
        for package in Path(scratch).glob("*.deb"):
            _run(["dpkg-deb", "--extract", str(package), scratch], scratch)
        complete = Path(scratch) / "complete"
        complete.mkdir()
        for program in _PROGRAMS:
            shutil.move(Path(scratch) / "usr" / "bin" / program, complete)
        shutil.rmtree(directory, ignore_errors=True)
        complete.rename(directory)
    return directory


def _download(directory: str) -> None:
    try:
        _run(["apt-get", "download", "prometheus"], directory)
    except PrometheusNotFoundError:
        # A new machine knows of no packages yet.
        _run(["apt-get", "update"], directory)
        _run(["apt-get", "download", "prometheus"], directory)


def _run(command: list[str], directory: str) -> None:
    ran = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        tried = f"`{' '.join(command)}` failed: {ran.stderr.strip()}"
        raise PrometheusNotFoundError(f"prometheus is not on PATH, and {tried}")


if __name__ == "__main__":
    print(programs())
