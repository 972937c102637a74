"""The log of a client: few lines of a kind, what they leave out is counted, and nothing is printed unasked."""

import logging
import subprocess
import sys
from typing import Any

import pytest

from etcdobs._drive.log import BURST, INTERVAL, Log


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(clock: Clock, caplog: pytest.LogCaptureFixture) -> Log:
    caplog.set_level(logging.INFO, "etcdobs")
    return Log(clock)


def told(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [vars(record)["etcdobs"] for record in caplog.records]


def test_a_line_says_what_happened_and_bears_it_as_a_mapping(log: Log, caplog: pytest.LogCaptureFixture) -> None:
    log.tell("failed_over", method="etcdserverpb.KV/Put", endpoint="a:1", cause="Unavailable")
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("etcdobs.endpoints", logging.WARNING)
    assert record.message == (
        "a call moves to another endpoint: count=1 method=etcdserverpb.KV/Put endpoint=a:1 cause=Unavailable"
    )
    said = {"count": 1, "method": "etcdserverpb.KV/Put", "endpoint": "a:1", "cause": "Unavailable", "left_out": 0}
    assert told(caplog) == [{"event": "failed_over", **said}]


def test_what_comes_beyond_a_few_lines_is_counted_and_told(
    log: Log, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(1000):
        log.tell("watches_resumed", 3, cause="Unavailable")
    assert [said["count"] for said in told(caplog)] == [3] * BURST
    clock.now += INTERVAL
    log.tell("watches_resumed", 3, cause="Unavailable")
    assert told(caplog)[-1]["left_out"] == 3 * (1000 - BURST)
    assert f"left_out={3 * (1000 - BURST)}" in caplog.records[-1].message
    log.tell("watches_resumed", 3, cause="Unavailable")
    assert told(caplog)[-1]["left_out"] == 0


def test_one_kind_does_not_silence_another(log: Log, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(BURST + 1):
        log.tell("failed_over")
    log.tell("lease_lost", lease="7b")
    assert told(caplog)[-1]["event"] == "lease_lost"


def test_the_end_tells_what_no_later_line_did(log: Log, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(BURST + 2):
        log.tell("token_renewed")
    log.close()
    log.close()
    assert len(caplog.records) == BURST + 1
    assert told(caplog)[-1] == {"event": "token_renewed", "count": 0, "left_out": 2}


def test_what_nobody_wants_to_read_is_not_even_counted(log: Log, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "etcdobs")
    for _ in range(BURST + 2):
        log.tell("token_renewed")
    log.close()
    assert caplog.records == []


def test_the_library_prints_nothing_and_gives_the_root_no_handler() -> None:
    program = (
        "import logging, etcdobs; from etcdobs._drive.log import Log; Log().tell('lease_lost', lease='7b');"
        "print(logging.getLogger().handlers, logging.getLogger('etcdobs').handlers)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("[] [<NullHandler (NOTSET)>]\n", "")
