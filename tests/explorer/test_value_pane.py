"""The value pane: forms are named and switched, text is searched, folded, wrapped and copied; large values too."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from etcdobs import Client
from etcdobs.testing import Etcd
from etcdobs_explorer.demo.kubernetes import mapping, message, metadata, stored
from etcdobs_explorer.feeds import value as feeds_value
from etcdobs_explorer.model.value import read
from etcdobs_explorer.tui.widgets.value_pane import ValuePane
from etcdobs_explorer.tui.widgets.value_view import ValueView
from tests.explorer.fake import FakeGateway
from tests.explorer.gateways import gateway_of
from tests.explorer.screens import NARROW, WIDE, Shown, explorer
from tests.explorer.test_terminal import terminal

CONFIG = json.dumps({"name": "shop", "servers": [f"s{n}" for n in range(40)], "last": {"deep": "Needle"}}).encode()
SECRET = stored("v1", "Secret", {1: metadata("s", created=1_760_000_000), 2: mapping({"password": b"hunter2"})})
PAIRS = {b"a": CONFIG, b"b": b"\x0a\x02hi\x10\x01", b"c": b'{"x": 1}', b"d": SECRET, b"e": b"x" * 300 + b"END"}


async def look_at(shown: Shown, name: bytes) -> ValueView:
    """Go to a key, then to its value."""
    await shown.go_to(name)
    await shown.until(
        lambda: shown.app.state.selection.key.endswith(name) and shown.app.state.selection.decoded is not None
    )
    view = shown.app.screen.query_one("#value", ValueView)
    view.focus()
    await shown.pilot.pause()
    return view


async def command(shown: Shown, text: str) -> None:
    """Type a command."""
    await shown.press("colon")
    await shown.press(*("space" if char == " " else "slash" if char == "/" else char for char in text), "enter")


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x48"])
async def test_the_form_is_named_and_switched_and_remembered_for_the_directory(size: tuple[int, int]) -> None:
    async with explorer(FakeGateway({b"/x/a": b'{"k": 1}', b"/x/b": b'{"k": 2}'}), size) as shown:
        await command(shown, "keys /x/")
        await look_at(shown, b"a")
        await shown.see("JSON", "x text  hex", '"k": 1')
        await shown.press("x")
        await shown.see("as text", '{"k": 1}')
        await shown.press("x")
        await shown.see("as hex", "7b 22 6b")
        await look_at(shown, b"b")
        await shown.see("as hex", "7b 22 6b 22 3a 20 32")
        assert shown.app.state.forms == {b"/x/": "hex"}
        await command(shown, "as auto")
        await shown.see('"k": 2')
        await command(shown, "as toml")
        await shown.see("as TOML")
        await command(shown, "as nonsense")
        await shown.see("no form 'nonsense'; there are auto, ")


async def test_a_form_that_does_not_fit_leaves_the_value_as_it_is() -> None:
    async with explorer(FakeGateway(PAIRS)) as shown:
        await look_at(shown, b"b")
        await command(shown, "as json")
        await shown.see("this value is no json", "binary")
        await look_at(shown, b"c")
        await shown.see("as JSON")


async def test_search_marks_counts_and_goes_round() -> None:
    async with explorer(FakeGateway({b"k": b"".join(b"line %d\n" % n for n in range(300))})) as shown:
        view = await look_at(shown, b"k")
        await shown.press("slash", *"line 12")
        await shown.see("1 of 11", "line 12")
        await shown.press("enter")
        assert shown.app.focused is view
        await shown.press("n", "n", "n")
        await shown.see("4 of 11", "line 122")
        await shown.press("N", "N", "N", "N")
        await shown.see("11 of 11", "line 129")
        await shown.press("slash", *"nowhere", "enter")
        await shown.see("no match")
        await shown.press("escape")
        await shown.lose("no match")
        assert shown.app.focused is view
        await shown.press("escape")
        assert shown.app.focused is not view


async def test_search_in_bytes() -> None:
    async with explorer(FakeGateway({b"k": bytes(range(256)) * 20})) as shown:
        await look_at(shown, b"k")
        await shown.press("slash", *"fe ff", "enter", "n")
        await shown.see("2 of 20", "000001f0")


async def test_parts_are_closed_and_a_search_opens_them() -> None:
    async with explorer(FakeGateway(PAIRS), WIDE) as shown:
        await look_at(shown, b"a")
        await shown.press("j", "j", "enter")
        await shown.see('▸   "servers": [ … 40 lines ],', '"Needle"')
        await shown.press("l")
        await shown.see('"s0"')
        await shown.press("j", "h", "h")
        await shown.see('▸   "servers": [ … 40 lines ],')
        await shown.press("h", "h")
        await shown.lose("Needle")
        await shown.press("slash", *"needle", "enter")
        await shown.see("1 of 1", '"Needle"')


async def test_long_lines_are_wrapped_or_run_out_of_sight() -> None:
    async with explorer(FakeGateway(PAIRS)) as shown:
        await look_at(shown, b"e")
        await shown.see("xEND")
        await shown.press("W")
        await shown.lose("xEND")
        await shown.press(*["l"] * 30)
        await shown.see("xEND")


async def test_a_secret_is_covered_until_it_is_revealed_and_again_elsewhere() -> None:
    async with explorer(FakeGateway(PAIRS), WIDE) as shown:
        await look_at(shown, b"d")
        await shown.see("covered", "password: •••")
        await shown.press("Y")
        assert "hunter2" not in shown.app.clipboard
        await shown.press("s")
        await shown.see("revealed", "password: hunter2")
        await shown.press("Y")
        assert "hunter2" in shown.app.clipboard
        await look_at(shown, b"c")
        await shown.press("s")
        await shown.see("nothing is covered here")
        await look_at(shown, b"d")
        await shown.see("password: •••")


async def test_a_copy_that_is_cut_says_so() -> None:
    async with explorer(FakeGateway({b"k": b"y" * 100_000, b"l": b"a: 1\nb: 2\n"})) as shown:
        await look_at(shown, b"k")
        await shown.press("Y")
        await shown.see("copied the first 73 KiB of 98 KiB")
        assert shown.app.clipboard == "y" * 74_994
        await look_at(shown, b"l")
        await shown.press("Y")
        assert shown.app.clipboard == "a: 1\nb: 2\n"


async def test_without_a_terminal_there_is_no_pager() -> None:
    async with explorer(FakeGateway(PAIRS)) as shown:
        await look_at(shown, b"c")
        await shown.press("V")
        await shown.see("cannot be lent")


def test_the_pager_is_given_inert_text_and_gives_the_terminal_back(
    fresh_etcd: Etcd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paged = tmp_path / "paged"
    monkeypatch.setenv("PAGER", f"tee {paged}")
    with Client(fresh_etcd.endpoint) as client:
        client.put("k", "one\x1b[31m\n\ttwo")
    with terminal("--endpoints", fresh_etcd.endpoint) as shown:
        shown.wait_for("one", "live")
        shown.press("V")
        while not (paged.exists() and paged.read_text()):
            shown.wait_for_more()
        shown.wait_for_more()
        shown.press("q")
        assert shown.wait_for_exit() == 0
    assert paged.read_text() == "one\\x1b[31m\n    two"
    assert b"\x1b[31mone" not in shown.written


async def test_a_message_type_of_a_descriptor_set(tmp_path: Path) -> None:
    file = message({1: "o.proto", 2: "shop", 4: message({1: "Order", 2: message({1: "who", 3: 1, 4: 1, 5: 9})})})
    path = tmp_path / "o.pb"
    path.write_bytes(message({1: file}))
    async with explorer(FakeGateway(PAIRS), WIDE) as shown:
        await look_at(shown, b"b")
        pane = shown.app.screen.query_one(ValuePane)
        pane.use_descriptors(f"{path} shop.Ordr")
        await shown.see("it has shop.Order")
        pane.use_descriptors(f"{path} shop.Order")
        await shown.see("as protobuf shop.Order", 'who: "hi"', "2: 1")
        await command(shown, "descriptors")
        await shown.see("which? :descriptors FILE MESSAGE")


def large(kind: str) -> bytes:
    """A value of about a megabyte and a half."""
    match kind:
        case "json":
            return json.dumps([{"name": f"item {n}", "tags": ["a", "b"], "n": n} for n in range(28_000)]).encode()
        case "line":
            return b"0123456789abcdef" * 16_384
        case _:
            return message({1: [message({1: "some name", 2: n, 3: b"\xff" * 8}) for n in range(50_000)]})


@pytest.mark.parametrize("kind", ["json", "line", "protobuf"])
async def test_large_values_are_read_beside_the_screen(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: set[int] = set()

    def read_by(raw: bytes, *given: Any) -> Any:
        threads.add(threading.get_ident())
        return read(raw, *given)

    monkeypatch.setattr(feeds_value, "read", read_by)
    async with explorer(FakeGateway({b"k": large(kind), b"a": b"small"}), WIDE) as shown:
        view = await look_at(shown, b"k")
        await shown.until(lambda: shown.app.state.selection.is_read and view.is_settled)
        await shown.press("slash", *"e9", "enter", "n", "G", "x")
        await shown.until(lambda: shown.app.state.selection.is_read and view.is_settled)
        await look_at(shown, b"a")
        await look_at(shown, b"k")
        await shown.until(lambda: shown.app.state.selection.is_read)
    assert threads
    assert threading.get_ident() not in threads


async def test_values_of_a_cluster(fresh_etcd: Etcd) -> None:
    with Client(fresh_etcd.endpoint) as client:
        client.put("/app/config", CONFIG, lease=client.lease.grant(60))
        client.put("/app/secret", SECRET)
    async with gateway_of(fresh_etcd.endpoint) as gateway, explorer(gateway, WIDE) as shown:
        await command(shown, "keys /app/")
        await look_at(shown, b"config")
        await shown.see("JSON", "version 1", "size 327 B", "lease ", " 5")
        with Client(fresh_etcd.endpoint) as client:
            client.put("/app/config", "now: text\nof: two\n")
        await shown.see("YAML", "now: text", "version 2")
        await look_at(shown, b"secret")
        await shown.see("Kubernetes", "kind v1 Secret", "password: ••• 7 B")
