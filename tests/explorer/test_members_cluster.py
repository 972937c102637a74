"""Members of real clusters: one is dead, one must not tell, there is no quorum, a server is old or new."""

from collections.abc import Iterator
from typing import Any

import grpc.aio
import pytest

from etcdobs import Client, NoSpaceError
from etcdobs.testing import Etcd, EtcdCluster, etcd, etcd_cluster
from etcdobs_explorer.model.records import FailureKind, GatewayError, Role
from tests.explorer.gateways import gateway_of
from tests.explorer.screens import WIDE, explorer
from tests.full_store import fill_blocking


@pytest.fixture
def cluster() -> Iterator[EtcdCluster]:
    with etcd_cluster(3) as started:
        with Client(started.endpoints) as client:
            client.put("/kept", "value")
        yield started


class TestDeath:
    async def test_a_dead_member_says_why_and_since_when_and_comes_back(self, cluster: EtcdCluster) -> None:
        async with gateway_of(",".join(cluster.endpoints)) as gateway, explorer(gateway, WIDE) as shown:
            await shown.press("3")
            await shown.see("leader", "follower", "3 members")
            cluster[2].kill()
            await shown.see("1 down", "down 0s: ")
            await shown.see("down 1s: ")
            await shown.press("G")
            await shown.until(lambda: str(cluster[2].port) in shown.lines[-3], "its address below the table")
            cluster[2].start()
            await shown.lose("1 down")

    async def test_without_a_quorum_the_list_is_one_members_word(self, cluster: EtcdCluster) -> None:
        cluster[1].kill()
        cluster[2].kill()
        async with gateway_of(cluster[0].endpoint) as gateway:
            members = await gateway.members()
            assert sorted(member.role.value for member in members).count("down") == 2
            alive = next(member for member in members if not member.is_down)
            assert alive.db_size
            assert alive.raft_applied is not None

    async def test_once_listed_all_are_shown_though_none_answers(self, cluster: EtcdCluster) -> None:
        async with gateway_of(cluster[0].endpoint) as gateway:
            await gateway.members()
            for member in cluster:
                member.kill()
            members = await gateway.members()
            assert [member.role for member in members] == [Role.UNKNOWN] * 3
            assert all(member.errors and member.unlisted for member in members)


class Denying(grpc.aio.UnaryUnaryClientInterceptor):
    """A cluster that refuses some methods to this user."""

    def __init__(self, *methods: str) -> None:
        self.methods = methods

    async def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        if any(method in str(client_call_details.method) for method in self.methods):
            status, none = grpc.StatusCode.PERMISSION_DENIED, grpc.aio.Metadata()
            raise grpc.aio.AioRpcError(status, none, none, "etcdserver: permission denied")
        return await continuation(client_call_details, request)


class TestRights:
    async def test_without_the_list_the_endpoints_are_shown(self, fresh_etcd: Etcd) -> None:
        denying = Denying("MemberList", "Alarm")
        async with gateway_of(fresh_etcd.endpoint, denying) as gateway:
            (member,) = await gateway.members()
            assert (member.role, member.name) == (Role.LEADER, b"")
            assert b"permission denied" in member.unlisted
            with pytest.raises(GatewayError) as failure:
                await gateway.alarms()
            assert failure.value.kind is FailureKind.DENIED
            async with explorer(gateway, WIDE) as shown:
                await shown.press("3")
                await shown.see("✗ etcdserver: permission denied", "leader", "alarms: etcdserver: permission denied")

    async def test_a_member_that_may_not_tell_is_not_down(self, fresh_etcd: Etcd) -> None:
        denying = Denying("Maintenance/Status")
        async with gateway_of(fresh_etcd.endpoint, denying) as gateway:
            (member,) = await gateway.members()
            assert (member.role, member.errors) == (Role.DENIED, (b"etcdserver: permission denied",))
            assert not member.is_down


class TestVersions:
    async def test_unknown_is_a_question_mark_and_known_is_told(self, fresh_etcd: Etcd) -> None:
        async with gateway_of(fresh_etcd.endpoint) as gateway, explorer(gateway, WIDE) as shown:
            (member,) = await gateway.members()
            reports_quota = fresh_etcd.version >= "3.6"
            assert (member.quota is not None) is reports_quota
            await shown.press("3")
            await shown.see("leader", "1 member", "fragmentation", "peer URLs", "to be applied", "median")
            await shown.press("enter")
            await shown.see("Alarms and errors", "none", "storage")
            quota = shown.line("  quota ")
            assert ("?" in quota) is not reports_quota, quota
            await shown.press("escape")
            await shown.lose("Alarms and errors")

    async def test_an_alarm_is_shown_at_its_member(self) -> None:
        with etcd(flags=("--quota-backend-bytes=1000000",)) as server, Client(server.endpoint) as client:
            with pytest.raises(NoSpaceError):
                fill_blocking(client)
            async with gateway_of(server.endpoint) as gateway, explorer(gateway, WIDE) as shown:
                await shown.press("3")
                await shown.see(" NOSPACE ", "1 alarm")
                await shown.press("enter")
                await shown.see("Alarms and errors", "NOSPACE")
