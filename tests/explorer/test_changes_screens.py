"""Every dialog of a write on a real server: planned, shown, confirmed, applied, in conflict, stopped, undone."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from etcdobs import AsyncClient, Client, Keys
from etcdobs.testing import Etcd
from etcdobs_explorer.gateway import EtcdGateway
from etcdobs_explorer.model.writes import Committed, Conflict, Protection, many
from etcdobs_explorer.model.writes.operations import Chunk
from tests.explorer.screens import Shown, explorer

SIZE = (100, 30)


@pytest.fixture
def client(etcd_server: Etcd) -> Iterator[Client]:
    with Client(etcd_server.endpoint) as opened:
        opened.delete(Keys.all())
        yield opened
        opened.delete(Keys.all())


@pytest.fixture
async def gateway(etcd_server: Etcd, request: pytest.FixtureRequest) -> AsyncIterator[EtcdGateway]:
    protection = getattr(request, "param", Protection())
    opened = EtcdGateway(AsyncClient(etcd_server.endpoint, timeout=3.0), protection=protection)
    yield opened
    await opened.close()


async def at(shown: Shown, name: bytes) -> None:
    """Go to a key and wait until it is read."""
    await shown.go_to(name)
    selection = shown.app.state.selection
    await shown.until(lambda: shown.app.state.selection.entry is not None or selection.is_branch, "the key is read")


async def write(shown: Shown, *text: str) -> None:
    """Replace the text of the editor, and go on to the plan."""
    await shown.press("f7", "delete", *text, "ctrl+s")


def value(client: Client, key: str) -> bytes | None:
    found = client.get(key)
    return None if found is None else found.value


class TestEdit:
    async def test_the_plan_is_shown_and_the_lease_kept(self, gateway: EtcdGateway, client: Client) -> None:
        lease = client.lease.grant(60)
        client.put("k", "old", lease=lease)
        async with explorer(gateway, SIZE) as shown:
            await at(shown, b"k")
            await shown.press("e")
            await shown.see("Ctrl+S shows the plan", "old")
            await write(shown, *"new")
            await shown.see("etcdctl txn", 'put --ignore-lease "k" "new"', "- old", "+ new", "Enter applies")
            await shown.press("enter")
            await shown.see("✓ done", "1 of 1 key written")
            await shown.press("enter")
            await shown.see("version 2")
        found = client.get("k")
        assert found is not None
        assert (found.value, found.lease) == (b"new", lease.id)

    async def test_unchanged_text_writes_nothing(self, gateway: EtcdGateway, client: Client) -> None:
        revision = client.put("k", "old").revision
        async with explorer(gateway, SIZE) as shown:
            await at(shown, b"k")
            await shown.press("e", "ctrl+s")
            await shown.see("nothing changed: nothing is written")
        assert client.put("other", "x").revision == revision + 1

    async def test_json_stays_json(self, gateway: EtcdGateway, client: Client) -> None:
        client.put("k", '{"a": 1}')
        async with explorer(gateway, SIZE) as shown:
            await at(shown, b"k")
            await shown.press("e", "ctrl+end", "backspace", "ctrl+s")
            await shown.see("line 1, column 8: no JSON")
            await shown.press("right_curly_bracket", "ctrl+l")
            await shown.see('  "a": 1')
            await shown.press("ctrl+s")
            await shown.see("Enter applies")
            await shown.press("enter")
            await shown.see("✓ done")
        assert value(client, "k") == b'{\n  "a": 1\n}'

    async def test_escape_asks_before_it_drops_text(self, gateway: EtcdGateway, client: Client) -> None:
        client.put("k", "old")
        async with explorer(gateway, SIZE) as shown:
            await at(shown, b"k")
            await shown.press("e", "x", "escape")
            await shown.see("Esc again drops")
            await shown.press("escape")
            await shown.lose("Ctrl+S")
        assert value(client, "k") == b"old"

    async def test_bytes_are_edited_as_escapes(self, gateway: EtcdGateway, client: Client) -> None:
        client.put("k", b"\xff\x1b]2;evil\x07\n")
        async with explorer(gateway, SIZE) as shown:
            await at(shown, b"k")
            await shown.press("e")
            await shown.see("\\xff\\x1b]2;evil\\x07", "xNN stands for one")
            await shown.press("ctrl+end", *"\\x00", "ctrl+s", "enter")
            await shown.see("✓ done")
        assert value(client, "k") == b"\xff\x1b]2;evil\x07\n\x00"

    async def test_a_kubernetes_object_is_not_edited(self, gateway: EtcdGateway, client: Client) -> None:
        client.put("k", b"k8s\0\n\x09\n\x02v1\x12\x03Pod\x12\x00")
        async with explorer(gateway, SIZE) as shown:
            await at(shown, b"k")
            await shown.press("e")
            await shown.see("never written back")
            await shown.press("E")
            assert "Ctrl+S" not in shown.text


class TestConflict:
    async def conflict(self, shown: Shown, client: Client) -> None:
        client.put("k", "base")
        await at(shown, b"k")
        await shown.press("e")
        await write(shown, *"mine")
        await shown.see("Enter applies")
        client.put("k", "theirs")
        await shown.press("enter")
        await shown.see("✗ conflict", "- base", "+ theirs", "t edits theirs", "m keeps mine")

    async def test_mine_on_their_revision(self, gateway: EtcdGateway, client: Client) -> None:
        async with explorer(gateway, SIZE) as shown:
            await self.conflict(shown, client)
            await shown.press("b")
            await shown.see("- theirs", "+ mine")
            await shown.press("m")
            await shown.see("Enter applies", "- theirs", "+ mine")
            assert value(client, "k") == b"theirs"
            await shown.press("enter")
            await shown.see("✓ done")
        assert value(client, "k") == b"mine"

    async def test_again_from_theirs(self, gateway: EtcdGateway, client: Client) -> None:
        async with explorer(gateway, SIZE) as shown:
            await self.conflict(shown, client)
            await shown.press("t")
            await shown.see("Ctrl+S shows the plan", "theirs")
            await shown.press("ctrl+end", *"+mine", "ctrl+s")
            await shown.see("+ theirs+mine")
            await shown.press("enter")
            await shown.see("✓ done")
        assert value(client, "k") == b"theirs+mine"

    async def test_cancelled(self, gateway: EtcdGateway, client: Client) -> None:
        async with explorer(gateway, SIZE) as shown:
            await self.conflict(shown, client)
            await shown.press("escape")
            await shown.lose("conflict")
        assert value(client, "k") == b"theirs"

    async def test_it_is_said_while_one_types(self, gateway: EtcdGateway, client: Client) -> None:
        client.put("k", "base")
        async with explorer(gateway, SIZE) as shown:
            await at(shown, b"k")
            await shown.press("e")
            client.put("k", "theirs")
            await shown.see("they wrote it meanwhile")


class TestNames:
    async def test_a_new_key(self, gateway: EtcdGateway, client: Client) -> None:
        client.put("dir/a", "x")
        async with explorer(gateway, SIZE) as shown:
            await shown.go_to(b"dir")
            await shown.press("n")
            await shown.see("new key", "dir/")
            await shown.press(*"b", "enter")
            await shown.see("Ctrl+S")
            await shown.press(*"text", "ctrl+s")
            await shown.see('mod("dir/b") = "0"', "+ text")
            await shown.press("enter")
            await shown.see("✓ done")
        assert value(client, "dir/b") == b"text"

    async def test_rename_by_key_and_copy_by_command(self, gateway: EtcdGateway, client: Client) -> None:
        client.put("old", b"\xff\0")
        async with explorer(gateway, SIZE) as shown:
            await at(shown, b"old")
            await shown.press("R")
            await shown.see("rename to")
            await shown.press("2", "enter")
            await shown.see("from", "to       old2", "Enter applies")
            await shown.press("enter")
            await shown.see("✓ done")
            await shown.press("enter")
            await at(shown, b"old2")
            await shown.press("colon", *"cp old3", "enter")
            await shown.see("Enter applies")
            await shown.press("enter")
            await shown.see("✓ done")
        assert (value(client, "old"), value(client, "old2"), value(client, "old3")) == (None, b"\xff\0", b"\xff\0")

    async def test_a_directory_is_copied(self, gateway: EtcdGateway, client: Client) -> None:
        for number in range(8):
            client.put(f"v1/{number}", "x")
        async with explorer(gateway, SIZE) as shown:
            await shown.go_to(b"v1")
            await shown.press("c")
            await shown.see("copy to")
            await shown.press("backspace", "backspace", *"2/", "enter")
            await shown.see("[v1/, v10)", "[v2/, v20)", "v1/0 → v2/0", "and 2 more keys", "type 8 or v1/ to confirm")
            await shown.press("8", "enter")
            await shown.see("✓ done", "8 of 8 keys written")
        assert client.count(Keys.prefix("v2/")) == client.count(Keys.prefix("v1/")) == 8


class TestDelete:
    async def test_a_directory_by_typed_count(self, gateway: EtcdGateway, client: Client) -> None:
        for name in ("a1/x", "a1/y", "a10/x"):
            client.put(f"t/{name}", "v")
        async with explorer(gateway, SIZE) as shown:
            await shown.until(lambda: any(row.name == b"a1" for row in shown.app.state.tree.rows))
            await shown.go_to(b"a1")
            await shown.press("d")
            await shown.see("[t/a1/, t/a10)", "etcdctl del --prefix t/a1/", "type 2 or t/a1/ to confirm")
            await shown.press("3", "enter")
            await shown.see("that was not it")
            assert client.count(Keys.prefix("t/")) == 3
            await shown.press("2", "enter")
            await shown.see("✓ done", "2 of 2 keys written")
            await shown.press("enter")
            assert [kv.key for kv in client.scan(Keys.prefix("t/"))] == [b"t/a10/x"]
            await shown.press("8")
            await shown.see("delete", "t/a1/", "applied", "1 can be undone")
            await shown.press("u")
            await shown.see("undo", "type 2 or t/a1/")
            await shown.press(*"t/a1/", "enter")
            await shown.see("✓ done")
            await shown.press("enter")
            await shown.see("undone by 2")
        assert client.count(Keys.prefix("t/a1/")) == 2

    async def test_too_much_to_be_undone_is_confirmed_twice(
        self, gateway: EtcdGateway, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(many, "UNDO_BYTES", 100)
        for number in range(5):
            client.put(f"d/{number}", "v")
        async with explorer(gateway, SIZE) as shown:
            await at(shown, b"d")
            await shown.press("d")
            await shown.see("too much to be undone", "type 5 or d/")
            await shown.press("5", "enter")
            await shown.see("type no undo to confirm")
            assert client.count(Keys.prefix("d/")) == 5
            await shown.press("5", "enter")
            await shown.see("that was not it")
            await shown.press(*"no undo", "enter")
            await shown.see("✓ done")
        assert client.count(Keys.prefix("d/")) == 0

    async def test_one_key_and_undo_from_the_keys(self, gateway: EtcdGateway, client: Client) -> None:
        client.put("k", "old")
        client.put("other", "x")
        async with explorer(gateway, SIZE) as shown:
            await at(shown, b"k")
            await shown.press("d")
            await shown.see("- old", "Enter applies")
            await shown.press("enter")
            await shown.see("✓ done")
            await shown.press("enter", "u")
            await shown.see("+ old", "Enter applies")
            await shown.press("enter")
            await shown.see("✓ done")
        assert value(client, "k") == b"old"

    async def test_stopped_in_the_middle(
        self, gateway: EtcdGateway, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(many, "_RANGE_KEYS", 2)
        for number in range(6):
            client.put(f"d/{number}", "v")
        commit, go = gateway.commit, asyncio.Event()

        async def slow(chunk: Chunk) -> Committed | Conflict:
            answer = await commit(chunk)
            await go.wait()
            return answer

        monkeypatch.setattr(gateway, "commit", slow)
        async with explorer(gateway, SIZE) as shown:
            await at(shown, b"d")
            await shown.press("d")
            await shown.see("type 6")
            await shown.press("6", "enter")
            await shown.see("of 6 keys", "Esc stops")
            await shown.press("escape")
            await shown.see("stopping")
            go.set()
            await shown.see("■ stopped", "2 of 6 keys written", "2 transactions of 4 keys not sent")
        assert client.count(Keys.prefix("d/")) == 4

    async def test_what_is_under_way_is_disturbed_by_nothing(
        self, gateway: EtcdGateway, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client.put("k", "v")
        commit, go = gateway.commit, asyncio.Event()

        async def slow(chunk: Chunk) -> Committed | Conflict:
            await go.wait()
            return await commit(chunk)

        monkeypatch.setattr(gateway, "commit", slow)
        async with explorer(gateway, SIZE) as shown:
            await at(shown, b"k")
            await shown.press("d")
            await shown.see("Enter applies")
            await shown.press("enter")
            await shown.see("Esc stops")
            await shown.press("ctrl+p", *"delete")
            await shown.see("No matches")
            await shown.press("escape", "escape")
            await shown.press("ctrl+c")
            await shown.see("Ctrl-C again leaves")
            assert shown.app.is_running
            go.set()
            await shown.see("✓ done")
        assert value(client, "k") is None


class TestForbidden:
    @pytest.mark.parametrize("gateway", [Protection(protected=(b"prod/",))], indirect=True)
    async def test_a_protected_prefix(self, gateway: EtcdGateway, client: Client) -> None:
        client.put("prod/k", "old")
        async with explorer(gateway, SIZE) as shown:
            await at(shown, b"prod")
            await shown.press("d")
            await shown.see("type 1 or prod/")
            await shown.press("1", "enter")
            await shown.see("prod/ is protected", "nothing was written")
        assert value(client, "prod/k") == b"old"

    @pytest.mark.parametrize("gateway", [Protection(read_only=True)], indirect=True)
    async def test_read_only_below_the_interface(self, gateway: EtcdGateway, client: Client) -> None:
        client.put("k", "old")
        async with explorer(gateway, SIZE) as shown:
            await at(shown, b"k")
            await shown.press("d")
            await shown.see("Enter applies")
            await shown.press("enter")
            await shown.see("read-only: nothing is written here")
        assert value(client, "k") == b"old"

    async def test_read_only_in_the_interface(self, gateway: EtcdGateway, client: Client) -> None:
        client.put("k", "old")
        async with explorer(gateway, SIZE, read_only=True) as shown:
            await at(shown, b"k")
            for key in ("e", "E", "d", "n", "R", "c", "u"):
                await shown.press(key)
            await shown.see("read-only")
            assert len(shown.app.screen_stack) == 1
