"""The palette: all that holds here can be reached by it, with the key that does it sooner."""

import pytest
from textual.widgets import Input

from etcdobs_explorer.tui.resources import RESOURCES
from etcdobs_explorer.tui.verbs import VERBS
from tests.explorer.fake import FakeGateway
from tests.explorer.screens import Shown, explorer

PAIRS = {b"a/b": b"deep", b"plain": b"v"}


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.name)
async def test_it_offers_every_verb_that_holds_here(resource: object) -> None:
    async with explorer(FakeGateway(PAIRS)) as shown:
        await shown.press(resource.key)  # type: ignore[attr-defined]
        name = shown.app.view_name
        offered = {command.title: command.help for command in shown.app.get_system_commands(shown.app.screen)}
        for verb in VERBS:
            if verb.holds_in(name):
                assert verb.help in offered[verb.name] or verb.name in ("key-history", "diff", "mark"), verb
        assert offered["quit"].startswith("q ")


async def chosen(shown: Shown, typed: str) -> None:
    await shown.press("ctrl+p")
    await shown.see("Search for commands")
    await shown.press(*typed)
    await shown.until(lambda: typed in shown.app.screen.query_one(Input).value)
    await shown.pilot.pause(0.3)
    await shown.press("enter")


async def test_what_wants_more_is_typed_on() -> None:
    async with explorer(FakeGateway(PAIRS)) as shown:
        await shown.see("plain")
        await chosen(shown, "goto")
        await shown.see(": goto")
        await shown.press(*"plain", "enter")
        await shown.until(lambda: shown.app.state.selection.key == b"plain")


async def test_what_does_not_is_done() -> None:
    async with explorer(FakeGateway(PAIRS)) as shown:
        await shown.see("plain")
        await chosen(shown, "journal")
        await shown.see("0 writes of this session")
