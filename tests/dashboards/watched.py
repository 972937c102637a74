"""Runs a service on three members under Prometheus's eyes while one of them is killed, and keeps what was seen."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from dashboards.asking import Prometheus, Series
from dashboards.stack import Stack, stack

# Grafana puts these in: `.+` for a variable at All, and for a scrape a second a window of some seconds.
WINDOW = "5s"
_SUBSTITUTES = {"$__rate_interval": WINDOW, "$__interval": "1s", "$__range": "1m"}
_VARIABLES = ("etcd_job", "job", "instance", "service", "method", "endpoint")
_PATIENCE = 60


@dataclass(frozen=True)
class Watched:
    """What Prometheus saw, from `start` to `end`, in seconds since 1970."""

    stack: Stack
    start: float
    end: float

    @property
    def prometheus(self) -> Prometheus:
        return self.stack.prometheus

    def over_time(self, expr: str) -> list[Series]:
        """As a panel shows it over the whole run."""
        return self.prometheus.query_range(filled(expr), self.start, self.end)

    def traces(self, expr: str) -> set[str]:
        """The traces that a panel shows as points."""
        found = self.prometheus.exemplars(filled(expr), self.start, self.end)
        return {labels["trace_id"] for labels in found}


def filled(expr: str) -> str:
    """With every variable at All."""
    for name, value in _SUBSTITUTES.items():
        expr = expr.replace(name, value)
    for name in _VARIABLES:
        expr = expr.replace(f"${name}", ".+")
    return expr


@contextmanager
def watched() -> Generator[Watched]:
    """A run with failovers in it: members are killed and come back, the leader first, until a watch was resumed."""
    start = time.time()
    with stack(shops=1, mishaps=True) as running:
        seen = running.prometheus
        seen.until(f"rate(etcdobs_operation_seconds_count[{WINDOW}]) > 0", _PATIENCE)
        leader = running.cluster.leader()
        for member in sorted(running.cluster, key=lambda member: member is not leader):
            member.kill()
            if member is leader:
                seen.until(f"changes(etcd_server_leader_changes_seen_total[{WINDOW}]) > 0", _PATIENCE)
            seen.until("count(up == 0)", _PATIENCE)
            member.start()
            if seen.query("etcdobs_watch_resumes_total"):
                break
        for shown in _SEEN_AT_LAST:
            seen.until(shown, _PATIENCE)
        # A step further, so that the last one has all of that.
        yield Watched(running, start, time.time() + 1)


_SEEN_AT_LAST = (
    "etcdobs_failovers_total",
    "etcdobs_watch_resumes_total",
    f"rate(etcdobs_retries_total[{WINDOW}])",
    f'rate(etcdobs_watch_failures_total{{cause="Compacted"}}[{WINDOW}]) > 0',
    f'rate(etcdobs_operation_seconds_count{{outcome="OutcomeUnknown"}}[{WINDOW}]) > 0',
    f'rate(etcdobs_operation_seconds_count{{op="get", outcome="OutOfRange"}}[{WINDOW}]) > 0',
    f'rate(etcdobs_lock_wait_seconds_count{{outcome="OK"}}[{WINDOW}]) > 0',
    "etcdobs_lease_margin_ratio > 0",
    "count(up == 1) == 4",
)
