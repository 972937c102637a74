"""Decides every metric there is: its name, type, help, labels and buckets. `docs/metrics.md` is made from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["CATALOGUE", "LABELS", "LIVE", "LiveRow", "Row", "Together"]

Together: TypeAlias = Literal["sum", "max", "min"]
"""How what several clients of one process show becomes one sample."""

_METHOD = ("grpc_type", "grpc_service", "grpc_method")
_WAITS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
_SIZES = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0)


@dataclass(frozen=True, slots=True)
class Row:
    """A metric that is recorded as things happen.

    Attributes:
        in_context: it carries the labels that come from the caller's context, too.
        buckets: upper bounds of a histogram; none: those that `ClientMetrics` was given.
        mode: how a gauge adds up over the processes of prometheus_client's multiprocess mode.
    """

    type: Literal["counter", "gauge", "histogram"]
    name: str
    help: str
    labels: tuple[str, ...] = ()
    in_context: bool = False
    buckets: tuple[float, ...] = ()
    mode: Literal["livesum", "livemax"] = "livesum"


@dataclass(frozen=True, slots=True)
class LiveRow:
    """A gauge that is read off the living clients when it is asked for."""

    name: str
    help: str
    together: Together
    labels: tuple[str, ...] = ()


CATALOGUE: Mapping[str, Row] = {
    "started": Row(
        "counter", "grpc_client_started_total", "Total number of RPCs started on the client.", _METHOD, in_context=True
    ),
    "handled": Row(
        "counter",
        "grpc_client_handled_total",
        "Total number of RPCs completed by the client, regardless of success or failure.",
        (*_METHOD, "grpc_code"),
        in_context=True,
    ),
    "msg_received": Row(
        "counter",
        "grpc_client_msg_received_total",
        "Total number of RPC stream messages received by the client.",
        _METHOD,
        in_context=True,
    ),
    "msg_sent": Row(
        "counter",
        "grpc_client_msg_sent_total",
        "Total number of gRPC stream messages sent by the client.",
        _METHOD,
        in_context=True,
    ),
    "handling_seconds": Row(
        "histogram",
        "grpc_client_handling_seconds",
        "Histogram of response latency (seconds) of the gRPC until it is finished by the application.",
        _METHOD,
        in_context=True,
    ),
    "operation_seconds": Row(
        "histogram",
        "etcdobs_operation_seconds",
        "Seconds that an operation took, all its attempts and waits included.",
        ("op", "outcome"),
        in_context=True,
    ),
    "operations_in_flight": Row(
        "gauge",
        "etcdobs_operations_in_flight",
        "Number of operations begun and not yet over.",
        ("op",),
        in_context=True,
    ),
    "retries": Row(
        "counter",
        "etcdobs_retries_total",
        "Total number of attempts repeated by the client, by what made it repeat them.",
        ("grpc_service", "grpc_method", "reason"),
    ),
    "token_renewals": Row(
        "counter",
        "etcdobs_token_renewals_total",
        "Total number of times an auth token was asked for, a client's first time included.",
        ("outcome",),
    ),
    "failovers": Row(
        "counter", "etcdobs_failovers_total", "Total number of times calls moved to another endpoint.", ("reason",)
    ),
    "endpoint_seconds": Row(
        "histogram",
        "etcdobs_endpoint_latency_seconds",
        "Seconds that an endpoint took to answer a unary RPC well; one sample an attempt.",
        ("endpoint",),
    ),
    "watches_active": Row("gauge", "etcdobs_watches_active", "Number of watches open."),
    "watch_events": Row(
        "counter", "etcdobs_watch_events_total", "Total number of events that the client's watches received."
    ),
    "watch_batch_events": Row(
        "histogram",
        "etcdobs_watch_batch_events",
        "Number of events that a watch received together.",
        buckets=_SIZES,
    ),
    "watch_resumes": Row(
        "counter",
        "etcdobs_watch_resumes_total",
        "Total number of times a watch was resumed on a new stream.",
        ("cause",),
    ),
    "watch_failures": Row(
        "counter",
        "etcdobs_watch_failures_total",
        "Total number of watches that ended with an error.",
        ("cause",),
    ),
    "leases_active": Row("gauge", "etcdobs_leases_active", "Number of leases kept alive."),
    "lease_lost": Row("counter", "etcdobs_lease_lost_total", "Total number of leases that ended while kept alive."),
    "lock_wait_seconds": Row(
        "histogram",
        "etcdobs_lock_wait_seconds",
        "Seconds from asking for a lock until it was had, or until that was given up.",
        ("outcome",),
        buckets=_WAITS,
    ),
    "batched_operations": Row(
        "histogram",
        "etcdobs_batched_operations",
        "Number of batched operations that were sent in one call.",
        buckets=_SIZES,
    ),
    "build_info": Row(
        "gauge",
        "etcdobs_build_info",
        "What the client is made of; always 1.",
        ("version", "python", "grpc"),
        mode="livemax",
    ),
}

LIVE: Mapping[str, LiveRow] = {
    "endpoint_state": LiveRow(
        "etcdobs_endpoint_state",
        "Number of clients to which an endpoint is in that state now; 0 where it is in another.",
        "sum",
        ("endpoint", "state"),
    ),
    "watch_buffer_events": LiveRow(
        "etcdobs_watch_buffer_events", "Number of events received and not yet taken from their watchers.", "sum"
    ),
    "watch_buffer_fill_ratio": LiveRow(
        "etcdobs_watch_buffer_fill_ratio",
        "Share of its bound to which the fullest watcher's buffer is filled; from 1 on nothing is fetched for it.",
        "max",
    ),
    "watch_lag_revisions": LiveRow(
        "etcdobs_watch_lag_revisions",
        "Number of revisions that the slowest watcher's user is behind what its client has received.",
        "max",
    ),
    "watch_lag_seconds": LiveRow(
        "etcdobs_watch_lag_seconds", "Seconds for which the oldest event not yet taken has been waiting.", "max"
    ),
    "lease_margin_seconds": LiveRow(
        "etcdobs_lease_margin_seconds",
        "Seconds until the first of the leases kept alive is lost, unless it is renewed.",
        "min",
    ),
    "lease_margin_ratio": LiveRow(
        "etcdobs_lease_margin_ratio",
        "Share of its ttl that is left to that of the leases kept alive of which the least is left.",
        "min",
    ),
}

LABELS: Mapping[str, str] = {
    "grpc_type": "`unary`, `client_stream`, `server_stream` or `bidi_stream`",
    "grpc_service": "the gRPC service, `etcdserverpb.KV`",
    "grpc_method": "the method of the service, `Range`",
    "grpc_code": "the gRPC status, written as grpc-go writes it: `OK`, `DeadlineExceeded`, `Unavailable`, ...",
    "op": "what was asked for, one of the operations below",
    "outcome": "how it ended, one of the outcomes below",
    "reason": "the error that made it so, by its class: `ConnectionFailed`, `NoLeader`, `InvalidAuthToken`, ...;"
    " `Slow` where a member was asked again because it took long, `Silent` where it did not answer a probe either",
    "cause": "the error that broke the stream or ended the watch, by its class: `Unavailable`, `Compacted`, ...",
    "endpoint": "the address of an endpoint that a client has in use; the series of one that leaves go with it",
    "state": "`up`: it answers; `failing`: it failed, or as the only one left a call without an answer, and is tried"
    " again soon; `silent`: it is left out until it answers a probe; `unused`: no call has gone to it yet",
    "version": "of etcdobs",
    "python": "the version of Python",
    "grpc": "the version of grpcio",
}
