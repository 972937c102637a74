"""Keys chosen in the configuration: they do what they are chosen for, and what is wrong with them is named."""

import pytest

from etcdobs_explorer.model.contexts import ENV, Config, Context
from etcdobs_explorer.model.session import Session
from etcdobs_explorer.model.state import State
from etcdobs_explorer.tui.app import ExplorerApp
from etcdobs_explorer.tui.keymap import Keymap, id_of
from etcdobs_explorer.tui.resources import RESOURCES
from etcdobs_explorer.tui.verbs import VERBS, find_verb
from tests.explorer.fake import FakeGateway
from tests.explorer.screens import Shown


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
        ({"keys.zoom": "j"}, "keys.zoom cannot have 'j': it moves the cursor"),
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
    async with app.run_test(size=(120, 40)) as pilot:
        shown = Shown(app, pilot)
        await shown.see("plain", "f1 help", "Z zoom", "keymap: there is no 'no.such'")
        await shown.press("f1")
        await shown.see("Moving", "Z    :zoom")
