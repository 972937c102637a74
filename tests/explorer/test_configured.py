"""A configuration that changes while the explorer runs: read again, mistakes told, contexts imported."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from etcdobs_explorer.model.contexts import ENV, Context, load, renewed
from etcdobs_explorer.model.session import Session
from etcdobs_explorer.tui.app import ExplorerApp
from tests.explorer.fake import FakeGateway
from tests.explorer.screens import NARROW, Shown

DEV = '[contexts.dev]\nendpoints = ["dev:2379"]\n'
PROD = '[contexts.prod]\nendpoints = ["prod:2379"]\nread_only = true\n'


def put(file: Path, text: str) -> None:
    file.write_text(text)


def add(file: Path, text: str) -> None:
    file.write_text(file.read_text() + text)


def text(file: Path) -> str:
    return file.read_text()


def in_memory(context: Context, password: str | None) -> FakeGateway:
    return FakeGateway({b"plain": b"v"})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(f'current = "dev"\n{DEV}')
    return path


@asynccontextmanager
async def running(path: Path, size: tuple[int, int] = NARROW, **environ: str) -> AsyncGenerator[Shown]:
    """An explorer with this file, of clusters that are in memory."""
    config = load(path, environ)
    session = Session(config, in_memory, read=partial(load, path, environ))
    app = ExplorerApp.of_session(session, config.context(config.current))
    async with app.run_test(size=size, notifications=True) as pilot:
        shown = Shown(app, pilot)
        await shown.see("plain", "live")
        yield shown
        assert app.failures.held == []


async def command(shown: Shown, text: str) -> None:
    await shown.press("colon", *text, "enter")


class TestReadAgain:
    async def test_a_context_added_meanwhile_is_there_to_be_chosen(self, file: Path) -> None:
        async with running(file) as shown:
            add(file, PROD)
            await shown.press("C")
            await shown.see("contexts", "prod:2379", " RO ")
            await shown.press("escape")
            await command(shown, "context prod")
            await shown.see("now at prod", " RO ")

    async def test_keys_are_those_of_the_file_as_it_is_now(self, file: Path) -> None:
        async with running(file, (120, 40)) as shown:
            add(file, '[keymap]\n"keys.zoom" = "f9"\n"move.down" = "down,semicolon"\n')
            await command(shown, "reload")
            await shown.see("f9 zoom", "read again: 2 contexts")
            await shown.press("f9")
            await shown.until(lambda: shown.app.screen.has_class("zoom-keys"))
            await shown.press("z")
            assert shown.app.screen.has_class("zoom-keys")

    async def test_a_mistake_is_told_and_what_held_before_stays(self, file: Path) -> None:
        add(file, PROD)
        async with running(file) as shown:
            put(file, "no toml")
            await command(shown, "reload")
            await shown.see("it is no TOML", "configuration")
            await command(shown, "context prod")
            await shown.see("now at prod", " RO ", "configuration")
            put(file, DEV)
            await shown.press("C")
            await shown.see("contexts", "dev:2379")
            await shown.lose("configuration:")
            assert "prod:2379" not in shown.text

    async def test_it_is_said_where_the_context_in_sight_is_another_by_now(self, file: Path) -> None:
        async with running(file) as shown:
            add(file, "read_only = true\n")
            await command(shown, "reload")
            await shown.see("dev is another in the file now")
            assert " RO " not in shown.text
            await shown.press("C", "enter")
            await shown.see("now at dev", " RO ")

    def test_a_context_with_a_mistake_stays_as_it_was_and_others_are_new(self, file: Path) -> None:
        put(file, DEV + PROD)
        former = load(file, {})
        put(file, DEV.replace("dev:", "other:") + PROD.replace("read_only", "read_olny"))
        now = renewed(former, load(file, {}))
        assert now.contexts["dev"].endpoints == ("other:2379",)
        assert now.contexts["prod"] == former.contexts["prod"]
        assert len(now.problems) == 1

    async def test_without_a_configuration_there_is_nothing_to_read(self) -> None:
        app = ExplorerApp.of_session(Session(connect=in_memory), Context(ENV))
        async with app.run_test(size=NARROW, notifications=True) as pilot:
            shown = Shown(app, pilot)
            await shown.see("plain")
            await command(shown, "reload")
            await shown.see("without a configuration")
            await command(shown, "import")
            await shown.see("no configuration file to write to")


class TestImport:
    async def test_clientv3s_file_is_looked_at_then_saved(self, file: Path, tmp_path: Path) -> None:
        yaml = tmp_path / "stage.yaml"
        put(yaml, "endpoints: [s1:2379]\ninsecure-transport: true\nusername: viewer\npassword: secret\n")
        async with running(file) as shown:
            await command(shown, f"import {yaml}")
            await shown.see("import a context", "s1:2379 as viewer", "no TLS", "not written", "stage")
            assert "stage" not in text(file)
            await shown.press(*"prod", "enter")
            await shown.see("prod is in ")
            assert load(file, {}).context("prod").endpoints == ("s1:2379",)
            assert "secret" not in text(file)
            await shown.press("C")
            await shown.see("contexts", "s1:2379")

    async def test_etcdctls_variables_become_a_context(self, file: Path) -> None:
        async with running(file, ETCDCTL_ENDPOINTS="e1:2379,e2:2379") as shown:
            await shown.press("C", "i")
            await shown.see("import a context", "e1:2379, e2:2379")
            await shown.press("enter")
            await shown.see("imported is in ")
            assert load(file, {}).context("imported").endpoints == ("e1:2379", "e2:2379")

    async def test_what_is_wrong_is_said_and_nothing_is_saved(self, file: Path, tmp_path: Path) -> None:
        before = text(file)
        async with running(file) as shown:
            await command(shown, f"import {tmp_path}/none")
            await shown.see("No such file")
            await shown.press("enter")
            await shown.see("import a context")
            await shown.press("escape")
            await shown.lose("import a context")
            await command(shown, "import '' dev")
            await shown.see("takes the place of the one of that name")
            await shown.press("escape")
            await shown.lose("import a context")
        assert text(file) == before
