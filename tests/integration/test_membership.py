"""Members come and go, learners are promoted, and a client may follow."""

import asyncio
from collections.abc import Iterator

import pytest

from etcdobs import (
    AsyncClient,
    Member,
    MemberBadURLsError,
    MemberLearnerNotReadyError,
    MemberNotFoundError,
    MemberNotLearnerError,
    NotSupportedForLearnerError,
    PeerURLExistError,
    TooManyLearnersError,
    UnhealthyError,
)
from etcdobs.testing import Etcd, EtcdCluster, etcd_cluster
from etcdobs.testing._flags import Options
from tests.conftest import OpenClient
from tests.waiting import QUICK, eventually

SPARE = "http://127.0.0.1:1"


@pytest.fixture
def spare(quick_etcd: Etcd) -> Iterator[Etcd]:
    """One that is to join `quick_etcd`: its peer URL is known, it is not started."""
    peers = [quick_etcd]
    options = Options(None, None, None, (*QUICK, "--initial-cluster-state=existing"), True)
    joining = Etcd(options, name="spare", peers=peers)
    peers.append(joining)
    try:
        joining._prepare()
        yield joining
    finally:
        joining.close()


async def test_a_learner_joins_and_is_promoted(open_client: OpenClient, quick_etcd: Etcd, spare: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        learner = await client.cluster.add(spare.peer_url, learner=True)
        assert (learner.is_learner, learner.name, learner.peer_urls) == (True, "", (spare.peer_url,))
        with pytest.raises(MemberLearnerNotReadyError):
            await client.cluster.promote(learner.id)
        with pytest.raises(TooManyLearnersError):
            await client.cluster.add([SPARE], learner=True)
        spare.start(wait=False)
        members = await eventually(lambda: promoted(client, learner.id), timeout=20)
        assert {member.name: member.is_learner for member in members} == {"default": False, "spare": False}
        with pytest.raises(MemberNotLearnerError):
            await eventually(lambda: promoted(client, learner.id))


async def promoted(client: AsyncClient, id: int) -> object:
    try:
        await client.cluster.promote(id)
    except MemberLearnerNotReadyError:
        return None
    return await client.cluster.members()


async def test_a_learner_answers_little(open_client: OpenClient, quick_etcd: Etcd, spare: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        await client.cluster.add(spare.peer_url, learner=True)
        await client.put("k", "v")
    spare.start(wait=False)
    async with open_client(spare.endpoint, dial_timeout=20) as client:
        status = await client.maintenance.status()
        assert status.is_learner
        with pytest.raises(NotSupportedForLearnerError):
            await client.get("k")
        await eventually(lambda: client.get("k", serializable=True))


async def test_add_update_and_remove(open_client: OpenClient) -> None:
    """A member that is never started: three of four are a quorum."""
    # A cluster takes no more members before each has been seen for five seconds, unless it is told otherwise.
    with etcd_cluster(flags=["--strict-reconfig-check=false"]) as cluster:
        async with open_client(cluster.endpoints) as client:
            before = {member.id for member in await client.cluster.members()}
            with pytest.raises(PeerURLExistError):
                await client.cluster.add(cluster[0].peer_url)
            added = await client.cluster.add([SPARE, "http://127.0.0.1:2"])
            try:
                assert (added.name, added.is_learner) == ("", False)
                assert set(added.peer_urls) == {SPARE, "http://127.0.0.1:2"}
                updated = await client.cluster.update(added.id, "http://127.0.0.1:3")
                assert {member.id for member in updated} == before | {added.id}
                (urls,) = [member.peer_urls for member in updated if member.id == added.id]
                assert urls == ("http://127.0.0.1:3",)
            finally:
                remaining = await client.cluster.remove(added.id)
            assert {member.id for member in remaining} == before
            for call in (client.cluster.remove(added.id), client.cluster.update(added.id, SPARE)):
                with pytest.raises(MemberNotFoundError):
                    await call


async def test_a_cluster_that_is_not_whole_takes_no_member(
    open_client: OpenClient, etcd_cluster_of_three: EtcdCluster
) -> None:
    down = etcd_cluster_of_three[0]
    down.kill()
    try:
        async with open_client(etcd_cluster_of_three.endpoints[1:]) as client:
            with pytest.raises(UnhealthyError):
                await client.cluster.add(SPARE)
    finally:
        down.start()


async def test_one_that_was_removed_comes_back_a_second_later(open_client: OpenClient, quick_etcd: Etcd) -> None:
    """A member's id is made of its URLs and the second it is added in, and an id that was removed stays so."""
    async with open_client(quick_etcd.endpoint) as client:
        removed = await client.cluster.add(SPARE, learner=True)
        await client.cluster.remove(removed.id)
        again = await eventually(lambda: added_again(client))
        assert (again.peer_urls, again.id == removed.id) == (removed.peer_urls, False)


async def added_again(client: AsyncClient) -> Member | None:
    try:
        return await client.cluster.add(SPARE, learner=True)
    except MemberNotFoundError:
        return None


async def test_urls_that_are_refused(client: AsyncClient) -> None:
    for urls in ("", "127.0.0.1:2380", "ftp://127.0.0.1:2380", [], ["http://127.0.0.1:2380", "nonsense"]):
        for call in (client.cluster.add(urls), client.cluster.update(1, urls)):
            with pytest.raises(ValueError, match="peer URL"):
                await call
    with pytest.raises(MemberBadURLsError):
        await client.cluster.add("http://127.0.0.1")


async def test_ids_that_are_refused(client: AsyncClient) -> None:
    for id in (0, -1, 1 << 64):
        with pytest.raises(ValueError, match="must be from 1"):
            await client.cluster.remove(id)
    with pytest.raises(TypeError, match="must be an int, not str"):
        await client.cluster.remove("1")  # type: ignore[arg-type]
    with pytest.raises(MemberNotFoundError):
        await client.cluster.remove((1 << 64) - 1)
    with pytest.raises(MemberNotFoundError):
        await client.cluster.promote(1)


async def test_sync_takes_the_endpoints_that_members_advertise(
    open_client: OpenClient, etcd_cluster_of_three: EtcdCluster
) -> None:
    first = etcd_cluster_of_three[0]
    async with open_client(first.endpoint.replace("127.0.0.1", "localhost")) as client:
        assert sorted(await client.cluster.sync()) == sorted(etcd_cluster_of_three.endpoints)
        assert sorted(client.endpoints) == sorted(etcd_cluster_of_three.endpoints)
        first.stop()
        try:
            await asyncio.gather(*(client.put("k", str(number)) for number in range(5)))
        finally:
            first.start()


async def test_sync_leaves_out_who_has_not_started(open_client: OpenClient, quick_etcd: Etcd, spare: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        await client.cluster.add(spare.peer_url, learner=True)
        assert await client.cluster.sync() == (quick_etcd.endpoint,)
