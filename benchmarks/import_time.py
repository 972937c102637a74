"""Measures what importing the library costs, and what is loaded no earlier than by the first client and its first call.

    python -m benchmarks.import_time [--rounds N] [--only PART] [--tree STATEMENT]

The time is that of the statement inside a process of its own, which has just started: what the interpreter takes to
start is no part of it. The statements take turns; a ratio is to the base in the same round, so that all have the same
of the machine's noise. All run from byte code, as what pip has installed does: where Python is told to write none, it
compiles the library anew in each process. `--tree` shows instead where one statement's time goes, module by module.
"""

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping
from tempfile import TemporaryDirectory

from etcdobs.testing import etcd

BASE = "import grpc, google.protobuf.message, google.protobuf.descriptor_pool"
"""The least that a client of etcd loads: gRPC, and the protobuf runtime."""

Step = tuple[str, str]
"""What is run before, untimed, and the statement that is timed."""

Taken = tuple[float, float, int]
"""Seconds by the clock, seconds of CPU, and how many modules of the library are loaded after it."""

TIMED = """
from time import perf_counter, process_time
{before}
start, cpu_start = perf_counter(), process_time()
{statement}
cpu, wall = process_time() - cpu_start, perf_counter() - start
import sys
print(wall, cpu, sum(name.partition('.')[0] == 'etcdobs' for name in sys.modules))
"""

CALL = "client.get('key')"
LOOP = "import asyncio, etcdobs\nfrom etcdobs import AsyncClient\nloop = asyncio.new_event_loop()"


def steps(endpoint: str) -> Mapping[str, Step]:
    """What is measured, by the name that the table gives it."""
    client, aio = f"client = Client({endpoint!r})", f"client = AsyncClient({endpoint!r})"
    imported = "from etcdobs import Client"
    aio_call = "loop.run_until_complete(client.get('key'))"
    return {
        "grpc and the protobuf runtime": ("", BASE),
        "nothing": ("", "pass"),
        "import etcdobs": ("", "import etcdobs"),
        "import etcdobs, after the base": (BASE, "import etcdobs"),
        "from etcdobs import KeyNotFoundError": ("", "from etcdobs import KeyNotFoundError"),
        "from etcdobs import Client": ("", imported),
        "from etcdobs import AsyncClient": ("", "from etcdobs import AsyncClient"),
        "from etcdobs import *": ("", "from etcdobs import *"),
        "import etcdobs.recipes": ("", "import etcdobs.recipes"),
        "the first Client(), once imported": (imported, client),
        "the second Client()": (f"{imported}\n{client}", client),
        "a Client's first call": (f"{imported}\n{client}", CALL),
        "a Client's second call": (f"{imported}\n{client}\n{CALL}", CALL),
        "the first AsyncClient(), once imported": (LOOP, aio),
        "an AsyncClient's first call": (f"{LOOP}\n{aio}", aio_call),
        "from nothing to a Client's first answer": ("", f"{imported}\n{client}\n{CALL}"),
    }


def from_byte_code(directory: str) -> dict[str, str]:
    """The environment of a process that keeps its byte code in this directory."""
    environment = os.environ | {"PYTHONPYCACHEPREFIX": directory}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


def taken(step: Step, environment: Mapping[str, str]) -> Taken:
    """What the statement takes in a new process."""
    before, statement = step
    code = TIMED.format(before=before, statement=statement) + "import os; sys.stdout.flush(); os._exit(0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    wall, cpu, modules = done.stdout.split()
    return float(wall), float(cpu), int(modules)


def measured(todo: Mapping[str, Step], rounds: int, environment: Mapping[str, str]) -> dict[str, list[Taken]]:
    """Each statement once a round; every other round in the opposite order."""
    for step in todo.values():
        taken(step, environment)  # makes the byte code, and warms the file cache
    results: dict[str, list[Taken]] = {name: [] for name in todo}
    for turn in range(rounds):
        for name in list(todo) if turn % 2 else reversed(list(todo)):
            results[name].append(taken(todo[name], environment))
    return results


def ratios(runs: list[Taken], base: list[Taken], which: int) -> str:
    """The median over the rounds of what it takes to what the base takes, and the quartiles."""
    quotients = (one[which] / to[which] for one, to in zip(runs, base, strict=True))
    low, middle, high = statistics.quantiles(quotients, n=4)
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def print_table(results: Mapping[str, list[Taken]]) -> None:
    base, *_ = results.values()
    print("| statement | ms, least | ratio (quartiles) | ms of CPU, least | ratio (quartiles) | modules of etcdobs |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, runs in results.items():
        cells = (f"{min(run[which] for run in runs) * 1e3:.1f} | {ratios(runs, base, which)}" for which in (0, 1))
        print(f"| {name} | {' | '.join(cells)} | {runs[0][2]} |")


def print_tree(statement: str, environment: Mapping[str, str]) -> None:
    taken(("", statement), environment)
    subprocess.run([sys.executable, "-X", "importtime", "-c", statement], check=True, env=environment)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", metavar="PART", default="", help="the base, and the statements with this in the name")
    parser.add_argument("--tree", metavar="STATEMENT", help="show what this statement loads, and how long each takes")
    asked = parser.parse_args()
    with TemporaryDirectory() as directory:
        environment = from_byte_code(directory)
        if asked.tree:
            print_tree(asked.tree, environment)
            return
        with etcd() as server:
            todo = {
                name: step for name, step in steps(server.endpoint).items() if step[1] == BASE or asked.only in name
            }
            print_table(measured(todo, asked.rounds, environment))


if __name__ == "__main__":
    main()
