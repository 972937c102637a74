"""Decides what the first look at the clients shows: whether all is well, and whose fault it is where it is not."""

from dashboards.frame import ENDPOINT, ETCD_JOB, INSTANCE, JOB, METHOD, SERVICE, Page, Row
from dashboards.panels import Limit, PanelBuilder, Query, bars, heat, lines, number, states
from dashboards.selectors import (
    FAILED_OPERATION,
    FAILED_RPC,
    NOT_OK,
    RATE,
    RPC,
    SERVER_FAULT,
    STREAMS,
    UNARY,
    client,
    grown,
    mean,
    quantile,
    rate,
    ratio,
    server,
    total_rate,
)

_OPERATIONS = client("etcdobs_operation_seconds_count")
_FAILED = client("etcdobs_operation_seconds_count", FAILED_OPERATION)
_STARTED = client("grpc_client_started_total", RPC)
_LATENCY = client("grpc_client_handling_seconds_bucket", UNARY, RPC)
_FAILING = client("etcdobs_endpoint_state", 'state=~"failing|silent"')
_AT_ENDPOINT = 'endpoint=~"$endpoint"'
_FAILED_SHARE = (Limit(0.001, "yellow"), Limit(0.01, "red"))
_SLOW = (Limit(0.1, "yellow"), Limit(0.5, "red"))
# By number, so that the worst state that an endpoint is in for any client of a process is the one shown.
_STATES = ((0, "unused", "text"), (1, "up", "green"), (2, "failing", "orange"), (3, "silent", "red"))


def page() -> Page:
    """The dashboard "etcd clients: overview"."""
    return Page(
        uid="etcdobs-overview",
        title="etcd clients: overview",
        description="What the etcd clients of your services ask for, how it goes, and whose fault it is if not.",
        variables=(JOB, INSTANCE, SERVICE, METHOD, ENDPOINT, ETCD_JOB),
        rows=(
            Row("Is all well?", (*_well(), *_lasting())),
            Row("Whose fault is it?", (*_sides(), *_members())),
            Row("Traffic", _traffic()),
            Row("Errors", (*_operation_errors(), *_attempt_errors())),
            Row("Latency", _latency()),
            Row("Saturation", _saturation(), collapsed=True),
        ),
    )


def _well() -> tuple[PanelBuilder, ...]:
    return (
        number("Operations", "What callers asked the clients for, a second.", "ops", Query(total_rate(_OPERATIONS))),
        number(
            "Failed operations",
            "Share of operations that failed for their callers, after all retries; not those that a caller cancelled "
            "or asked for wrongly, and no locks. What the alerts count.",
            "percentunit",
            Query(ratio(grown(_FAILED, RATE), grown(_OPERATIONS, RATE))),
            _FAILED_SHARE,
        ),
        number(
            "p99 of operations",
            "99 of 100 operations took less, retries and waits included. Locks and watches may wait, and are left out.",
            "s",
            Query(quantile(0.99, client("etcdobs_operation_seconds_bucket", 'op!~"lock|watch"'))),
            _SLOW,
        ),
    )


def _lasting() -> tuple[PanelBuilder, ...]:
    return (
        number(
            "Endpoints that fail",
            "Endpoints, over all clients, that failed at their last call or are left out until they answer a probe.",
            "short",
            Query(f"sum({_FAILING})"),
            (Limit(1, "red"),),
        ),
        number(
            "Watch lag",
            "The oldest event that a watch's user has not taken yet has waited for so long.",
            "s",
            Query(f"max({client('etcdobs_watch_lag_seconds')})"),
            (Limit(5, "yellow"), Limit(30, "red")),
        ),
        number(
            "Least lease margin",
            "Share of its ttl that the lease with the least has left. A renewal each third: it is 67 % and more while "
            "all is well, and at 0 the lease is lost.",
            "percentunit",
            Query(f"min({client('etcdobs_lease_margin_ratio')})"),
            (Limit(0.34, "yellow"), Limit(0.6, "green")),
            base="red",
        ),
    )


def _sides() -> tuple[PanelBuilder, ...]:
    methods = ("grpc_method",)
    server_latency = server("grpc_server_handling_seconds_bucket", UNARY, RPC)
    by_client = mean("grpc_client_handling_seconds", UNARY, RPC, by=methods)
    by_server = mean("grpc_server_handling_seconds", UNARY, RPC, by=methods, of=server)
    refused = server("grpc_server_handled_total", RPC, SERVER_FAULT)
    unreached = client("grpc_client_handled_total", RPC, 'grpc_code=~"Unavailable|DeadlineExceeded"')
    return (
        lines(
            "p99 as the client and as the server sees it",
            "Both high: the server is slow. Only the client's: network, TLS, queueing, or a busy client. "
            "Servers tell theirs with --metrics=extensive only.",
            "s",
            Query(quantile(0.99, _LATENCY, "grpc_method"), "client {{grpc_method}}"),
            Query(quantile(0.99, server_latency, "grpc_method"), "server {{grpc_method}}"),
        ),
        lines(
            "Time not spent in the server",
            "Mean latency of the client less that of the server: network, TLS, queueing, a busy client. "
            "Needs --metrics=extensive at the servers.",
            "s",
            Query(f"{by_client} - {by_server}", "{{grpc_method}}"),
            floor=None,
        ),
        lines(
            "Failures that each side knows of",
            "Calls that the clients gave up on or could not place are seen by no server: where the clients' line is "
            "high and the servers' low, look between them.",
            "reqps",
            Query(total_rate(unreached, "grpc_code"), "clients: {{grpc_code}}"),
            Query(total_rate(refused, "grpc_code"), "servers: {{grpc_code}}"),
        ),
    )


def _members() -> tuple[PanelBuilder, ...]:
    latency = client("etcdobs_endpoint_latency_seconds_bucket", _AT_ENDPOINT)
    return (
        states(
            "Endpoints as each client sees them",
            "Green: it answers. Orange: its last call failed, it is tried again soon. Red: left out until it answers "
            "a probe.",
            Query(_worst_state(), "{{instance}}: {{endpoint}}"),
            _STATES,
        ),
        lines(
            "p99 by endpoint",
            "Of RPCs that were answered well: one endpoint above the others is that member, or the way to it.",
            "s",
            Query(quantile(0.99, latency, "endpoint"), "{{endpoint}}"),
        ),
        bars(
            "Failovers",
            "How often calls moved on to another endpoint, and for what.",
            Query(grown(client("etcdobs_failovers_total"), RATE, "reason"), "{{reason}}"),
        ),
    )


def _worst_state() -> str:
    return " or ".join(
        f"max by (instance, endpoint) (0 * ({_in_state(name)} > 0) + {value})" for value, name, _ in reversed(_STATES)
    )


def _in_state(name: str) -> str:
    return client("etcdobs_endpoint_state", _AT_ENDPOINT, f'state="{name}"')


def _traffic() -> tuple[PanelBuilder, ...]:
    answered = client("etcdobs_endpoint_latency_seconds_count", _AT_ENDPOINT)
    attempts = total_rate(client("grpc_client_started_total", UNARY))
    return (
        lines(
            "Operations by kind",
            "What callers asked for.",
            "ops",
            Query(total_rate(_OPERATIONS, "op"), "{{op}}"),
            stacked=True,
        ),
        lines(
            "RPCs by method",
            "What was sent: each attempt counts.",
            "reqps",
            Query(total_rate(_STARTED, "grpc_service", "grpc_method"), "{{grpc_service}}/{{grpc_method}}"),
            stacked=True,
        ),
        lines(
            "RPCs by endpoint",
            "Unary RPCs that were answered well. How the clients spread over the members.",
            "reqps",
            Query(total_rate(answered, "endpoint"), "{{endpoint}}"),
            stacked=True,
        ),
        lines(
            "Attempts for an operation",
            "1 where nothing is retried. Above it: retries and probes. The clients send so many times what they are "
            "asked for.",
            "none",
            Query(f"{attempts} / ({total_rate(_OPERATIONS)} > 0)", "attempts"),
            limits=(Limit(1.2, "orange"),),
        ),
    )


def _operation_errors() -> tuple[PanelBuilder, ...]:
    unknown = client("etcdobs_operation_seconds_count", 'outcome="OutcomeUnknown"')
    return (
        bars(
            "Failed operations by outcome",
            "As their callers met them, after all retries: all that was neither OK nor cancelled.",
            Query(grown(client("etcdobs_operation_seconds_count", NOT_OK), RATE, "outcome"), "{{outcome}}"),
        ),
        lines(
            "Share of operations that failed",
            "By kind; not those that a caller cancelled or asked for wrongly, and no locks.",
            "percentunit",
            Query(ratio(grown(_FAILED, RATE, "op"), grown(_OPERATIONS, RATE, "op")), "{{op}}"),
            limits=(Limit(0.01, "red"),),
        ),
        bars(
            "Writes of which nobody knows",
            "The connection broke or time ran out before the answer: the write may have been carried out, or not. "
            "Each has to be looked at by its caller.",
            Query(grown(unknown, RATE, "op"), "{{op}}"),
        ),
    )


def _attempt_errors() -> tuple[PanelBuilder, ...]:
    failed = client("grpc_client_handled_total", RPC, FAILED_RPC)
    return (
        lines(
            "Failed RPCs by code",
            "Attempts: many of these were repeated, and their callers saw nothing of it.",
            "reqps",
            Query(total_rate(failed, "grpc_method", "grpc_code"), "{{grpc_method}} {{grpc_code}}"),
        ),
        lines(
            "Retries by reason",
            "What made the clients send an RPC again.",
            "cps",
            Query(total_rate(client("etcdobs_retries_total", RPC), "reason"), "{{reason}}"),
        ),
        bars(
            "Token renewals",
            "How often an auth token was asked for, and how that went.",
            Query(grown(client("etcdobs_token_renewals_total"), RATE, "outcome"), "{{outcome}}"),
        ),
    )


def _latency() -> tuple[PanelBuilder, ...]:
    by_kind = quantile(0.99, client("etcdobs_operation_seconds_bucket"), "op")
    return (
        heat(
            "Latency of RPCs",
            "Unary RPCs. Points are traces, where spans are sampled.",
            "s",
            "reqps",
            Query(total_rate(_LATENCY, "le"), "{{le}}", exemplars=True),
        ),
        lines(
            "Quantiles of RPCs",
            "Unary RPCs of the chosen methods. Points are traces.",
            "s",
            Query(quantile(0.5, _LATENCY), "p50"),
            Query(quantile(0.95, _LATENCY), "p95"),
            Query(quantile(0.99, _LATENCY), "p99", exemplars=True),
        ),
        lines(
            "p99 of operations by kind",
            "All attempts and waits included: what the caller waited.",
            "s",
            Query(by_kind, "{{op}}"),
            logarithmic=True,
            floor=None,
        ),
        lines(
            "Mean latency of RPCs by method",
            "Cheaper than a quantile, and right below the first bucket too.",
            "s",
            Query(mean("grpc_client_handling_seconds", UNARY, RPC, by=("grpc_method",)), "{{grpc_method}}"),
        ),
    )


def _saturation() -> tuple[PanelBuilder, ...]:
    started, ended = (client(f"grpc_client_{part}_total", STREAMS) for part in ("started", "handled"))
    return (
        lines(
            "Operations in flight",
            "Begun and not yet over.",
            "short",
            Query(f"sum by (op) ({client('etcdobs_operations_in_flight')})", "{{op}}"),
            stacked=True,
        ),
        lines(
            "Open streams",
            "Started and not yet ended.",
            "short",
            Query(
                f"sum by (grpc_method) ({started}) - (sum by (grpc_method) ({ended}) or 0 * "
                f"sum by (grpc_method) ({started}))",
                "{{grpc_method}}",
            ),
        ),
        lines(
            "CPU of the processes",
            "Cores. A Python process runs on one: near 1, the client's latencies are its own.",
            "none",
            Query(f"sum by (instance) ({rate(client('process_cpu_seconds_total'))})", "{{instance}}"),
            limits=(Limit(0.9, "red"),),
        ),
        lines(
            "Events waiting in watch buffers",
            "Received and not yet taken by the watches' users.",
            "short",
            Query(f"sum by (instance) ({client('etcdobs_watch_buffer_events')})", "{{instance}}"),
        ),
    )
