"""What the demo's workload does to a real etcd, and that it ends when it is told to."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from etcdobs import Client, Event, EventType, Keys
from etcdobs.testing import Etcd, etcd
from etcdobs_explorer.demo import keyspace
from etcdobs_explorer.demo.worker import Worker, WorkloadError
from etcdobs_explorer.demo.workload import Workload


@pytest.fixture
def client(fresh_etcd: Etcd) -> Iterator[Client]:
    with Client(fresh_etcd.endpoint) as opened:
        yield opened


@contextmanager
def running(workload: Workload) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=workload.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def seen(events: Iterator[Event], wanted: set[bytes], seconds: float = 20) -> set[bytes]:
    """The prefixes among `wanted` below which something changed; returns once all did."""
    left, deadline = set(wanted), time.monotonic() + seconds
    for event in events:
        left = {prefix for prefix in left if not event.kv.key.startswith(prefix)}
        if not left or time.monotonic() > deadline:
            break
    return wanted - left


def test_it_fills_an_empty_etcd(client: Client) -> None:
    keys, leases = Workload(client, keyspace.leases()).fill()
    assert keys == client.count(Keys.all()) > 150
    assert leases == len(client.lease.list()) == len(keyspace.leases())
    registered = next(iter(client.range(Keys.prefix("/services/checkout/"), limit=1)))
    assert client.lease.time_to_live(registered.lease, keys=True).ttl > 0


def test_it_goes_on_changing_keys_of_every_kind(client: Client) -> None:
    workload = Workload(client, keyspace.leases())
    workload.fill()
    wanted = {b"/services/", b"/jobs/queue/", b"/stats/", b"/registry/leases/", b"/config/checkout/features.json"}
    with client.watch(Keys.all()) as watcher, running(workload):
        assert seen(iter(watcher), wanted) == wanted


def test_counters_change_in_one_revision(client: Client) -> None:
    workload = Workload(client, keyspace.leases())
    workload.fill()
    with client.watch(Keys.prefix("/stats/")) as watcher, running(workload):
        batch = next(iter(watcher.responses()))
    assert len({event.kv.mod_revision for event in batch.events}) == 1
    assert len(batch.events) == 2


def test_a_lease_that_lapses_takes_its_key_along_and_is_granted_again(client: Client) -> None:
    quick = [
        lease._replace(ttl=2, renewed_for=0.1, gap=1.5) if lease.name == "canary" else lease
        for lease in keyspace.leases()
    ]
    workload = Workload(client, quick)
    workload.fill()
    with client.watch("/services/search/search-canary", prev_kv=True) as watcher, running(workload):
        gone, back = watcher.get(timeout=15), watcher.get(timeout=15)
    assert gone.type is EventType.DELETE
    assert back.is_create
    assert gone.prev_kv is not None
    assert back.kv.lease not in (0, gone.prev_kv.lease)


def test_renewed_leases_outlive_their_ttl(client: Client) -> None:
    short = [lease._replace(ttl=2) if lease.name == "scheduler" else lease for lease in keyspace.leases()]
    workload = Workload(client, short)
    workload.fill()
    [leader] = client.range(Keys.prefix("/elections/"))
    with client.watch(Keys.prefix("/elections/")) as watcher, running(workload), pytest.raises(TimeoutError):
        watcher.get(timeout=4.5)
    assert client.lease.time_to_live(leader.lease).ttl > 0


def test_its_process_ends_with_the_block_and_has_nothing_to_say(fresh_etcd: Etcd, tmp_path: Path) -> None:
    log = tmp_path / "workload.log"
    with Worker(fresh_etcd.endpoint, log) as worker:
        keys, leases = worker.await_filled()
        assert keys > 150
        assert leases == len(keyspace.leases())
    with (
        Client(fresh_etcd.endpoint) as client,
        client.watch(Keys.all(), delete=False) as watcher,
        pytest.raises(TimeoutError),
    ):
        watcher.get(timeout=3)
    assert log.read_bytes() == b""


def test_its_process_ends_with_this_one_though_etcd_does_not_answer(fresh_etcd: Etcd, tmp_path: Path) -> None:
    with Worker(fresh_etcd.endpoint, tmp_path / "workload.log") as worker:
        worker.await_filled()
        fresh_etcd.pause()
        began = time.monotonic()
    assert time.monotonic() - began < 1
    fresh_etcd.resume()


def test_a_workload_without_an_etcd_says_why(tmp_path: Path) -> None:
    with etcd() as server:
        endpoint = server.endpoint
    with (
        Worker(endpoint, tmp_path / "workload.log") as worker,
        pytest.raises(WorkloadError, match=r"filled: etcdobs\.errors\.\w+: .*Connection refused"),
    ):
        worker.await_filled()
