"""Decides where other libraries are measured: in a virtual environment made for it, and gone with the block."""

import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

RIVALS = ("py-grpc-prometheus", "opentelemetry-instrumentation-grpc")
SHARED = ("grpcio", "protobuf", "prometheus-client", "opentelemetry-api", "opentelemetry-sdk")
CHECKOUT = Path(__file__).resolve().parent.parent


@contextmanager
def environment() -> Iterator[Path]:
    """The Python of an environment with the rivals, and beside them what this one has of SHARED."""
    with tempfile.TemporaryDirectory(prefix="etcdobs-rivals-") as directory:
        venv.create(directory, with_pip=True)
        python = Path(directory, "bin", "python")
        same = [f"{name}=={version(name)}" for name in SHARED]
        subprocess.run([python, "-m", "pip", "install", "--quiet", *RIVALS, *same], check=True)
        yield python


def run(module: str, *arguments: str) -> str:
    """What `module` prints with `--inside` in that environment; ETCDOBS_ETCD says which etcd it may start."""
    from etcdobs.testing import find_etcd

    with environment() as python:
        command = [str(python), "-m", module, "--inside", *arguments]
        paths = {"PYTHONPATH": str(CHECKOUT), "ETCDOBS_ETCD": str(find_etcd())}
        done = subprocess.run(
            command, env={**os.environ, **paths}, stdout=subprocess.PIPE, text=True, check=True, cwd=CHECKOUT
        )
    return done.stdout


def versions() -> str:
    """What was measured, for the record."""
    names = sorted({*SHARED, *RIVALS})
    return f"Python {sys.version.split()[0]}, " + ", ".join(f"{name} {version(name)}" for name in names)


def write(title: str, text: str) -> None:
    """Put `text` into docs/comparison.md, in place of what is between the marks of `title`."""
    page = CHECKOUT / "docs" / "comparison.md"
    begin, end = f"<!-- {title}: begin -->\n", f"<!-- {title}: end -->"
    before, _, rest = page.read_text().partition(begin)
    _, _, after = rest.partition(end)
    page.write_text(f"{before}{begin}{text.rstrip()}\n{end}{after}")
