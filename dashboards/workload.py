"""Decides what the service does that the dashboards are shown with: a small shop, on one blocking client.

`python -m dashboards.workload --endpoints a:2379,b:2379 --port 9464` works until it is interrupted.
"""

import argparse
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from etcdobs import Client, Compare, EtcdError, Get, Keys, Put, serve_metrics
from etcdobs.otlp import setup_otlp

ROOT = "/shop/"
_HERE = f"{ROOT}{os.getpid()}/"
Work = Callable[[Client], None]


def orders(client: Client) -> None:
    """An order comes in: some reads, some writes."""
    number = random.randrange(500)
    with client.namespaced(f"{ROOT}orders/") as shop:
        shop.put(f"{number}", "placed")
        shop.get(f"{number}")
        shop.count(Keys.prefix(f"{number % 10}"))
        if number % 5 == 0:
            shop.delete(f"{number}")


def stock(client: Client) -> None:
    """What is left of an article is counted down, unless somebody was faster."""
    article = f"{ROOT}stock/{random.randrange(20)}"
    found = client.get(article)
    known = Compare.missing(article) if found is None else Compare.value(article) == found.value
    client.txn().when(known).then(Put(article, str(random.random()))).otherwise(Get(article)).commit()


def report(client: Client) -> None:
    """Some wait for the same lock."""
    with client.lock("report", ttl=10, timeout=3):
        time.sleep(random.uniform(0.02, 0.1))


def bulk(client: Client) -> None:
    """Prices come in together."""
    with client.batched() as batch, suppress(EtcdError):
        threads = [threading.Thread(target=_price, args=(batch.put, number)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def _price(put: Callable[[str, str], object], number: int) -> None:
    with suppress(EtcdError):
        put(f"{ROOT}prices/{number}", str(random.random()))


def audit(client: Client) -> None:
    """Asks for what is gone or not there yet, as people do."""
    client.get(f"{ROOT}orders/1", revision=2**40)


def registration(client: Client) -> None:
    """The process is registered for as long as it lives."""
    lease = client.lease.grant(ttl=6)
    client.put(f"{ROOT}instances/{os.getpid()}", "here", lease=lease)
    with lease.keep_alive() as heartbeat:
        heartbeat.wait_lost(timeout=20)


def mailer(client: Client) -> None:
    """Takes order after order, one slowly now and then."""
    with client.watch(Keys.prefix(f"{ROOT}orders/"), buffer=200) as watcher:
        for _ in range(400):
            watcher.get(timeout=30)
            if random.random() < 0.02:
                time.sleep(random.uniform(0.1, 0.6))


def mishaps(client: Client) -> None:
    """What goes wrong in the life of a service: events that are compacted, a write without the time for its answer."""
    revision = client.put(f"{_HERE}mishap", "").revision
    client.compact(revision)
    with suppress(EtcdError), client.watch(f"{_HERE}mishap", start_revision=1) as watcher:
        watcher.get(timeout=5)
    for _ in range(20):
        client.put(f"{_HERE}mishap", "", timeout=0.002)


# What is done, by how many threads, and how many seconds lie between.
WORK: tuple[tuple[Work, int, float], ...] = (
    (orders, 2, 0.05),
    (stock, 2, 0.1),
    (report, 2, 0.3),
    (bulk, 1, 0.5),
    (audit, 1, 2.0),
    (registration, 1, 0.1),
    (mailer, 1, 0.1),
)


def work(client: Client, what: Work, pause: float, stop: threading.Event) -> None:
    """Does it again and again; what fails is counted by the client, and tried again."""
    while not stop.is_set():
        with suppress(EtcdError, TimeoutError):
            what(client)
        stop.wait(random.uniform(0.5, 1.5) * pause)


def run(endpoints: str, stop: threading.Event, *, with_mishaps: bool) -> None:
    """Works until told to stop."""
    client = Client(endpoints, timeout=3)
    everything = (*WORK, *(((mishaps, 1, 1.0),) if with_mishaps else ()))
    threads = [
        threading.Thread(target=work, args=(client, what, pause, stop), daemon=True)
        for what, number, pause in everything
        for _ in range(number)
    ]
    for thread in threads:
        thread.start()
    stop.wait()
    client.close()
    for thread in threads:
        thread.join(timeout=2)


def main() -> None:
    """Works and serves /metrics until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m dashboards.workload", description="A small shop on etcd.")
    parser.add_argument("--endpoints", required=True)
    parser.add_argument("--port", type=int, default=9464)
    parser.add_argument("--addr", default="127.0.0.1")
    parser.add_argument("--mishaps", action="store_true", help="some things go wrong, so that everything shows")
    asked = parser.parse_args()
    stop = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda signum, frame: stop.set())
    if "OTEL_EXPORTER_OTLP_ENDPOINT" in os.environ:
        setup_otlp("shop")
    else:
        # Spans that go nowhere: their ids are on the exemplars none the less.
        trace.set_tracer_provider(TracerProvider())
    with serve_metrics(asked.port, asked.addr):
        run(asked.endpoints, stop, with_mishaps=asked.mishaps)
    sys.exit(0)


if __name__ == "__main__":
    main()
