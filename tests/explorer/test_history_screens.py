"""A key's history and the tree as of a revision, as the reader sees them, on a real server."""

import pytest

from etcdobs import Client
from etcdobs_explorer.gateway import EtcdGateway
from tests.explorer.screens import NARROW, WIDE, Shown, explorer


async def command(shown: Shown, text: str) -> None:
    """Type a command."""
    shown.app.action_verb_key("colon")
    await shown.pilot.pause()
    shown.app.screen.query_one("Prompt Input").value = text  # type: ignore[attr-defined]
    await shown.press("enter")


async def history_of(shown: Shown, name: bytes) -> None:
    await shown.go_to(name)
    await shown.press("H")


class TestHistory:
    @pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x48"])
    async def test_revisions_and_what_each_changed(
        self, gateway: EtcdGateway, client: Client, size: tuple[int, int]
    ) -> None:
        for value in ('{"a": 1}', '{"a": 2}'):
            client.put("config", value)
        client.delete("config")
        async with explorer(gateway, size) as shown:
            client.put("config", "again")
            await history_of(shown, b"config")
            await shown.see("History  config", "4 revisions", "CREATE", "DELETE", "PUT", "the beginning", "+ again")
            await shown.press("j", "j")
            await shown.see('-   "a": 1', '+   "a": 2', "JSON")

    async def test_where_the_compaction_cuts_it(self, gateway: EtcdGateway, client: Client) -> None:
        revision = [client.put("k", f"value {number}").revision for number in range(5)][-1]
        client.compact(revision - 1)
        async with explorer(gateway, WIDE) as shown:
            await history_of(shown, b"k")
            await shown.see("2 revisions", f"compacted up to {revision - 1}", "3 older versions gone")
            await shown.press("j")
            await shown.see(" compacted ", "+ value 3")

    async def test_two_revisions_of_choice(self, gateway: EtcdGateway, client: Client) -> None:
        revisions = [client.put("k", f"value {number}").revision for number in range(4)]
        async with explorer(gateway, WIDE) as shown:
            await history_of(shown, b"k")
            await shown.see("+ value 3")
            await shown.press("m", "j", "j", "j")
            await shown.see("◆", "+ value 0")
            await shown.press("D")
            await shown.see("- value 0", "+ value 3", f"{revisions[0]} → {revisions[-1]}")

    async def test_what_happens_meanwhile_appears(self, gateway: EtcdGateway, client: Client) -> None:
        client.put("k", "one")
        async with explorer(gateway) as shown:
            await history_of(shown, b"k")
            await shown.see("1 revision ")
            client.put("k", "two")
            await shown.see("2 revisions")

    async def test_a_revision_is_restored(self, gateway: EtcdGateway, client: Client) -> None:
        client.put("k", "the good value")
        client.put("k", "the bad value")
        async with explorer(gateway, WIDE) as shown:
            await history_of(shown, b"k")
            await shown.see("2 revisions")
            await shown.press("R")
            await shown.see("this is the value that the key has now")
            await shown.press("escape", "j", "R")
            await shown.see("- the bad value", "+ the good value", "restore")
            await shown.press("enter")
            await shown.until(lambda: client.get("k").text == "the good value", "restored")  # type: ignore[union-attr]
            await shown.press("escape")
            await shown.see("3 revisions")

    async def test_of_a_key_that_is_gone(self, gateway: EtcdGateway, client: Client) -> None:
        client.put("gone", "one")
        client.delete("gone")
        client.put("k", "one")
        async with explorer(gateway) as shown:
            await shown.see("live")
            await command(shown, "key-history gone")
            await shown.see("DELETE", "CREATE", "2 revisions")

    async def test_without_a_key_it_says_how(self, gateway: EtcdGateway) -> None:
        async with explorer(gateway) as shown:
            await shown.press("7")
            await shown.see("H on a key shows its history")


async def test_two_keys_are_compared(gateway: EtcdGateway, client: Client) -> None:
    client.put("a", '{"on": true}')
    client.put("b", '{"on": false}')
    async with explorer(gateway, WIDE) as shown:
        await shown.go_to(b"a")
        await shown.see('"on": true')
        await shown.press("m")
        await shown.go_to(b"b")
        await shown.see('"on": false')
        await shown.press("D")
        await shown.see("difference", "a → b", '-   "on": true', '+   "on": false')
        await shown.press("escape")
        await shown.lose("a → b")


class TestTreeAsOf:
    async def test_there_and_back(self, gateway: EtcdGateway, client: Client) -> None:
        client.put("a", "then")
        then = client.put("b", "then").revision
        client.put("c", "later")
        client.put("a", "later")
        client.delete("b")
        async with explorer(gateway) as shown:
            await shown.go_to(b"a")
            await shown.see("later", "  c ")
            await command(shown, f"at {then}")
            await shown.see(f" @rev {then} ", "  b ", "then")
            assert "  c " not in shown.text
            client.put("d", "now")
            await shown.until(lambda: shown.app.state.log.total >= 1)
            assert "  d " not in shown.text
            await shown.press("d")
            await shown.see("this is the past")
            await shown.press("T")
            await shown.see("  c ", "  d ", "later")
            assert "@rev" not in shown.text

    async def test_a_relative_revision(self, gateway: EtcdGateway, client: Client) -> None:
        client.put("a", "then")
        revision = client.put("b", "later").revision
        async with explorer(gateway) as shown:
            await shown.see("live", "  b ")
            await shown.press("t")
            await shown.press("minus", "1", "enter")
            await shown.see(f" @rev {revision - 1} ")
            await shown.lose("  b ")

    async def test_a_compacted_revision_says_so(self, gateway: EtcdGateway, client: Client) -> None:
        revision = [client.put("a", "v").revision for _ in range(5)][-1]
        client.compact(revision)
        async with explorer(gateway, WIDE) as shown:
            await shown.see("live")
            await command(shown, "at 2")
            await shown.see("revision 2 was compacted")
            assert "@rev" not in shown.text

    async def test_what_is_no_revision_is_told(self, gateway: EtcdGateway) -> None:
        async with explorer(gateway) as shown:
            await shown.see("live")
            await command(shown, "at noon")
            await shown.see("'noon' is no revision")

    async def test_from_a_revision_in_the_history(self, gateway: EtcdGateway, client: Client) -> None:
        then = client.put("a", "then").revision
        client.put("a", "later")
        async with explorer(gateway) as shown:
            await history_of(shown, b"a")
            await shown.see("2 revisions")
            await shown.press("j", "t")
            await shown.see(f" @rev {then} ", "then")
