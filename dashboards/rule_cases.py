"""Decides what shows that an alert fires when it should, and else stays silent: cases for `promtool test rules`.

Series are in promtool's notation, a sample a minute: "0+60x120" counts one a second for two hours, "_x5" is not there.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dashboards.alerts import Alert, alerts
from dashboards.rules import annotations, as_yaml

_PROCESS = 'job="shop", instance="shop-1"'
_WHERE = {"job": "shop", "instance": "shop-1"}
# A counter that is first seen when it has counted one.
_BORN = "_x5 1x30"


@dataclass(frozen=True)
class Case:
    """What is seen, when it is looked at, and what is told then; `fires` None: nothing.

    `labels` are those that the alert is told with, `value` what its template makes of the value.
    """

    alert: str
    series: Mapping[str, str]
    at: str
    fires: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    value: str = ""


def operations(outcome: str, counts: str) -> dict[str, str]:
    """A job's gets that ended so."""
    return {f'etcdobs_operation_seconds_count{{{_PROCESS}, op="get", outcome="{outcome}"}}': counts}


def latency(bound: str) -> dict[str, str]:
    """Gets, one a second, that took between half of that bound and the bound."""
    name, of = "etcdobs_operation_seconds_bucket", f'{_PROCESS}, op="get", outcome="OK"'
    at = {"0.05": "0", "0.1": "0", "0.5": "0", "1": "0"}
    counts = {le: "0+60x60" if float(le) >= float(bound) else "0x60" for le in at} | {"+Inf": "0+60x60"}
    return {f'{name}{{{of}, le="{le}"}}': values for le, values in counts.items()}


def attempts(started: str, repeated: str) -> dict[str, str]:
    """Gets, and how many of their RPCs were repeated ones."""
    rpc = f'{_PROCESS}, grpc_service="etcdserverpb.KV", grpc_method="Range"'
    return {
        f'grpc_client_started_total{{{rpc}, grpc_type="unary"}}': started,
        f'etcdobs_retries_total{{{rpc}, reason="Unavailable"}}': repeated,
        **operations("OK", "0+60x60"),
    }


def endpoints(up: int, failing: int) -> dict[str, str]:
    """Two endpoints, by how many are in each state."""
    return {
        f'etcdobs_endpoint_state{{{_PROCESS}, endpoint="{name}", state="{state}"}}': f"{int(held)}x20"
        for at, name in enumerate(("a:2379", "b:2379"))
        for state, held in (("up", at < up), ("failing", at < failing), ("silent", False), ("unused", False))
    }


def streams(started: int, ended: int) -> dict[str, str]:
    """Three watches, over so many streams."""
    rpc = f'{_PROCESS}, grpc_type="bidi_stream", grpc_service="etcdserverpb.Watch", grpc_method="Watch"'
    return {
        f"etcdobs_watches_active{{{_PROCESS}}}": "3x20",
        f"grpc_client_started_total{{{rpc}}}": f"{started}x20",
        f'grpc_client_handled_total{{{rpc}, grpc_code="Unavailable"}}': f"{ended}x20",
    }


def one(metric: str, values: str, **labels: str) -> dict[str, str]:
    """A series of the process."""
    more = "".join(f', {name}="{value}"' for name, value in labels.items())
    return {f"{metric}{{{_PROCESS}{more}}}": values}


def _budget() -> Iterator[Case]:
    name, job = "EtcdClientErrorBudgetBurn", {"job": "shop"}
    fine = operations("OK", "0+600x90")
    yield Case(name, fine | operations("Unavailable", "0+60x90"), "30m", "critical", job, "9.091%")
    yield Case(name, fine | operations("DeadlineExceeded", "0+3x90"), "70m", "warning", job, "0.4975%")
    yield Case(name, fine | operations("OutOfRange", "0+600x90") | operations("Canceled", "0+600x90"), "70m")
    yield Case(name, fine | operations("Unavailable", "0x20 1x70"), "70m")
    yield Case(name, operations("OK", "0+1x90") | operations("Unavailable", "0+1x90"), "70m")


def _calls() -> Iterator[Case]:
    yield Case("EtcdClientSlow", latency("1"), "20m", "warning", {"job": "shop", "op": "get"}, "995ms")
    yield Case("EtcdClientSlow", latency("0.1"), "20m")
    job = {"job": "shop"}
    yield Case("EtcdClientRetryStorm", attempts("0+100x60", "0+20x60"), "20m", "warning", job, "20%")
    yield Case("EtcdClientRetryStorm", attempts("0+100x60", "0+1x60"), "20m")
    renewals, labels = "etcdobs_token_renewals_total", {**_WHERE, "outcome": "Unauthenticated"}
    failed = one(renewals, _BORN, outcome="Unauthenticated")
    yield Case("EtcdClientTokenFailures", failed, "8m", "warning", labels)
    yield Case("EtcdClientTokenFailures", failed, "25m")
    yield Case("EtcdClientTokenFailures", one(renewals, "0+1x30", outcome="OK"), "8m")
    writes = {"op": "put", "outcome": "OutcomeUnknown"}
    unknown = one("etcdobs_operation_seconds_count", _BORN, **writes)
    yield Case("EtcdClientOutcomeUnknown", unknown, "8m", "warning", {**_WHERE, "op": "put"})
    yield Case("EtcdClientOutcomeUnknown", unknown, "25m")


def _members() -> Iterator[Case]:
    yield Case("EtcdClientNoEndpoint", endpoints(up=0, failing=2), "5m", "critical", _WHERE)
    yield Case("EtcdClientNoEndpoint", endpoints(up=1, failing=1), "5m")
    yield Case("EtcdClientWatchDisconnected", streams(5, 5), "5m", "warning", _WHERE, "3")
    yield Case("EtcdClientWatchDisconnected", streams(5, 4), "5m")


def _watches() -> Iterator[Case]:
    lag, fill = "etcdobs_watch_lag_seconds", "etcdobs_watch_buffer_fill_ratio"
    yield Case("EtcdClientWatchStuck", one(lag, "0+60x20"), "10m", "warning", _WHERE, "10m 0s")
    yield Case("EtcdClientWatchStuck", one(lag, "5 0 90 3 5 1x20"), "10m")
    compacted = one("etcdobs_watch_failures_total", _BORN, cause="Compacted")
    yield Case("EtcdClientWatchCompacted", compacted, "8m", "critical", _WHERE)
    yield Case("EtcdClientWatchCompacted", compacted, "25m")
    refused = one("etcdobs_watch_failures_total", _BORN, cause="PermissionDenied")
    yield Case("EtcdClientWatchCompacted", refused, "8m")
    yield Case("EtcdClientWatchBufferFull", one(fill, "1x20"), "10m", "warning", _WHERE)
    yield Case("EtcdClientWatchBufferFull", one(fill, "1 1 1 1 1 1 1 0.4 1 1 1x9"), "10m")


def _leases() -> Iterator[Case]:
    share, lost = "etcdobs_lease_margin_ratio", "etcdobs_lease_lost_total"
    yield Case("EtcdClientLeaseMarginLow", one(share, "0.9 0.8 0.2 0.9x9"), "3m", "warning", _WHERE, "20%")
    yield Case("EtcdClientLeaseMarginLow", one(share, "0.9 0.67 0.7 0.9x9"), "3m")
    yield Case("EtcdClientLeaseLost", one(lost, "0 0 0 1x9"), "5m", "critical", _WHERE)
    yield Case("EtcdClientLeaseLost", one(lost, _BORN), "8m", "critical", _WHERE)
    yield Case("EtcdClientLeaseLost", one(lost, _BORN), "25m")


def cases() -> Iterator[Case]:
    """All of them."""
    for some in (_budget, _calls, _members, _watches, _leases):
        yield from some()


def test_files(runbooks: str) -> Iterator[tuple[str, str]]:
    """A file for each alert, by its name."""
    for name in dict.fromkeys(alert.name for alert in alerts()):
        tests = [_test(case, runbooks) for case in cases() if case.alert == name]
        rule_files = ["../recording.yaml", "../alerts.yaml"]
        yield f"{name.lower()}.yaml", as_yaml({"rule_files": rule_files, "evaluation_interval": "1m", "tests": tests})


def _test(case: Case, runbooks: str) -> dict[str, Any]:
    expected = [] if case.fires is None else [_told(case, _alert(case), runbooks)]
    return {
        "interval": "1m",
        "input_series": [{"series": series, "values": values} for series, values in case.series.items()],
        "alert_rule_test": [{"eval_time": case.at, "alertname": case.alert, "exp_alerts": expected}],
    }


def _alert(case: Case) -> Alert:
    return next(alert for alert in alerts() if (alert.name, alert.severity) == (case.alert, case.fires))


def _told(case: Case, alert: Alert, runbooks: str) -> dict[str, Any]:
    return {
        "exp_labels": {**case.labels, "severity": alert.severity},
        "exp_annotations": {name: _filled(text, case) for name, text in annotations(alert, runbooks).items()},
    }


def _filled(text: str, case: Case) -> str:
    """As Prometheus fills in a template, as far as ours go."""
    with_labels = re.sub(r"\{\{ \$labels\.(\w+) \}\}", lambda found: case.labels[found[1]], text)
    return re.sub(r"\{\{ \$value( \| \w+)? \}\}", case.value, with_labels)
