"""A user's program passes strict checkers, and a wrong one does not."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("user_program.py")
ROOT = Path(__file__).resolve().parents[2]

WRONG = [
    'client.put(1, "v")',
    'client.put("/k", value="v", leese=3)',
    'client.get("/k").value',
    'client.range("/k", sort_by="size")',
    'client.txn().when(Compare.version("/k")).commit()',
    "client.lease.grant()",
    'with client.watch("/k") as w: w.get(timeout="soon")',
]


def mypy(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--config-file=", str(path)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.timeout(240)
def test_a_users_program_is_clean_under_mypy_strict() -> None:
    done = mypy(PROGRAM)
    assert done.returncode == 0, done.stdout


@pytest.mark.timeout(240)
def test_mistakes_are_found(tmp_path: Path) -> None:
    program = tmp_path / "wrong.py"
    lines = ["from etcdobs import Client, Compare", "client = Client()", *WRONG]
    program.write_text("\n".join(lines))
    found = {line.split(":")[1] for line in mypy(program).stdout.splitlines() if ": error:" in line}
    assert found == {str(number) for number in range(3, 3 + len(WRONG))}
