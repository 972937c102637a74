"""An election has one leader at a time, and everybody can see each of them."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest

from etcdobs import AsyncClient, DeadlineExceededError, EtcdError, Keys, KeyValue
from etcdobs.recipes import AsyncElection, ElectionNotLeaderError, SessionExpiredError
from etcdobs.testing import Etcd, relay
from tests.conftest import OpenClient
from tests.etcdctl import etcdctl_in_background
from tests.waiting import eventually


async def all_stand(client: AsyncClient, name: str, count: int) -> None:
    async def so_many() -> bool:
        return await client.count(Keys.prefix(name + "/")) == count

    await eventually(so_many)


async def leads(election: AsyncElection) -> str | None:
    kv = await election.leader()
    return None if kv is None else kv.text


async def test_campaign_proclaim_resign(client: AsyncClient, prefix: str) -> None:
    election = client.election(prefix)
    assert await election.leader() is None
    await election.campaign("one")
    leader = await election.leader()
    assert leader is not None
    assert (leader.key, leader.text, leader.create_revision) == (election.key, "one", election.fence)
    assert [election.held] == [True]
    await election.proclaim(b"two")
    assert await leads(election) == "two"
    await election.resign()
    assert not election.held
    assert await election.leader() is None
    with pytest.raises(ElectionNotLeaderError):
        await election.proclaim("three")
    await election.resign()


async def test_its_key_is_that_of_go(client: AsyncClient, prefix: str) -> None:
    async with client.session() as session, client.election(prefix, session=session) as election:
        await election.campaign()
        assert election.key == f"{prefix}/{session.lease.id:x}".encode()


async def test_the_next_leads_when_the_first_resigns(client: AsyncClient, prefix: str) -> None:
    one, two = client.election(prefix), client.election(prefix)
    async with two:
        async with one:
            await one.campaign("one")
            second = asyncio.create_task(two.campaign("two"))
            await all_stand(client, prefix, 2)
            assert not two.held
            assert await leads(two) == "one"
            with pytest.raises(ElectionNotLeaderError):
                await two.proclaim("usurped")
            first_fence = one.fence
        await second
        assert await leads(two) == "two"
        assert two.fence > first_fence
    assert await two.leader() is None


async def test_who_leads_already_only_proclaims(client: AsyncClient, prefix: str) -> None:
    async with client.election(prefix) as election:
        await election.campaign("one")
        fence = election.fence
        await election.campaign("two")
        assert (await leads(election), election.fence) == ("two", fence)


async def test_a_timeout_gives_the_candidacy_up(client: AsyncClient, prefix: str) -> None:
    async with client.election(prefix) as leader, client.election(prefix) as other:
        await leader.campaign("one")
        for _ in range(2):
            with pytest.raises(DeadlineExceededError):
                await other.campaign("two", timeout=0.1)
            assert await client.count(Keys.prefix(prefix)) == 1


async def test_leadership_is_lost_with_the_lease(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client, client.election("k", ttl=3) as election:
        await election.campaign("one")
        kv = await election.leader()
        assert kv is not None
        await client.lease.revoke(kv.lease)
        assert await election.wait_lost(timeout=5)
        assert (election.lost, election.held) == (True, False)
        with pytest.raises(ElectionNotLeaderError):
            await election.proclaim("two")
        await election.campaign("three")
        assert (election.held, await leads(election)) == (True, "three")


async def test_a_candidate_whose_lease_is_lost_is_told(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client, client.election("k") as leader:
        await leader.campaign()
        async with client.session(ttl=3) as session, client.election("k", session=session) as other:
            waiting = asyncio.create_task(other.campaign())
            await all_stand(client, "k", 2)
            await client.lease.revoke(session.lease)
            with pytest.raises(SessionExpiredError):
                await asyncio.wait_for(waiting, 4)
            with pytest.raises(SessionExpiredError):
                await other.campaign()


async def test_a_leadership_is_resumed_with_its_lease(client: AsyncClient, prefix: str) -> None:
    before = await client.session().__aenter__()
    await (first := client.election(prefix, session=before)).campaign("one")
    await before.orphan()
    async with client.session(lease=before.lease) as session:
        resumed = client.election(prefix, session=session)
        await resumed.resume()
        assert (resumed.key, resumed.fence, resumed.held) == (first.key, first.fence, True)
        assert await leads(resumed) == "one"
        await resumed.proclaim("two")
        assert await leads(resumed) == "two"
        await resumed.resign()
        assert await resumed.leader() is None
        with pytest.raises(ElectionNotLeaderError):
            await resumed.resume()


async def test_observe_begins_with_the_leader_of_now(client: AsyncClient, prefix: str) -> None:
    async with client.election(prefix) as election:
        await election.campaign("one")
        seen = client.election(prefix).observe()
        assert (await anext(seen)).text == "one"
        await election.proclaim("two")
        assert (await anext(seen)).text == "two"
        await closed(seen)


async def test_observe_waits_for_the_first_leader(client: AsyncClient, prefix: str) -> None:
    seen = client.election(prefix).observe()
    first = asyncio.ensure_future(anext(seen))
    async with client.election(prefix) as election:
        await election.campaign("one")
        assert (await first).text == "one"
    await closed(seen)


async def test_observe_misses_no_leader(client: AsyncClient, prefix: str) -> None:
    """However short its time: nothing is read in between, everything is told afterwards."""
    seen = client.election(prefix).observe()
    async with client.election(prefix) as election:
        await election.campaign("first")
        assert (await anext(seen)).text == "first"
    expected = []
    for number in range(5):
        async with client.election(prefix) as one, client.election(prefix) as two:
            await one.campaign(f"{number}a")
            second = asyncio.create_task(two.campaign(f"{number}b"))
            await all_stand(client, prefix, 2)
            await one.proclaim(f"{number}c")
            await one.resign()
            await second
        expected += [f"{number}a", f"{number}c", f"{number}b"]
    assert [(await asyncio.wait_for(anext(seen), 10)).text for _ in expected] == expected
    await closed(seen)


async def test_observe_goes_on_over_a_restart_of_the_server(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client, client.election("k") as election:
        await election.campaign("one")
        seen = election.observe()
        assert (await anext(seen)).text == "one"
        quick_etcd.kill()
        quick_etcd.start()
        await election.proclaim("two")
        assert (await asyncio.wait_for(anext(seen), 10)).text == "two"
        await closed(seen)


async def test_observe_goes_on_after_a_compaction(open_client: OpenClient, quick_etcd: Etcd) -> None:
    """What the observer did not see is gone, who leads now is not."""
    async with open_client(quick_etcd.endpoint) as client, client.election("k") as election:
        await election.campaign("one")
        seen = election.observe()
        assert (await anext(seen)).text == "one"  # it reads on only when it is asked
        await election.proclaim("two")
        await client.compact((await client.put("other")).revision)
        assert (await asyncio.wait_for(anext(seen), 10)).text == "two"
        await closed(seen)


async def closed(seen: AsyncIterator[KeyValue]) -> None:
    await seen.aclose()  # type: ignore[attr-defined]


async def test_it_sees_the_leader_that_etcdctl_elects(client: AsyncClient, etcd_server: Etcd, prefix: str) -> None:
    with etcdctl_in_background(etcd_server, "elect", prefix, "from-go"):
        seen = client.election(prefix).observe()
        assert (await asyncio.wait_for(anext(seen), 10)).text == "from-go"
        await closed(seen)
        with pytest.raises(DeadlineExceededError):
            await client.election(prefix).campaign(timeout=0.1)
    async with client.election(prefix) as election:
        await election.campaign("ours", timeout=10)
        assert "ours" in etcd_server.etcdctl("get", "--prefix", "--print-value-only", prefix)


async def test_a_task_that_is_cancelled_gives_its_candidacy_up(etcd_server: Etcd, prefix: str) -> None:
    async with AsyncClient(etcd_server.endpoint) as client, client.election(prefix) as leader:
        await leader.campaign()
        waiting = asyncio.create_task(client.election(prefix).campaign())
        await all_stand(client, prefix, 2)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await client.count(Keys.prefix(prefix)) == 1


async def test_a_leader_goes_on_leading_when_it_cannot_be_reached(open_client: OpenClient, etcd_server: Etcd) -> None:
    name = f"/test-{uuid.uuid4()}"
    with relay(etcd_server.endpoint) as link:
        async with open_client(link.endpoint, timeout=0.5) as client:
            election = client.election(name)
            await election.campaign("one")
            link.pause()
            with pytest.raises(EtcdError):
                await election.campaign("two")
            link.resume()
            assert election.held
            await eventually_campaigns(election, "three")
            assert await leads(election) == "three"
            await election.resign()


async def eventually_campaigns(election: AsyncElection, value: str) -> None:
    async def campaigned() -> bool:
        try:
            await election.campaign(value)
        except DeadlineExceededError:
            return False
        return True

    await eventually(campaigned)
