"""Waits for everything that the dashboards show to run on this machine: etcd, a service on it, Prometheus over both."""

import sys
import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from dashboards.asking import Prometheus
from dashboards.prometheus import programs
from etcdobs.testing import EtcdCluster, etcd_cluster
from etcdobs.testing._ports import give_back, take_port
from etcdobs.testing._process import ServerProcess

HERE = Path(__file__).resolve().parent
RULES = HERE / "rules"
# Their own latencies, too; and they wait for the disk, as members do whose fsync is looked at.
FLAGS = ("--metrics=extensive",)
READY = 60.0
_POLL = 0.05


@dataclass(frozen=True)
class Stack:
    """What runs: the members, where the service's processes serve their metrics, and the Prometheus that has both."""

    cluster: EtcdCluster
    shops: Sequence[int]
    prometheus: Prometheus


class Program(ServerProcess):
    """A program that ends with the block it is started in, and with this process however that ends."""

    def __init__(self, running: ExitStack) -> None:
        super().__init__()
        self._open()
        running.callback(self._end)

    def run(self, *command: str) -> None:
        """Starts it; what it writes is in its log."""
        self._spawn(command)

    def check(self) -> None:
        """Raises RuntimeError, with what it wrote, where it has ended."""
        if not self.running:
            raise RuntimeError(f"it ended with status {self.exit_status}:\n{self.log_tail()}")

    def _end(self) -> None:
        self.stop()
        self.close()


@contextmanager
def stack(shops: int = 2, *, mishaps: bool = False, web_port: int | None = None) -> Generator[Stack]:
    """Three members, so many processes of the service, and a Prometheus that scrapes each of them every second.

    `mishaps`: things go wrong in the service now and then. `web_port`: Prometheus's; None takes a free one.

    Raises:
        PrometheusNotFoundError: there is none.
    """
    binary = programs() / "prometheus"
    with ExitStack() as running:
        cluster = running.enter_context(etcd_cluster(3, flags=FLAGS, unsafe_no_fsync=False))
        ports = [_port(running) for _ in range(shops)]
        for port in ports:
            Program(running).run(*_shop(cluster.endpoint, port), *(("--mishaps",) if mishaps else ()))
        server = Prometheus(web_port or _port(running))
        _start_prometheus(Program(running), binary, server, configuration(cluster, ports))
        yield Stack(cluster, ports, server)


def configuration(cluster: EtcdCluster, shops: Sequence[int]) -> str:
    """What Prometheus is told to scrape, and its rules."""
    members = [member.endpoint.removeprefix("http://") for member in cluster]
    jobs = {"etcd": members, "shop": [f"127.0.0.1:{port}" for port in shops]}
    return yaml.safe_dump(
        {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(RULES / "*.yaml")],
            "scrape_configs": [
                {"job_name": job, "static_configs": [{"targets": targets}]} for job, targets in jobs.items()
            ],
        }
    )


def _port(running: ExitStack) -> int:
    port = take_port()
    running.callback(give_back, port)
    return port


def _shop(endpoints: str, port: int) -> Sequence[str]:
    # -P: modules beside it must not be taken for Python's own.
    return (sys.executable, "-P", str(HERE / "workload.py"), f"--endpoints={endpoints}", f"--port={port}")


def _start_prometheus(program: Program, binary: Path, server: Prometheus, config: str) -> None:
    (program.directory / "prometheus.yaml").write_text(config)
    program.run(
        str(binary),
        f"--config.file={program.directory / 'prometheus.yaml'}",
        f"--storage.tsdb.path={program.directory / 'data'}",
        f"--web.listen-address=127.0.0.1:{server.port}",
        "--enable-feature=exemplar-storage",
        "--log.level=warn",
    )
    deadline = time.monotonic() + READY
    while not server.ready():
        program.check()
        if time.monotonic() > deadline:
            raise TimeoutError(f"Prometheus does not serve after {READY:g} s:\n{program.log_tail()}")
        time.sleep(_POLL)
