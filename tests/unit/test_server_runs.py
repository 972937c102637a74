"""What the runs on several servers come to: one tally, and a last line as pytest's own."""

import sys
from collections import Counter
from pathlib import Path

import pytest

from etcdobs.testing import find_etcd
from tests.servers import obtain, run
from tests.servers.run import INTEGRATION, WHOLE, Outcome

TESTS = """
import pytest

def test_passes(): pass

def test_fails(): assert 0

@pytest.fixture
def broken(): assert 0

def test_has_an_error(broken): pass
"""


def test_tests_are_counted_as_pytest_counts_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "test_three.py").write_text(TESTS)

    def pytest_there(*arguments: str) -> list[str]:
        return [sys.executable, "-m", "pytest", *arguments, str(tmp_path)]

    monkeypatch.setattr(run, "_pytest", pytest_there)
    monkeypatch.setattr(run, "ROOT", tmp_path)
    outcome = run.whole_suite()
    assert outcome.status == 1
    assert outcome.counts == Counter(passed=1, failed=1, errors=1)


def test_a_run_that_wrote_no_report_counts_nothing(tmp_path: Path) -> None:
    assert run.told(run.counted(tmp_path / "none.xml")) == "no tests ran"


def test_the_last_line_is_the_sum_and_reads_as_pytests() -> None:
    outcomes = [
        Outcome("3.5.1", WHOLE, Counter(passed=20), 0),
        Outcome("3.7.3", INTEGRATION, Counter(passed=6, failed=1), 1),
    ]
    *told, last = run.summary(outcomes, ["3.4 (Debian's etcd-server)"], 83.5).splitlines()
    assert told == [
        "",
        "etcd 3.5.1    the whole suite        20 passed",
        "etcd 3.7.3    the integration suite  1 failed, 6 passed; FAILED (pytest's status 1)",
        "not here: etcd 3.4 (Debian's etcd-server); `make servers` obtains it where it can",
    ]
    assert last.strip("=") == " 1 failed, 26 passed in 83.50s (0:01:23) "


@pytest.mark.parametrize(("status", "exit_status"), [(0, 0), (1, 1), (-9, 1), (5, 1)])
def test_a_run_that_failed_in_any_way_fails_the_whole(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], status: int, exit_status: int
) -> None:
    monkeypatch.setattr(run, "whole_suite", lambda: Outcome("3.5.1", WHOLE, Counter(passed=1), 0))
    others = [Outcome("3.7.3", INTEGRATION, Counter(passed=2), status)]

    def other_servers(arguments: list[str]) -> list[Outcome]:
        assert arguments == []
        return others

    monkeypatch.setattr(run, "other_servers", other_servers)
    assert run.main([]) == exit_status
    assert " 3 passed in " in capsys.readouterr().out


def test_who_interrupts_it_is_not_kept_waiting_for_other_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "whole_suite", lambda: Outcome("3.5.1", WHOLE, Counter(), run.INTERRUPTED))
    monkeypatch.setattr(run, "obtained", lambda: pytest.fail("no other server is asked for"))
    assert run.main([]) == 1


def test_a_machine_without_go_is_told_so_and_has_not_failed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(find_etcd().parent))
    monkeypatch.setattr(obtain, "SYSTEM_ETCD", tmp_path / "none")
    assert {obtain.obtain(source) for source in obtain.sources()} == {True}
    said = capsys.readouterr().out
    assert said.count("not here: Go is not on PATH") == len(obtain.GO_LINES)
    assert "not here: this is no Debian" in said


def test_a_build_that_fails_is_a_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\n[ $1 = version ] && echo go version go1.26.0 linux/amd64 || exit 1\n")
    go.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    newest = obtain.sources()[-1]
    assert not obtain.obtain(newest)
    go.write_text("#!/bin/sh\necho go version go1.19.8 linux/amd64\n")
    assert obtain.obtain(newest)


def test_a_package_that_cannot_be_downloaded_is_said_and_has_not_failed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, script in {
        "apt-cache": "echo '  Candidate: 3.4.23-4'",
        "apt-get": "echo 'no route to host' >&2; exit 100",
        "dpkg-deb": "exit 1",
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(obtain, "SYSTEM_ETCD", tmp_path / "none")
    assert obtain.obtain(obtain.sources()[0])
    assert "not here: apt-get download failed: no route to host" in capsys.readouterr().out
