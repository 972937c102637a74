"""Measures what telemetry costs: the layer alone on an instant transport, whole clients on an etcd, and the import.

    python -m benchmarks.telemetry [--rounds N] [--write]

Installs the two other libraries into a virtual environment of its own. `--write` puts the tables into
docs/comparison.md. Blocks of calls take turns, so that all variants have the same of the machine's noise.
"""

import argparse
import asyncio
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from benchmarks import rivals
from benchmarks.telemetry_aio_layers import aio_layers
from benchmarks.telemetry_clients import CONCURRENT, aio_blocks, sync_blocks
from benchmarks.telemetry_layers import layers
from etcdobs.testing import etcd

Block = Callable[[], float]
"""Makes some calls; returns how many seconds of CPU one took, and is timed by its caller where that matters."""

LAYER_ROUNDS = 20
NORMAL_95 = 1.96

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


def aio_layer_table(rounds: int) -> Iterator[str]:
    """The same of asyncio's, each above what it is built on."""
    with asyncio.Runner() as runner:
        blocks = aio_layers(runner)
        best = dict.fromkeys(blocks, float("inf"))
        for _ in range(rounds):
            for name, (block, _base) in blocks.items():
                best[name] = min(best[name], block())
    yield from ("| the layer alone, asyncio unary | us of CPU above the call without it |", "| --- | ---: |")
    for name, (_block, base) in blocks.items():
        if base:
            yield f"| {name} | {(best[name] - best[base]) * 1e6:.1f} |"


def client_table(title: str, blocks: dict[str, Callable[[], tuple[float, float]]], rounds: int) -> Iterator[str]:
    """Wall time and CPU of a call; ratios are medians over the rounds, each of two blocks in one round.

    In brackets is where the median lies with 95 % confidence.
    """
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in blocks}
    for turn in range(rounds):
        # Each is first, last, and behind each other one.
        order = list(blocks.items())[:: 1 if turn % 2 else -1]
        first = turn // 2 % len(order)
        for name, block in order[first:] + order[:first]:
            taken[name].append(block())
    stub, client = "protobuf stub", "Client, metrics=None"
    yield from (
        f"| {title} | us wall | us CPU | wall to stub | CPU to stub | wall to client | CPU to client |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    )
    for name, measured in taken.items():
        figures = [f"{statistics.median(pair[which] for pair in measured) * 1e6:.0f}" for which in (0, 1)]
        for base in (stub, client):
            figures += [_ratio(measured, taken[base], which) for which in (0, 1)]
        yield f"| {name} | {' | '.join(figures)} |"


def _ratio(measured: list[tuple[float, float]], base: list[tuple[float, float]], which: int) -> str:
    if measured is base:
        return "1.00"
    ratios = sorted(one[which] / other[which] for one, other in zip(measured, base, strict=True))
    # By order statistics: no shape of the noise is assumed.
    off = NORMAL_95 * math.sqrt(len(ratios)) / 2
    least, most = (max(0, math.floor(len(ratios) / 2 - off)), min(len(ratios) - 1, math.ceil(len(ratios) / 2 + off)))
    return f"{statistics.median(ratios):.2f} ({ratios[least]:.2f}-{ratios[most]:.2f})"


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
    yield from ("", *layer_table(LAYER_ROUNDS), "", *aio_layer_table(LAYER_ROUNDS), "")
    for threads in (1, CONCURRENT):
        with etcd() as server, sync_blocks(server.endpoint, threads) as sync:
            yield from (*client_table(f"sync, {threads} thread{'s' * (threads > 1)}", sync, rounds), "")
    with etcd() as server, aio_blocks(server.endpoint) as aio:
        yield from (*client_table(f"asyncio, {CONCURRENT} concurrent", aio, rounds), "")
    yield from import_table(5)


def main() -> None:
    """Run outside: make the environment and print; inside: measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=60)
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
