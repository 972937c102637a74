"""Decides the order of events of the demo: etcd, keyspace, metrics, explorer; and back, however it ends."""

import os
import sys
import time
from contextlib import ExitStack

from etcdobs import MetricsServer, serve_metrics
from etcdobs.testing import Etcd, EtcdNotFoundError, EtcdStartError, etcd
from etcdobs_explorer import cli
from etcdobs_explorer.departure import Departure, SignalError

from .excerpt import excerpt
from .worker import Worker, WorkloadError

_ETCD_FLAGS = (
    # A lone member waits for an election before it serves: at this pace a few tenths of a second.
    "--heartbeat-interval=50",
    "--election-timeout=250",
    # However long the demo stays open, its history stays small.
    "--auto-compaction-mode=revision",
    "--auto-compaction-retention=10000",
)


def main() -> int:
    """Show the explorer on an etcd of its own.

    Answers the explorer's exit code; 1 where etcd does not start; 128 + its number where a signal ended the demo.
    """
    try:
        with Departure() as departure:
            return _show(departure)
    except SignalError as signal:
        return signal.exit_code
    except (EtcdNotFoundError, EtcdStartError, WorkloadError) as error:
        _say()
        print(f"the demo cannot start: {error}", file=sys.stderr)  # noqa: T201 - what the user is owed
        return 1


def _show(departure: Departure) -> int:
    _forget_other_clusters()
    with ExitStack() as stack:
        server = _start_etcd(stack)
        _fill(stack, server, departure)
        metrics = stack.enter_context(_serve_metrics())
        _say(f"metrics of this explorer: {metrics.url}")
        interactive = sys.stdin.isatty() and sys.stdout.isatty()
        _say("opening etcdobs-explorer; press q to leave" if interactive else "no terminal: the same as text\n")
        code = cli.explore(departure, ["--endpoints", server.endpoint.removeprefix("http://")], metrics_url=metrics.url)
        if not interactive and code == 0:
            _print_excerpt(metrics)
        return code


def _start_etcd(stack: ExitStack) -> Etcd:
    _say("starting etcd ... ", end="")
    began = time.monotonic()
    server = stack.enter_context(etcd(flags=_ETCD_FLAGS))
    stack.callback(_stop_etcd, server)
    _say(f"{server.version} on 127.0.0.1:{server.port}, ready in {time.monotonic() - began:.1f} s")
    return server


def _stop_etcd(server: Etcd) -> None:
    server.close()
    _say("stopped etcd, removed its data")


def _fill(stack: ExitStack, server: Etcd, departure: Departure) -> None:
    _say("filling it ... ", end="")
    with departure.held():
        worker = stack.enter_context(Worker(server.endpoint, server.directory / "workload.log"))
    keys, leases = worker.await_filled()
    _say(f"{keys} keys, {leases} leases; some keep changing")


def _serve_metrics() -> MetricsServer:
    try:
        return serve_metrics()
    except OSError:  # another explorer has the usual port
        return serve_metrics(0)


def _print_excerpt(metrics: MetricsServer) -> None:
    _say(f"\nMETRICS  of the calls that printed this, from {metrics.url}")
    for line in excerpt(metrics.port):
        _say(f"  {line}")
    _say()


def _forget_other_clusters() -> None:
    """The explorer takes defaults from etcdctl's variables; the demo's etcd has neither users nor TLS."""
    for name in [name for name in os.environ if name.startswith("ETCDCTL_")]:
        del os.environ[name]


def _say(text: str = "", end: str = "\n") -> None:
    try:
        print(text, end=end, flush=True)  # noqa: T201 - the demo says what it does
    except OSError:  # the reader of the pipe, or the terminal, is gone: the demo must still clean up
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
