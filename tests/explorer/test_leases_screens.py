"""Leases on a real server: looked into, made, ended, kept alive, as the reader does it."""

import asyncio

import pytest

from etcdobs import AsyncClient, Client
from etcdobs.testing import Etcd
from etcdobs_explorer.gateway import EtcdGateway
from etcdobs_explorer.model.records import LeaseRecord
from etcdobs_explorer.model.writes import Protection, RefusedError
from tests.explorer.fake import FakeGateway
from tests.explorer.screens import NARROW, WIDE, explorer


class TestGateway:
    async def test_all_keys_of_a_lease_and_some_for_the_list(self, gateway: EtcdGateway, client: Client) -> None:
        lease = client.lease.grant(100)
        names = [b"/k%d" % number for number in range(9)]
        for name in reversed(names):
            client.put(name, "v", lease=lease)
        record, keys = await gateway.lease_keys(lease.id)
        assert list(keys) == names
        assert (record.key_count, record.first_key, record.sample) == (9, b"/k0", tuple(names[:4]))

    async def test_one_that_is_not_there(self, gateway: EtcdGateway) -> None:
        record, keys = await gateway.lease_keys(77)
        assert (record.ttl, keys) == (-1, ())

    async def test_only_with_the_keys_that_were_shown_it_is_revoked(self, gateway: EtcdGateway, client: Client) -> None:
        lease = client.lease.grant(100)
        client.put("/a", "v", lease=lease)
        client.put("/b", "v", lease=lease)
        with pytest.raises(RefusedError, match="others by now"):
            await gateway.revoke_lease(lease.id, [b"/a"])
        assert client.count("/a") == 1
        await gateway.revoke_lease(lease.id, [b"/a", b"/b"])
        assert client.count("/a") == 0

    async def test_what_may_not_be_written_is_not(self, quick_etcd: Etcd, client: Client) -> None:
        lease = client.lease.grant(100)
        client.put("/vault/a", "v", lease=lease)
        protection = Protection(protected=(b"/vault/",))
        gateway = EtcdGateway(AsyncClient(quick_etcd.endpoint), protection=protection)
        with pytest.raises(RefusedError, match="/vault/ is protected"):
            await gateway.revoke_lease(lease.id, [b"/vault/a"])
        gateway.look_back(2)
        for refused in (gateway.revoke_lease(lease.id, []), gateway.grant_lease(60), gateway.keep_lease(lease.id)):
            with pytest.raises(RefusedError, match="as of revision 2"):
                await refused
        assert client.count("/vault/a") == 1
        await gateway.close()

    async def test_it_is_kept_alive_until_it_is_lost_or_let_go(self, gateway: EtcdGateway, client: Client) -> None:
        lease = client.lease.grant(2)
        keeping = asyncio.create_task(gateway.keep_lease(lease.id))
        await asyncio.sleep(2.5)
        assert lease.time_to_live().ttl >= 0
        lease.revoke()
        await asyncio.wait_for(keeping, 5)


class TestScreen:
    @pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x48"])
    async def test_what_is_seen(self, gateway: EtcdGateway, client: Client, size: tuple[int, int]) -> None:
        lease = client.lease.grant(100)
        client.put("/registry/events/default/x", "v", lease=lease)
        async with explorer(gateway, size) as shown:
            await shown.press("2")
            await shown.see(f"{lease.id:x}", "/registry/events/default/x", "1 lease", "Kubernetes events", "1m3", "━")

    async def test_enter_lists_its_keys_and_enter_goes_to_one(self, gateway: EtcdGateway, client: Client) -> None:
        lease = client.lease.grant(100)
        for name in ("/app/x/1", "/app/x/2"):
            client.put(name, f"value of {name}", lease=lease)
        async with explorer(gateway, WIDE) as shown:
            await shown.press("2")
            await shown.see("/app/x/1")
            await shown.press("enter")
            await shown.see("2 keys", "/app/x/2")
            await shown.press("j", "enter")
            await shown.see("value of /app/x/2")

    async def test_revoking_shows_the_keys_and_wants_their_number(self, gateway: EtcdGateway, client: Client) -> None:
        lease = client.lease.grant(100)
        for name in ("/app/1", "/app/2"):
            client.put(name, "v", lease=lease)
        async with explorer(gateway) as shown:
            await shown.press("2")
            await shown.see("/app/1")
            await shown.press("d")
            await shown.see("/app/2", f"etcdctl lease revoke {lease.id:x}", "2 keys are deleted: type 2")
            await shown.press("enter")
            assert client.count("/app/1") == 1
            await shown.press("2", "enter")
            await shown.see(f"lease {lease.id:x} revoked", "0 leases")
            assert client.count("/app/1") == 0

    async def test_a_lease_of_one_key_needs_no_number(self, gateway: EtcdGateway, client: Client) -> None:
        lease = client.lease.grant(100)
        client.put("/one", "v", lease=lease)
        async with explorer(gateway) as shown:
            await shown.press("2")
            await shown.see("/one")
            await shown.press("d")
            await shown.see("this key is deleted")
            await shown.press("enter")
            await shown.see("0 leases")

    async def test_a_new_one(self, gateway: EtcdGateway, client: Client) -> None:
        async with explorer(gateway) as shown:
            await shown.press("2")
            await shown.see("no leases")
            await shown.press("n")
            await shown.see("new lease: seconds to live")
            await shown.press("x", "enter")
            await shown.see("whole seconds are wanted")
            await shown.press("backspace", "0", "enter")
            await shown.see(" granted ")
            await shown.see("1 lease", "no keys")
            assert len(client.lease.list()) == 1

    async def test_it_is_kept_alive_and_let_go(self, gateway: EtcdGateway, client: Client) -> None:
        lease = client.lease.grant(60)
        async with explorer(gateway) as shown:
            await shown.press("2")
            await shown.see(f"{lease.id:x}")
            await shown.press("K")
            await shown.see("♥ 1 kept alive")
            await shown.press("K")
            await shown.lose("♥")

    async def test_one_that_expired_says_so_and_is_never_minus_one(self) -> None:
        gateway = FakeGateway()
        gateway.leases_held = (LeaseRecord(0x77, 60, -1, 0), LeaseRecord(0x78, 60, 0, 0))
        async with explorer(gateway) as shown:
            await shown.press("2")
            await shown.until(lambda: shown.text.count("expired") >= 2)
            assert "-1" not in shown.text

    async def test_sorted_by_what_remains(self, gateway: EtcdGateway, client: Client) -> None:
        long, short = client.lease.grant(900, id=1), client.lease.grant(60, id=2)
        async with explorer(gateway) as shown:
            await shown.press("2")
            await shown.until(lambda: shown.app.state.leases.looked_at == 2)
            assert [row.id for row in shown.app.state.leases.rows] == [long.id, short.id]
            await shown.press("s")
            await shown.see("by remaining")
            assert [row.id for row in shown.app.state.leases.rows] == [short.id, long.id]
