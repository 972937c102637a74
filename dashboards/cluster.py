"""Decides what is shown of etcd's members, by their own metrics, so that one place serves both sides."""

from dashboards.frame import ETCD_JOB, INSTANCE, JOB, Page, Row
from dashboards.panels import Limit, PanelBuilder, Query, lines, number
from dashboards.selectors import SERVER, SERVER_FAULT, UNARY, quantile, ratio, server, total_rate

_EACH = "{{instance}}"
_WATCH = 'grpc_service="etcdserverpb.Watch", grpc_type="bidi_stream"'
_LEASE = 'grpc_service="etcdserverpb.Lease", grpc_type="bidi_stream"'


def page() -> Page:
    """The dashboard "etcd: cluster"."""
    return Page(
        uid="etcdobs-cluster",
        title="etcd: cluster",
        description="The members: leader, disk, database, raft, traffic. For one cluster: choose its job.",
        variables=(ETCD_JOB, JOB, INSTANCE),
        rows=(
            Row("Is the cluster well?", (*_quorum(), *_limits())),
            Row("Requests", (*_requests(), *_watchers())),
            Row("Disk and database", _disk()),
            Row("Raft", _raft()),
            Row("Network", _network()),
            Row("Processes", _processes(), collapsed=True),
        ),
    )


def _each(title: str, description: str, unit: str, expr: str) -> PanelBuilder:
    return lines(title, description, unit, Query(expr, _EACH))


def _quorum() -> tuple[PanelBuilder, ...]:
    up, leader = f"up{{{SERVER}}}", server("etcd_server_has_leader")
    return (
        number(
            "Members down",
            "That Prometheus cannot scrape. With the greater half of them down nothing can be written.",
            "short",
            Query(f"count({up}) - sum({up})"),
            (Limit(1, "red"),),
        ),
        number(
            "Members without a leader",
            "Such a one answers no linearizable read and no write.",
            "short",
            Query(f"count({leader}) - sum({leader})"),
            (Limit(1, "red"),),
        ),
        number(
            "Leader changes in the last hour",
            "As the member that saw most of them has it.",
            "short",
            Query(f"max(increase({server('etcd_server_leader_changes_seen_total')}[1h]))"),
            (Limit(3, "yellow"), Limit(10, "red")),
        ),
    )


def _limits() -> tuple[PanelBuilder, ...]:
    size, quota = server("etcd_mvcc_db_total_size_in_bytes"), server("etcd_server_quota_backend_bytes")
    failed, all_of_them = (server("grpc_server_handled_total", UNARY, *more) for more in ((SERVER_FAULT,), ()))
    return (
        number(
            "Quota used",
            "Of the fullest member. At 1 the cluster takes no more writes (NOSPACE).",
            "percentunit",
            Query(ratio(f"max({size})", f"min({quota})")),
            (Limit(0.8, "yellow"), Limit(0.95, "red")),
        ),
        number(
            "p99 of the WAL's fsync",
            "Of the slowest member. Above 10 ms its disk is too slow for etcd.",
            "s",
            Query(f"max({quantile(0.99, server('etcd_disk_wal_fsync_duration_seconds_bucket'), 'instance')})"),
            (Limit(0.01, "yellow"), Limit(0.1, "red")),
        ),
        number(
            "Failed requests",
            "Share of unary requests that failed by the server's fault.",
            "percentunit",
            Query(ratio(total_rate(failed), total_rate(all_of_them))),
            (Limit(0.01, "yellow"), Limit(0.05, "red")),
        ),
    )


def _requests() -> tuple[PanelBuilder, ...]:
    latency = server("grpc_server_handling_seconds_bucket", UNARY)
    return (
        lines(
            "RPCs",
            "Started, by method.",
            "reqps",
            Query(total_rate(server("grpc_server_started_total"), "grpc_method"), "{{grpc_method}}"),
            stacked=True,
        ),
        lines(
            "Failed RPCs",
            "By the server's fault, by method and code.",
            "reqps",
            Query(
                total_rate(server("grpc_server_handled_total", SERVER_FAULT), "grpc_method", "grpc_code"),
                "{{grpc_method}} {{grpc_code}}",
            ),
        ),
        lines(
            "Open streams",
            "Of watches and of leases, over all members.",
            "short",
            Query(_open(_WATCH), "watch"),
            Query(_open(_LEASE), "lease"),
        ),
        lines(
            "p99 by method, as the server sees it",
            "Only with --metrics=extensive at the servers; without, the clients' histograms are the only latency.",
            "s",
            Query(quantile(0.99, latency, "grpc_method"), "{{grpc_method}}"),
        ),
    )


def _watchers() -> tuple[PanelBuilder, ...]:
    return (
        _each(
            "Watchers",
            "That the store serves, synced or catching up.",
            "short",
            f"sum by (instance) ({server('etcd_debugging_mvcc_watcher_total')})",
        ),
        _each(
            "Slow watchers",
            "That are behind the store.",
            "short",
            f"sum by (instance) ({server('etcd_debugging_mvcc_slow_watcher_total')})",
        ),
    )


def _open(stream: str) -> str:
    return f"sum({server('grpc_server_started_total', stream)}) - sum({server('grpc_server_handled_total', stream)})"


def _disk() -> tuple[PanelBuilder, ...]:
    size = server("etcd_mvcc_db_total_size_in_bytes")
    in_use = server("etcd_mvcc_db_total_size_in_use_in_bytes")
    return (
        lines(
            "Disk p99",
            "Of the WAL's fsync, and of the backend's commit.",
            "s",
            Query(
                quantile(0.99, server("etcd_disk_wal_fsync_duration_seconds_bucket"), "instance"), "fsync {{instance}}"
            ),
            Query(
                quantile(0.99, server("etcd_disk_backend_commit_duration_seconds_bucket"), "instance"),
                "commit {{instance}}",
            ),
        ),
        lines(
            "Database",
            "On disk, and what of it is in use.",
            "bytes",
            Query(f"max by (instance) ({size})", "on disk {{instance}}"),
            Query(f"max by (instance) ({in_use})", "in use {{instance}}"),
        ),
        _each(
            "Fragmentation",
            "Share of the file that defragmentation would give back.",
            "percentunit",
            f"1 - max by (instance) ({in_use}) / max by (instance) ({size})",
        ),
        _each(
            "Keys",
            "In the newest revision.",
            "short",
            f"max by (instance) ({server('etcd_debugging_mvcc_keys_total')})",
        ),
    )


def _raft() -> tuple[PanelBuilder, ...]:
    committed, applied, failed = (
        server(f"etcd_server_proposals_{kind}_total") for kind in ("committed", "applied", "failed")
    )
    return (
        lines(
            "Proposals",
            "Committed and applied go together; failed ones are elections and lost quorums; pending ones queue up.",
            "cps",
            Query(total_rate(committed, "instance"), "committed {{instance}}"),
            Query(total_rate(applied, "instance"), "applied {{instance}}"),
            Query(total_rate(failed, "instance"), "failed {{instance}}"),
        ),
        _each(
            "Proposals pending",
            "Waiting to be committed.",
            "short",
            f"sum by (instance) ({server('etcd_server_proposals_pending')})",
        ),
        _each(
            "Leader elections a day",
            "As each member saw them.",
            "short",
            f"sum by (instance) (changes({server('etcd_server_leader_changes_seen_total')}[1d]))",
        ),
        _each(
            "Not yet applied",
            "Entries that a member has committed and not applied: what its reads wait for.",
            "short",
            f"sum by (instance) ({committed}) - sum by (instance) ({applied})",
        ),
    )


def _network() -> tuple[PanelBuilder, ...]:
    def traffic(title: str, description: str, metric: str) -> PanelBuilder:
        return _each(title, description, "binBps", total_rate(server(metric), "instance"))

    return (
        traffic("Client traffic in", "Received from clients.", "etcd_network_client_grpc_received_bytes_total"),
        traffic("Client traffic out", "Sent to clients.", "etcd_network_client_grpc_sent_bytes_total"),
        traffic("Peer traffic in", "Received from other members.", "etcd_network_peer_received_bytes_total"),
        traffic("Peer traffic out", "Sent to other members.", "etcd_network_peer_sent_bytes_total"),
        lines(
            "Round trip between members, p99",
            "From each member to each.",
            "s",
            Query(
                quantile(0.99, server("etcd_network_peer_round_trip_time_seconds_bucket"), "instance", "To"),
                "{{instance}} to {{To}}",
            ),
        ),
        _each(
            "Heartbeats not sent in time",
            "The leader's disk or CPU is overloaded.",
            "cps",
            total_rate(server("etcd_server_heartbeat_send_failures_total"), "instance"),
        ),
    )


def _processes() -> tuple[PanelBuilder, ...]:
    return (
        _each("Memory", "Resident.", "bytes", f"sum by (instance) ({server('process_resident_memory_bytes')})"),
        _each("CPU", "Cores in use.", "none", total_rate(server("process_cpu_seconds_total"), "instance")),
    )
