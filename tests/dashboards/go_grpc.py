"""Decides what dashboards for go-grpc-prometheus ask: those that Thanos and Buildbarn publish, by what they show.

Thanos's mixin shows the client side of its querier: RPCs, errors and latency, of unary calls and of streams.
Buildbarn's rules show the RPCs in flight, and the messages on streams.
"""

_WINDOW = "10s"
_ERROR = 'grpc_code=~"Unknown|ResourceExhausted|Internal|Unavailable|DataLoss|DeadlineExceeded"'


def _rate(metric: str, matchers: str, by: str = "") -> str:
    return f"sum{f' by ({by})' if by else ''} (rate(grpc_client_{metric}{{{matchers}}}[{_WINDOW}]))"


def _quantile(share: float, by: str = "") -> str:
    buckets = _rate("handling_seconds_bucket", 'job="shop", grpc_type="unary"', f"le{by}")
    return f"histogram_quantile({share}, {buckets})"


def _in_flight() -> str:
    """Every label but the code must be the same on both counters."""
    ended = 'sum without (grpc_code) (grpc_client_handled_total{job="shop"})'
    return f'sum by (grpc_service, grpc_method) (grpc_client_started_total{{job="shop"}} - {ended})'


_UNARY, _STREAMS = 'job="shop", grpc_type="unary"', 'job="shop", grpc_type="bidi_stream"'
EXPRESSIONS = {
    "rate of RPCs by code": _rate("handled_total", _UNARY, "job, grpc_method, grpc_code"),
    "share of errors": f"{_rate('handled_total', f'{_UNARY}, {_ERROR}')} / {_rate('started_total', _UNARY)}",
    "errors in percent": f"{_rate('handled_total', 'grpc_code!=`OK`', 'job')}"
    f" / {_rate('started_total', 'job=~`.*shop.*`', 'job')} * 100",
    "latency p50": _quantile(0.5),
    "latency p90": _quantile(0.9),
    "latency p99 by method": _quantile(0.99, ", job, grpc_method"),
    "streams that were opened": _rate("started_total", _STREAMS, "grpc_service, grpc_method"),
    "in flight": _in_flight(),
    "messages received": _rate("msg_received_total", _STREAMS, "grpc_method, grpc_service"),
    "messages sent": _rate("msg_sent_total", _STREAMS, "grpc_method, grpc_service"),
    "share slower than 250 ms": f"1 - {_rate('handling_seconds_bucket', _UNARY + ', le=`0.25`')}"
    f" / {_rate('handling_seconds_count', _UNARY)}",
}
