"""The key tree on real servers: huge directories, a search, hostile names, and users who may read a part only."""

import re

import pytest

from etcdobs import AsyncClient, Client
from etcdobs.testing import etcd
from etcdobs_explorer.feeds import Feeds
from etcdobs_explorer.gateway import EtcdGateway
from etcdobs_explorer.model.changes import Change
from etcdobs_explorer.model.records import ChildRecord, Permitted
from etcdobs_explorer.model.search import Phase, Query
from etcdobs_explorer.model.state import State
from tests.explorer.screens import WIDE, explorer

HUGE = 6_000
POD = '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web-1", "namespace": "prod"}}'


def fill(client: Client, *keys: str) -> None:
    client.load(f'{{"key": "{key}", "value": "v"}}' for key in keys)


@pytest.fixture
def huge(client: Client) -> None:
    fill(client, *(f"/huge/k{number:05d}" for number in range(HUGE)))


class Fed:
    """A state that feeds tell the news of a cluster."""

    def __init__(self, gateway: EtcdGateway) -> None:
        self.state = State("here")
        self.feeds = Feeds(gateway, self._apply)

    def _apply(self, change: Change) -> None:
        change.apply(self.state, 0.0)


class TestGateway:
    async def test_a_listing_from_a_key_on(self, gateway: EtcdGateway, client: Client) -> None:
        fill(client, "/d/a", "/d/b/1", "/d/b/2", "/d/c", "/e")
        found = [child async for child in gateway.children(b"/d/", b"/", b"/d/b/2")]
        assert found == [ChildRecord(b"/d/b/", True), ChildRecord(b"/d/c", False)]
        assert [child.key async for child in gateway.children(b"", b"", b"/d/c")] == [b"/d/c", b"/e"]
        assert await gateway.count_between(b"/d/b", b"/d/c") == 2

    async def test_the_counts_of_directories_come_with_them(self, gateway: EtcdGateway, client: Client) -> None:
        fill(client, "a/1", "a/b/2", "c")
        assert [(child.key, child.below) async for child in gateway.children(b"", b"/")] == [(b"a/", 2), (b"c", None)]

    async def test_values_of_some_keys(self, gateway: EtcdGateway, client: Client) -> None:
        fill(client, "a", "b")
        assert [found.key for found in await gateway.values([b"a", b"none", b"b"])] == [b"a", b"b"]

    async def test_without_a_user_nothing_is_offered(self, gateway: EtcdGateway) -> None:
        assert await gateway.permitted() == ()


@pytest.mark.usefixtures("huge")
class TestHuge:
    async def test_around_a_key_then_what_comes_before_and_after(self, gateway: EtcdGateway) -> None:
        fed = Fed(gateway)
        await fed.feeds.keys.load_around(b"/huge/", b"/", b"/huge/k05500")
        directory = fed.state.tree.directory(b"/huge/")
        assert directory.start
        assert not directory.more
        assert directory.place_of(ChildRecord(b"/huge/k05500", False)) is not None
        while directory.start:
            await fed.feeds.keys.load_earlier(b"/huge/", b"/", directory.children[0])
        assert [child.key for child in directory.children] == [b"/huge/k%05d" % number for number in range(HUGE)]

    async def test_more_goes_on_where_the_first_part_ended(self, gateway: EtcdGateway) -> None:
        fed = Fed(gateway)
        await fed.feeds.keys.load(b"/huge/", b"/")
        directory = fed.state.tree.directory(b"/huge/")
        assert (len(directory.children), directory.more, directory.total) == (5_000, True, HUGE)
        await fed.feeds.keys.load_more(b"/huge/", b"/", directory.children[-1], 5_000)
        assert (len(directory.children), directory.more) == (HUGE, False)

    async def test_a_search_finds_what_was_never_loaded(self, gateway: EtcdGateway, client: Client) -> None:
        client.put("/other", "needle within")
        fed = Fed(gateway)
        await fed.feeds.keys.search(Query("~k0599[78]$"))
        search = fed.state.search
        assert [hit.key for hit in search.hits] == [b"/huge/k05997", b"/huge/k05998"]
        assert (search.phase, search.seen, search.total) == (Phase.DONE, HUGE + 1, HUGE + 1)
        await fed.feeds.keys.search(Query("needle", values=True))
        assert [hit.key for hit in fed.state.search.hits] == [b"/other"]

    async def test_a_hit_is_gone_to_in_a_part_that_was_not_loaded(self, gateway: EtcdGateway) -> None:
        async with explorer(gateway) as shown:
            await shown.see("live")
            await shown.press("S", *"k05", "enter")
            await shown.see("1,000 hits", "searched")
            await shown.press("down", "end", "enter")
            await shown.see("k05999", "version 1")
            assert shown.app.screen.query_one("#keys").current.key == b"/huge/k05999"  # type: ignore[attr-defined]
            await shown.press("left_square_bracket")
            await shown.lose("k05999")


@pytest.mark.parametrize(
    "key",
    [b"\xff/\xfe\x00", "日本/キー".encode(), b"a//b", b"a//", b"//", b"deep/" * 300 + b"key", b"long/" + b"x" * 10_000],
    ids=["no UTF-8", "CJK", "empty name", "empty key", "slashes", "deep", "long"],
)
async def test_hostile_names_are_gone_to(gateway: EtcdGateway, client: Client, key: bytes) -> None:
    client.put(key, "found it")
    client.put("aaa", "another")
    async with explorer(gateway) as shown:
        await shown.see("aaa")
        await shown.press("S", *"~.", "enter")
        await shown.see("2 hits")
        await shown.press("down")
        await shown.press(*["down"] * ([b"aaa", key] if key > b"aaa" else [key]).index(key), "enter")
        await shown.see("found it")


async def test_kubernetes_objects_have_columns(gateway: EtcdGateway, client: Client) -> None:
    client.put("/registry/pods/prod/web-1", POD)
    client.put("/config/plain", "text")
    async with explorer(gateway, WIDE) as shown:
        await shown.see("registry/")
        await shown.press("colon", *"goto /registry/pods/prod/web-1", "enter")
        row = re.compile(r"^ +web-1 +prod +Pod ", re.MULTILINE)
        await shown.until(lambda: row.search(shown.text), "columns")


async def test_a_user_with_a_part_of_the_keys_can_work() -> None:
    with etcd() as server:
        for name in ("root", "reader"):
            server.etcdctl("user", "add", f"{name}:pw")
            server.etcdctl("role", "add", name)
            server.etcdctl("user", "grant-role", name, name)
        server.etcdctl("role", "grant-permission", "reader", "--prefix=true", "read", "/mine/")
        server.etcdctl("role", "grant-permission", "reader", "read", "/single")
        server.etcdctl("role", "grant-permission", "reader", "--prefix=true", "write", "/drop/")
        server.etcdctl("put", "/mine/dir/key", "my value")
        server.etcdctl("auth", "enable")
        async with AsyncClient(server.endpoint, username="reader", password="pw") as reader:
            gateway = EtcdGateway(reader, user="reader")
            assert await gateway.permitted() == [Permitted(b"/mine/", b"/mine0"), Permitted(b"/single", b"")]
            async with explorer(gateway) as shown:
                await shown.see("permission denied", "your roles let you read", "/mine/", "/single")
                await shown.press("colon", *"goto /mine/dir/key", "enter")
                await shown.see("my value")
