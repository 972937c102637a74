"""A dump that was broken off is gone on with in its own cluster and namespace, and in no other."""

import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from etcdobs import AsyncClient, FutureRevisionError, Keys
from etcdobs.testing import Etcd, etcd
from tests.conftest import OpenClient
from tests.waiting import QUICK


@pytest.fixture
async def own(open_client: OpenClient, quick_etcd: Etcd) -> AsyncIterator[AsyncClient]:
    """A client of a cluster."""
    async with open_client(quick_etcd.endpoint) as opened:
        yield opened


@pytest.fixture
async def other(open_client: OpenClient) -> AsyncIterator[AsyncClient]:
    """A client of another cluster."""
    with etcd(flags=QUICK) as server:
        async with open_client(server.endpoint) as opened:
            yield opened


async def fill(client: AsyncClient, value: str) -> None:
    await client.load(f'{{"key": "k{number:04}", "value": "{value}"}}' for number in range(1_000))


async def half_of(client: AsyncClient, part: Path) -> bytes:
    """What a dump of the client's keys is; half of it is in `part`."""
    held = io.BytesIO()
    await client.dump(Keys.prefix("k"), held)
    return _halved(held.getvalue(), part)


def _halved(whole: bytes, part: Path) -> bytes:
    part.write_bytes(whole[: len(whole) // 2])
    return whole


async def test_the_first_line_tells_cluster_and_namespace(client: AsyncClient, prefix: str, tmp_path: Path) -> None:
    await client.dump(Keys.prefix(prefix), tmp_path / "plain")
    await client.namespaced(prefix).dump(Keys.all(), tmp_path / "confined")
    await client.namespaced(b"\xff").dump(Keys.all(), tmp_path / "bytes")
    plain, confined, coded = (
        json.loads((tmp_path / name).read_text().splitlines()[0]) for name in ("plain", "confined", "bytes")
    )
    cluster = (await client.range("x", limit=1)).header.cluster_id
    assert {int(first["cluster"], 16) for first in (plain, confined, coded)} == {cluster}
    assert plain["cluster"] == f"{cluster:x}"
    assert (plain["namespace"], confined["namespace"], coded["namespace_base64"]) == ("", prefix, "/w==")


async def test_a_dump_of_another_namespace_is_not_gone_on_with(
    client: AsyncClient, prefix: str, tmp_path: Path
) -> None:
    here, there = client.namespaced(f"{prefix}here/"), client.namespaced(f"{prefix}there/")
    await fill(here, "HERE")
    await fill(there, "THERE")
    whole = await half_of(here, tmp_path / "file.part")
    for wrong in (there, client):
        with pytest.raises(ValueError, match=f"go on with is of namespace b'{prefix}here/', not of b") as told:
            await wrong.dump(Keys.prefix("k"), tmp_path / "file", resume=True)
        assert told.value.__notes__ == [
            f"'{tmp_path}/file.part' can not be gone on with: delete it, or pass resume=False to begin anew"
        ]
    assert await here.dump(Keys.prefix("k"), tmp_path / "file", resume=True) == 1_000
    assert (tmp_path / "file").read_bytes() == whole


async def test_a_dump_of_another_cluster_is_not_gone_on_with(
    own: AsyncClient, other: AsyncClient, tmp_path: Path
) -> None:
    await fill(own, "ONE")
    await fill(other, "TWO")
    for number in range(10):
        await other.put("another", str(number))
    whole = await half_of(own, tmp_path / "file.part")
    with pytest.raises(ValueError, match=r"go on with is of cluster [0-9a-f]+, not of [0-9a-f]+") as told:
        await other.dump(Keys.prefix("k"), tmp_path / "file", resume=True)
    assert "pass resume=False" in told.value.__notes__[-1]
    assert b"TWO" not in (tmp_path / "file.part").read_bytes()
    assert await own.dump(Keys.prefix("k"), tmp_path / "file", resume=True) == 1_000
    assert (tmp_path / "file").read_bytes() == whole


async def test_a_dump_that_lacks_its_last_line_alone_is_of_a_cluster_too(
    own: AsyncClient, other: AsyncClient, tmp_path: Path
) -> None:
    await own.put("k", "ONE")
    await other.put("k", "TWO")
    await own.dump("k", tmp_path / "file")
    whole = (tmp_path / "file").read_bytes()
    (tmp_path / "file").rename(tmp_path / "file.part")
    with pytest.raises(ValueError, match="go on with is of cluster"):
        await other.dump("k", tmp_path / "file", resume=True)
    assert await own.dump("k", tmp_path / "file", resume=True) == 1
    assert (tmp_path / "file").read_bytes() == whole


async def test_a_revision_that_is_yet_to_come_names_the_part(
    own: AsyncClient, other: AsyncClient, tmp_path: Path
) -> None:
    await fill(own, "ONE")
    await half_of(own, tmp_path / "file.part")
    with pytest.raises(FutureRevisionError) as told:
        await other.dump(Keys.prefix("k"), tmp_path / "file", resume=True)
    assert f"{tmp_path}/file.part' can not be gone on with" in told.value.__notes__[-1]


async def test_a_dump_that_does_not_tell_its_cluster_is_loaded_and_not_gone_on_with(
    client: AsyncClient, prefix: str, tmp_path: Path
) -> None:
    lines = ['{"revision": 1, "start": "a", "end": "b"}', f'{{"key": "{prefix}a", "value": "v"}}', '{"count": 1}']
    (tmp_path / "file.part").write_text("\n".join(lines))
    with pytest.raises(ValueError, match="does not tell its cluster and namespace") as told:
        await client.dump(Keys.between("a", "b"), tmp_path / "file", resume=True)
    assert "delete it, or pass resume=False" in told.value.__notes__[-1]
    assert await client.load(tmp_path / "file.part") == 1
    assert await client.dump(Keys.prefix(prefix), tmp_path / "file") == 1
    assert await client.load(tmp_path / "file") == 1
