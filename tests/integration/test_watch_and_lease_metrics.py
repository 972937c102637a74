"""What the metrics show of watches and leases: how far a slow consumer is behind, and how long a lease still lives."""

import pytest
from prometheus_client import CollectorRegistry

from etcdobs import ClientMetrics, CompactedError, EtcdError, Keys
from etcdobs.testing import Etcd, relay
from tests.conftest import OpenClient
from tests.metrics import Shown
from tests.waiting import eventually, taken


@pytest.fixture
def shown() -> Shown:
    return Shown(CollectorRegistry())


async def test_a_slow_consumer_shows_until_it_has_caught_up(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, shown: Shown
) -> None:
    async with (
        open_client(etcd_server.endpoint) as writer,
        open_client(etcd_server.endpoint, metrics=ClientMetrics(shown.registry)) as client,
        client.watch(Keys.prefix(prefix)) as watcher,
    ):
        assert lag(shown) == (0, 0, 0)
        for number in range(5):
            await writer.put(f"{prefix}{number}")
        await eventually(lambda: shown.total("etcdobs_watch_events_total") == 5)
        await eventually(lambda: shown.total("etcdobs_watch_lag_seconds") > 0.05)
        depth, revisions, seconds = lag(shown)
        assert (depth, revisions) == (5, 5)
        await taken(watcher, 3)
        depth, revisions, fewer_seconds = lag(shown)
        assert (depth, revisions) == (2, 2)
        assert 0 < fewer_seconds < seconds + 5
        await taken(watcher, 2)
        assert lag(shown) == (0, 0, 0)
    assert shown.total("etcdobs_watch_batch_events_sum") == 5
    assert shown.operations() == {("count", "OK"): 1, ("watch", "OK"): 1}


def lag(shown: Shown) -> tuple[float, float, float]:
    """Depth of the buffer, and the lag in revisions and in seconds."""
    return (
        shown.total("etcdobs_watch_buffer_events"),
        shown.total("etcdobs_watch_lag_revisions"),
        shown.total("etcdobs_watch_lag_seconds"),
    )


async def test_the_lag_is_that_of_the_slowest_watcher(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, shown: Shown
) -> None:
    metrics = ClientMetrics(shown.registry)
    async with (
        open_client(etcd_server.endpoint) as writer,
        open_client(etcd_server.endpoint, metrics=metrics) as slow,
        open_client(etcd_server.endpoint, metrics=metrics) as quick,
        slow.watch(prefix),
        quick.watch(prefix) as watcher,
    ):
        for _ in range(4):
            await writer.put(prefix)
        await taken(watcher, 4)
        await eventually(lambda: shown.total("etcdobs_watch_events_total") == 8)
        assert lag(shown)[:2] == (4, 4)


async def test_the_watches_that_are_resumed_are_counted(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, shown: Shown
) -> None:
    with relay(etcd_server.endpoint) as link:
        async with (
            open_client(link.endpoint, metrics=ClientMetrics(shown.registry)) as client,
            client.watch(prefix + "1"),
            client.watch(prefix + "2"),
        ):
            link.reset()
            await eventually(lambda: shown.total("etcdobs_watch_resumes_total") >= 2)
            link.refuse()
            link.reset()
            # However often that is tried in vain, it is one resumption, of which the first failure is the cause.
            await eventually(lambda: shown.counts("grpc_client_handled_total", "grpc_method").get("Watch", 0) >= 6)
            link.accept()
            await eventually(lambda: shown.total("etcdobs_watch_resumes_total") >= 4)
    assert shown.counts("etcdobs_watch_resumes_total", "cause") == {"Unavailable": 4}


async def test_a_watch_that_there_never_was_is_not_resumed(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, shown: Shown
) -> None:
    with relay(etcd_server.endpoint) as link:
        async with open_client(link.endpoint, metrics=ClientMetrics(shown.registry)) as client:
            await client.get(prefix)
            link.refuse()
            link.reset()
            with pytest.raises(EtcdError):
                await client.watch(prefix, timeout=1).__aenter__()
    assert shown.samples("etcdobs_watch_resumes_total") == []


async def test_the_margin_of_a_lease_goes_down_while_the_server_is_frozen(
    open_client: OpenClient, quick_etcd: Etcd, shown: Shown
) -> None:
    def margin() -> float:
        (sample,) = shown.samples("etcdobs_lease_margin_seconds")
        return sample.value

    def share() -> float:
        return shown.total("etcdobs_lease_margin_ratio")

    async with open_client(quick_etcd.endpoint, metrics=ClientMetrics(shown.registry)) as client:
        assert shown.samples("etcdobs_lease_margin_seconds") == []
        long, short = await client.lease.grant(60), await client.lease.grant(2)
        async with client.lease.keep_alive(long):
            assert 50 < margin() <= 60
            assert 0.8 < share() <= 1
            async with client.lease.keep_alive(short) as heartbeat:
                assert 0 < margin() <= 2
                quick_etcd.pause()
                await eventually(lambda: margin() < 0.5)
                assert await heartbeat.wait_lost(timeout=5)
                # It is lost, and hides no more what the other has left.
                assert margin() > 50
                assert share() > 0.8
                quick_etcd.resume()
            assert margin() > 50
        assert shown.samples("etcdobs_lease_margin_seconds") == []
    assert shown.total("etcdobs_lease_lost_total") == 1


async def test_a_watch_that_ended_with_an_error_is_not_shown_as_open(
    open_client: OpenClient, quick_etcd: Etcd, shown: Shown
) -> None:
    async with open_client(quick_etcd.endpoint, metrics=ClientMetrics(shown.registry)) as client:
        for number in range(3):
            await client.put("k", str(number))
        await client.compact((await client.put("k", "")).revision)
        watcher = client.watch("k", start_revision=2)
        with pytest.raises(CompactedError):
            await watcher.get(timeout=5)
        assert shown.total("etcdobs_watches_active") == 0
        assert shown.counts("etcdobs_watch_failures_total", "cause") == {"Compacted": 1}


async def test_a_watch_that_its_user_or_the_client_closed_is_no_failure(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, shown: Shown
) -> None:
    async with open_client(etcd_server.endpoint, metrics=ClientMetrics(shown.registry)) as client:
        async with client.watch(prefix):
            pass
        left_open = client.watch(prefix)
        with pytest.raises(TimeoutError):
            await left_open.get(timeout=0.05)
    assert shown.samples("etcdobs_watch_failures_total") == []


async def test_a_full_buffer_shows(open_client: OpenClient, etcd_server: Etcd, prefix: str, shown: Shown) -> None:
    async with (
        open_client(etcd_server.endpoint, metrics=ClientMetrics(shown.registry)) as client,
        client.watch(Keys.prefix(prefix), buffer=4) as watcher,
    ):
        for number in range(4):
            assert shown.total("etcdobs_watch_buffer_fill_ratio") < 1
            await client.put(f"{prefix}{number}")
        await eventually(lambda: shown.total("etcdobs_watch_buffer_fill_ratio") >= 1)
        await taken(watcher, 4)
        assert shown.total("etcdobs_watch_buffer_fill_ratio") == 0


async def test_closing_a_watch_is_not_held_against_its_member(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, shown: Shown
) -> None:
    async with open_client(etcd_server.endpoint, metrics=ClientMetrics(shown.registry)) as client:
        for _ in range(3):
            async with client.watch(prefix):
                pass
            assert shown.counts("etcdobs_endpoint_state", "state") == {"up": 1}
