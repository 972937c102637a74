"""What is wrong with the cluster or the way to it: known, named with its age, and gone by itself."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from etcdobs import Client, NoSpaceError
from etcdobs.testing import Etcd, EtcdCluster, etcd, etcd_cluster
from etcdobs_explorer.model import changes
from etcdobs_explorer.model.changes import Change, MembersArrived, StatusArrived, StatusFailed, WatchBegan, WatchFailed
from etcdobs_explorer.model.records import FailureKind, GatewayError, Role
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.status import Connection, Link
from etcdobs_explorer.model.trouble import Trouble
from tests.explorer.fake import MEMBERS, STATUS, FakeGateway
from tests.explorer.gateways import gateway_of
from tests.explorer.screens import NARROW, WIDE, explorer
from tests.full_store import fill_blocking


class TestConnection:
    def test_the_loss_counts_from_the_first_failure_and_recovery_is_told(self) -> None:
        connection = Connection()
        assert connection.up(STATUS, 0.0) is False
        connection.failed(FailureKind.UNREACHABLE, b"refused", 10.0)
        connection.failed(FailureKind.UNREACHABLE, b"reset", 20.0)
        worst = connection.troubles.worst
        assert worst is not None
        assert (worst.trouble, worst.since, worst.reason) == (Trouble.LOST, 10.0, b"reset")
        assert (connection.link, connection.is_stale) == (Link.LOST, True)
        assert connection.up(STATUS, 30.0) is True
        assert (connection.is_stale, connection.troubles.worst) == (False, None)

    def test_the_revision_never_goes_back(self) -> None:
        connection = Connection()
        connection.seen(STATUS.revision + 10)
        connection.up(STATUS, 0.0)
        assert connection.revision == STATUS.revision + 10


def worst_after(state: State, *news: Change) -> Trouble | None:
    for change in news:
        change.apply(state, 1.0)
        changes.note(change, state, 1.0)
    worst = state.connection.troubles.worst
    return worst.trouble if worst else None


LEADERLESS = StatusArrived(replace(STATUS, leader_id=0))
DOWN = tuple(replace(member, role=Role.UNKNOWN) for member in MEMBERS)
ALARM = StatusArrived(replace(STATUS, errors=(b"memberID:1 alarm:NOSPACE ",)))
REFUSED = StatusFailed(b"etcdserver: authentication failed, invalid user ID or password", FailureKind.AUTHENTICATION)
DENIED = WatchFailed(FailureKind.DENIED, b"etcdserver: permission denied")
COMPACTED = WatchFailed(FailureKind.OTHER, b"etcdserver: mvcc: required revision has been compacted")


@pytest.mark.parametrize(
    ("news", "trouble", "remedy"),
    [
        ([StatusFailed(b"refused")], Trouble.LOST, StatusArrived(STATUS)),
        ([LEADERLESS], Trouble.NO_LEADER, StatusArrived(STATUS)),
        ([MembersArrived(DOWN), LEADERLESS], Trouble.NO_QUORUM, StatusArrived(STATUS)),
        ([MembersArrived(MEMBERS), LEADERLESS], Trouble.NO_LEADER, StatusArrived(STATUS)),
        ([MembersArrived(DOWN), StatusArrived(STATUS)], None, StatusArrived(STATUS)),
        ([ALARM], Trouble.NO_SPACE, StatusArrived(STATUS)),
        ([REFUSED], Trouble.REFUSED, WatchBegan()),
        ([DENIED], Trouble.DENIED, WatchBegan()),
        ([COMPACTED], Trouble.COMPACTED, WatchBegan()),
        ([DENIED, ALARM, StatusFailed(b"refused")], Trouble.LOST, None),
    ],
)
def test_what_news_means_and_what_ends_it(news: list[Change], trouble: Trouble | None, remedy: Change | None) -> None:
    state = State("here")
    assert worst_after(state, *news) is trouble
    if remedy is not None:
        assert worst_after(state, remedy) is None


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x48"])
class TestBanner:
    async def test_a_leader_that_is_lost_and_found(self, size: tuple[int, int]) -> None:
        gateway = FakeGateway({b"/a": b"x"})
        held = gateway.status

        async def leaderless() -> object:
            return replace(await held(), leader_id=0)

        async with explorer(gateway, size) as shown:
            await shown.see("live")
            gateway.status = leaderless  # type: ignore[assignment,method-assign]
            await shown.press("r")
            await shown.see("✗ no leader for", "writes wait")
            gateway.status = held  # type: ignore[method-assign]
            await shown.press("r")
            await shown.lose("no leader for")

    async def test_several_are_counted_and_hostile_reasons_inert(self, size: tuple[int, int]) -> None:
        gateway = FakeGateway({b"/a": b"x"})
        gateway.fail("watch", kind=FailureKind.DENIED, reason=b"denied \x1b]2;x\x07")
        async with explorer(gateway, size) as shown:
            await shown.see("✗ no permission for", "denied \\x1b]2;x\\x07")
            gateway.fail("status")
            await shown.press("r")
            await shown.see("✗ connection lost for", "+1 more")


@pytest.fixture
def cluster() -> Iterator[EtcdCluster]:
    with etcd_cluster(3) as started:
        with Client(started.endpoints) as client:
            client.put("/kept", "value")
        yield started


async def test_a_quorum_that_is_lost_and_returns(cluster: EtcdCluster) -> None:
    async with gateway_of(cluster[0].endpoint) as gateway, explorer(gateway, WIDE) as shown:
        await shown.see("kept", "live")
        cluster[1].kill()
        cluster[2].kill()
        await shown.see("no quorum for", "1 of 3 members answer")
        cluster[1].start()
        await shown.lose("no quorum for")


async def test_a_cluster_that_is_down_at_the_start(fresh_etcd: Etcd) -> None:
    with Client(fresh_etcd.endpoint) as client:
        client.put("/kept", "value")
    fresh_etcd.kill()
    async with gateway_of(fresh_etcd.endpoint) as gateway, explorer(gateway) as shown:
        await shown.see("connection lost for")
        fresh_etcd.start()
        await shown.see("kept", "live")
        await shown.lose("connection lost for")


async def test_no_space() -> None:
    with etcd(flags=("--quota-backend-bytes=65536",)) as server:
        with Client(server.endpoint) as client, pytest.raises(NoSpaceError):
            fill_blocking(client)
        async with gateway_of(server.endpoint) as gateway, explorer(gateway, WIDE) as shown:
            await shown.see("✗ no space for", "writes are refused")


async def test_the_reason_of_a_refusal_reaches_the_banner() -> None:
    gateway = FakeGateway()
    gateway.failures["entry"] = GatewayError(FailureKind.AUTHENTICATION, b"etcdserver: invalid auth token")
    gateway.pairs[b"k"] = b"x"
    async with explorer(gateway) as shown:
        await shown.go_to(b"k")
        await shown.see("✗ authentication failed for", ":password")
