"""Whatever befalls watches and leases, the metrics count it by its cause and the log has a line for it."""

import logging
import threading
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from prometheus_client import CollectorRegistry

from etcdobs import ClientMetrics, Keys, PermissionDeniedError
from etcdobs._wire import etcdserverpb as pb
from etcdobs.testing import Etcd, etcd, relay
from tests.conftest import OpenClient
from tests.fake_etcd import fake_etcd
from tests.metrics import Shown
from tests.waiting import QUICK, eventually, values

READER = {"username": "reader", "password": "pw"}


class Seen(Shown):
    """The metrics of a client, and what it has told the log."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        super().__init__(CollectorRegistry())
        self.metrics = ClientMetrics(self.registry)
        self._caplog = caplog

    def told(self, event: str) -> list[dict[str, Any]]:
        said = (vars(record).get("etcdobs", {}) for record in self._caplog.records)
        return [fields for fields in said if fields.get("event") == event]

    def resumes(self) -> dict[str, float]:
        return self.counts("etcdobs_watch_resumes_total", "cause")

    def check_resumes(self, *causes: str) -> None:
        """The log and the metric tell the same, and these causes are among it; what is left out is told uncaused."""
        lines = self.told("watches_resumed")
        assert set(causes) <= {line["cause"] for line in lines if "cause" in line} <= set(self.resumes())
        assert sum(line["count"] + line["left_out"] for line in lines) == sum(self.resumes().values())


@pytest.fixture
def seen(caplog: pytest.LogCaptureFixture) -> Seen:
    caplog.set_level(logging.DEBUG, "etcdobs")
    return Seen(caplog)


async def test_watches_whose_connection_was_reset(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, seen: Seen
) -> None:
    with relay(etcd_server.endpoint) as link:
        async with (
            open_client(link.endpoint, metrics=seen.metrics) as client,
            client.watch(prefix) as one,
            client.watch(prefix) as two,
        ):
            link.reset()
            etcd_server.etcdctl("put", prefix, "v")
            for watcher in (one, two):
                assert await values(watcher, 1) == ["v"]
    seen.check_resumes("Unavailable")
    assert seen.resumes()["Unavailable"] >= 2
    assert seen.told("watches_resumed")[0]["endpoint"] == f"127.0.0.1:{link.port}"


async def test_a_watch_whose_server_was_killed(open_client: OpenClient, quick_etcd: Etcd, seen: Seen) -> None:
    async with open_client(quick_etcd.endpoint, metrics=seen.metrics) as client, client.watch("k") as watcher:
        quick_etcd.kill()
        await eventually(lambda: seen.told("watches_resumed"))
        quick_etcd.start()
        quick_etcd.etcdctl("put", "k", "v")
        assert await values(watcher, 1) == ["v"]
    seen.check_resumes("Unavailable")


async def test_a_watch_whose_connection_swallows(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, seen: Seen
) -> None:
    soon: dict[str, Any] = {"options": (("grpc.keepalive_time_ms", 1000),), "keepalive_timeout": 1}
    with relay(etcd_server.endpoint) as link:
        async with open_client(link.endpoint, metrics=seen.metrics, **soon) as client, client.watch(prefix) as watcher:
            link.blackhole()
            await eventually(lambda: seen.told("watches_resumed"))
            link.resume()
            etcd_server.etcdctl("put", prefix, "v")
            assert await values(watcher, 1) == ["v"]
    seen.check_resumes("Unavailable")


class Leaderless:
    """Answers watches: creates each, and when `lose` is set says that its member has no leader any more."""

    def __init__(self) -> None:
        self.lose = threading.Event()

    def __call__(self, requests: Iterator[Any], context: grpc.ServicerContext) -> Iterator[Any]:
        context.add_callback(self.lose.set)
        next(requests)
        yield pb.WatchResponse(header=pb.ResponseHeader(revision=1), watch_id=0, created=True)
        self.lose.wait()
        if context.is_active():
            context.abort(grpc.StatusCode.UNAVAILABLE, "etcdserver: no leader")


async def test_a_watch_leaves_a_member_without_a_leader(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, seen: Seen
) -> None:
    leaderless = Leaderless()
    with fake_etcd({"etcdserverpb.Watch/Watch": leaderless}) as fake, relay(etcd_server.endpoint) as link:
        async with open_client(etcd_server.endpoint) as writer:
            written = (await writer.put(prefix, "1")).revision
        link.refuse()
        endpoints = [fake.endpoint, link.endpoint]
        async with (
            open_client(endpoints, metrics=seen.metrics) as client,
            client.watch(prefix, start_revision=written) as watcher,
        ):
            assert fake.called("etcdserverpb.Watch/Watch")[0]["hasleader"] == "true"
            link.accept()
            leaderless.lose.set()
            assert await values(watcher, 1, timeout=20) == ["1"]
    seen.check_resumes("NoLeader")
    (line,) = [line for line in seen.told("watches_resumed") if line["cause"] == "NoLeader"][:1]
    assert line["endpoint"] == fake.endpoint


@pytest.fixture
def guarded() -> Iterator[Etcd]:
    """One whose user `reader` may read below /free/ alone; a token that is not used for a second is forgotten."""
    flags = [*QUICK, "--bcrypt-cost=4", "--auth-token-ttl=1", "--log-level=debug"]
    with etcd(root_password="pw", flags=flags) as server:
        server.etcdctl("user", "add", "reader:pw")
        server.etcdctl("role", "add", "reading")
        server.etcdctl("role", "grant-permission", "reading", "--prefix=true", "read", "/free/")
        server.etcdctl("user", "grant-role", "reader", "reading")
        yield server


def has_forgotten_its_token(server: Etcd) -> bool:
    return any("deleted a simple token" in line and "reader" in line for line in server.log.read_text().splitlines())


async def test_watches_whose_token_has_ended(
    open_client: OpenClient, guarded: Etcd, server_version: tuple[int, int, int], seen: Seen
) -> None:
    """Before 3.4.22 and 3.5.6 the server denies a watch with such a token, and does not say why."""
    says_why = server_version >= ((3, 4, 22) if server_version < (3, 5) else (3, 5, 6))
    async with (
        open_client(guarded.endpoint, metrics=seen.metrics, **READER) as client,
        client.watch("/free/k", start_revision=1) as one,
    ):
        await eventually(lambda: has_forgotten_its_token(guarded))
        async with client.watch("/free/k", start_revision=1) as two:
            guarded.etcdctl("put", "/free/k", "v")
            for watcher in (one, two):
                assert await values(watcher, 1) == ["v"]
    seen.check_resumes("InvalidAuthToken" if says_why else "TokenDoubted")
    assert seen.total("etcdobs_token_renewals_total") >= 1
    assert seen.told("token_renewed")


async def test_a_watch_beside_one_that_was_refused(
    open_client: OpenClient, guarded: Etcd, server_version: tuple[int, int, int], seen: Seen
) -> None:
    """A refusal silences a neighbour before 3.4.22 and 3.5.6: it resumes. Later nothing needs to."""
    silences = server_version < ((3, 4, 22) if server_version < (3, 5) else (3, 5, 6))
    async with (
        open_client(guarded.endpoint, metrics=seen.metrics, **READER) as client,
        client.watch("/free/k", start_revision=1) as watcher,
    ):
        with pytest.raises(PermissionDeniedError):
            await client.watch(Keys.prefix("/forbidden/"), start_revision=1).__aenter__()
        guarded.etcdctl("put", "/free/k", "v")
        assert await values(watcher, 1) == ["v"]
    seen.check_resumes(*["CreationRefused"] * silences)


async def test_a_consumer_that_is_too_slow(open_client: OpenClient, quick_etcd: Etcd, seen: Seen) -> None:
    async with (
        open_client(quick_etcd.endpoint, metrics=seen.metrics) as client,
        client.watch("k", buffer=3) as watcher,
        client.watch("k") as other,
    ):
        for number in range(10):
            await client.put("k", str(number))
        await values(other, 10)
        await eventually(lambda: seen.told("watch_parked"))
        assert seen.total("etcdobs_watch_buffer_events") == 3
        assert seen.total("etcdobs_watch_lag_revisions") == 10
        assert seen.total("etcdobs_watch_lag_seconds") > 0
        assert seen.told("watch_parked")[0]["events"] == "3"
        assert await values(watcher, 10) == [str(number) for number in range(10)]
        await eventually(lambda: not seen.total("etcdobs_watch_lag_revisions"))


async def test_leases_whose_connection_was_reset(open_client: OpenClient, etcd_server: Etcd, seen: Seen) -> None:
    with relay(etcd_server.endpoint) as link:
        async with open_client(link.endpoint, metrics=seen.metrics) as client:
            one, two = await client.lease.grant(60), await client.lease.grant(40)
            async with one.keep_alive() as first, two.keep_alive() as second:
                link.reset()
                line = (await eventually(lambda: seen.told("renewals_resumed")))[0]
                assert (line["count"], line["endpoint"]) == (2, f"127.0.0.1:{link.port}")
                assert line["cause"] == "Unavailable"
                assert 30 < float(line["seconds_left"]) <= 40
                assert 30 < seen.total("etcdobs_lease_margin_seconds") <= 40
                assert not first.lost
                assert not second.lost
    assert seen.total("etcdobs_lease_lost_total") == 0
    assert not seen.told("lease_lost")


@pytest.mark.parametrize("how", ["nothing gets through", "revoked"])
async def test_a_lease_that_is_lost(open_client: OpenClient, quick_etcd: Etcd, seen: Seen, how: str) -> None:
    with relay(quick_etcd.endpoint) as link:
        async with open_client(link.endpoint, metrics=seen.metrics) as client:
            lease = await client.lease.grant(1)
            async with lease.keep_alive() as heartbeat:
                if how == "revoked":
                    await lease.revoke()
                else:
                    link.blackhole()
                assert await heartbeat.wait_lost(timeout=5)
                assert seen.total("etcdobs_lease_margin_seconds") == 0
                assert heartbeat.lost
            link.resume()
    assert seen.total("etcdobs_lease_lost_total") == 1
    (line,) = seen.told("lease_lost")
    assert line["lease"] == f"{lease.id:x}"
