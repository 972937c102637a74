"""Operations as they are recorded: their outcome, their context's labels, several processes, and what they cost."""

import os
import subprocess
import sys
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import grpc
import pytest
from prometheus_client import CollectorRegistry, Histogram

from benchmarks import instrument_cost
from etcdobs import ClientMetrics
from etcdobs._drive.notes import lock_wait, outcome
from etcdobs.errors import ClosedError, CompactedError, DeadlineExceededError, UnavailableError
from etcdobs.observe.context import MOST_CONTEXTS
from tests.metrics import Shown


@pytest.fixture
def shown() -> Shown:
    return Shown(CollectorRegistry())


def done(metrics: ClientMetrics, op: str = "get", outcome: str = "OK") -> None:
    operation = metrics.operation(op)
    operation.end(operation.begin(), outcome)


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (CompactedError(), "OutOfRange"),
        (DeadlineExceededError(), "DeadlineExceeded"),
        (DeadlineExceededError(outcome_unknown=True), "OutcomeUnknown"),
        (UnavailableError(code=grpc.StatusCode.UNAVAILABLE), "Unavailable"),
        (ClosedError(), "Canceled"),
        (TimeoutError(), "DeadlineExceeded"),
        (KeyboardInterrupt(), "Canceled"),
        (ValueError(), "Unknown"),
    ],
)
def test_an_operation_counts_as_what_its_caller_was_told(error: BaseException, word: str) -> None:
    assert outcome(error) == word


def test_two_on_one_registry_share_what_is_in_flight(shown: Shown) -> None:
    one, two = ClientMetrics(shown.registry), ClientMetrics(shown.registry)
    first, second = one.operation("get"), two.operation("get")
    began = first.begin()
    second.begin()
    assert shown.in_flight() == {"get": 2}
    first.end(began)
    assert shown.in_flight() == {"get": 1}


def test_operations_that_are_named_show_at_zero_before_the_first(shown: Shown) -> None:
    metrics = ClientMetrics(shown.registry)
    metrics.initialize({"/etcdserverpb.KV/Put": "unary"}, ["put"])
    metrics.initialize({"/etcdserverpb.KV/Put": "unary"}, ["put"])
    (sample,) = shown.samples("etcdobs_operation_seconds_count")
    assert (sample.labels, sample.value) == ({"op": "put", "outcome": "OK"}, 0)
    (sample,) = shown.samples("grpc_client_handled_total")
    assert (sample.labels["grpc_code"], sample.value) == ("OK", 0)


def test_a_wait_for_a_lock_is_told_without_metrics_too() -> None:
    with pytest.raises(ValueError, match="lost"), lock_wait(None):
        raise ValueError("lost")


def test_the_callers_context_gives_labels_and_few_of_them(shown: Shown) -> None:
    tenant: ContextVar[str] = ContextVar("tenant")
    metrics = ClientMetrics(shown.registry, context_labels={"tenant": tenant.get}, const_labels={"app": "shop"})
    done(metrics)
    for number in range(MOST_CONTEXTS + 20):
        tenant.set(f"t{number}")
        done(metrics)
    assert shown.total("etcdobs_operation_seconds_count", tenant="", app="shop") == 1
    assert shown.total("etcdobs_operation_seconds_count", tenant="t7") == 1
    assert shown.total("etcdobs_operation_seconds_count", tenant="other") == 21
    assert shown.total("etcdobs_operation_seconds_count") == MOST_CONTEXTS + 21


def test_a_context_label_that_fails_fails_no_call_and_says_so_once(
    shown: Shown, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> str:
        raise RuntimeError("no request here")

    metrics = ClientMetrics(shown.registry, context_labels={"tenant": broken})
    done(metrics)
    done(metrics)
    assert shown.total("etcdobs_operation_seconds_count", tenant="") == 2
    assert [record.name for record in caplog.records] == ["etcdobs.observe"]


def test_a_context_label_without_a_function_is_refused(shown: Shown) -> None:
    wrong: Any = {"tenant": "blue"}
    with pytest.raises(TypeError, match=r"context_labels\['tenant'\] must be a function .*const_labels"):
        ClientMetrics(shown.registry, context_labels=wrong)


def test_metrics_that_fail_fail_no_operation(
    shown: Shown, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(Histogram, "observe", full)
    metrics = ClientMetrics(shown.registry)
    done(metrics)
    done(metrics, outcome="Unavailable")
    metrics.lock_waited(1.0, "OK")
    metrics.batched(3)
    metrics.watch_received(3)
    assert len(caplog.records) == 1
    assert shown.in_flight() == {}


PROCESS = """
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector
from etcdobs import ClientMetrics
from tests.metrics import Shown
metrics = ClientMetrics(CollectorRegistry())
metrics.watch_opened()
metrics.watch_received(3)
metrics.method("/etcdserverpb.Watch/Watch", "bidi_stream").received()
for op in ("get", "get", "put"):
    operation = metrics.operation(op)
    began = operation.begin()
    if op == "get":
        operation.end(began)
MultiProcessCollector(registry := CollectorRegistry())
shown = Shown(registry)
metrics.endpoint("a:1")(0.1)
metrics.endpoints_left(["a:1"])
print(shown.operations(), shown.in_flight(), shown.total("etcdobs_watches_active"))
print(shown.total("etcdobs_watch_events_total"), shown.total("grpc_client_msg_received_total"))
"""


def in_a_process(folder: Path) -> str:
    """What it says that all have counted whose files are there."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", PROCESS],
        env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder), "PYTHONPATH": os.getcwd()},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_several_processes_add_up(tmp_path: Path) -> None:
    assert in_a_process(tmp_path) == "{('get', 'OK'): 2.0} {'put': 1.0} 1.0\n3.0 1.0\n"
    assert in_a_process(tmp_path) == "{('get', 'OK'): 4.0} {'put': 2.0} 2.0\n6.0 2.0\n"


def test_metrics_cost_no_more_than_they_may(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the cost of a counter at hand, so that the machine's speed does not count; its noise does: hence the slack."""
    monkeypatch.setattr(instrument_cost, "CALLS", 1000)
    inc, added = instrument_cost.measured(6, traced=False)
    assert max(added["grpc_client_* alone"]) / inc < 14
    assert max(added["all metrics of a get"]) / inc < 26
