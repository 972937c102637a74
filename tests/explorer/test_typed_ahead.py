"""What keys do that are typed faster than the screen follows: they go where they would have gone, typed one by one."""

import asyncio

import pytest
from textual import events

from etcdobs import Client, Keys
from etcdobs_explorer.gateway import EtcdGateway
from etcdobs_explorer.model.writes import Phase
from etcdobs_explorer.tui.widgets.line_input import LineInput
from tests.explorer.fake import FakeGateway
from tests.explorer.screens import Shown, explorer

NAMES = {":": "colon", "/": "slash", "?": "question_mark", " ": "space"}


def typed_at_once(shown: Shown, *keys: str) -> None:
    """Type without a look at the screen."""
    for key in keys:
        shown.app.post_message(events.Key(NAMES.get(key, key), key if len(key) == 1 else None))


@pytest.fixture
def fake() -> FakeGateway:
    return FakeGateway({b"a": b"1", b"b": b"2", b"d/1": b"3", b"d/2": b"4"})


class TestPrompt:
    @pytest.mark.parametrize("mark", [":", "/"])
    async def test_all_of_it_is_in_the_line(self, fake: FakeGateway, mark: str) -> None:
        async with explorer(fake) as shown:
            await shown.see("d/")
            typed_at_once(shown, mark, *"dequR12:/q")
            await shown.see(f" {mark}", "dequR12:/q")
            assert shown.app.screen is shown.app.view
            assert fake.asked.count("pages") == 0

    async def test_nothing_of_it_is_a_verb(self, fake: FakeGateway) -> None:
        async with explorer(fake) as shown:
            await shown.go_to(b"a")
            typed_at_once(shown, ":", "d")
            typed_at_once(shown, *"emo", "enter")
            await shown.see("no command 'demo' here")
            assert shown.app.screen is shown.app.view

    async def test_while_much_else_is_going_on(self, fake: FakeGateway) -> None:
        async with explorer(fake) as shown:
            await shown.see("d/")
            for at, key in enumerate(":xdeRdedededed"):
                for number in range(100):
                    fake.put(b"k%d.%d" % (at, number), b"v")
                typed_at_once(shown, key)
                await asyncio.sleep(0)
            await shown.see("xdeRdedededed")

    async def test_what_follows_the_line_is_for_what_it_opened(self, fake: FakeGateway) -> None:
        async with explorer(fake) as shown:
            await shown.see("d/")
            typed_at_once(shown, *":members", "enter", "1", *"/d/", "enter", *":theme light", "enter")
            await shown.until(lambda: shown.app.theme == "etcdobs-light")
            assert (shown.app.view_name, shown.app.state.tree.filter.text) == ("keys", "d/")


class TestDialog:
    async def test_its_line_takes_what_was_typed(self, fake: FakeGateway) -> None:
        async with explorer(fake) as shown:
            await shown.go_to(b"a")
            typed_at_once(shown, "n", *"dde:q")
            await shown.see("new key", "dde:q")

    async def test_what_was_typed_after_it_goes_on_in_the_view(self, fake: FakeGateway) -> None:
        async with explorer(fake) as shown:
            await shown.go_to(b"a")
            typed_at_once(shown, "?", "escape", "f", *"b", "escape", "3")
            await shown.see("ROLE")
            assert shown.app.screen is shown.app.view


class TestQuestion:
    """What it asks is answered by those who saw it."""

    async def test_a_key_is_not_deleted_unseen(self, fake: FakeGateway) -> None:
        async with explorer(fake) as shown:
            await shown.go_to(b"a")
            await shown.until(lambda: shown.app.state.selection.entry is not None)
            typed_at_once(shown, "d", "enter", "enter", "enter")
            await shown.see("Enter applies")
            await shown.press("space")
            assert shown.app.state.writing.phase is Phase.READY
            await shown.press("enter")
            await shown.until(lambda: shown.app.state.writing.phase is not Phase.READY)

    async def test_nor_is_a_directory(self, gateway: EtcdGateway, client: Client) -> None:
        for name in ("d/1", "d/2"):
            client.put(name, "v")
        async with explorer(gateway) as shown:
            await shown.go_to(b"d")
            typed_at_once(shown, "d", "2", "enter")
            await shown.see("to confirm")
            await shown.press("2")
            assert shown.app.screen.query_one(LineInput).value == "2"
            assert client.count(Keys.prefix("d/")) == 2
            await shown.press("enter")
            await shown.see("✓ done")

    async def test_nor_is_a_lease_revoked(self, gateway: EtcdGateway, client: Client) -> None:
        client.put("one", "v", lease=client.lease.grant(100))
        async with explorer(gateway) as shown:
            await shown.press("2")
            await shown.see("1 lease", "one")
            typed_at_once(shown, "d", "enter", "enter")
            await shown.see("this key is deleted")
            await shown.press("j")
            assert client.count("one") == 1
            await shown.press("enter")
            await shown.see("0 leases")

    async def test_escape_leaves_it_unseen(self, fake: FakeGateway) -> None:
        async with explorer(fake) as shown:
            await shown.go_to(b"d")
            typed_at_once(shown, "d", "escape", "3")
            await shown.see("ROLE")
