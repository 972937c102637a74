"""Decides where contenders live: each in an environment of its own, made once, outside the checkout.

They clash where they meet: several register etcd's messages in protobuf's default pool. All have this environment's
gRPC and protobuf, so that the stack below them is the same.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent.parent
STACK = ("grpcio", "protobuf")
OURS = (*STACK, "prometheus-client", "opentelemetry-api", "typing-extensions")
"""What etcdobs itself needs, for the environment that it shares with uvloop."""


class NotHereError(Exception):
    """The contender cannot run on this machine; the message says why."""


def cache() -> Path:
    """The directory that holds the environments, and what Go built."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "etcdobs" / "bench"


def python_with(requirements: str) -> Path:
    """The Python of an environment with what requirements/NAME.txt pins; "" is the one that runs this."""
    if not requirements:
        return Path(sys.executable)
    wanted = (HERE / "requirements" / f"{requirements}.txt").read_text().split()
    stack = OURS if requirements == "uvloop" else STACK
    pinned = [*wanted, *(f"{name}=={version(name)}" for name in stack)]
    digest = hashlib.sha256(f"{sys.version} {pinned}".encode()).hexdigest()[:12]
    directory = cache() / f"{requirements}-{digest}"
    if not (directory / "complete").exists():
        _make(directory, pinned)
    return directory / "bin" / "python"


def _make(directory: Path, pinned: list[str]) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    try:
        venv.create(directory, with_pip=True)
        _run([str(directory / "bin" / "python"), "-m", "pip", "install", "--quiet", *pinned])
    except (OSError, subprocess.CalledProcessError) as failed:
        raise NotHereError(f"its environment could not be made: {failed}") from failed
    (directory / "complete").touch()


def go_contender() -> Path:
    """The program of benchmarks/suite/go, built."""
    if shutil.which("go") is None:
        raise NotHereError("Go is not on PATH")
    sources = b"".join(path.read_bytes() for path in sorted((HERE / "go").glob("*.*")))
    program = cache() / f"clientv3-{hashlib.sha256(sources).hexdigest()[:12]}"
    if not program.exists():
        build = ["go", "build", "-trimpath", f"-o={program}", "."]
        _run(build, cwd=HERE / "go", GOFLAGS="-mod=readonly", GOWORK="off")
    return program


def etcdctl() -> Path:
    """The newest one that the tests' servers came with, or that is on PATH."""
    kept = (cache().parent / "servers").glob("*/etcdctl")
    found = max(kept, key=lambda path: tuple(map(int, path.parent.name.split("."))), default=shutil.which("etcdctl"))
    if found is None:
        raise NotHereError("there is no etcdctl: `make servers` builds one where Go is present")
    return Path(found)


def _run(command: list[str], cwd: Path | None = None, **variables: str) -> None:
    try:
        subprocess.run(command, cwd=cwd, env={**os.environ, **variables}, capture_output=True, text=True, check=True)
    except subprocess.CalledProcessError as failed:
        raise NotHereError(f"{' '.join(command[:3])} failed: {failed.stderr.strip()[-200:]}") from failed


def pinned_version(requirements: str) -> str:
    """What requirements/NAME.txt says: "aetcd 1.0.0"."""
    return (HERE / "requirements" / f"{requirements}.txt").read_text().strip().replace("==", " ")
