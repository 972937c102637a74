"""A consumer that is slow holds its own buffer and no more: the server is told to stop, and goes on where it was."""

import pytest

from etcdobs import AsyncClient, CompactedError, Keys, Put
from etcdobs.testing import Etcd, relay
from tests.conftest import OpenClient
from tests.served import watchers_on
from tests.waiting import eventually, taken, values

BUFFER = 100
# The last batch before it is full comes whole: the events of a revision are never apart.
A_REVISION = 20
REVISIONS = 250


async def write(client: AsyncClient, revisions: int) -> None:
    for number in range(revisions):
        await client.txn().then(*(Put(f"k{name:02}", f"{number}") for name in range(A_REVISION))).commit()


async def test_a_full_buffer_frees_the_server_and_loses_nothing(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client, client.watch(Keys.prefix("k"), buffer=BUFFER) as watcher:
        assert watchers_on(quick_etcd) == 1
        await write(client, REVISIONS)
        await eventually(lambda: watchers_on(quick_etcd) == 0)
        assert BUFFER <= watcher.pending < BUFFER + A_REVISION
        found = await values(watcher, REVISIONS * A_REVISION)
        assert found == [str(number) for number in range(REVISIONS) for _ in range(A_REVISION)]
        await eventually(lambda: watchers_on(quick_etcd) == 1)
        assert watcher.pending == 0


async def test_a_slow_consumer_holds_up_no_neighbour(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with (
        open_client(quick_etcd.endpoint) as client,
        client.watch(Keys.prefix("k"), buffer=1) as slow,
        client.watch(Keys.prefix("k")) as quick,
    ):
        await write(client, 20)
        assert len(await taken(quick, 20 * A_REVISION)) == 20 * A_REVISION
        assert slow.pending == A_REVISION
        assert len(await taken(slow, 20 * A_REVISION)) == 20 * A_REVISION


async def test_what_was_compacted_while_a_buffer_was_full_is_told_after_what_it_held(
    open_client: OpenClient, quick_etcd: Etcd
) -> None:
    async with open_client(quick_etcd.endpoint) as client, client.watch(Keys.prefix("k"), buffer=BUFFER) as watcher:
        await write(client, 50)
        await eventually(lambda: watchers_on(quick_etcd) == 0)
        held = watcher.pending
        kept = (await client.put("other")).revision
        await client.compact(kept)
        expected = [str(number) for number in range(50) for _ in range(A_REVISION)][:held]
        assert await values(watcher, held) == expected
        with pytest.raises(CompactedError) as caught:
            await watcher.get(timeout=10)
    assert caught.value.compact_revision == kept


async def test_a_full_buffer_outlasts_a_broken_connection(open_client: OpenClient, quick_etcd: Etcd) -> None:
    with relay(quick_etcd.endpoint) as link:
        async with (
            open_client(quick_etcd.endpoint) as writer,
            open_client(link.endpoint) as client,
            client.watch(Keys.prefix("k"), buffer=BUFFER) as watcher,
            client.watch("other") as neighbour,
        ):
            await write(writer, 50)
            await eventually(lambda: watchers_on(quick_etcd) == 1)
            link.reset()
            await writer.put("other", "v")
            assert await values(neighbour, 1) == ["v"]
            assert watchers_on(quick_etcd) == 1
            assert BUFFER <= watcher.pending < BUFFER + A_REVISION
            found = await values(watcher, 50 * A_REVISION)
            assert found == [str(number) for number in range(50) for _ in range(A_REVISION)]
