"""Keys leave the store as lines and come back as they were, over interruptions."""

import asyncio
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from etcdobs import AsyncClient, Client, CompactedError, Keys, RequestTooLargeError
from etcdobs.testing import Etcd, etcd
from tests.conftest import OpenClient
from tests.waiting import QUICK


async def fill(client: AsyncClient, prefix: str, names: Any = None) -> None:
    lines = (f'{{"key": "{prefix}{name}", "value": "v"}}' for name in names or map(str, range(1_500)))
    await client.load(lines)


async def held(client: AsyncClient, prefix: str) -> dict[bytes, bytes]:
    return {kv.key.removeprefix(prefix.encode()): kv.value async for kv in client.scan(Keys.prefix(prefix))}


async def test_what_was_dumped_is_loaded(client: AsyncClient, prefix: str, tmp_path: Path) -> None:
    for name, value in {"é": "ü\n", "empty": "", "plain": "text"}.items():
        await client.put(prefix + name, value)
    await client.put(prefix.encode() + b"\xff\0", b"\xfe")
    file = tmp_path / "keys.jsonl"
    assert await client.dump(Keys.prefix(prefix), file) == 4
    before = await held(client, prefix)
    await client.delete(Keys.prefix(prefix))
    assert await client.load(file) == 4
    assert await held(client, prefix) == before
    assert os.listdir(tmp_path) == ["keys.jsonl"]
    assert file.stat().st_mode & 0o777 == 0o600


async def test_many_keys_in_few_transactions(client: AsyncClient, prefix: str, tmp_path: Path) -> None:
    told: list[int] = []
    lines = [f'{{"key": "{prefix}{number:05}", "value": "{number}"}}' for number in range(2_000)]
    before = (await client.range("x")).revision
    assert await client.load(lines, progress=told.append) == 2_000
    assert (await client.range("x")).revision - before <= 2_000 // 128 + 8
    assert told == sorted(told)
    assert told[-1] == 2_000
    steps: list[tuple[int, int]] = []
    file = tmp_path / "keys.jsonl"
    await client.dump(Keys.prefix(prefix), file, progress=lambda count, total: steps.append((count, total)))
    assert steps[-1] == (2_000, 2_000)
    assert file.read_text().splitlines()[1:-1] == lines


async def test_the_last_of_several_lines_of_a_key_wins(client: AsyncClient, prefix: str) -> None:
    lines = [f'{{"key": "{prefix}{number % 7}", "value": "{number}"}}' for number in range(700)]
    assert await client.load(lines) == 700
    assert await held(client, prefix) == {b"%d" % name: b"%d" % (693 + name) for name in range(7)}


async def test_a_dump_is_of_one_revision(client: AsyncClient, prefix: str, tmp_path: Path) -> None:
    await fill(client, prefix)
    revision = (await client.put(f"{prefix}5", "last")).revision
    await client.delete(Keys.prefix(prefix))
    assert await client.dump(Keys.prefix(prefix), tmp_path / "then", revision=revision) == 1_500
    assert await client.dump(Keys.prefix(prefix), tmp_path / "now") == 0
    assert (tmp_path / "now").read_text().count("\n") == 2
    assert await client.load(tmp_path / "now") == 0


class StopError(Exception):
    """What breaks a dump off, or a load."""


async def test_a_dump_goes_on_where_it_was_broken_off(client: AsyncClient, prefix: str, tmp_path: Path) -> None:
    await fill(client, prefix)
    whole, file, part = tmp_path / "whole", tmp_path / "file", tmp_path / "file.part"
    await client.dump(Keys.prefix(prefix), whole)

    def stop(count: int, total: int) -> None:
        assert total == 1_500
        raise StopError

    with pytest.raises(StopError):
        await client.dump(Keys.prefix(prefix), file, progress=stop)
    assert not file.exists()
    # And in the middle of a line.
    part.write_bytes(part.read_bytes()[:-7])
    await client.delete(Keys.prefix(prefix))
    steps: list[tuple[int, int]] = []

    def tell(count: int, total: int) -> None:
        steps.append((count, total))

    told = await client.dump(Keys.prefix(prefix), file, resume=True, progress=tell)
    assert told == 1_500
    assert steps[0][0] > 200
    assert steps[-1] == (1_500, 1_500)
    assert file.read_bytes() == whole.read_bytes()
    assert not part.exists()


@pytest.mark.parametrize("left", [b"", b'{"revision": 1'])
async def test_where_nothing_was_begun_a_dump_begins(
    client: AsyncClient, prefix: str, tmp_path: Path, left: bytes
) -> None:
    await client.put(f"{prefix}a", "v")
    (tmp_path / "file.part").write_bytes(left)
    assert await client.dump(Keys.prefix(prefix), tmp_path / "file", resume=True) == 1
    assert (tmp_path / "file").read_bytes().count(b"\n") == 3


async def test_a_dump_of_something_else_is_not_gone_on_with(client: AsyncClient, prefix: str, tmp_path: Path) -> None:
    part = tmp_path / "file.part"
    part.write_text('{"revision": 1, "start": "/a", "end": "/b"}\n')
    with pytest.raises(ValueError, match="go on with is of Keys"):
        await client.dump(Keys.prefix(prefix), tmp_path / "file", resume=True)
    with pytest.raises(ValueError, match="of revision 1, not of 2"):
        await client.dump(Keys.between("/a", "/b"), tmp_path / "file", resume=True, revision=2)
    assert part.exists()


async def test_a_dump_whose_revision_is_compacted_says_so(open_client: OpenClient, tmp_path: Path) -> None:
    with etcd(flags=QUICK) as server:
        async with open_client(server.endpoint) as client:
            revision = (await client.put("/a", "1")).revision
            last = (await client.put("/a", "2")).revision
            await client.compact(last)
            first = {"revision": revision, "start": "/", "end": "0", "cluster": "1", "namespace": ""}
            (tmp_path / "file.part").write_text(f"{json.dumps(first)}\n")
            with pytest.raises(CompactedError) as told:
                await client.dump(Keys.prefix("/"), tmp_path / "file", resume=True)
            part = repr(f"{tmp_path}/file.part")
            advice = f"{part} can not be gone on with: delete it, or pass resume=False to begin anew"
            assert told.value.__notes__[-1] == advice
            assert await client.dump(Keys.prefix("/"), tmp_path / "file") == 1


async def test_a_load_goes_on_where_it_was_broken_off(client: AsyncClient, prefix: str) -> None:
    lines = [f'{{"key": "{prefix}{number:04}", "value": "{number}"}}' for number in range(1_500)]
    written: list[int] = []

    def stop(line: int) -> None:
        written.append(line)
        if line > 300:
            raise StopError

    with pytest.raises(StopError):
        await client.load(lines, progress=stop)
    assert len(await held(client, prefix)) >= written[-1]
    rest = await client.load(lines, start=written[-1] + 1)
    assert rest == 1_500 - written[-1]
    assert (await held(client, prefix)) == {b"%04d" % number: b"%d" % number for number in range(1_500)}


async def test_a_wrong_line_is_named_and_nothing_before_it_is_lost(
    client: AsyncClient, prefix: str, tmp_path: Path
) -> None:
    file = tmp_path / "keys.jsonl"
    lines = [f'{{"key": "{prefix}{number:04}", "value": "v"}}' for number in range(1_000)]
    file.write_text("\n".join([*lines[:700], '{"key": "a"}', *lines[700:]]))
    with pytest.raises(ValueError, match="line 701: one of 'value'") as told:
        await client.load(file)
    assert told.value.__notes__ == ["all lines up to 700 are written: start=701 goes on there"]
    assert len(await held(client, prefix)) == 700
    assert await client.load(file, start=702) == 300
    assert len(await held(client, prefix)) == 1_000


async def test_a_value_that_the_server_refuses_is_named(client: AsyncClient, prefix: str) -> None:
    lines = [
        f'{{"key": "{prefix}{number}", "value": "{"v" * (1_700_000 if number == 5 else 1)}"}}' for number in range(9)
    ]
    with pytest.raises(RequestTooLargeError) as told:
        await client.load(lines)
    assert "line 6 was not written" in told.value.__notes__


async def test_what_is_written_behind_a_refused_line_is_told(client: AsyncClient, prefix: str) -> None:
    lines = [
        f'{{"key": "{prefix}{number}", "value": "{"v" * (1_600_000 if number == 301 else 1)}"}}'
        for number in range(1, 601)
    ]
    with pytest.raises(RequestTooLargeError) as told:
        await client.load(lines)
    last = max(map(int, await held(client, prefix)))
    # None, where the refusal was the fastest.
    behind = [f"lines of 302 to {last} may or may not be written, and may be loaded again"] if last > 300 else []
    assert told.value.__notes__ == [
        "line 301 was not written",
        *behind,
        "all lines up to 300 are written: start=301 goes on there",
    ]


async def test_a_server_that_allows_few_operations(open_client: OpenClient) -> None:
    with etcd(flags=[*QUICK, "--max-txn-ops=16"]) as server:
        async with open_client(server.endpoint) as client:
            await fill(client, "/", map(str, range(300)))
            assert len(await held(client, "/")) == 300


async def test_in_a_namespace_keys_lose_the_prefix_and_get_another(
    client: AsyncClient, prefix: str, tmp_path: Path
) -> None:
    here, there = client.namespaced(f"{prefix}here/"), client.namespaced(f"{prefix}there/")
    await fill(here, "k", "abc")
    assert await here.dump(Keys.all(), tmp_path / "keys") == 3
    assert await there.load(tmp_path / "keys") == 3
    assert list(await held(client, f"{prefix}there/")) == [b"ka", b"kb", b"kc"]


async def test_keys_on_a_lease_may_be_left_out_and_loaded_ones_have_none(
    client: AsyncClient, prefix: str, tmp_path: Path
) -> None:
    lease = await client.lease.grant(60)
    await client.put(f"{prefix}leased", "v", lease=lease)
    await client.put(f"{prefix}stays", "v")
    assert await client.dump(Keys.prefix(prefix), tmp_path / "some", leased=False) == 1
    assert await client.dump(Keys.prefix(prefix), tmp_path / "all") == 2
    await lease.revoke()
    await client.load(tmp_path / "all")
    found = await client.get(f"{prefix}leased")
    assert found is not None
    assert found.lease == 0


async def test_an_open_file_will_do(client: AsyncClient, prefix: str, tmp_path: Path) -> None:
    await client.put(f"{prefix}a", "v")
    with (tmp_path / "keys").open("w+b") as file:
        await client.dump(f"{prefix}a", file)
        file.seek(0)
        assert await client.load(file) == 1
        with pytest.raises(ValueError, match="resume needs the name of a file"):
            await client.dump(f"{prefix}a", file, resume=True)
    with pytest.raises(TypeError, match="target must be a file's name"):
        await client.dump(f"{prefix}a", 5)  # type: ignore[arg-type]


async def test_a_load_that_is_cancelled_leaves_the_client_usable(etcd_server: Etcd, prefix: str) -> None:
    async with AsyncClient(etcd_server.endpoint) as client:
        begun = asyncio.Event()

        async def load() -> None:
            await client.load(
                (f'{{"key": "{prefix}{number}", "value": "v"}}' for number in range(10**9)),
                progress=lambda _line: begun.set(),
            )

        task = asyncio.create_task(load())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not [other for other in asyncio.all_tasks() if other.get_name() == "etcdobs-load"]
        assert await client.count(Keys.prefix(prefix)) > 0


def test_no_thread_is_left(etcd_server: Etcd, prefix: str) -> None:
    with Client(etcd_server.endpoint) as client:
        client.load(f'{{"key": "{prefix}{number}", "value": "v"}}' for number in range(1_000))
        assert not [thread for thread in threading.enumerate() if thread.name == "etcdobs-load"]
