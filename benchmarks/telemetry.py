"""Measures what telemetry costs: the layer alone on an instant transport, whole clients on an etcd, and the import.

    python -m benchmarks.telemetry [--rounds N] [--write]

Installs the two other libraries into a virtual environment of its own. `--write` puts the tables into
docs/comparison.md. Blocks of calls take turns, so that all variants have the same of the machine's noise.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

from benchmarks import rivals
from benchmarks.telemetry_clients import aio_blocks, sync_blocks
from benchmarks.telemetry_layers import layers
from etcdobs.testing import etcd

Block = Callable[[], float]
"""Makes some calls; returns how many seconds of CPU one took, and is timed by its caller where that matters."""

IMPORTS = {
    "import grpc and the protobuf runtime": "import grpc, grpc.aio, google.protobuf.message_factory, "
    "google.protobuf.descriptor_pool, google.protobuf.descriptor_pb2",
    "import etcdobs": "import etcdobs",
}


def layer_table(rounds: int) -> Iterator[str]:
    """CPU of a call above the bare multicallable's, best of the rounds: noise only adds."""
    blocks = layers()
    best = dict.fromkeys(blocks, float("inf"))
    for _ in range(rounds):
        for name, block in blocks.items():
            best[name] = min(best[name], block())
    bare = best.pop("bare")
    yield from ("| the layer alone, sync unary | us of CPU above the bare call |", "| --- | ---: |")
    for name, seconds in best.items():
        yield f"| {name} | {(seconds - bare) * 1e6:.1f} |"


def client_table(title: str, blocks: dict[str, Callable[[], tuple[float, float]]], rounds: int) -> Iterator[str]:
    """Wall time and CPU of a call; the ratios are medians over rounds, each to its neighbour in the round."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in blocks}
    for turn in range(rounds):
        order = list(blocks.items())
        for name, block in order if turn % 2 else reversed(order):
            taken[name].append(block())
    stub, client = "protobuf stub", "Client, metrics=None"
    yield from (
        f"| {title} | us wall | us CPU | wall to stub | CPU to stub | wall to client | CPU to client |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    )
    for name, measured in taken.items():
        figures = [f"{statistics.median(pair[which] for pair in measured) * 1e6:.0f}" for which in (0, 1)]
        for base in (stub, client):
            figures += [f"{_ratio(measured, taken[base], which):.2f}" for which in (0, 1)]
        yield f"| {name} | {' | '.join(figures)} |"


def _ratio(measured: list[tuple[float, float]], base: list[tuple[float, float]], which: int) -> float:
    return statistics.median(one[which] / other[which] for one, other in zip(measured, base, strict=True))


def import_table(rounds: int) -> Iterator[str]:
    """Seconds of an import in a fresh interpreter, best of the rounds."""
    best = dict.fromkeys(IMPORTS, float("inf"))
    for _ in range(rounds):
        for name, statement in IMPORTS.items():
            best[name] = min(best[name], _import_seconds(statement))
    first = next(iter(best.values()))
    yield from ("| import | ms | ratio |", "| --- | ---: | ---: |")
    for name, seconds in best.items():
        yield f"| {name} | {seconds * 1e3:.0f} | {seconds / first:.2f} |"


def _import_seconds(statement: str) -> float:
    script = f"import time; t = time.perf_counter(); {statement}; print(time.perf_counter() - t)"
    return float(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout)


def tables(rounds: int) -> Iterator[str]:
    """All of it, in Markdown."""
    yield f"{rivals.versions()}; {os.cpu_count()} cores; {time.strftime('%Y-%m-%d')}; {rounds} rounds."
    yield from ("", *layer_table(rounds), "")
    with ExitStack() as stack:
        server = stack.enter_context(etcd())
        sync = stack.enter_context(sync_blocks(server.endpoint))
        yield from (*client_table("sync, 1 thread", sync, rounds), "")
    with etcd() as server, aio_blocks(server.endpoint) as aio:
        yield from (*client_table("asyncio, 32 concurrent", aio, rounds), "")
    yield from import_table(max(5, rounds // 4))


def main() -> None:
    """Run outside: make the environment and print; inside: measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--inside", action="store_true")
    options = parser.parse_args()
    if options.inside:
        print("\n".join(tables(options.rounds)))
        return
    text = rivals.run("benchmarks.telemetry", "--rounds", str(options.rounds))
    print(text)
    if options.write:
        rivals.write("cost", text)


if __name__ == "__main__":
    main()
