"""Waits while somebody looks: etcd, a service on it and Prometheus as processes of this machine, until Ctrl-C.

`python -m dashboards.observe` is what `make observe` does. `--failover 60`: each minute the leader is killed.
"""

import argparse
import signal
import sys
import threading
from collections.abc import Iterator, Sequence

from dashboards.prometheus import PrometheusNotFoundError
from dashboards.stack import Stack, stack
from etcdobs.testing import EtcdCluster, EtcdNotFoundError

_DOWN = 10.0


def shown(running: Stack) -> Iterator[str]:
    """Where to look."""
    url = running.prometheus.url
    yield f"Prometheus  {url}/graph?g0.expr=sum+by+(op)+(rate(etcdobs_operation_seconds_count[10s]))"
    yield f"alerts      {url}/alerts"
    yield from (f"a shop      http://127.0.0.1:{port}/metrics" for port in running.shops)
    yield from (f"a member    {member.endpoint}/metrics (process {member.pid})" for member in running.cluster)
    yield f"explorer    etcdobs-explorer --endpoints {running.cluster.endpoint}"
    yield f"Grafana     import dashboards/grafana/*.json; its data source is {url}"
    yield "Ctrl-C ends all of it."


def fail_over(cluster: EtcdCluster, every: float, stop: threading.Event) -> None:
    """Kills the leader now and then, and starts it again; returns when told to stop."""
    while not stop.wait(every):
        leader = cluster.leader()
        print(f"killed the leader, {leader.endpoint}", flush=True)
        leader.kill()
        stop.wait(_DOWN)
        leader.start()
        print(f"{leader.endpoint} is back", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs until Ctrl-C or SIGTERM; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m dashboards.observe", description="etcd, a service, Prometheus.")
    parser.add_argument("--failover", type=float, metavar="SECONDS", help="kill the leader that often")
    parser.add_argument("--port", type=int, help="of Prometheus; left out: a free one")
    asked = parser.parse_args(arguments)
    stop = threading.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda signum, frame: stop.set())
    print("starting etcd, a service and Prometheus ...", flush=True)
    try:
        with stack(web_port=asked.port) as running:
            print(*shown(running), sep="\n", flush=True)
            if asked.failover is None:
                stop.wait()
            else:
                fail_over(running.cluster, asked.failover, stop)
    except (PrometheusNotFoundError, EtcdNotFoundError) as missing:
        print(missing, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
