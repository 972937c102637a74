"""What members can be told: alarms, space, hashes, who leads, and snapshots that restore."""

import asyncio
import hashlib
import itertools
import stat
from pathlib import Path

import pytest

from etcdobs import (
    AlarmType,
    AsyncClient,
    BadLeaderTransfereeError,
    CompactedError,
    ConnectionFailedError,
    EtcdError,
    FutureRevisionError,
    NoSpaceError,
    NotLeaderError,
)
from etcdobs.testing import Etcd, EtcdCluster, etcd
from tests.conftest import OpenClient
from tests.etcdctl import restored
from tests.full_store import fill
from tests.waiting import QUICK, eventually


def files(directory: Path) -> list[Path]:
    return list(directory.iterdir())


async def test_no_alarm_is_raised(client: AsyncClient) -> None:
    assert await client.maintenance.alarms() == []
    assert await client.maintenance.disarm() == []


@pytest.mark.parametrize("by_name", [False, True])
async def test_a_member_without_space_is_brought_back(open_client: OpenClient, by_name: bool) -> None:
    """As an operator does: compact, defragment, disarm; then writes work again."""
    with etcd(flags=[*QUICK, "--quota-backend-bytes=1048576"]) as server:
        async with open_client(server.endpoint) as client:
            written = await client.put("k", "first")
            with pytest.raises(NoSpaceError):
                await fill(client)
            (alarm,) = await eventually(client.maintenance.alarms)
            assert (alarm.type, alarm.member_id) == (AlarmType.NOSPACE, written.header.member_id)
            with pytest.raises(NoSpaceError):
                await client.put("k", "small")
            assert await client.get("k") is not None
            await client.compact((await client.range("k")).revision, physical=True)
            before = (await client.maintenance.status()).db_size
            await client.maintenance.defragment(server.endpoint)
            assert (await client.maintenance.status()).db_size < before
            assert await client.maintenance.disarm(alarm if by_name else None) == [alarm]
            assert await client.maintenance.alarms() == []
            await client.put("k", "small")


async def test_hashes_of_all_members_are_equal(open_client: OpenClient, etcd_cluster_of_three: EtcdCluster) -> None:
    async with open_client(etcd_cluster_of_three.endpoints) as client:
        for number in range(20):
            written = await client.put(f"k{number % 7}", str(number))

        async def hashes(revision: int) -> list[int]:
            asked = [client.maintenance.hash_kv(each, revision) for each in etcd_cluster_of_three.endpoints]
            return [answer.hash for answer in await asyncio.gather(*asked)]

        async def all_have_it() -> bool:
            asked = [client.maintenance.status(each) for each in etcd_cluster_of_three.endpoints]
            return {status.revision for status in await asyncio.gather(*asked)} == {written.revision}

        await eventually(all_have_it)
        now, before = set(await hashes(written.revision)), set(await hashes(written.revision - 1))
        assert len(now) == len(before) == 1
        assert now != before


async def test_hash_of_a_revision_that_is_not_there(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        for _ in range(3):
            revision = (await client.put("k")).revision
        await client.compact(revision)
        with pytest.raises(FutureRevisionError):
            await client.maintenance.hash_kv(quick_etcd.endpoint, revision + 1)
        with pytest.raises(CompactedError):
            await client.maintenance.hash_kv(quick_etcd.endpoint, revision - 1)
        assert (await client.maintenance.hash_kv(quick_etcd.endpoint)).compact_revision == revision


async def ids(client: AsyncClient, cluster: EtcdCluster) -> dict[str, int]:
    return {url: member.id for member in await client.cluster.members() for url in member.client_urls}


async def test_the_leader_is_found_whatever_the_order_of_the_endpoints(
    open_client: OpenClient, etcd_cluster_of_three: EtcdCluster
) -> None:
    for endpoints in itertools.permutations(etcd_cluster_of_three.endpoints):
        async with open_client(endpoints) as client:
            members = await ids(client, etcd_cluster_of_three)
            leader = etcd_cluster_of_three.leader().endpoint
            target = next(endpoint for endpoint in endpoints if endpoint != leader)
            await client.maintenance.move_leader(members[target])
            assert etcd_cluster_of_three.leader().endpoint == target


async def test_the_leader_is_found_past_a_member_that_is_down_or_frozen(
    open_client: OpenClient, etcd_cluster_of_three: EtcdCluster
) -> None:
    leader = etcd_cluster_of_three.leader()
    down, target = (member for member in etcd_cluster_of_three if member is not leader)
    endpoints = [down.endpoint, leader.endpoint, target.endpoint]
    async with open_client(endpoints, timeout=2, dial_timeout=1) as client:
        members = await ids(client, etcd_cluster_of_three)
        down.pause()
        try:
            await client.maintenance.move_leader(members[target.endpoint])
        finally:
            down.resume()
        assert etcd_cluster_of_three.leader() is target
        down.kill()
        try:
            await client.maintenance.move_leader(members[leader.endpoint])
            assert etcd_cluster_of_three.leader() is leader
        finally:
            down.start()


async def test_who_cannot_lead(open_client: OpenClient, etcd_cluster_of_three: EtcdCluster) -> None:
    leader = etcd_cluster_of_three.leader()
    follower = next(member for member in etcd_cluster_of_three if member is not leader)
    async with open_client(follower.endpoint) as client:
        members = await ids(client, etcd_cluster_of_three)
        with pytest.raises(NotLeaderError):
            await client.maintenance.move_leader(members[follower.endpoint])
    async with open_client(etcd_cluster_of_three.endpoints) as client:
        with pytest.raises(BadLeaderTransfereeError):
            await client.maintenance.move_leader(12345)


async def test_a_snapshot_restores(open_client: OpenClient, quick_etcd: Etcd, tmp_path: Path) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        for number in range(100):
            await client.put(f"k{number}", "x" * 5000)
        progress: list[tuple[int, int | None]] = []
        path = tmp_path / "snapshot.db"
        size = await client.maintenance.save_snapshot(path, lambda done, total: progress.append((done, total)))
    assert path.stat().st_size == size
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert files(tmp_path) == [path]
    assert progress == sorted(progress)
    assert len(progress) > 3
    assert {total for _, total in progress} == {size}
    assert [done for done, _ in progress].count(size) == 1
    with etcd(flags=QUICK, data_dir=restored(path, tmp_path / "data")) as server:
        async with open_client(server.endpoint) as client:
            assert await client.count(b"k0") == 1
            assert server.etcdctl("get", "k99", "--print-value-only").strip() == "x" * 5000


async def test_the_parts_of_a_snapshot_end_with_its_digest(client: AsyncClient) -> None:
    parts = [part async for part in client.maintenance.snapshot()]
    whole = b"".join(parts)
    assert len(whole) % 512 == 32
    assert hashlib.sha256(whole[:-32]).digest() == whole[-32:]


async def test_a_snapshot_may_be_left_half_way(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        for number in range(40):
            await client.put(f"k{number}", "x" * 50_000)
        snapshot = client.maintenance.snapshot()
        assert await anext(snapshot)
        await snapshot.aclose()  # type: ignore[attr-defined]
        assert await client.get("k1") is not None


async def test_a_failure_leaves_what_was_there(open_client: OpenClient, quick_etcd: Etcd, tmp_path: Path) -> None:
    path = tmp_path / "snapshot.db"
    path.write_bytes(b"old")

    def fail(done: int, total: int | None) -> None:
        raise KeyError(done)

    async with open_client(quick_etcd.endpoint, dial_timeout=0.5) as client:
        with pytest.raises(KeyError):
            await client.maintenance.save_snapshot(path, fail)
        with pytest.raises(FileNotFoundError):
            await client.maintenance.save_snapshot(tmp_path / "none" / "snapshot.db")
        quick_etcd.kill()
        with pytest.raises(ConnectionFailedError):
            await client.maintenance.save_snapshot(path, timeout=10)
    assert path.read_bytes() == b"old"
    assert files(tmp_path) == [path]


async def test_a_server_that_dies_half_way_leaves_no_file(
    open_client: OpenClient, quick_etcd: Etcd, tmp_path: Path
) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        for number in range(200):
            await client.put(f"k{number}", "x" * 50_000)
        with pytest.raises(EtcdError):
            await client.maintenance.save_snapshot(tmp_path / "snapshot.db", lambda *_: quick_etcd.kill())
    assert files(tmp_path) == []


async def test_a_task_that_is_cancelled_leaves_no_file(quick_etcd: Etcd, tmp_path: Path) -> None:
    async with AsyncClient(quick_etcd.endpoint) as client:
        for number in range(40):
            await client.put(f"k{number}", "x" * 50_000)
        begun = asyncio.Event()
        saving = asyncio.create_task(client.maintenance.save_snapshot(tmp_path / "snapshot.db", lambda *_: begun.set()))
        await begun.wait()
        saving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await saving
    assert files(tmp_path) == []


async def test_a_snapshot_is_taken_elsewhere_when_a_member_is_down(
    open_client: OpenClient, etcd_cluster_of_three: EtcdCluster, tmp_path: Path
) -> None:
    leader = etcd_cluster_of_three.leader()
    down = next(member for member in etcd_cluster_of_three if member is not leader)
    down.kill()
    try:
        async with open_client([down.endpoint, leader.endpoint]) as client:
            for _ in range(2):
                assert await client.maintenance.save_snapshot(tmp_path / "snapshot.db") > 512
    finally:
        down.start()


async def test_wrong_arguments(client: AsyncClient) -> None:
    for call, error in (
        (client.maintenance.disarm("NOSPACE"), TypeError),  # type: ignore[arg-type]
        (client.maintenance.move_leader("1"), TypeError),  # type: ignore[arg-type]
        (client.maintenance.defragment(1), TypeError),  # type: ignore[arg-type]
        (client.maintenance.downgrade("up"), ValueError),  # type: ignore[arg-type]
    ):
        with pytest.raises(error):
            await call
