"""What keeps a key from waiting: long work in parts with turns for others between, and garbage looked for beside it."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest
from textual._styles_cache import StylesCache
from textual.app import App
from textual.css.stylesheet import Stylesheet
from textual.message import Message

from etcdobs_explorer import pauses
from etcdobs_explorer.feeds.watch import WatchFeed
from etcdobs_explorer.model.changes import Change, EventsArrived
from etcdobs_explorer.model.key_tree import KeyTree, RowKind
from etcdobs_explorer.model.records import ChildRecord, EventBatch, EventRecord
from etcdobs_explorer.model.watches import WatchSpec
from etcdobs_explorer.tui.containment import Contained
from tests.explorer.fake import FakeGateway
from tests.explorer.screens import explorer

MANY = 10_000


def leaf(number: int) -> ChildRecord:
    return ChildRecord(b"k%05d" % number, False)


def names(tree: KeyTree) -> list[bytes]:
    return [row.key for row in tree.rows if row.kind is RowKind.LEAF]


def sifted(tree: KeyTree) -> list[bytes]:
    """What a filter finds in the end."""
    before = len(tree.rows)
    while tree.is_sifting:
        tree.sift(0.0)
        assert len(tree.rows) >= before
        before = len(tree.rows)
    return names(tree)


class TestFilter:
    @pytest.fixture
    def tree(self) -> KeyTree:
        tree = KeyTree()
        tree.received(b"", [leaf(number) for number in range(0, 2 * MANY, 2)], fresh=True)
        tree.finished(b"", more=False)
        return tree

    def test_it_looks_at_a_part_first_and_finds_all_in_the_end(self, tree: KeyTree) -> None:
        tree.set_filter("44")
        first = len(tree.rows)
        assert tree.is_sifting
        assert first < len(sifted(tree))
        assert names(tree) == [key for key in (leaf(n).key for n in range(0, 2 * MANY, 2)) if b"44" in key]

    @pytest.mark.parametrize("looks", [0, 2, 100])
    def test_what_changes_meanwhile_is_where_it_belongs(self, tree: KeyTree, looks: int) -> None:
        tree.set_filter("44")
        for _ in range(looks):
            assert len(tree.rows)
            tree.sift(0.0)
        for number in (441, 19_441, 445):
            tree.apply([EventRecord(False, True, leaf(number).key, b"", 0, 9)])
        for number in (440, 19_440, 442):
            tree.apply([EventRecord(True, False, leaf(number).key, b"", 0, 9)])
        tree.received(b"", [leaf(number) for number in range(2 * MANY, 2 * MANY + 4_500)], fresh=False)
        found = sifted(tree)
        tree.set_filter("")
        assert found == [key for key in names(tree) if b"44" in key]

    def test_another_reading_is_looked_at_anew(self, tree: KeyTree) -> None:
        tree.set_filter("44")
        sifted(tree)
        tree.received(b"", [leaf(number) for number in range(441, 450)], fresh=True)
        assert sifted(tree) == [leaf(number).key for number in range(441, 450)]
        tree.received(b"", [leaf(440)], fresh=False)
        assert sifted(tree) == [leaf(number).key for number in range(440, 450)]

    async def test_on_the_screen(self) -> None:
        gateway = FakeGateway({leaf(number).key: b"" for number in range(4_500)})
        async with explorer(gateway) as shown:
            await shown.see("k00000")
            await shown.press(*"/4321")
            await shown.see("k04321")
            assert names(shown.app.state.tree) == [b"k04321"]
            await shown.lose("looking")


async def test_what_arrived_is_shown_in_parts_that_say_how_far_they_are_complete() -> None:
    posted: list[Change] = []
    gateway = FakeGateway()
    feed = WatchFeed(gateway, posted.append)
    events = tuple(EventRecord(False, False, b"k", b"", 0, 1 + number // 10) for number in range(2_505))

    async def batches(spec: WatchSpec) -> object:
        yield EventBatch(events, 251)
        await asyncio.Event().wait()

    gateway.watch = batches  # type: ignore[method-assign,assignment]
    following = asyncio.create_task(feed.watch(b""))
    await asyncio.sleep(0)
    feed.flush()
    while not posted:
        await asyncio.sleep(0)
        feed.flush()
    following.cancel()
    parts = [each for each in posted if isinstance(each, EventsArrived)]
    assert max(len(each.events) for each in parts) <= 1_000
    assert [event for each in parts for event in each.events] == list(events)
    assert [each.revision for each in parts] == [100, 200, 251]


async def test_after_a_long_handler_others_have_a_turn() -> None:
    turns: list[str] = []

    class Long(Message):
        pass

    class Busy(Contained, App[None]):
        def on_long(self) -> None:
            asyncio.get_running_loop().call_soon(turns.append, "another")
            end = asyncio.get_running_loop().time() + 0.005
            while asyncio.get_running_loop().time() < end:
                pass
            turns.append("handled")

    app = Busy()
    async with app.run_test() as pilot:
        app.post_message(Long())
        app.post_message(Long())
        while len(turns) < 4:
            await pilot.pause()
    assert turns == ["handled", "another", "handled", "another"]


async def test_a_view_is_opened_without_reading_the_style_sheets_again(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    async with explorer(FakeGateway()) as shown:
        await shown.see("Keys")
        before = Stylesheet.reparse

        def reparse(sheet: Stylesheet) -> None:
            read.append("again")
            before(sheet)

        monkeypatch.setattr(Stylesheet, "reparse", reparse)
        await shown.press("4")
        await shown.see("BEHIND")
        assert read == []
        await shown.press(":", *"theme light", "enter")
        await shown.until(lambda: read)


class Ring:
    """Garbage that only a look for it finds."""

    def __init__(self) -> None:
        self.itself = self


class TestPauses:
    @pytest.fixture(autouse=True)
    def _restored(self) -> Iterator[None]:
        before = gc.get_threshold()
        yield
        gc.set_threshold(*before)
        gc.unfreeze()

    async def test_garbage_is_found_in_steps_of_the_loop(self) -> None:
        pauses.shorten()
        ring = weakref.ref(Ring())
        kept = [list[int]() for _ in range(2_000)]
        while ring() is not None:  # noqa: ASYNC110 - nobody is told of it
            await asyncio.sleep(0.01)
        assert kept

    async def test_no_more_garbage_is_set_aside_than_what_lives_however_busy_the_reader(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pauses, "_SETTLED", 0)
        monkeypatch.setattr(pauses, "_MOST", 0)
        made = Ring()
        ring = weakref.ref(made)
        pauses.shorten()
        del made
        kept: list[list[int]] = []
        while ring() is not None:
            await asyncio.sleep(0.01)
            kept += [[] for _ in range(200)]

    async def test_what_a_dialog_leaves_behind_is_found_however_busy_the_reader(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pauses, "_SETTLED", 1)
        monkeypatch.setattr(pauses, "_HELD_UP", 0)
        dialogs = list[Ring]()
        pauses.shorten(has_dialog=lambda: bool(dialogs))
        before, kept = gc.get_freeze_count(), list[list[int]]()

        async def some_looks() -> None:
            await asyncio.sleep(0.01)
            kept.extend([] for _ in range(200))

        while gc.get_freeze_count() == before:
            await some_looks()
        dialogs.append(Ring())
        while not any(each is dialogs[0] for each in gc.get_objects(generation=2)):
            await some_looks()
        for _ in range(30):
            await some_looks()
        closed = weakref.ref(dialogs.pop())
        while closed() is not None:
            await some_looks()

    async def test_what_lived_on_is_looked_at_once_the_reader_is_away(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pauses, "_SELDOM", 0.0)
        made = Ring()
        ring = weakref.ref(made)
        pressed_at = asyncio.get_running_loop().time()
        pauses.shorten(lambda: pressed_at)
        del made
        gc.collect()
        assert ring() is not None
        monkeypatch.setattr(pauses, "_AWAY", 0.0)
        while ring() is not None:  # noqa: ASYNC110 - likewise
            await asyncio.sleep(0.01)


async def test_nothing_of_a_dialog_is_kept_once_it_is_closed() -> None:
    def held() -> int:
        gc.collect()
        return sum(isinstance(each, StylesCache) for each in gc.get_objects())

    async with explorer(FakeGateway()) as shown:
        for turn in range(4):
            await shown.press("?")
            await shown.see("Esc closes")
            await shown.press("escape")
            await shown.lose("Esc closes")
            if not turn:
                before = held()
        await shown.until(lambda: held() <= before)
