"""Decides the order of events of the demo: etcd, keyspace, metrics, explorer; and back, however it ends."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import NoReturn

from etcdobs import MetricsServer, serve_metrics
from etcdobs.testing import Etcd, EtcdNotFoundError, EtcdStartError, etcd

from .. import cli
from .excerpt import excerpt
from .worker import Worker, WorkloadError

METRICS_PORT = 9464  # the port that Prometheus exporters of OpenTelemetry use
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_ETCD_FLAGS = (
    # A lone member waits for an election before it serves: at this pace a few tenths of a second.
    "--heartbeat-interval=50",
    "--election-timeout=250",
    # However long the demo stays open, its history stays small.
    "--auto-compaction-mode=revision",
    "--auto-compaction-retention=10000",
)


def main() -> int:
    """Show the explorer on an etcd of its own; answers the explorer's exit code, or 1 where etcd does not start."""
    try:
        with _signals_end_the_demo():
            return _show()
    except (EtcdNotFoundError, EtcdStartError, WorkloadError) as error:
        _say()
        print(f"the demo cannot start: {error}", file=sys.stderr)  # noqa: T201 - what the user is owed
        return 1


def _show() -> int:
    _forget_other_clusters()
    with ExitStack() as stack:
        server = _start_etcd(stack)
        _fill(stack, server)
        metrics = stack.enter_context(_serve_metrics())
        _say(f"metrics of this explorer: {metrics.url}")
        interactive = sys.stdin.isatty() and sys.stdout.isatty()
        _say("opening etcdobs-explorer; press q to leave" if interactive else "no terminal: the same as text\n")
        code = cli.main(["--endpoints", server.endpoint.removeprefix("http://")])
        if not interactive and code == 0:
            _print_excerpt(metrics)
        return code


def _start_etcd(stack: ExitStack) -> Etcd:
    _say("starting etcd ... ", end="")
    began = time.monotonic()
    server = etcd(flags=_ETCD_FLAGS)
    stack.callback(_say, "stopped etcd, removed its data")
    stack.enter_context(server)
    _say(f"{server.version} on 127.0.0.1:{server.port}, ready in {time.monotonic() - began:.1f} s")
    return server


def _fill(stack: ExitStack, server: Etcd) -> None:
    _say("filling it ... ", end="")
    worker = stack.enter_context(Worker(server.endpoint, server.directory / "workload.log"))
    keys, leases = worker.await_filled()
    _say(f"{keys} keys, {leases} leases; some keep changing")


def _serve_metrics() -> MetricsServer:
    try:
        return serve_metrics(METRICS_PORT)
    except OSError:
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


@contextmanager
def _signals_end_the_demo() -> Iterator[None]:
    before = {number: signal.signal(number, _leave) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)  # once is enough: a second one must not interrupt the cleaning up
    raise SystemExit(128 + number)
