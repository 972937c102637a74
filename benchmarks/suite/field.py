"""Decides who is measured: etcdobs in its forms, raw gRPC as the floor of each, and the peers."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from benchmarks.suite import environments as made

Side = Literal["raw", "ours", "peer"]
RAW_SYNC, RAW_AIO = "raw gRPC, sync", "raw gRPC, asyncio"
SYNC, AIO, UVLOOP = "etcdobs, sync", "etcdobs, asyncio", "etcdobs, asyncio, uvloop"
SYNC_BATCHED, AIO_BATCHED = "etcdobs, sync, batched", "etcdobs, asyncio, batched"
AETCD, SDK, ETCD3AIO, RUST = "aetcd", "etcd-sdk-python", "etcd3aio", "etcd-client-py (Rust)"
GO, ETCDCTL = "Go clientv3", "etcdctl"


@dataclass(frozen=True)
class Entry:
    """One contender: what it is called, what it is compared with, and the command that runs it, less the endpoint."""

    name: str
    side: Side
    floor: str
    command: Callable[[], list[str]]
    """Makes what it needs first; raises NotHereError, whose message is the contender's row."""
    imports: str = ""
    requirements: str = ""


def _python(name: str, side: Side, floor: str, module: str, imports: str = "", requirements: str = "") -> Entry:
    def command() -> list[str]:
        return [str(made.python_with(requirements)), "-m", "benchmarks.suite.child", *module.split()]

    return Entry(name, side, floor, command, imports, requirements)


def _go() -> list[str]:
    return [str(made.go_contender())]


def _etcdctl() -> list[str]:
    return [str(made.python_with("")), "-m", "benchmarks.suite.child", "etcdctl", f"path={made.etcdctl()}"]


FIELD = (
    _python(RAW_SYNC, "raw", RAW_SYNC, "raw_sync", "import grpc, google.protobuf.message_factory"),
    _python(RAW_AIO, "raw", RAW_AIO, "raw_aio", "import grpc.aio, google.protobuf.message_factory"),
    _python(SYNC, "ours", RAW_SYNC, "ours_sync", "import etcdobs; etcdobs.Client().close()"),
    _python(AIO, "ours", RAW_AIO, "ours_aio"),
    _python(UVLOOP, "ours", RAW_AIO, "ours_aio loop=uvloop", requirements="uvloop"),
    _python(SYNC_BATCHED, "ours", RAW_SYNC, "ours_sync batched=1"),
    _python(AIO_BATCHED, "ours", RAW_AIO, "ours_aio batched=1"),
    _python(AETCD, "peer", RAW_AIO, "aetcd", "import aetcd", "aetcd"),
    _python(SDK, "peer", RAW_SYNC, "etcd_sdk_python", "import pyetcd", "etcd-sdk-python"),
    _python(ETCD3AIO, "peer", RAW_AIO, "etcd3aio", "import etcd3aio", "etcd3aio"),
    _python(RUST, "peer", RAW_AIO, "etcd_client_py", "import etcd_client", "etcd-client-py"),
    Entry(GO, "peer", RAW_AIO, _go),
    Entry(ETCDCTL, "peer", RAW_SYNC, _etcdctl),
)
BY_NAME = {entry.name: entry for entry in FIELD}
PLAIN = (SYNC, AIO, UVLOOP)
BATCHED = (SYNC_BATCHED, AIO_BATCHED)
ON_GRPCIO = (AETCD, SDK, ETCD3AIO)
"""The peers on the same stack as etcdobs: gRPC for Python."""


def versions() -> str:
    """What is measured, for the record."""
    parts = [made.pinned_version(entry.requirements) for entry in FIELD if entry.requirements]
    module = (made.HERE / "go" / "go.mod").read_text().split("\n")
    wanted = ("go.etcd.io/etcd/client/v3 ", "github.com/grpc-ecosystem/go-grpc-prometheus ", "google.golang.org/grpc ")
    parts += [line.strip() for line in module if line.strip().startswith(wanted)]
    return ", ".join([*parts, _etcdctl_version()])


def _etcdctl_version() -> str:
    try:
        said = subprocess.run([made.etcdctl(), "version"], capture_output=True, text=True, check=False).stdout
    except made.NotHereError:
        return "no etcdctl"
    return said.split("\n")[0].replace(" version:", "")
