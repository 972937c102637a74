"""The key tree on the screen: going to keys, bookmarks, filters, what is said of huge and of empty directories."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from textual.widgets import Input

from etcdobs_explorer.model.records import ChildRecord
from etcdobs_explorer.tui.widgets.key_list import KeyList
from tests.explorer.fake import FakeGateway
from tests.explorer.screens import Shown, explorer

PAIRS = {b"/a/b/c": b"deep value", b"/a/x": b"1", b"/z": b"last value", b"plain": b"plain value"}


@pytest.fixture
def gateway() -> FakeGateway:
    return FakeGateway(PAIRS)


class SilentGateway(FakeGateway):
    """One that has yet to answer what keys there are."""

    async def children(self, prefix: bytes, separator: bytes, start: bytes = b"") -> AsyncGenerator[ChildRecord]:
        await asyncio.Event().wait()
        yield ChildRecord(prefix, True)


def current(shown: Shown) -> bytes:
    row = shown.app.screen.query_one(KeyList).current
    assert row is not None
    return row.key


class TestGoing:
    async def test_to_a_key_that_is_not_loaded_then_back_and_forward(self, gateway: FakeGateway) -> None:
        async with explorer(gateway) as shown:
            await shown.go_to(b"plain")
            await shown.press("f")
            await shown.see("go to key")
            await shown.press(*"/a/b/c", "enter")
            await shown.see("deep value")
            await shown.press("left_square_bracket")
            await shown.see("plain value")
            await shown.press("right_square_bracket")
            await shown.see("deep value")

    async def test_a_whole_key_may_be_pasted_behind_the_directory(self, gateway: FakeGateway) -> None:
        async with explorer(gateway) as shown:
            await shown.go_to(b"a")
            await shown.press("f")
            await shown.see("go to key")
            assert shown.app.screen.query_one(Input).value == "/a/"
            await shown.press(*"/a/b/c", "enter")
            await shown.see("deep value")

    async def test_what_is_not_there_is_said(self, gateway: FakeGateway) -> None:
        async with explorer(gateway) as shown:
            await shown.see("plain")
            await shown.press("colon", *"goto /a/none", "enter")
            await shown.see("no key /a/none")
            await shown.until(lambda: current(shown) == b"/a/b/", "before its place")

    async def test_outside_of_the_part_that_is_shown_and_through_a_filter(self, gateway: FakeGateway) -> None:
        async with explorer(gateway) as shown:
            await shown.see("plain")
            await shown.press("colon", *"keys /a/", "enter")
            await shown.lose("plain")
            await shown.press("slash", *"x", "enter", "colon", *"goto /z", "enter")
            await shown.see("last value")


class TestBookmarks:
    async def test_set_listed_gone_to_and_removed(self, gateway: FakeGateway) -> None:
        async with explorer(gateway) as shown:
            await shown.go_to(b"plain")
            await shown.press("b")
            await shown.see("★ plain")
            assert shown.app.state.bookmarks == [b"plain"]
            await shown.go_to(b"z")
            await shown.press("B", "enter")
            await shown.see("plain value")
            await shown.press("B", "d")
            assert shown.app.state.bookmarks == []
            await shown.lose("★ plain")


class TestRows:
    async def test_long_names_that_differ_at_the_end_only_can_be_told_apart(self) -> None:
        long = "ingress-nginx-controller-" * 4
        async with explorer(FakeGateway({f"/pods/{long}{end}".encode(): b"1" for end in ("6c2f1", "9d4b7")})) as shown:
            await shown.press("colon", *"goto /pods/", "enter", "enter")
            await shown.see("6c2f1", "9d4b7", "…")

    async def test_a_tree_that_was_not_read_yet_is_not_called_empty(self) -> None:
        async with explorer(SilentGateway({})) as shown:
            assert "no keys" not in shown.text
            await shown.see("loading…")

    async def test_a_regex_filter_and_one_that_means_nothing(self, gateway: FakeGateway) -> None:
        async with explorer(gateway) as shown:
            await shown.see("plain")
            await shown.press("slash", *"~^pl(")
            await shown.see("no regular expression", "plain")
            await shown.press("backspace")
            await shown.lose("a/")
            await shown.see("plain")

    async def test_counts_follow_the_server_and_the_change_below_is_marked(self, gateway: FakeGateway) -> None:
        async with explorer(gateway) as shown:
            await shown.press("colon", *"goto /a/b/", "enter")
            await shown.see("b/")
            gateway.put(b"/a/b/new", b"x")
            await shown.until(lambda: b"/a/b/" in shown.app.screen.query_one("#keys")._stirred, "marked")  # type: ignore[attr-defined]

    async def test_a_failed_refresh_keeps_what_was_there(self, gateway: FakeGateway) -> None:
        async with explorer(gateway) as shown:
            await shown.see("plain")
            gateway.fail("children", reason=b"too many requests")
            await shown.press("r")
            await shown.see("✗ too many requests", "plain")

    async def test_a_search_that_fails_says_so_and_escape_closes(self, gateway: FakeGateway) -> None:
        async with explorer(gateway) as shown:
            await shown.see("plain")
            gateway.fail("pages", reason=b"the store is on fire")
            await shown.press("S", *"~(", "enter")
            await shown.see("no regular expression")
            await shown.press("backspace", "backspace", *"lain", "enter")
            await shown.see("the store is on fire")
            await shown.press("escape")
            await shown.lose("search on the server")
