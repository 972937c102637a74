"""Decides what Prometheus computes ahead: the shares of failures that alerts compare, and quantiles over everything.

Named as Prometheus would have it: the labels that are left, the metric, what was done to it. The dashboards need none.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from dashboards.selectors import FAILED_OPERATION, UNARY, ratio

WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
"""Those over which an error budget's use is looked at."""

SHORT = 'op=~"get|put|delete|txn-read|txn-write|count"'
"""Operations that are short whatever the keyspace."""


@dataclass(frozen=True)
class Recording:
    """A series that Prometheus makes of others."""

    name: str
    expr: str


def share(window: str) -> str:
    """The name of the share of operations that failed over a window."""
    return f"job:etcdobs_operation_failures:ratio_rate{window}"


OPERATIONS = "job:etcdobs_operations:rate1h"
P99 = "job_op:etcdobs_operation_seconds:p99_rate5m"
RETRIED = "job:etcdobs_retries:ratio_rate5m"


def recordings() -> Iterator[Recording]:
    """All of them."""
    for window in WINDOWS:
        failed, every = _operations(FAILED_OPERATION, window), _operations("", window)
        yield Recording(share(window), ratio(failed, every))
    yield Recording(OPERATIONS, _operations("", "1h"))
    yield Recording(P99, _quantile("etcdobs_operation_seconds", "", "job", "op"))
    yield Recording(
        "job_method:grpc_client_handling_seconds:p99_rate5m",
        _quantile("grpc_client_handling_seconds", UNARY, "job", "grpc_service", "grpc_method"),
    )
    retries = _rate("etcdobs_retries_total", "", "5m", "job")
    yield Recording(RETRIED, ratio(retries, _rate("grpc_client_started_total", UNARY, "5m", "job")))


def _operations(matchers: str, window: str) -> str:
    return _rate("etcdobs_operation_seconds_count", matchers, window, "job")


def _rate(metric: str, matchers: str, window: str, *by: str) -> str:
    selector = f"{metric}{{{matchers}}}" if matchers else metric
    return f"sum by ({', '.join(by)}) (rate({selector}[{window}]))"


def _quantile(histogram: str, matchers: str, *by: str) -> str:
    return f"histogram_quantile(0.99, {_rate(f'{histogram}_bucket', matchers, '5m', 'le', *by)})"
