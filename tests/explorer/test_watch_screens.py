"""The watch view: several watches, what is seen of each, its log, one event's difference, and recordings of it all."""

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from etcdobs_explorer.model.history import RevisionError
from etcdobs_explorer.model.records import FailureKind, GatewayError
from etcdobs_explorer.model.watches import WatchSpec
from tests.explorer.fake import FakeGateway
from tests.explorer.hostile import HOSTILE
from tests.explorer.screens import NARROW, WIDE, Shown, explorer

PAIRS = {b"/config/db": b"one", b"/services/api": b"two", b"plain": b"three"}


class Gateway(FakeGateway):
    """Values as of revisions, where a test gives them."""

    def __init__(self) -> None:
        super().__init__(PAIRS)
        self.past: dict[int, bytes | None] = {}
        self.floor = 0

    async def value_at(self, key: bytes, revision: int) -> bytes | None:
        self._check("value_at")
        if revision not in self.past:
            raise RevisionError(b"required revision has been compacted", self.floor)
        return self.past[revision]


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
async def shown(gateway: Gateway) -> AsyncIterator[Shown]:
    """The watch view on a wide screen."""
    async with explorer(gateway, WIDE) as opened:
        await opened.see("live")
        await opened.press("4")
        await opened.see("BEHIND")
        yield opened


async def add(shown: Shown, text: str) -> None:
    """Another watch, of all keys that start with a text."""
    await shown.press("n")
    await shown.see("new watch")
    await shown.press(*text, "enter")
    await shown.lose("new watch")


class TestList:
    async def test_several_side_by_side_each_with_its_own_log(self, gateway: Gateway, shown: Shown) -> None:
        await add(shown, "/config/")
        await shown.see("2 watches", "no changes yet")
        gateway.put(b"/config/db", b"seen by both")
        gateway.put(b"/services/api", b"seen by one")
        await shown.see("seen by both", "1 event")
        assert "seen by one" not in shown.text
        assert "/config/…" in shown.text
        await shown.press("shift+tab", "k")
        await shown.see("seen by one", "2 events")

    async def test_one_less(self, gateway: Gateway, shown: Shown) -> None:
        await add(shown, "/config/")
        await shown.press("d")
        await shown.see("1 watch", "all keys")
        await shown.press("d")
        await shown.see("the key tree's own watch stays")

    async def test_the_same_again_is_the_one_there_is(self, shown: Shown) -> None:
        await add(shown, "/config/")
        await shown.press("shift+tab", "k")
        await add(shown, "/config/")
        await shown.see("2 watches")
        assert shown.app.state.watches.chosen.spec == WatchSpec(b"/config/")

    async def test_the_form(self, gateway: Gateway, shown: Shown) -> None:
        await shown.press("n", *"/k", "tab", "right")
        await shown.see("etcdctl watch /k")
        await shown.press("tab", *"x12", "tab", "right")
        await shown.see("etcdctl watch --rev=12 /k")
        await shown.press("enter")
        await shown.lose("new watch")
        spec = WatchSpec(b"/k", is_prefix=False, start_revision=12, deletes=False)
        assert shown.app.state.watches.chosen.spec == spec
        await shown.see("/k from 12 puts")

    async def test_what_cannot_be_watched_is_said(self, shown: Shown) -> None:
        await shown.press("n", "tab", "right")
        await shown.see("a key has at least one byte")
        await shown.press("enter", "escape")
        await shown.see("1 watch")

    async def test_why_one_ended_and_from_where_it_can_go_on(self, gateway: Gateway, shown: Shown) -> None:
        gateway.failures["watch"] = RevisionError(b"required revision has been compacted", 900)
        await add(shown, "/config/")
        await shown.see("compacted: history starts at 900", "1 ended", "R watches from there")
        gateway.mend()
        await shown.press("R")
        await shown.see("/config/… from 900")
        await shown.lose("compacted")

    async def test_a_refusal_and_a_loss(self, gateway: Gateway, shown: Shown) -> None:
        gateway.failures["watch"] = GatewayError(FailureKind.DENIED, b"no")
        await add(shown, "/config/")
        await shown.see("✗ permission denied")
        gateway.failures["watch"] = GatewayError(FailureKind.UNREACHABLE, b"refused here")
        await add(shown, "/other/")
        await shown.see("↻ retrying: refused here")

    async def test_hostile_keys(self, gateway: Gateway, shown: Shown) -> None:
        for number, raw in enumerate(HOSTILE.values()):
            gateway.put(b"/h/%02d/" % number + raw[:200], raw)
        await shown.see("/h/21/")
        await shown.press("enter")
        await shown.see("what the event changed")
        assert "\x1b" not in shown.text


class TestFromTheKeys:
    async def test_what_is_under_the_cursor(self, gateway: Gateway) -> None:
        async with explorer(gateway, NARROW) as shown:
            await shown.go_to(b"plain")
            await shown.press("w")
            await shown.see("2 watches")
            assert shown.app.state.watches.chosen.spec == WatchSpec(b"plain", is_prefix=False)
            gateway.put(b"plain", b"changed")
            await shown.see("PUT", "changed")

    async def test_and_back_to_the_key_of_an_event(self, gateway: Gateway, shown: Shown) -> None:
        gateway.put(b"/services/api", b"changed")
        await shown.see("/services/api")
        await shown.press("o")
        await shown.until(lambda: shown.app.state.selection.key == b"/services/api")
        assert shown.app.view_name == "keys"


class TestLog:
    async def test_a_pause_counts_what_waits(self, gateway: Gateway, shown: Shown) -> None:
        gateway.put(b"/k", b"first")
        await shown.see("first")
        await shown.press("p")
        gateway.put(b"/k", b"second")
        await shown.see("paused · 1 waiting")
        assert "second" not in shown.text
        await shown.press("p")
        await shown.see("second")

    async def test_only_deletes(self, gateway: Gateway, shown: Shown) -> None:
        gateway.put(b"/config/db", b"x")
        gateway.delete(b"plain")
        await shown.see("2 events")
        await shown.press("t", "t")
        await shown.see("deletes only", "DELETE", "1 shown of 2 events")
        assert "/config/db" not in shown.text
        await shown.press("escape")
        await shown.see("/config/db")


class TestEvent:
    async def test_what_it_changed(self, gateway: Gateway, shown: Shown) -> None:
        gateway.put(b"/config/db", b"new value")
        gateway.past = {gateway.revision: b"new value", gateway.revision - 1: b"old value"}
        await shown.see("PUT")
        await shown.press("enter")
        await shown.see("- old value", "+ new value", "+1 -1", "/config/db")

    async def test_where_history_is_gone_the_log_has_a_little(self, gateway: Gateway, shown: Shown) -> None:
        gateway.floor = 99_999
        gateway.put(b"/config/db", b"in the log before")
        gateway.put(b"/config/db", b"in the log after")
        await shown.see("2 events")
        await shown.press("enter")
        await shown.see("- in the log before", "+ in the log after", "from the log; history starts at revision 99,999")
        await shown.press("left_square_bracket")
        await shown.see("the value before is compacted away", "+ in the log before")

    async def test_a_failure_is_said(self, gateway: Gateway, shown: Shown) -> None:
        gateway.fail("value_at", reason=b"refused just now")
        gateway.put(b"/config/db", b"x")
        await shown.see("PUT")
        await shown.press("enter")
        await shown.see("✗ refused just now")
        await shown.press("escape")
        await shown.lose("refused just now")


class TestRecording:
    async def test_from_now_on_until_it_is_stopped(self, gateway: Gateway, shown: Shown, tmp_path: Path) -> None:
        path = tmp_path / "out.jsonl"
        gateway.put(b"/k", b"before")
        await shown.see("before")
        await shown.press("colon", *f"record {path}", "enter")
        await shown.see("rec 0 written")
        for number in range(3):
            gateway.put(b"/k", b"%d" % number)
        await shown.see("rec 3 written")
        await shown.press("s")
        await shown.see("■ 3 written")
        gateway.put(b"/k", b"after")
        await shown.see("5 events")
        assert [json.loads(line)["value"] for line in path.read_bytes().splitlines()] == ["0", "1", "2"]

    async def test_a_name_is_asked_for(self, shown: Shown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        await shown.pilot.resize_terminal(*NARROW)
        await shown.press("s")
        await shown.see("record to file", "watch-", "type with-secrets behind the name to have them")
        await shown.press("enter")
        await shown.see("rec 0 written")
        assert [name[-6:] for name in os.listdir(tmp_path)] == [".jsonl"]

    async def test_what_cannot_be_written_is_said(self, shown: Shown, tmp_path: Path) -> None:
        await shown.press("colon", *f"record {tmp_path}", "enter")
        await shown.see("not recorded: Is a directory")

    async def test_it_ends_with_its_watch(self, gateway: Gateway, shown: Shown, tmp_path: Path) -> None:
        path = tmp_path / "out.jsonl"
        await add(shown, "/config/")
        await shown.press("colon", *f"record {path}", "enter")
        await shown.see("rec 0 written")
        gateway.put(b"/config/db", b"kept")
        await shown.see("kept")
        await shown.press("d")
        await shown.until(lambda: path.read_bytes().count(b"\n") == 1, "the rest is written")
