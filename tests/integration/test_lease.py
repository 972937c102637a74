"""What a lease is: granted, listed, asked about, renewed once, revoked, and gone with its keys."""

import pytest

from etcdobs import AsyncClient, Keys, LeaseExistError, LeaseNotFoundError
from etcdobs.testing import Etcd
from tests.conftest import OpenClient
from tests.waiting import eventually


async def test_a_grant_has_an_id_and_the_ttl_that_the_server_gave(client: AsyncClient) -> None:
    lease = await client.lease.grant(60)
    assert lease.ttl == 60
    assert 0 < lease.id < 1 << 63


async def test_the_server_raises_a_ttl_that_is_too_short_for_it(client: AsyncClient) -> None:
    assert (await client.lease.grant(1)).ttl == 2


async def test_an_id_may_be_chosen(client: AsyncClient) -> None:
    chosen = (await client.lease.grant(60)).id ^ 1
    lease = await client.lease.grant(60, chosen)
    assert lease.id == chosen
    with pytest.raises(LeaseExistError):
        await client.lease.grant(60, id=chosen)


async def test_list_has_every_lease(client: AsyncClient) -> None:
    first, second = await client.lease.grant(60), await client.lease.grant(60)
    assert {first.id, second.id} <= set(await client.lease.list())
    await client.lease.revoke(first.id)
    listed = await client.lease.list()
    assert (first.id in listed, second.id in listed) == (False, True)


@pytest.mark.parametrize("by", ["id", "lease", "method"])
async def test_revoke_ends_a_lease_and_deletes_its_keys(client: AsyncClient, prefix: str, by: str) -> None:
    lease = await client.lease.grant(60)
    await client.put(prefix + "a", lease=lease)
    await client.put(prefix + "b")
    if by == "method":
        await lease.revoke()
    else:
        await client.lease.revoke(lease.id if by == "id" else lease)
    assert [kv.key for kv in await client.range(Keys.prefix(prefix))] == [prefix.encode() + b"b"]
    with pytest.raises(LeaseNotFoundError):
        await lease.revoke()


async def test_time_to_live(client: AsyncClient, prefix: str) -> None:
    lease = await client.lease.grant(60)
    await client.put(prefix, lease=lease)
    without = await client.lease.time_to_live(lease.id)
    with_keys = await lease.time_to_live(keys=True)
    assert (without.id, without.granted_ttl, without.keys) == (lease.id, 60, ())
    assert 58 <= without.ttl <= 60
    assert with_keys.keys == (prefix.encode(),)


async def test_an_unknown_lease_has_minus_one_second_to_live(client: AsyncClient) -> None:
    left = await client.lease.time_to_live(987654321, keys=True)
    assert (left.id, left.ttl, left.granted_ttl, left.keys) == (987654321, -1, 0, ())


async def test_keep_alive_once_renews(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        lease = await client.lease.grant(5)
        await eventually(lambda: _below(client, lease.id, 5))
        assert await client.lease.keep_alive_once(lease.id) == 5
        assert await client.lease.keep_alive_once(lease) == 5
        assert (await lease.time_to_live()).ttl == 4


async def _below(client: AsyncClient, lease: int, ttl: int) -> bool:
    return (await client.lease.time_to_live(lease)).ttl < ttl - 1


async def test_an_unknown_lease_cannot_be_renewed(client: AsyncClient) -> None:
    with pytest.raises(LeaseNotFoundError):
        await client.lease.keep_alive_once(987654321)


async def test_an_expired_lease_takes_its_keys_with_it(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client, client.watch("k") as watcher:
        lease = await client.lease.grant(1)
        await client.put("k", lease=lease)
        await watcher.get(timeout=5)
        deleted = await watcher.get(timeout=5)
        assert deleted.type.name == "DELETE"
        assert (await lease.time_to_live()).ttl == -1


async def test_wrong_arguments(client: AsyncClient) -> None:
    with pytest.raises(ValueError, match="ttl must be from 1"):
        await client.lease.grant(0)
    with pytest.raises(TypeError, match="ttl must be an int, not float"):
        await client.lease.grant(1.5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="lease must be an int, a Lease or a Session, not str"):
        await client.lease.revoke("1")  # type: ignore[arg-type]
