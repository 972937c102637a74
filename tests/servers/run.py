"""Runs the whole suite on the etcd that is found first, then the integration suite on each other server that is here.

`python -m tests.servers.run` is what `make test` does: nothing is built or downloaded, and the last lines say which
servers it ran on and which are not here. With arguments of pytest's it is pytest, on the one server. With `--others`
before them, it is the integration suite on the other servers alone.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

from etcdobs.testing import find_etcd
from etcdobs.testing._binary import etcd_version
from tests.servers.obtain import Server, missing, obtained

ROOT = Path(__file__).resolve().parents[2]
# The suite mostly waits for servers: a run takes a quarter of a core.
SIDE_BY_SIDE = 2 * (os.cpu_count() or 1)
INTERRUPTED = 2  # pytest's exit status
# Faults take their time, and a busy machine takes it from them: what fails is run again, twice at most, and listed.
AGAIN = ("--reruns=2", "--reruns-delay=1", "-rR")
WHOLE, INTEGRATION = "the whole suite", "the integration suite"


@dataclass(frozen=True)
class Outcome:
    """What a run of pytest came to: the server, what was run, how many tests went how, and its exit status."""

    version: str
    suite: str
    counts: Counter[str]
    status: int
    output: str = ""

    def __str__(self) -> str:
        verdict = "" if self.status == 0 else f"; FAILED (pytest's status {self.status})"
        return f"etcd {self.version:8} {self.suite:22} {told(self.counts)}{verdict}"


def told(counts: Counter[str]) -> str:
    """As pytest's last line has it: "1 failed, 7 passed"."""
    kinds = [kind for kind in ("failed", "passed", "skipped", "errors") if counts[kind]]
    return ", ".join(f"{counts[kind]} {kind}" for kind in kinds) or "no tests ran"


def counted(report: Path) -> Counter[str]:
    """How many tests went how, by pytest's report in JUnit's format; nothing where pytest did not come to write it."""
    counts: Counter[str] = Counter()
    if not report.exists():
        return counts
    for suite in ElementTree.parse(report).iter("testsuite"):
        failed, errors, skipped = (int(suite.attrib[kind]) for kind in ("failures", "errors", "skipped"))
        passed = int(suite.attrib["tests"]) - failed - errors - skipped
        counts += Counter(failed=failed, errors=errors, skipped=skipped, passed=passed)
    return counts


def whole_suite() -> Outcome:
    """Runs everything on the etcd that is found first, for all to see."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.xml"
        status = _wait(subprocess.Popen(_pytest(*AGAIN, f"--junitxml={report}"), cwd=ROOT))
        return Outcome(_version(find_etcd()), WHOLE, counted(report), status)


def _wait(pytest: "subprocess.Popen[bytes]") -> int:
    while True:
        try:
            return pytest.wait()
        except KeyboardInterrupt:
            continue  # It was told too: it ends its servers, and itself.


def integration_suite(server: Server, arguments: list[str]) -> Outcome:
    """Runs the integration suite on another server, and prints how it ended."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.xml"
        options = (*AGAIN, "-q", "-p", "no:cacheprovider", f"--junitxml={report}")
        command = _pytest(*options, "tests/integration", *arguments)
        ran = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, "ETCDOBS_ETCD": str(server.etcd)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        outcome = Outcome(server.version, INTEGRATION, counted(report), ran.returncode, ran.stdout)
    print(outcome, flush=True)
    return outcome


def other_servers(arguments: list[str]) -> list[Outcome]:
    """Runs the integration suite on all that are here and are of another version than the one found first."""
    default = etcd_version(find_etcd())
    others = [server for server in obtained() if etcd_version(server.etcd) != default]
    if others:
        print(f"\n{INTEGRATION} on etcd {', '.join(server.version for server in others)} ...", flush=True)
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        outcomes = list(pool.map(lambda server: integration_suite(server, arguments), others))
    for outcome in outcomes:
        if outcome.status != 0:
            print(f"\n{outcome}\n{outcome.output}")
        else:
            print(*(line for line in outcome.output.splitlines() if line.startswith("RERUN ")), sep="\n")
    return outcomes


def summary(outcomes: Sequence[Outcome], not_here: Sequence[str], seconds: float) -> str:
    """Where it ran, where not, and a last line as pytest writes it."""
    lines = [
        *map(str, outcomes),
        *(f"not here: etcd {line}; `make servers` obtains it where it can" for line in not_here),
    ]
    counts = sum((outcome.counts for outcome in outcomes), Counter[str]())
    last = f" {told(counts)} in {seconds:.2f}s ({timedelta(seconds=int(seconds))}) "
    return "\n".join(["", *lines, f"{last:=^80}"])


def main(arguments: list[str]) -> int:
    """0 where all passed on every server that is here."""
    only_others = arguments[:1] == ["--others"]
    if arguments and not only_others:
        return _wait(subprocess.Popen(_pytest(*arguments), cwd=ROOT))
    began = time.monotonic()
    outcomes = [] if only_others else [whole_suite()]
    if not any(outcome.status == INTERRUPTED for outcome in outcomes):
        outcomes += other_servers(arguments[1:])
    print(summary(outcomes, missing(), time.monotonic() - began))
    return 1 if any(outcome.status != 0 for outcome in outcomes) else 0


def _pytest(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "pytest", *arguments]


def _version(etcd: Path) -> str:
    return ".".join(map(str, etcd_version(etcd)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
