"""Decides which series a panel asks for: every selector of a client's or a server's metric is made here.

`$job` and `$instance` choose client processes, `$etcd_job` the servers. What a variable cannot narrow stays whole.
"""

from collections.abc import Callable

CLIENT = 'job=~"$job", instance=~"$instance"'
SERVER = 'job=~"$etcd_job"'
RPC = 'grpc_service=~"$service", grpc_method=~"$method"'

# A watch or a keepalive lasts as long as its user wants: its duration is no latency.
UNARY = 'grpc_type="unary"'
STREAMS = 'grpc_type=~"bidi_stream|server_stream"'

# Who cancels knows it; it is nobody's failure.
FAILED_RPC = 'grpc_code!~"OK|Canceled"'
NOT_OK = 'outcome!~"OK|Canceled"'
# What the caller asked for wrongly, or learnt, is an answer; so is a lock that was not had in the time it was given.
FAILED_OPERATION = (
    'op!="lock", outcome!~"OK|Canceled|InvalidArgument|NotFound|AlreadyExists|FailedPrecondition|OutOfRange"'
)

# What etcd's own dashboards count as the server's failures, and not as an answer that the caller did not like.
SERVER_FAULT = (
    'grpc_code=~"Unknown|FailedPrecondition|ResourceExhausted|Internal|Unavailable|DataLoss|DeadlineExceeded"'
)

RATE = "$__rate_interval"


def client(metric: str, *more: str) -> str:
    """A metric of the chosen client processes, narrowed by more matchers."""
    return _selector(metric, CLIENT, *more)


def server(metric: str, *more: str) -> str:
    """A metric of the chosen etcd servers, narrowed by more matchers."""
    return _selector(metric, SERVER, *more)


def rate(selector: str) -> str:
    """How fast a counter grows, a second."""
    return f"rate({selector}[{RATE}])"


def grown(selector: str, window: str, *by: str) -> str:
    """By how much counters grew. A series that was not there before grew from 0, which `increase` alone misses."""
    seen_twice, born = f"increase({selector}[{window}]) > 0", f"({selector} unless {selector} offset {window}) > 0"
    return f"sum{_by(by)} (({seen_twice}) or ({born}))"


def total_rate(selector: str, *by: str) -> str:
    """How fast counters grow together, a second."""
    return f"sum{_by(by)} ({rate(selector)})"


def quantile(share: float, buckets: str, *by: str) -> str:
    """A quantile of a histogram, from the rates of its buckets."""
    return f"histogram_quantile({share}, {total_rate(buckets, 'le', *by)})"


def mean(histogram: str, *more: str, by: tuple[str, ...] = (), of: Callable[..., str] = client) -> str:
    """The mean of a histogram's samples; `of`: `client` or `server`."""
    total, count = (total_rate(of(f"{histogram}_{part}", *more), *by) for part in ("sum", "count"))
    return f"{total} / {count}"


def ratio(part: str, whole: str) -> str:
    """A share of something, 0 where there is a whole and nothing of the part has been seen yet."""
    return f"({part} or 0 * {whole}) / ({whole} > 0)"


def _selector(metric: str, *matchers: str) -> str:
    return f"{metric}{{{', '.join(matchers)}}}"


def _by(labels: tuple[str, ...]) -> str:
    return f" by ({', '.join(labels)})" if labels else ""
