"""A session's lease lives as long as the session does, and no longer."""

import pytest

from etcdobs import AsyncClient, ClosedError, LeaseNotFoundError
from etcdobs.testing import Etcd
from tests.conftest import OpenClient
from tests.waiting import Stopwatch, eventually


async def test_close_revokes(client: AsyncClient, prefix: str) -> None:
    async with client.session(ttl=60) as session:
        assert session.lease.ttl == 60
        await client.put(prefix, lease=session.lease)
        lease = session.lease
        assert not session.lost
    assert await client.get(prefix) is None
    assert (await lease.time_to_live()).ttl == -1


async def test_close_may_come_twice_and_after_the_lease_is_gone(client: AsyncClient) -> None:
    async with client.session() as session:
        await session.lease.revoke()
        await session.close()
        await session.close()


async def test_it_has_no_lease_before_it_is_entered(client: AsyncClient) -> None:
    session = client.session()
    with pytest.raises(RuntimeError, match="not open"):
        _ = session.lease
    assert not session.lost


async def test_it_is_renewed_for_as_long_as_it_is_open(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client, client.session(ttl=1) as session:
        await client.put("k", lease=session.lease)
        assert not await session.wait_lost(timeout=2.5)
        assert await client.get("k") is not None


async def test_an_orphan_keeps_its_lease_until_that_runs_out(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        session = await client.session(ttl=1).__aenter__()
        lease = session.lease
        await client.put("k", lease=lease)
        await session.orphan()
        assert await client.get("k") is not None
        await eventually(lambda: _gone(client, "k"))
        assert (await lease.time_to_live()).ttl == -1
        await session.close()


async def _gone(client: AsyncClient, key: str) -> bool:
    return await client.get(key) is None


async def test_it_is_lost_when_another_revokes_its_lease(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client, client.session(ttl=3) as session:
        await client.lease.revoke(session.lease)
        assert await session.wait_lost(timeout=5)
        assert session.lost


async def test_it_is_lost_when_the_server_is_away_for_longer_than_its_ttl(
    open_client: OpenClient, quick_etcd: Etcd
) -> None:
    async with open_client(quick_etcd.endpoint) as client, client.session(ttl=1) as session:
        quick_etcd.kill()
        with Stopwatch() as waited:
            assert await session.wait_lost(timeout=10)
        assert waited.seconds < 3
        quick_etcd.start()


async def test_a_lease_that_was_given_is_taken_over(client: AsyncClient) -> None:
    lease = await client.lease.grant(30)
    for given in (lease, lease.id):
        session = await client.session(lease=given).__aenter__()
        assert (session.lease.id, session.lease.ttl) == (lease.id, 30)
        await session.orphan()
    async with client.session(lease=lease):
        pass
    assert (await lease.time_to_live()).ttl == -1


async def test_a_lease_that_is_unknown_is_told(client: AsyncClient) -> None:
    for _ in range(2):
        with pytest.raises(LeaseNotFoundError):
            await client.session(lease=987654321).__aenter__()


async def test_it_may_be_opened_again(client: AsyncClient) -> None:
    session = client.session()
    ids = []
    for _ in range(2):
        async with session:
            ids.append(session.lease.id)
            assert not session.lost
    assert ids[0] != ids[1]


async def test_wrong_arguments(client: AsyncClient) -> None:
    with pytest.raises(ValueError, match="ttl must be from 1"):
        client.session(ttl=0)


async def test_nothing_hangs_on_one_that_is_not_open(client: AsyncClient, prefix: str) -> None:
    async with client.session() as session:
        pass
    with pytest.raises(ClosedError, match="the session is not open"):
        await client.lock(prefix, session=session).acquire()
    with pytest.raises(ClosedError, match="the session is not open"):
        await client.election(prefix, session=session).campaign("x")


async def test_nothing_is_left_of_one_that_is_lost(client: AsyncClient) -> None:
    async with client.session(ttl=2) as session:
        await session.lease.revoke()
        assert await session.wait_lost(10)
        assert session.seconds_left == 0


async def test_it_goes_where_a_lease_goes(client: AsyncClient, prefix: str) -> None:
    async with client.session() as session:
        await client.put(prefix, lease=session)
        kv = await client.get(prefix)
        assert kv is not None
        assert kv.lease == session.lease.id == session.id
    with pytest.raises(TypeError, match=r"lease must be an int \(0: none\), a Lease or a Session, not NoneType"):
        await client.put(prefix, lease=None)  # type: ignore[arg-type]
