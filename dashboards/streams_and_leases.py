"""Decides what is shown of what lasts: watches, the leases that are kept alive, locks."""

from dashboards.frame import ETCD_JOB, INSTANCE, JOB, Page, Row
from dashboards.panels import Limit, PanelBuilder, Query, bars, heat, lines, number
from dashboards.selectors import RATE, client, grown, quantile, total_rate

_EACH = "{{instance}}"
_CAUSE = "{{instance}} {{cause}}"
KEEPALIVE = 'grpc_service="etcdserverpb.Lease", grpc_method="LeaseKeepAlive"'
WATCH = 'grpc_service="etcdserverpb.Watch", grpc_method="Watch"'


def page() -> Page:
    """The dashboard "etcd clients: streams and leases"."""
    return Page(
        uid="etcdobs-streams",
        title="etcd clients: streams and leases",
        description="Watches that fall behind or break, leases near their end, locks that are waited for.",
        variables=(JOB, INSTANCE, ETCD_JOB),
        rows=(
            Row("At a glance", _at_a_glance()),
            Row("Watches", (*_behind(), *_broken(), *_arriving())),
            Row("Leases", _leases()),
            Row("Locks and batches", _locks()),
        ),
    )


def _at_a_glance() -> tuple[PanelBuilder, ...]:
    return (
        number("Watches", "Open now.", "short", Query(f"sum({client('etcdobs_watches_active')})"), span=6),
        number(
            "Events",
            "Received by the watches, a second.",
            "cps",
            Query(total_rate(client("etcdobs_watch_events_total"))),
            span=6,
        ),
        number("Leases", "Kept alive now.", "short", Query(f"sum({client('etcdobs_leases_active')})"), span=6),
        number(
            "Leases lost in the last hour",
            "Leases that ended while they were kept alive: what hung on them is gone.",
            "short",
            Query(f"sum(increase({client('etcdobs_lease_lost_total')}[1h]))"),
            (Limit(1, "red"),),
            span=6,
        ),
    )


def _behind() -> tuple[PanelBuilder, ...]:
    return (
        lines(
            "Lag of watches",
            "How long the oldest event that its user has not taken has been waiting.",
            "s",
            Query(f"max by (instance) ({client('etcdobs_watch_lag_seconds')})", _EACH),
            limits=(Limit(30, "red"),),
        ),
        lines(
            "Lag of watches in revisions",
            "How far the slowest watch's user is behind what its client has received.",
            "short",
            Query(f"max by (instance) ({client('etcdobs_watch_lag_revisions')})", _EACH),
        ),
        lines(
            "Events waiting",
            "Received and not yet taken, in all buffers of a process.",
            "short",
            Query(f"max by (instance) ({client('etcdobs_watch_buffer_events')})", _EACH),
        ),
        lines(
            "Fullest buffer",
            "From its bound on nothing more is fetched for a watch until its user has taken half. Nothing is lost, "
            "unless the cluster compacts what it has not seen yet.",
            "percentunit",
            Query(f"max by (instance) ({client('etcdobs_watch_buffer_fill_ratio')})", _EACH),
            limits=(Limit(1, "red"),),
            ceiling=1,
        ),
    )


def _broken() -> tuple[PanelBuilder, ...]:
    return (
        bars(
            "Resumes by cause",
            "How often a watch went on over a new stream. No event is lost by it; many are a network or a member in "
            "trouble.",
            Query(grown(client("etcdobs_watch_resumes_total"), RATE, "cause"), "{{cause}}"),
        ),
        bars(
            "Watches that ended with an error",
            "Compacted: what it had to see next is gone, its user has to read anew.",
            Query(grown(client("etcdobs_watch_failures_total"), RATE, "instance", "cause"), _CAUSE),
        ),
        lines(
            "Watches by process",
            "One that only grows is a leak.",
            "short",
            Query(f"sum by (instance) ({client('etcdobs_watches_active')})", _EACH),
            stacked=True,
        ),
    )


def _arriving() -> tuple[PanelBuilder, ...]:
    return (
        lines(
            "Events by process",
            "Received by the watches of each.",
            "cps",
            Query(total_rate(client("etcdobs_watch_events_total"), "instance"), _EACH),
            stacked=True,
        ),
        heat(
            "Events that came together",
            "How many events a watch received at a time: large batches are bursts, or a watch that catches up.",
            "short",
            "cps",
            Query(total_rate(client("etcdobs_watch_batch_events_bucket"), "le"), "{{le}}"),
        ),
        lines(
            "Messages on watch streams",
            "Each way.",
            "cps",
            Query(total_rate(client("grpc_client_msg_received_total", WATCH)), "received"),
            Query(total_rate(client("grpc_client_msg_sent_total", WATCH)), "sent"),
        ),
    )


def _leases() -> tuple[PanelBuilder, ...]:
    return (
        lines(
            "Margin of leases",
            "What is left of its ttl to the lease of a process that has the least. A sawtooth between 67 and 100 % is "
            "well; below 34 % a second renewal in a row has no answer.",
            "percentunit",
            Query(f"min by (instance) ({client('etcdobs_lease_margin_ratio')})", _EACH),
            limits=(Limit(0.34, "green"),),
            base="red",
            ceiling=1,
        ),
        lines(
            "Margin of leases in seconds",
            "Time until the first lease of a process is lost unless it is renewed.",
            "s",
            Query(f"min by (instance) ({client('etcdobs_lease_margin_seconds')})", _EACH),
        ),
        bars(
            "Leases lost",
            "Ended while they were kept alive.",
            Query(f"sum by (instance) (increase({client('etcdobs_lease_lost_total')}[{RATE}]))", _EACH),
        ),
        lines(
            "Leases by process",
            "Kept alive.",
            "short",
            Query(f"sum by (instance) ({client('etcdobs_leases_active')})", _EACH),
            stacked=True,
        ),
        lines(
            "Renewals",
            "Asked for and answered: where the first goes on without the second, the leases are on their way out.",
            "cps",
            Query(total_rate(client("grpc_client_msg_sent_total", KEEPALIVE)), "asked"),
            Query(total_rate(client("grpc_client_msg_received_total", KEEPALIVE)), "answered"),
        ),
    )


def _locks() -> tuple[PanelBuilder, ...]:
    buckets = client("etcdobs_lock_wait_seconds_bucket")
    return (
        lines(
            "Waiting for locks",
            "From asking for a lock until it was had, or that was given up.",
            "s",
            Query(quantile(0.5, buckets), "p50"),
            Query(quantile(0.99, buckets), "p99"),
        ),
        lines(
            "Locks by outcome",
            "OK: had. DeadlineExceeded: given up in time. Canceled: the caller went away.",
            "cps",
            Query(total_rate(client("etcdobs_lock_wait_seconds_count"), "outcome"), "{{outcome}}"),
            stacked=True,
        ),
        lines(
            "Operations in a batch",
            "How many operations of client.batched went together in one call.",
            "short",
            Query(quantile(0.5, client("etcdobs_batched_operations_bucket")), "p50"),
            Query(quantile(0.95, client("etcdobs_batched_operations_bucket")), "p95"),
        ),
        lines(
            "Batches",
            "Calls that client.batched sent.",
            "cps",
            Query(total_rate(client("etcdobs_batched_operations_count"), "instance"), _EACH),
        ),
    )
