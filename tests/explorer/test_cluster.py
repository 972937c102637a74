"""The explorer on real servers: the gateway's answers, and whole screens while the server changes, dies and returns."""

import io
from collections.abc import Iterator

import pytest

from etcdobs import Client
from etcdobs.testing import Etcd, EtcdCluster, etcd, etcd_cluster
from etcdobs_explorer.gateway import EtcdGateway
from etcdobs_explorer.model.records import ChildRecord, FailureKind, GatewayError, Role
from etcdobs_explorer.model.watches import WatchSpec
from etcdobs_explorer.report import report
from tests.explorer.gateways import gateway_of
from tests.explorer.screens import WIDE, explorer


class TestGateway:
    async def test_children(self, gateway: EtcdGateway, client: Client) -> None:
        for key in (b"/a", b"/a/x", b"//e", b"plain", b"\xff\x00"):
            client.put(key, "v")
        assert [child async for child in gateway.children(b"", b"/")] == [
            ChildRecord(b"/", True, 3),
            ChildRecord(b"plain", False),
            ChildRecord(b"\xff\x00", False),
        ]
        assert [child async for child in gateway.children(b"/", b"/")] == [
            ChildRecord(b"//", True, 1),
            ChildRecord(b"/a", False),
            ChildRecord(b"/a/", True, 1),
        ]
        assert await gateway.count(b"") == 5
        assert await gateway.count(b"/a") == 2

    async def test_entry(self, gateway: EtcdGateway, client: Client) -> None:
        lease = client.lease.grant(100)
        revision = client.put("/k", b"\xff", lease=lease).revision
        entry = await gateway.entry(b"/k")
        assert entry is not None
        assert (entry.value, entry.mod_revision, entry.version, entry.lease) == (b"\xff", revision, 1, lease.id)
        assert entry.lease_ttl is not None
        assert 90 <= entry.lease_ttl <= 100
        assert await gateway.entry(b"/none") is None

    async def test_leases(self, gateway: EtcdGateway, client: Client) -> None:
        lease = client.lease.grant(100)
        client.put("/b", "x", lease=lease)
        client.put("/a", "x", lease=lease)
        assert list(await gateway.lease_ids()) == [lease.id]
        found = await gateway.lease(lease.id)
        assert (found.granted_ttl, found.key_count, found.first_key) == (100, 2, b"/a")

    async def test_status_and_members(self, gateway: EtcdGateway) -> None:
        status = await gateway.status()
        members = await gateway.members()
        assert [(member.id, member.role) for member in members] == [(status.leader_id, Role.LEADER)]
        assert members[0].db_size == status.db_size
        assert (await gateway.status()).leader_name == members[0].name

    async def test_watch(self, gateway: EtcdGateway, client: Client) -> None:
        batches = gateway.watch(WatchSpec(b"/w"))
        assert (await anext(batches)).events == ()
        client.put("/other", "x")
        client.put("/w", b"x" * 1000)
        client.delete("/w")
        events = [(await anext(batches)).events[0] for _ in range(2)]
        assert [(event.is_delete, event.is_create, event.size) for event in events] == [
            (False, True, 1000),
            (True, False, 0),
        ]
        assert len(events[0].head) == 256
        await batches.aclose()

    async def test_its_own_calls_are_counted(self, gateway: EtcdGateway) -> None:
        await gateway.status()
        started = [s for s in gateway.samples() if s.name == "grpc_client_started_total"]
        assert any(s.labels["grpc_method"] == "Status" and s.value >= 1 for s in started)

    async def test_an_unreachable_cluster(self) -> None:
        async with gateway_of("127.0.0.1:1,127.0.0.1:2") as gateway:
            with pytest.raises(GatewayError) as failure:
                await gateway.status()
            assert failure.value.kind is FailureKind.UNREACHABLE
            assert b"refused" in failure.value.reason

    async def test_one_dead_endpoint_costs_nothing(self, quick_etcd: Etcd) -> None:
        async with gateway_of(f"127.0.0.1:1,{quick_etcd.endpoint}") as gateway:
            assert (await gateway.status()).endpoint == quick_etcd.endpoint.encode()


class TestBrokenCluster:
    @pytest.fixture
    def cluster(self) -> Iterator[EtcdCluster]:
        with etcd_cluster(3) as started:
            with Client(started.endpoints) as client:
                client.put("/kept", "value")
                client.put("/dir/x", "value")
            yield started

    async def test_a_dead_member_is_shown_beside_the_others(self, cluster: EtcdCluster) -> None:
        cluster[2].kill()
        async with gateway_of(",".join(cluster.endpoints)) as gateway:
            members = await gateway.members()
            assert sorted(member.role.value for member in members if member.is_down) == ["down"]
            assert len(members) == 3
            assert all(member.errors for member in members if member.is_down)

    async def test_without_a_quorum_one_member_is_read_alone(self, cluster: EtcdCluster) -> None:
        cluster[1].kill()
        cluster[2].kill()
        async with gateway_of(cluster[0].endpoint) as gateway:
            status = await gateway.status()
            assert status.member_id
            assert [child.key async for child in gateway.children(b"/", b"/")] == [b"/dir/", b"/kept"]
            entry = await gateway.entry(b"/kept")
            assert entry is not None
            assert (entry.value, entry.serializable) == (b"value", True)


class TestScreens:
    async def test_what_happens_on_the_server_is_seen(self, gateway: EtcdGateway, client: Client) -> None:
        client.put("/config/a", '{"on": true}')
        async with explorer(gateway, WIDE) as shown:
            await shown.go_to(b"config")
            await shown.press("enter")
            await shown.go_to(b"a")
            await shown.see('"on": true', "version 1")
            client.put("/config/a", '{"on": false}')
            client.put("/config/b", "new")
            await shown.see('"on": false', "version 2", "  b ")
            client.delete("/config/b")
            await shown.lose("  b ")

    async def test_a_server_that_dies_and_returns(self, quick_etcd: Etcd, gateway: EtcdGateway, client: Client) -> None:
        client.put("/kept", "value")
        async with explorer(gateway) as shown:
            await shown.see("kept", "live")
            quick_etcd.kill()
            await shown.see("connection lost", "kept", " stale ")
            quick_etcd.start()
            client.put("/later", "value")
            await shown.see("later")
            await shown.lose("connection lost")

    async def test_every_view(self, gateway: EtcdGateway, client: Client) -> None:
        lease = client.lease.grant(100)
        client.put("/leased", "x", lease=lease)
        async with explorer(gateway) as shown:
            await shown.see("leased")
            await shown.press("2")
            await shown.see(f"{lease.id:x}", "/leased")
            await shown.press("3")
            await shown.see("leader", "1 member")
            await shown.press("4")
            client.put("/seen", "now")
            await shown.see("/seen", "now")
            await shown.press("5")
            await shown.see("KV/Range", "Maintenance/Status")


class TestReport:
    async def test_all_sections(self, gateway: EtcdGateway, client: Client) -> None:
        lease = client.lease.grant(100)
        client.put("/dir/\x1b]2;evil", "x", lease=lease)
        out = io.StringIO()
        await report(gateway, out, context="here", event_seconds=0.1)
        text = out.getvalue()
        for part in (
            "KEYS",
            "  /",
            "dir/",
            "LEASES  1 lease",
            f"{lease.id:x}",
            "MEMBERS  1 member",
            "STATUS",
            "0 events in 0.1 s",
        ):
            assert part in text
        assert "\\x1b]2;evil" in text
        assert "\x1b" not in text

    async def test_events_as_they_come(self, gateway: EtcdGateway, client: Client) -> None:
        class Out(io.StringIO):
            def write(self, text: str) -> int:
                if text.startswith("EVENTS"):
                    for number in range(12):
                        client.put("/k", f"{number}")
                return super().write(text)

        out = Out()
        await report(gateway, out, context="here")
        assert out.getvalue().count("rev ") == 10


async def test_permissions_of_a_user_show_panel_by_panel() -> None:
    with etcd() as server:
        server.etcdctl("user", "add", "root:pw")
        server.etcdctl("user", "add", "reader:pw")
        server.etcdctl("role", "add", "root")
        server.etcdctl("user", "grant-role", "root", "root")
        server.etcdctl("role", "add", "part")
        server.etcdctl("role", "grant-permission", "part", "--prefix=true", "read", "/mine/")
        server.etcdctl("user", "grant-role", "reader", "part")
        server.etcdctl("put", "/mine/key", "my value")
        server.etcdctl("auth", "enable")
        async with gateway_of(server.endpoint, username="reader", password="pw") as gateway, explorer(gateway) as shown:
            await shown.see("permission denied", "not live")
            await shown.press("colon", *"keys /mine/", "enter")
            await shown.see("key", "live")
            await shown.lose("not live")
        async with gateway_of(server.endpoint, username="root", password="wrong") as gateway:
            with pytest.raises(GatewayError) as failure:
                await gateway.status()
            assert failure.value.kind is FailureKind.AUTHENTICATION
