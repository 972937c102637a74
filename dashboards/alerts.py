"""Decides when somebody is told: each alert with what it means, how bad it is, and where the runbook has it."""

from dataclasses import dataclass
from typing import Literal

from dashboards.recording import OPERATIONS, P99, RETRIED, SHORT, share
from dashboards.selectors import grown

RUNBOOKS = "docs/runbooks.md"
"""Where the runbooks are; `python -m dashboards.write --runbooks ADDRESS` puts an address of yours there."""

BUDGET = 0.001
"""The share of operations that may fail, over a month, before somebody minds: 99.9 % are to succeed."""

_JOB, _PROCESS = "{{ $labels.job }}", "{{ $labels.instance }} ({{ $labels.job }})"
_BY = ("job", "instance")
_EACH = ", ".join(_BY)


@dataclass(frozen=True)
class Alert:
    """An alert rule: it fires once `expr` has held for `held`."""

    name: str
    severity: Literal["critical", "warning"]
    expr: str
    held: str
    summary: str
    description: str


def alerts() -> tuple[Alert, ...]:
    """All of them, those of one subject together."""
    return (*_budget(), *_calls(), *_endpoints(), *_watches(), *_buffers(), *_leases(), *_writes())


def _burn(*windows: tuple[float, str, str]) -> str:
    """The budget is used so many times too fast, over a long window and still over a short one."""
    burning = (
        f"({share(short)} > {speed * BUDGET:g} and {share(long)} > {speed * BUDGET:g})"
        for speed, short, long in windows
    )
    return f"({' or '.join(burning)}) and {OPERATIONS} > 0.1"


def _budget() -> tuple[Alert, ...]:
    fast, slow = _burn((14.4, "5m", "1h"), (6, "30m", "6h")), _burn((3, "2h", "1d"), (1, "6h", "3d"))
    failing = f"{{{{ $value | humanizePercentage }}}} of the etcd operations of {_JOB} fail"
    return (
        Alert(
            "EtcdClientErrorBudgetBurn",
            "critical",
            fast,
            "1m",
            failing,
            "At this pace the month's error budget is gone within days. Counted are operations that failed after all "
            "retries, and not those that their caller cancelled or asked for wrongly.",
        ),
        Alert(
            "EtcdClientErrorBudgetBurn",
            "warning",
            slow,
            "1h",
            failing,
            "Slowly, but for long: the month's error budget will not last the month.",
        ),
    )


def _calls() -> tuple[Alert, ...]:
    return (
        Alert(
            "EtcdClientSlow",
            "warning",
            f"{P99}{{{SHORT}}} > 0.5",
            "10m",
            f"One in a hundred {{{{ $labels.op }}}} of {_JOB} takes {{{{ $value | humanizeDuration }}}}",
            "Retries and waits included. Compare the client's latency with the servers' and member with member.",
        ),
        Alert(
            "EtcdClientRetryStorm",
            "warning",
            f"{RETRIED} > 0.1 and {OPERATIONS} > 0.1",
            "5m",
            f"{{{{ $value | humanizePercentage }}}} of the RPCs of {_JOB} are repeated ones",
            "The clients' own retries are a good part of what the cluster has to answer.",
        ),
        Alert(
            "EtcdClientTokenFailures",
            "warning",
            grown('etcdobs_token_renewals_total{outcome!="OK"}', "10m", *_BY, "outcome"),
            "0m",
            f"{_PROCESS} gets no auth token: {{{{ $labels.outcome }}}}",
            "User or password is not (or no more) what etcd knows, or no member answers. Calls fail until it succeeds.",
        ),
    )


def _endpoints() -> tuple[Alert, ...]:
    usable = f'sum by ({_EACH}) (etcdobs_endpoint_state{{state=~"up|unused"}})'
    return (
        Alert(
            "EtcdClientNoEndpoint",
            "critical",
            f"{usable} == 0",
            "1m",
            f"No endpoint of etcd answers {_PROCESS}",
            "Each one failed at its last call or is left out until it answers a probe.",
        ),
    )


def _watches() -> tuple[Alert, ...]:
    stream = 'grpc_service="etcdserverpb.Watch", grpc_method="Watch"'
    started, ended = (f"sum by ({_EACH}) (grpc_client_{part}_total{{{stream}}})" for part in ("started", "handled"))
    return (
        Alert(
            "EtcdClientWatchStuck",
            "warning",
            f"max by ({_EACH}) (etcdobs_watch_lag_seconds) > 60",
            "2m",
            f"Nobody takes the events of a watch of {_PROCESS}",
            "An event has waited for {{ $value | humanizeDuration }}: what the watch's user knows is that old.",
        ),
        Alert(
            "EtcdClientWatchDisconnected",
            "warning",
            f"sum by ({_EACH}) (etcdobs_watches_active) > 0 unless ({started} - ({ended} or 0 * {started})) > 0",
            "1m",
            f"{_PROCESS} has watches open and no stream to a member",
            "{{ $value }} watches get no events; each will go on where it was once a member is reached.",
        ),
        Alert(
            "EtcdClientWatchCompacted",
            "critical",
            grown('etcdobs_watch_failures_total{cause="Compacted"}', "10m", *_BY),
            "0m",
            f"A watch of {_PROCESS} missed events that are compacted",
            "It ended with CompactedError. Who used it does not know what changed since, until it reads anew.",
        ),
    )


def _buffers() -> tuple[Alert, ...]:
    return (
        Alert(
            "EtcdClientWatchBufferFull",
            "warning",
            "min_over_time(etcdobs_watch_buffer_fill_ratio[5m]) >= 1",
            "0m",
            f"A watch's buffer in {_PROCESS} has been full for 5 minutes",
            "Nothing is fetched for it any more. Once the cluster compacts what it has not seen, it ends.",
        ),
    )


def _leases() -> tuple[Alert, ...]:
    return (
        Alert(
            "EtcdClientLeaseMarginLow",
            "warning",
            f"min by ({_EACH}) (min_over_time(etcdobs_lease_margin_ratio[2m])) < 0.34",
            "0m",
            f"A lease of {_PROCESS} came near its end",
            "It had {{ $value | humanizePercentage }} of its ttl left: two renewals in a row were not answered.",
        ),
        Alert(
            "EtcdClientLeaseLost",
            "critical",
            grown("etcdobs_lease_lost_total", "10m", *_BY),
            "0m",
            f"{_PROCESS} lost a lease that it kept alive",
            "The keys on it are gone: locks, registrations, elections that were won.",
        ),
    )


def _writes() -> tuple[Alert, ...]:
    return (
        Alert(
            "EtcdClientOutcomeUnknown",
            "warning",
            grown('etcdobs_operation_seconds_count{outcome="OutcomeUnknown"}', "10m", *_BY, "op"),
            "0m",
            f"Of a {{{{ $labels.op }}}} of {_PROCESS} nobody knows whether it was carried out",
            "The connection broke, or time ran out, after it was sent. It is not sent again by itself.",
        ),
    )
