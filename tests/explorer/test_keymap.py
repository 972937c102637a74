"""Keys chosen in the configuration: they do what they are chosen for, and what is wrong with them is named."""

import pytest

from etcdobs_explorer.model.contexts import ENV, Config, Context
from etcdobs_explorer.model.session import Session
from etcdobs_explorer.model.state import State
from etcdobs_explorer.tui.app import ExplorerApp
from etcdobs_explorer.tui.keymap import Keymap, id_of
from etcdobs_explorer.tui.resources import RESOURCES
from etcdobs_explorer.tui.verbs import VERBS, find_verb
from etcdobs_explorer.tui.widgets.key_list import KeyList
from tests.explorer.fake import FakeGateway
from tests.explorer.screens import Shown, explorer


def test_without_a_choice_every_verb_has_its_own_key() -> None:
    keymap = Keymap()
    assert keymap.problems == []
    for verb in VERBS:
        assert keymap.keys_of(verb) == tuple(key for key in verb.key.split(",") if key)


def test_the_name_of_each_verb_is_its_own() -> None:
    assert len({id_of(verb) for verb in VERBS}) == len(VERBS)


def test_a_choice_takes_the_place_of_the_verbs_key() -> None:
    keymap = Keymap({"keys.zoom": "Z, f11", "app.filter": "%"})
    zoom, filter = find_verb("zoom", "keys"), find_verb("filter", "keys")
    assert zoom is not None
    assert filter is not None
    assert (keymap.keys_of(zoom), keymap.shown(zoom)) == (("Z", "f11"), "Z")
    assert keymap.verb_of("percent_sign", "keys") is filter
    assert keymap.verb_of("z", "keys") is None
    assert keymap.problems == []


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"keys.nonsense": "n"}, "there is no 'keys.nonsense'"),
        ({"watch.zoom": "n"}, "there is no 'watch.zoom'; there is keys.zoom"),
        ({"keys.zoom": "q"}, "keys.zoom and app.quit both have 'q'; keys.zoom keeps it"),
        ({"keys.zoom": "j"}, "keys.zoom and move.down both have 'j'; keys.zoom keeps it"),
        ({"move.down": "n"}, "move.down and keys.new both have 'n'; move.down keeps it"),
        ({"keys.zoom": "enter"}, "keys.zoom cannot have 'enter': every list and dialog listens to it"),
        ({"move.sideways": "n"}, "there is no 'move.sideways'"),
    ],
)
def test_what_is_wrong_is_named(chosen: dict[str, str], said: str) -> None:
    assert any(said in problem for problem in Keymap(chosen).problems)


def test_the_chosen_one_keeps_the_key() -> None:
    keymap = Keymap({"app.theme": "q"})
    for resource in RESOURCES:
        found = keymap.verb_of("q", resource.name)
        assert found is not None
        assert found.name == "theme"


async def test_keys_bar_and_help_follow() -> None:
    config = Config({ENV: Context(ENV)}, keymap={"app.help": "f1", "keys.zoom": "Z", "no.such": "x"})
    app = ExplorerApp(FakeGateway({b"plain": b"value"}), State("test"), session=Session(config))
    async with app.run_test(size=(170, 64)) as pilot:
        shown = Shown(app, pilot)
        await shown.see("plain", "f1 help", "Z zoom", "keymap: there is no 'no.such'")
        await shown.press("f1")
        await shown.see("Moving", "Z    :zoom")


def test_only_movements_with_other_keys_are_told_to_the_widgets() -> None:
    assert Keymap().moved == {}
    keymap = Keymap({"move.down": "A,down", "move.half-up": "", "keys.tree-at": "j"})
    assert keymap.moved == {"move.down": "A,down", "move.half-up": "unassigned"}
    assert keymap.shown_moves("move.down", "move.up") == "A ↑ ↓ k"
    assert keymap.problems == []


async def test_lists_and_values_move_by_the_keys_that_were_chosen() -> None:
    keys = {"move.down": "comma", "move.up": "semicolon", "move.right": "A", "keys.zoom": "j"}
    app = ExplorerApp(
        FakeGateway({b"a": b"1\n2\n3", b"b": b"", b"d/x": b"", b"e/x": b""}),
        State("test"),
        session=Session(Config({ENV: Context(ENV)}, keymap=keys)),
    )
    async with app.run_test(size=(120, 40)) as pilot:
        shown = Shown(app, pilot)
        await shown.see("▸ d/", "a")
        tree = app.screen.query_one(KeyList)
        await shown.press("comma", "comma")
        assert tree.cursor == 2
        await shown.press("A")
        await shown.see("▾ d/")
        await shown.press("semicolon", "k")
        assert tree.cursor == 1  # k moves no more
        await shown.press("j")
        await shown.until(lambda: app.screen.has_class("zoom-keys"))
        await shown.press("question_mark")
        await shown.see("; ,  ", "half a screen")


async def test_half_a_screen_is_a_step() -> None:
    pairs = {b"%03d" % number: b"" for number in range(100)}
    async with explorer(FakeGateway(pairs)) as shown:
        await shown.see("000")
        tree = shown.app.screen.query_one(KeyList)
        await shown.press("ctrl+d", "ctrl+d")
        assert tree.cursor == 2 * ((tree.size.height - 1) // 2)
        await shown.press("ctrl+u")
        assert tree.cursor == (tree.size.height - 1) // 2
