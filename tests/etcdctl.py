"""Runs etcdctl beside a test: what Go's recipes do to ours, and ours to them."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from etcdobs.testing import Etcd
from etcdobs.testing._binary import find_etcd

_ENVIRONMENT = {**os.environ, "ETCDCTL_API": "3"}


@contextmanager
def etcdctl_in_background(server: Etcd, *args: str) -> Iterator[subprocess.Popen[bytes]]:
    """An etcdctl that goes on until the block ends, which then gives up what it holds."""
    command = [str(_etcdctl()), f"--endpoints={server.endpoint}", *args]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=_ENVIRONMENT) as running:
        try:
            yield running
        finally:
            running.terminate()


def restored(snapshot: Path, directory: Path) -> Path:
    """A data directory made of a snapshot: by etcdutl where it is there, since etcdctl from 3.6 on does not restore."""
    etcdutl = _etcdctl().with_name("etcdutl")
    command = [
        str(etcdutl if etcdutl.exists() else _etcdctl()),
        "snapshot",
        "restore",
        str(snapshot),
        f"--data-dir={directory}",
    ]
    subprocess.run(command, check=True, capture_output=True, env=_ENVIRONMENT)
    return directory


def _etcdctl() -> Path:
    return find_etcd().with_name("etcdctl")
