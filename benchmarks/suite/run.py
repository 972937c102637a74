"""Runs the suite and writes docs/benchmarks.md with its pictures.

    python -m benchmarks.suite.run [--quick] [--page-only] [--docs DIRECTORY]

`--page-only` writes them anew from what was measured last.
"""

import argparse
import os
import platform
import sys
import time
from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path

from benchmarks.suite import environments, field
from benchmarks.suite.field import FIELD, Entry
from benchmarks.suite.hot_path import hot_path
from benchmarks.suite.page import Page
from benchmarks.suite.pictures import pictures
from benchmarks.suite.race import FULL, QUICK, Plan, Race
from benchmarks.suite.results import Results
from etcdobs.testing import etcd

KEPT = "last.json"
_OURS = ("grpcio", "protobuf", "prometheus-client")
HOT_ROUNDS, HOT_TIMES = 7, 300


def measured(plan: Plan, entries: Sequence[Entry], command: str) -> Results:
    """Everything, on a server of its own."""
    began = time.monotonic()
    with etcd() as server:
        race = Race(plan, server.endpoint, entries, partial(print, flush=True))
        results = race.run()
        results.hot = hot_path(server.endpoint, HOT_ROUNDS, HOT_TIMES)
        results.facts["server"] = f"etcd {server.version}, one member, without fsync"
    results.facts |= {
        "command": command,
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}; {time.strftime('%Y-%m-%d')}",
        "client side": f"Python {platform.python_version()}, {', '.join(f'{name} {version(name)}' for name in _OURS)}",
        "peers": field.versions(),
        "took": f"{time.monotonic() - began:.0f} s",
    }
    return results


def write(results: Results, docs: Path) -> None:
    """The page, and its pictures."""
    (docs / "pictures").mkdir(parents=True, exist_ok=True)
    (docs / "benchmarks.md").write_text(Page(results).text())
    for name, picture in pictures(results).items():
        (docs / "pictures" / name).write_text(picture)


def main(arguments: Sequence[str]) -> None:
    """Measure, keep, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.suite.run")
    parser.add_argument("--quick", action="store_true", help="smaller sizes, under two minutes")
    parser.add_argument("--page-only", action="store_true", help="write the page of what was measured last")
    parser.add_argument("--docs", type=Path, default=environments.CHECKOUT / "docs")
    asked = parser.parse_args(arguments)
    kept = environments.cache() / KEPT
    if asked.page_only:
        results = Results.load(kept)
    else:
        plan, command = (QUICK, "make bench QUICK=1") if asked.quick else (FULL, "make bench")
        results = measured(plan, FIELD, command)
        results.save(kept)
    write(results, asked.docs)
    print(f"{results.facts['took']}: {asked.docs / 'benchmarks.md'}")


if __name__ == "__main__":
    main(sys.argv[1:])
