"""A dump and what has its name already: links, pipes, directories, another dump, and one that was broken off."""

import os
from pathlib import Path

import pytest

from etcdobs import AsyncClient, Client, Keys
from etcdobs.testing import Etcd


async def test_a_pipe_or_a_directory_is_no_target(client: AsyncClient, prefix: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    for name in ("pipe", "link"):
        with pytest.raises(ValueError, match="is a pipe or a device"):
            await client.dump(Keys.prefix(prefix), tmp_path / name)
    with pytest.raises(ValueError, match="'/dev/null' is a pipe or a device"):
        await client.dump(Keys.prefix(prefix), "/dev/null")
    with pytest.raises(IsADirectoryError, match="target is a directory"):
        await client.dump(Keys.prefix(prefix), tmp_path)
    with pytest.raises(IsADirectoryError, match="target is a directory"):
        await client.dump(Keys.prefix(prefix), f"{tmp_path}/there/")
    assert sorted(os.listdir(tmp_path)) == ["link", "pipe"]


async def test_an_empty_name_is_no_target(
    client: AsyncClient, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(ValueError, match="target is an empty name"):
        await client.dump(Keys.prefix(prefix), "")
    with pytest.raises(IsADirectoryError, match="target is a directory"):
        await client.dump(Keys.prefix(prefix), Path())
    assert os.listdir(tmp_path) == ["here"]


async def test_a_link_stays_one(client: AsyncClient, prefix: str, tmp_path: Path) -> None:
    await client.put(f"{prefix}a", "v")
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to("there/file")
    for _ in range(2):
        assert await client.dump(Keys.prefix(prefix), tmp_path / "link") == 1
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "there" / "file").read_text().count("\n") == 3
    assert os.listdir(tmp_path / "there") == ["file"]


async def test_a_second_dump_to_one_name_is_refused(
    client: AsyncClient, etcd_server: Etcd, prefix: str, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    await client.put(f"{prefix}a", "v")
    refused: list[str] = []

    def meanwhile(count: int, total: int) -> None:
        with Client(etcd_server.endpoint) as other, pytest.raises(BlockingIOError, match="another dump") as told:
            other.dump(Keys.prefix(prefix), file)
        refused.append(told.value.filename)

    assert await client.dump(Keys.prefix(prefix), file, progress=meanwhile) == 1
    assert set(refused) == {f"{file}.part"}
    assert os.listdir(tmp_path) == ["file"]
    assert await client.dump(Keys.prefix(prefix), file) == 1


async def test_one_key_is_gone_on_with_to_its_end(client: AsyncClient, prefix: str, tmp_path: Path) -> None:
    await client.put(f"{prefix}k", "v")
    await client.put(f"{prefix}k\0", "another")
    file = tmp_path / "file"
    for keys in (Keys.one(f"{prefix}k"), Keys.between(f"{prefix}k", f"{prefix}k\0")):
        await client.dump(keys, file)
        whole = file.read_bytes()
        file.rename(tmp_path / "file.part")
        assert await client.dump(keys, file, resume=True) == 1
        assert file.read_bytes() == whole


@pytest.mark.parametrize("leased", [True, False])
async def test_what_was_begun_with_leases_is_gone_on_with_so(
    client: AsyncClient, prefix: str, tmp_path: Path, leased: bool
) -> None:
    await client.put(f"{prefix}k", "v")
    file = tmp_path / "file"
    await client.dump(Keys.prefix(prefix), file, leased=leased)
    file.rename(tmp_path / "file.part")
    with pytest.raises(ValueError, match=f"begun with leased={leased}, not with leased={not leased}"):
        await client.dump(Keys.prefix(prefix), file, resume=True, leased=not leased)
    assert await client.dump(Keys.prefix(prefix), file, resume=True, leased=leased) == 1
    assert await client.load(file) == 1
