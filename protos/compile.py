"""Turns the .proto files beside it into what `etcdobs._wire` loads and type checkers read.

Run by `make protos`. With --check nothing is written: the exit code is 1 when what is committed is not what
the .proto files say.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

PROTOS = Path(__file__).resolve().parent
WIRE = PROTOS.parent / "etcdobs" / "_wire"
DESCRIPTOR_SET = "etcd.binpb"


def sources() -> dict[str, str]:
    """The package that each .proto file declares, by the file's stem."""
    package = re.compile(r"^package (\w+);$", re.MULTILINE)
    found = {path.stem: package.search(path.read_text(encoding="utf-8")) for path in sorted(PROTOS.glob("*.proto"))}
    return {stem: match[1] for stem, match in found.items() if match}


def protoc(outdir: Path) -> None:
    """Runs the compiler over all files; ends the program when one of them is wrong."""
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTOS}", "--include_imports"]
    outputs = [f"--descriptor_set_out={outdir / DESCRIPTOR_SET}", f"--pyi_out={outdir}"]
    done = subprocess.run([*command, *outputs, *(f"{stem}.proto" for stem in sources())], check=False)
    if done.returncode:
        sys.exit(done.returncode)


def private(stub: str, packages: dict[str, str]) -> str:
    """The stub as our modules need it: they import each other, and strict checkers refuse a bare Mapping."""
    for stem, package in packages.items():
        stub = stub.replace(
            f"import {stem}_pb2 as _{stem}_pb2\n", f"from etcdobs._wire import {package} as _{package}\n"
        )
        stub = stub.replace(f"_{stem}_pb2.", f"_{package}.")
    stub = re.sub(r"\b_Mapping\b(?=[\],])", "_Mapping[str, _Any]", stub)
    return stub.replace("from typing import ClassVar", "from typing import Any as _Any, ClassVar")


def compiled() -> Iterator[tuple[Path, bytes]]:
    """Every file that belongs in the package, with its content."""
    packages = sources()
    with tempfile.TemporaryDirectory() as name:
        outdir = Path(name)
        protoc(outdir)
        yield WIRE / DESCRIPTOR_SET, (outdir / DESCRIPTOR_SET).read_bytes()
        for stem, package in packages.items():
            stub = (outdir / f"{stem}_pb2.pyi").read_text(encoding="utf-8")
            yield WIRE / f"{package}.pyi", private(stub, packages).encode()


def stale() -> list[Path]:
    """The committed files that differ from what would be written now."""
    return [path for path, content in compiled() if not path.exists() or path.read_bytes() != content]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 when the output is not fresh")
    if parser.parse_args().check:
        old = stale()
        sys.stderr.writelines(f"not fresh: {path.relative_to(PROTOS.parent)} (run `make protos`)\n" for path in old)
        return 1 if old else 0
    for path, content in compiled():
        path.write_bytes(content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
