"""Decides what is shown of each process with a client: which of many it is, and what it is made of."""

from dashboards.frame import ETCD_JOB, INSTANCE, JOB, Page, Row
from dashboards.panels import Column, Limit, PanelBuilder, Query, lines, rows
from dashboards.selectors import FAILED_OPERATION, client, quantile, ratio, total_rate

_EACH = "{{instance}}"
_BY = ("job", "instance")
_TO_OVERVIEW = (
    "Overview of ${__value.text}",
    "/d/etcdobs-overview?${datasource:queryparam}&var-job=${__data.fields.job}"
    "&var-instance=${__data.fields.instance}&${__url_time_range}",
)


def page() -> Page:
    """The dashboard "etcd clients: processes"."""
    return Page(
        uid="etcdobs-processes",
        title="etcd clients: processes",
        description="Every process with a client, side by side: a service's instances, explorers, notebooks.",
        variables=(JOB, INSTANCE, ETCD_JOB),
        rows=(
            Row("All processes", (_table(), _versions())),
            Row("Which one is it?", _compared()),
            Row("Python", _python(), collapsed=True),
        ),
    )


def _table() -> PanelBuilder:
    operations = total_rate(client("etcdobs_operation_seconds_count"), *_BY)
    failed = total_rate(client("etcdobs_operation_seconds_count", FAILED_OPERATION), *_BY)
    by = ", ".join(_BY)
    return rows(
        "Processes",
        "The newest values. A process's name leads to its overview.",
        ("instance",),
        (
            Column("Operations", operations, "ops"),
            Column("Failed", ratio(failed, operations), "percentunit"),
            Column("p99", quantile(0.99, client("etcdobs_operation_seconds_bucket", 'op!~"lock|watch"'), *_BY), "s"),
            Column("Watches", f"sum by ({by}) ({client('etcdobs_watches_active')})", "short"),
            Column("Watch lag", f"max by ({by}) ({client('etcdobs_watch_lag_seconds')})", "s"),
            Column("Leases", f"sum by ({by}) ({client('etcdobs_leases_active')})", "short"),
            Column("Memory", f"max by ({by}) ({client('process_resident_memory_bytes')})", "bytes"),
        ),
        link=_TO_OVERVIEW,
    )


def _versions() -> PanelBuilder:
    return rows(
        "Versions",
        "Of the client, of Python and of gRPC in each process.",
        ("instance",),
        (
            Column(
                "Processes",
                f"count by (job, instance, version, python, grpc) ({client('etcdobs_build_info')})",
                "short",
            ),
        ),
    )


def _compared() -> tuple[PanelBuilder, ...]:
    operations = total_rate(client("etcdobs_operation_seconds_count"), "instance")
    failed = total_rate(client("etcdobs_operation_seconds_count", FAILED_OPERATION), "instance")
    return (
        lines("Operations by process", "What each was asked for.", "ops", Query(operations, _EACH), stacked=True),
        lines(
            "Share that failed by process", "After all retries.", "percentunit", Query(ratio(failed, operations), _EACH)
        ),
        lines(
            "p99 by process",
            "Of operations, but for locks and watches. One process above the others: look at its CPU, then at its "
            "network.",
            "s",
            Query(quantile(0.99, client("etcdobs_operation_seconds_bucket", 'op!~"lock|watch"'), "instance"), _EACH),
        ),
        lines(
            "CPU by process",
            "Cores. Python code runs on one.",
            "none",
            Query(total_rate(client("process_cpu_seconds_total"), "instance"), _EACH),
            limits=(Limit(0.9, "red"),),
        ),
    )


def _python() -> tuple[PanelBuilder, ...]:
    return (
        lines(
            "Memory by process",
            "Resident.",
            "bytes",
            Query(f"sum by (instance) ({client('process_resident_memory_bytes')})", _EACH),
        ),
        lines(
            "Open files by process",
            "Connections among them.",
            "short",
            Query(f"sum by (instance) ({client('process_open_fds')})", _EACH),
        ),
        lines(
            "Garbage collections by process",
            "Of the oldest generation: each stops the process.",
            "cps",
            Query(total_rate(client("python_gc_collections_total", 'generation="2"'), "instance"), _EACH),
        ),
        lines(
            "Uptime",
            "Since the process started.",
            "s",
            Query(f"time() - max by (instance) ({client('process_start_time_seconds')})", _EACH),
        ),
    )
