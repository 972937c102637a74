"""Runs the integration suite on each server that is here, but for the one that the whole suite runs on anyway.

`python -m tests.servers.run [pytest's arguments]`, after `make servers`. Nothing is built or downloaded here.
"""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from etcdobs.testing import find_etcd
from etcdobs.testing._binary import etcd_version
from tests.servers.obtain import Server, missing, obtained

ROOT = Path(__file__).resolve().parents[2]
# The suite mostly waits for servers: two runs side by side do not disturb each other on two cores.
SIDE_BY_SIDE = 2


@dataclass(frozen=True)
class Outcome:
    """How a run on one server ended: pytest's last line, and all that it wrote."""

    server: Server
    passed: bool
    summary: str
    output: str
    seconds: float


def run(server: Server, arguments: list[str]) -> Outcome:
    """Runs pytest on one server, and prints how it ended."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/integration", *arguments]
    began = time.monotonic()
    ran = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "ETCDOBS_ETCD": str(server.etcd)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    summary = ran.stdout.rstrip().rpartition("\n")[2]
    outcome = Outcome(server, ran.returncode == 0, summary, ran.stdout, time.monotonic() - began)
    print(_line(outcome), flush=True)
    return outcome


def _line(outcome: Outcome) -> str:
    server, verdict = outcome.server, "ok" if outcome.passed else "FAILED"
    return f"etcd {server.version:8} {server.origin:21} {verdict:7} {outcome.summary}"


def main(arguments: list[str]) -> int:
    """0 where the suite passed on every server that is here."""
    default = etcd_version(find_etcd())
    others = [server for server in obtained() if etcd_version(server.etcd) != default]
    print(f"the integration suite on {', '.join(server.version for server in others) or 'no other server'} ...")
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        outcomes = list(pool.map(lambda server: run(server, arguments), others))
    failed = [outcome for outcome in outcomes if not outcome.passed]
    for outcome in failed:
        print(f"\n{_line(outcome)}\n{outcome.output}")
    _say_where(default, outcomes)
    return 1 if failed else 0


def _say_where(default: tuple[int, int, int], outcomes: list[Outcome]) -> None:
    print(f"\nThe whole suite is for etcd {'.'.join(map(str, default))} ({find_etcd()}); the integration suite ran on:")
    for outcome in outcomes:
        print(f"  {_line(outcome)}")
    for line in missing():
        print(f"  not here: {line}; `make servers` obtains it where it can")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
