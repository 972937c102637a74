"""Contexts, passwords, memory and failures of panels, on a running explorer and real servers."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from etcdobs import Client
from etcdobs.testing import Etcd, etcd
from etcdobs_explorer.model.contexts import Config, Context, Password, Source
from etcdobs_explorer.model.remembered import load, path_of
from etcdobs_explorer.model.session import Session
from etcdobs_explorer.opening import open_gateway
from etcdobs_explorer.tui.app import ExplorerApp
from etcdobs_explorer.tui.verbs import find_verb
from etcdobs_explorer.tui.widgets.header import Header
from etcdobs_explorer.tui.widgets.key_list import KeyList
from tests.explorer.fake import FakeGateway
from tests.explorer.screens import NARROW, WIDE, Shown, explorer


@asynccontextmanager
async def visiting(
    *contexts: Context, size: tuple[int, int] = NARROW, memory: Path | None = None, **options: Any
) -> AsyncIterator[Shown]:
    """An explorer that begins at the first of these contexts."""
    config = Config({context.name: context for context in contexts}, contexts[0].name)
    session = Session(config, open_gateway, memory, **options)
    app = ExplorerApp.of_session(session, contexts[0])
    async with app.run_test(size=size, notifications=True) as pilot:
        yield Shown(app, pilot)
        assert app.failures.held == []


def context_of(server: Etcd, name: str, **fields: Any) -> Context:
    return Context(name, endpoints=(server.endpoint,), **fields)


def filled(server: Etcd, pairs: Mapping[str, str]) -> None:
    with Client(server.endpoint) as client:
        for key, value in pairs.items():
            client.put(key, value)


@pytest.fixture(scope="module")
def other() -> Iterator[Etcd]:
    with etcd() as server:
        filled(server, {"/there/key": "v"})
        yield server


@pytest.fixture(scope="module")
def guarded() -> Iterator[Etcd]:
    with etcd(root_password="right") as server:
        yield server


class TestContexts:
    async def test_going_elsewhere_and_back_without_a_restart(self, fresh_etcd: Etcd, other: Etcd) -> None:
        filled(fresh_etcd, {"/here/key": "v"})
        prod = context_of(other, "prod", read_only=True, colour="red", protected=(b"/x",))
        async with visiting(context_of(fresh_etcd, "dev"), prod) as shown:
            await shown.see("here", "dev", "live")
            await shown.press("C")
            await shown.see("contexts", "prod", " RO ", "Enter goes there", other.endpoint.removeprefix("http://"))
            await shown.press("j", "enter")
            await shown.see("there", " prod ", " RO ", "live")
            assert "▸ here" not in shown.text
            assert shown.app.screen.query_one(Header).has_class("context-red")
            await shown.press("colon", *"context dev", "enter")
            await shown.see("here", "live")
            await shown.lose(" RO ")

    async def test_keys_are_parted_elsewhere_from_now_on(self, fresh_etcd: Etcd) -> None:
        filled(fresh_etcd, {"user:1:name": "Ann", "user:1:mail": "a@b"})
        async with visiting(context_of(fresh_etcd, "dev")) as shown:
            await shown.see("user:1:name", "live")
            await shown.press("colon", *"separator :", "enter")
            await shown.see("user:", "live")
            await shown.lose("user:1:name")
            await shown.press("colon", *"separator flat", "enter")
            await shown.see("user:1:name", "live")

    async def test_what_is_written_where_is_decided_below_the_interface(self, other: Etcd) -> None:
        gateway = open_gateway(context_of(other, "prod", read_only=True, protected=(b"/x",)), None)
        assert (gateway._protection.read_only, gateway._protection.protected) == (True, (b"/x",))
        await gateway.close()

    async def test_one_that_cannot_be_opened_leaves_the_reader_where_they_are(self, other: Etcd) -> None:
        bad = Context("bad", cacert="/nowhere/ca.pem")
        async with visiting(context_of(other, "dev"), bad) as shown:
            await shown.see("there")
            await shown.press("colon", *"context bad", "enter")
            await shown.see("/nowhere/ca.pem")
            await shown.press("colon", *"context gone", "enter")
            await shown.see("no context 'gone'")
            assert "there" in shown.text

    async def test_one_that_cannot_be_opened_at_the_start_ends_it(self) -> None:
        async with visiting(Context("bad", endpoints=("nonsense",))) as shown:
            await shown.until(lambda: shown.app.return_value is not None)
            assert "host:port is wanted" in (shown.app.return_value or "")
            assert shown.app.return_code == 2

    async def test_roots_are_where_a_first_visit_begins(self, other: Etcd) -> None:
        async with visiting(context_of(other, "dev", roots=(b"/there/",))) as shown:
            await shown.see("key")
            assert shown.app.state.tree.root == b"/there/"


class TestPasswords:
    async def test_it_is_asked_for_hidden_and_again_when_refused(self, guarded: Etcd) -> None:
        async with visiting(context_of(guarded, "prod", user="root")) as shown:
            await shown.see("user root at")
            await shown.press(*"wrong", "enter")
            await shown.see("authentication failed", "user root at")
            assert "wrong" not in shown.text
            await shown.press(*"right", "enter")
            await shown.see("no keys", "live")
            await shown.lose("authentication failed")

    async def test_of_a_command(self, guarded: Etcd) -> None:
        command = Password(Source.COMMAND, "echo right")
        async with visiting(context_of(guarded, "prod", user="root", password=command)) as shown:
            await shown.see("no keys", "live")

    async def test_what_is_wrong_with_a_command_is_said_where_it_is_asked_for(self, guarded: Etcd) -> None:
        command = Password(Source.COMMAND, "echo it is locked >&2; exit 1")
        async with visiting(context_of(guarded, "prod", user="root", password=command)) as shown:
            await shown.see("user root at", "it is locked")
            await shown.press("escape")
            await shown.lose("user root at")
            await shown.press("colon", *"password", "enter")
            await shown.see("user root at")

    async def test_one_that_was_changed_where_it_is_kept_is_fetched(self, guarded: Etcd, tmp_path: Path) -> None:
        file = tmp_path / "password"
        file.write_text("wrong")
        password = Password(Source.FILE, str(file))
        async with visiting(context_of(guarded, "prod", user="root", password=password)) as shown:
            await shown.see("user root at", "authentication failed")
            await shown.press("escape")
            file.write_text("right")
            shown.app.refused()
            await shown.see("no keys", "live")


class TestMemory:
    async def test_the_place_and_the_choices_survive(self, other: Etcd, tmp_path: Path) -> None:
        filled(other, {"/there/deep/a": "1", "/there/deep/b": "2"})
        context = context_of(other, "dev")
        async with visiting(context, memory=tmp_path) as shown:
            await shown.go_to(b"there")
            await shown.press("right")
            await shown.go_to(b"deep")
            await shown.press("right")
            await shown.see("  b")
            await shown.press("colon", *"theme light", "enter", "3")
            await shown.see("ROLE")
            shown.app.exit()
        assert load(path_of(tmp_path, "dev")).view == "members"
        async with visiting(context, memory=tmp_path) as shown:
            await shown.see("ROLE")
            assert shown.app.theme == "etcdobs-light"
            await shown.press("1")
            await shown.see("deep", "  b")

    async def test_bookmarks_forms_and_the_overview_survive_and_the_palette_knows_them(
        self, other: Etcd, tmp_path: Path
    ) -> None:
        context = context_of(other, "dev")
        async with visiting(context, memory=tmp_path, size=WIDE) as shown:
            await shown.see("there", "Leases", "0 leases")
            shown.app.state.bookmarks.append(b"/there/key")
            shown.app.state.forms[b"/there/"] = "hex"
            await shown.press("o", "2")
            shown.app.exit()
        async with visiting(context, memory=tmp_path, size=WIDE) as shown:
            assert (shown.app.state.bookmarks, shown.app.state.forms) == ([b"/there/key"], {b"/there/": "hex"})
            await shown.press("1")
            await shown.see("there")
            assert "0 leases" not in shown.text
            await shown.press("ctrl+p", *"bookmark /there")
            await shown.see("bookmark /there/key")

    async def test_each_context_has_its_own(self, other: Etcd, fresh_etcd: Etcd, tmp_path: Path) -> None:
        contexts = context_of(other, "dev"), context_of(fresh_etcd, "prod")
        async with visiting(*contexts, memory=tmp_path) as shown:
            await shown.see("there", "live")
            await shown.press("2")
            await shown.see("REMAINING")
            await shown.press("colon", *"context prod", "enter")
            await shown.see("no keys")
            shown.app.exit()
        assert load(path_of(tmp_path, "dev")).view == "leases"
        assert load(path_of(tmp_path, "prod")).view == "keys"

    async def test_a_damaged_memory_prevents_nothing(self, other: Etcd, tmp_path: Path) -> None:
        path = path_of(tmp_path, "dev")
        path.parent.mkdir()
        path.write_text('{"version": 1, "view": "nonsense"')
        async with visiting(context_of(other, "dev"), memory=tmp_path) as shown:
            await shown.see("there", "live")


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """What is broken in the test is whole again at its end."""
    with monkeypatch.context() as patch:
        yield patch


class TestFailures:
    async def test_a_panel_that_cannot_be_drawn_says_so_and_the_rest_goes_on(self, broken: pytest.MonkeyPatch) -> None:
        gateway = FakeGateway({b"plain": b"the value"})
        async with explorer(gateway) as shown:
            await shown.see("plain")
            broken.setattr(KeyList, "row_spans", lambda self, index: 1 / 0)
            shown.app.screen.query_one(KeyList).refresh()
            await shown.see("✗ this panel failed: ZeroDivisionError")
            await shown.press("3")
            await shown.see("ROLE")
            broken.undo()
            await shown.press("1")
            shown.app.screen.query_one(KeyList).refresh()
            await shown.see("plain")
            assert {type(error) for error in shown.app.failures.held} == {ZeroDivisionError}
            shown.app.failures.held.clear()

    async def test_a_verb_and_a_feed_that_fail_are_told_and_the_rest_goes_on(self, broken: pytest.MonkeyPatch) -> None:
        gateway = FakeGateway({b"plain": b"the value"})
        async with explorer(gateway) as shown:
            await shown.see("plain")
            broken.setattr(gateway, "members", lambda: 1 / 0)
            broken.setattr(ExplorerApp, "reload", lambda self: int("x"))
            verb = find_verb("refresh", "leases")
            assert verb is not None
            await shown.press("2", "r")
            await shown.until(lambda: "refresh failed: ValueError" in "".join(shown.app.failures.told))
            await shown.press("3")
            await shown.until(lambda: "members failed: ZeroDivisionError" in "".join(shown.app.failures.told))
            shown.app.failures.held.clear()

    async def test_a_handler_that_fails_is_told_and_the_panel_goes_on(self, broken: pytest.MonkeyPatch) -> None:
        async with explorer(FakeGateway({b"a": b"", b"b": b""})) as shown:
            await shown.see("  b")
            broken.setattr(KeyList, "on_focus", lambda self: 1 / 0)
            await shown.press("tab", "tab")
            await shown.until(lambda: "KeyList failed" in "".join(shown.app.failures.told))
            await shown.press("j")
            await shown.until(lambda: shown.app.screen.query_one(KeyList).cursor == 1)
            shown.app.failures.held.clear()

    async def test_it_is_logged_once_with_the_files_name(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        log = tmp_path / "explorer.log"
        async with visiting(Context("down", endpoints=("127.0.0.1:1",)), log=log) as shown:
            for _ in range(3):
                shown.app.failed("here", ValueError("[/x]\x1b[31m"))
            assert [line.endswith(f"; see {log}") for line in shown.app.failures.told] == [True]
            shown.app.failures.held.clear()
        assert caplog.text.count("here failed") == 1


@pytest.mark.parametrize("theme", ["ansi", "none", "light", "dark"])
async def test_themes(theme: str) -> None:
    async with explorer(FakeGateway({b"plain": b"v"}), theme=theme) as shown:
        await shown.see("plain")
        assert shown.app.theme == f"etcdobs-{theme}"
        strips = shown.app.screen._compositor.render_strips()
        styles = [segment.style for strip in strips for segment in strip if segment.style]
        colours = {colour for style in styles for colour in (style.color, style.bgcolor) if colour is not None}
        if theme == "none":
            assert {colour.name for colour in colours} <= {"default"}
            assert any(style.reverse for style in styles)
        if theme == "ansi":
            assert all(colour.triplet is None for colour in colours)


async def test_no_color_is_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with explorer(FakeGateway({b"plain": b"v"})) as shown:
        assert shown.app.theme == "etcdobs-none"
