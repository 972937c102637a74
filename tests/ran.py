"""Decides whether a run of all tests ran those that docs/parity.md names, on both clients; other runs are not judged.

What the page says is proved must have been: a test that is skipped, deselected or gone would prove nothing.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[1] / "docs" / "parity.md"
CLIENTS = {"sync", "aio"}
_TEST = re.compile(r"`((?:[a-z]+/)*test_\w+\.py(?:::\w+)+)`")
_PARTIAL = ("keyword", "markexpr", "deselect", "ignore", "lf", "stepwise", "collectonly")

passed: dict[str, set[str]] = defaultdict(set)
"""Each test that passed, without its parameters; and the parts of all their ids."""
not_run: list[str] = []


def named(page: str) -> list[str]:
    """The tests that the page names, each once: `integration/test_kv.py::test_count`."""
    return list(dict.fromkeys(_TEST.findall(page)))


def missing(tests: Iterable[str], passed: Mapping[str, set[str]]) -> list[str]:
    """Those that did not pass, and those that one client alone passed."""
    found = [test for test in tests if test not in passed]
    for test in tests:
        clients = passed.get(test, set()) & CLIENTS
        found += [f"{test} on {client}" for client in sorted(CLIENTS - clients) if clients]
    return found


def is_whole(config: pytest.Config) -> bool:
    """Whether all tests were asked for, and no other process runs some of them."""
    chosen = any(getattr(config.option, name, None) for name in _PARTIAL)
    return config.args == config.getini("testpaths") and not chosen and not hasattr(config, "workerinput")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remembers what passed."""
    if report.when == "call" and report.passed:
        test, _, parameters = report.nodeid.removeprefix("tests/").partition("[")
        passed[test].update(parameters.removesuffix("]").split("-"))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fails a whole and successful run that left a named test out."""
    if exitstatus == pytest.ExitCode.OK and is_whole(session.config):
        not_run.extend(missing(named(PAGE.read_text()), passed))
        if not_run:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says which."""
    for test in not_run:
        terminalreporter.write_line(f"docs/parity.md names a test that did not run: {test}", red=True)
