"""The past on a real server: keys that come and go, compactions, and every key as of a revision."""

from collections.abc import Sequence

import pytest

from etcdobs import AsyncClient, Client
from etcdobs.testing import Etcd
from etcdobs_explorer.gateway import EtcdGateway
from etcdobs_explorer.gateway import history as gateway_history
from etcdobs_explorer.gateway.past import ClientAt
from etcdobs_explorer.model.history import HistoryPage, HistoryRecord, RevisionError
from etcdobs_explorer.model.records import ChildRecord
from etcdobs_explorer.model.writes import Committed, Protection, RefusedError, create


async def pages(gateway: EtcdGateway, key: bytes, size: int = 100) -> list[HistoryPage]:
    return [page async for page in gateway.history(key, size)]


def told(records: Sequence[HistoryRecord]) -> list[str]:
    return ["-" if each.is_delete else each.head.decode() for each in records]


class TestHistory:
    async def test_deletions_and_earlier_lives(self, gateway: EtcdGateway, client: Client) -> None:
        lease = client.lease.grant(100)
        for value in ("one", "two"):
            client.put("/k", value)
        client.delete("/k")
        last = client.put("/k", "x" * 1000, lease=lease).revision
        (page,) = await pages(gateway, b"/k")
        assert told(page.records) == ["x" * 256, "-", "two", "one"]
        assert page.records[0] == HistoryRecord(last, False, 1, 1000, lease.id, b"x" * 256)
        assert (page.floor, page.more, page.partial) == (0, False, False)

    async def test_a_key_that_is_gone_and_one_that_never_was(self, gateway: EtcdGateway, client: Client) -> None:
        client.put("/k", "one")
        client.delete("/k")
        assert told((await pages(gateway, b"/k"))[0].records) == ["-", "one"]
        assert await pages(gateway, b"/none") == [HistoryPage([], 0, more=False)]

    async def test_in_pages(self, gateway: EtcdGateway, client: Client) -> None:
        for number in range(5):
            client.put("/k", f"{number}")
        found = await pages(gateway, b"/k", 2)
        assert [told(page.records) for page in found] == [["4", "3"], ["2", "1"], ["0"]]
        assert [page.more for page in found] == [True, True, False]

    async def test_after_a_compaction_it_says_where_it_is_cut(self, gateway: EtcdGateway, client: Client) -> None:
        revision = [client.put("/k", f"{number}").revision for number in range(6)][-1]
        client.compact(revision - 2)
        (page,) = await pages(gateway, b"/k")
        assert told(page.records) == ["5", "4", "3"]
        assert (page.floor, page.records[-1].version) == (revision - 2, 4)

    async def test_a_key_gone_before_the_compaction(self, gateway: EtcdGateway, client: Client) -> None:
        client.put("/k", "one")
        client.delete("/k")
        revision = client.put("/other", "x").revision
        client.compact(revision)
        assert await pages(gateway, b"/k") == [HistoryPage([], revision, more=False)]

    async def test_what_the_compaction_left_is_older_than_the_compaction(
        self, gateway: EtcdGateway, client: Client
    ) -> None:
        client.put("/k", "older")
        put = client.put("/k", "left").revision
        floor = client.put("/other", "x").revision
        client.compact(floor)
        (page,) = await pages(gateway, b"/k")
        assert [(each.revision, each.head) for each in page.records] == [(put, b"left")]
        assert await gateway.value_at(b"/k", put) == b"left"
        with pytest.raises(RevisionError) as error:
            await gateway.value_at(b"/k", put - 1)
        assert error.value.floor == floor
        assert b"the oldest that can be read is %d" % floor in error.value.reason

    @pytest.mark.parametrize("compacted", [False, True])
    async def test_a_large_history_is_walked_back_through(
        self, gateway: EtcdGateway, client: Client, monkeypatch: pytest.MonkeyPatch, compacted: bool
    ) -> None:
        monkeypatch.setattr(gateway_history, "_LARGEST", 3)
        client.put("/k", "an earlier life")
        client.delete("/k")
        revisions = [client.put("/k", f"{number}").revision for number in range(5)]
        if compacted:
            client.compact(revisions[2])
        (page,) = await pages(gateway, b"/k")
        assert told(page.records) == (["4", "3", "2"] if compacted else ["4", "3", "2", "1", "0"])
        assert page.partial is not compacted


class TestValues:
    async def test_a_value_as_of_a_revision(self, gateway: EtcdGateway, client: Client) -> None:
        first = client.put("/k", "one").revision
        client.put("/k", "two")
        gone = client.delete("/k").revision
        values = [await gateway.value_at(b"/k", revision) for revision in range(first - 1, gone + 1)]
        assert values == [None, b"one", b"two", None]


class TestKeysAsOf:
    async def test_the_tree_the_counts_and_the_values(self, gateway: EtcdGateway, client: Client) -> None:
        then = [client.put(key, "then").revision for key in ("/a/1", "/a/2", "/b", "plain")][-1]
        client.put("/a/3", "later")
        client.put("/b", "later")
        client.delete("plain")
        client.delete("/a/1")
        keys = gateway.look_back(then)
        assert [child async for child in keys.children(b"", b"/")] == [
            ChildRecord(b"/", True),
            ChildRecord(b"plain", False),
        ]
        assert [child.key async for child in keys.children(b"/", b"/")] == [b"/a/", b"/b"]
        assert [child.key async for child in keys.children(b"/a/", b"/")] == [b"/a/1", b"/a/2"]
        assert await keys.count(b"/a/") == 2
        entry = await keys.entry(b"/b")
        assert entry is not None
        assert (entry.value, entry.mod_revision) == (b"then", then - 1)
        assert await keys.entry(b"/a/3") is None

    async def test_a_directory_of_several_pages(
        self, gateway: EtcdGateway, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("etcdobs_explorer.gateway.past._PAGE", 3)
        keys = ["a/1", "a/2", "a/3", "a/4", "a/5", "b", "c/1", "d", "e/1", "e/2", "e/3", "e/4", "\xff"]
        then = [client.put(key.encode("latin-1"), "v").revision for key in keys][-1]
        found = [child.key async for child in gateway.look_back(then).children(b"", b"/")]
        assert found == [b"a/", b"b", b"c/", b"d", b"e/", b"\xff"]
        flat = [child.key async for child in gateway.look_back(then).children(b"", b"")]
        assert flat == [key.encode("latin-1") for key in keys]

    async def test_a_revision_that_cannot_be_read(self, gateway: EtcdGateway, client: Client) -> None:
        revision = [client.put("/k", "v").revision for _ in range(5)][-1]
        client.compact(revision - 1)
        assert await gateway.count_at(b"", revision - 1) == 1
        with pytest.raises(RevisionError) as error:
            await gateway.count_at(b"", revision - 2)
        assert (error.value.floor, error.value.reason) == (
            revision - 1,
            b"revision %d was compacted: the oldest that can be read is %d" % (revision - 2, revision - 1),
        )
        with pytest.raises(RevisionError, match="request failed") as error:
            await gateway.count_at(b"", revision + 10)
        assert error.value.reason == b"revision %d is not there yet" % (revision + 10)

    async def test_nothing_is_written_while_one_looks_back(self, gateway: EtcdGateway, client: Client) -> None:
        then = client.put("/k", "then").revision
        chunk = create(b"/new", b"v").chunks[0]
        for revision in (then, then - 1):
            gateway.look_back(revision)
            with pytest.raises(RefusedError, match=f"as of revision {revision}: nothing is written until :now"):
                await gateway.commit(chunk)
        assert client.get("/new") is None
        assert not {"put", "delete", "txn", "do", "compact"} & set(dir(ClientAt))
        keys = gateway.look_back(0)
        assert isinstance(await gateway.commit(chunk), Committed)
        assert await keys.entry(b"/new") is not None

    async def test_what_was_forbidden_before_is_forbidden_afterwards(self, quick_etcd: Etcd) -> None:
        client = AsyncClient(quick_etcd.endpoint)
        gateway = EtcdGateway(client, protection=Protection(read_only=True))
        gateway.look_back(1)
        gateway.look_back(0)
        with pytest.raises(RefusedError, match="read-only"):
            await gateway.commit(create(b"/new", b"v").chunks[0])
        await gateway.close()
