"""Hostile data on every screen: it is shown, nothing crashes, and no control character is among what is drawn."""

import unicodedata

import pytest
from textual import events
from textual.widgets import Input

from etcdobs_explorer.model.records import ClusterStatus, FailureKind, LeaseRecord, MemberRecord, Role
from etcdobs_explorer.model.text import inert
from tests.explorer.fake import STATUS, FakeGateway
from tests.explorer.hostile import HOSTILE
from tests.explorer.screens import NARROW, WIDE, Shown, explorer

_CONTROLS = ("Cc", "Cf", "Cs", "Zl", "Zp")


def controls(shown: Shown) -> list[str]:
    """The control characters that the screen would send to the terminal."""
    return [char for line in shown.lines for char in line if unicodedata.category(char) in _CONTROLS]


def has_read(shown: Shown, key: bytes) -> bool:
    """Whether the value pane is about that key."""
    selection = shown.app.state.selection
    return selection.key == key and selection.entry is not None


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x48"])
@pytest.mark.parametrize("part", range(3))
async def test_as_keys_and_values(size: tuple[int, int], part: int) -> None:
    pairs = {key: raw for raw in HOSTILE.values() for key in (raw, raw + b"/" + raw, b"//" + raw)}
    async with explorer(FakeGateway(pairs), size, separator=b"|") as shown:
        for name, raw in list(HOSTILE.items())[part::3]:
            await shown.go_to(raw)
            await shown.until(lambda raw=raw: has_read(shown, raw), f"the value of {name}")  # type: ignore[misc]
            assert controls(shown) == [], name
            await shown.press("y")
            assert not {"\x1b", "\x07", "\n", "\x9b"} & set(shown.app.clipboard), name
            await shown.press("Y")  # the lines of a value are kept: copied in one, YAML is no YAML any more
            assert not {"\x1b", "\x07", "\r", "\x9b"} & set(shown.app.clipboard), name


async def test_in_a_tree_with_the_usual_separator() -> None:
    gateway = FakeGateway({raw: raw for raw in HOSTILE.values()} | {b"//" + raw: raw for raw in HOSTILE.values()})
    async with explorer(gateway, WIDE) as shown:
        await shown.see("live")
        for _ in range(60):
            shown.app.screen.query_one("#keys").action_open()  # type: ignore[attr-defined]
            shown.app.screen.query_one("#keys").action_move(1)  # type: ignore[attr-defined]
            await shown.pilot.pause()
            assert controls(shown) == []


async def test_as_events() -> None:
    gateway = FakeGateway({b"k": b"v"})
    async with explorer(gateway) as shown:
        await shown.see("live")
        await shown.press("4")
        for number, (name, raw) in enumerate(HOSTILE.items(), 1):
            gateway.put(raw, raw)
            await shown.see(f"{number} event")
            assert controls(shown) == [], name


async def test_as_names_and_as_errors() -> None:
    gateway = FakeGateway({b"k": b"v"})
    hostile = list(HOSTILE.values())
    gateway.members_held = [MemberRecord(n, raw, Role.UNKNOWN, raw, errors=(raw,)) for n, raw in enumerate(hostile)]
    gateway.leases_held = [LeaseRecord(n, 60, 30, 1, raw) for n, raw in enumerate(hostile)]
    async with explorer(gateway, WIDE) as shown:
        await shown.see("live")
        for view in ("3", "2"):
            await shown.press(view)
            await shown.see(f"{len(hostile)} ")
            for _ in hostile:
                assert controls(shown) == []
                await shown.press("down")


async def test_as_reasons() -> None:
    gateway = FakeGateway({b"k": b"v"})
    async with explorer(gateway) as shown:
        await shown.see("live")
        for name, raw in HOSTILE.items():
            gateway.fail("status", "children", kind=FailureKind.OTHER, reason=raw)
            await shown.press("r")
            await shown.until(lambda raw=raw: shown.app.state.connection.reason == raw)  # type: ignore[misc]
            await shown.pilot.pause()
            assert "connection lost" in shown.text, name
            assert controls(shown) == [], name


async def test_in_the_palette() -> None:
    async with explorer(FakeGateway({b"k": b"v"}), WIDE) as shown:
        await shown.see("live")
        shown.app.state.bookmarks.append(HOSTILE["markup"])
        await shown.press("ctrl+p")
        await shown.see("bookmark [/nonsense] [bold red]x")
        assert controls(shown) == []
        await shown.press(*"title")
        await shown.press("escape")


PASTED = ("title", "clipboard", "c1", "bidi", "nul", "line separators", "backspace")


@pytest.mark.parametrize("opening", [":", "S", "f", "tab,slash", "4,n"])
async def test_pasted(opening: str) -> None:
    async with explorer(FakeGateway({b"k": b"value"}), WIDE) as shown:
        await shown.see("live", "value")
        await shown.press(*("colon" if key == ":" else "slash" if key == "/" else key for key in opening.split(",")))
        await shown.until(lambda: isinstance(shown.app.focused, Input), "a line to type in")
        for name in PASTED:
            shown.app.post_message(events.Paste(HOSTILE[name].decode("utf-8", "replace")))
            await shown.pilot.pause()
            line = shown.app.focused
            assert isinstance(line, Input)
            assert inert(line.value).plain == line.value, name
            assert controls(shown) == [], name


async def test_in_the_frames_of_dialogs() -> None:
    """Textual reads what stands in a frame as markup, and a click on a link in it acts."""
    gateway = FakeGateway({b"k": b"v"})
    evil = HOSTILE["markup"] + HOSTILE["title"]
    gateway.members_held = [MemberRecord(1, evil, Role.LEADER, evil)]
    async with explorer(gateway, WIDE) as shown:
        await shown.see("live")
        await shown.press("3")
        await shown.see("/nonsense")
        await shown.press("enter")
        await shown.see("member [/nonsense] [bold red]x[/] [link=http://x]y[/link] [@click=a…")
        assert controls(shown) == []


async def test_what_passes_the_choke_point_by_is_blanked() -> None:
    async with explorer(FakeGateway({b"k": b"v"}), NARROW) as shown:
        await shown.see("live")
        await shown.press("slash")
        line = shown.app.focused
        assert isinstance(line, Input)
        line.value = HOSTILE["title"].decode() + "\u202ex\x9b"
        await shown.see("]2;PWNED")
        assert controls(shown) == []


async def test_as_status() -> None:
    raw = HOSTILE["title"] + HOSTILE["markup"]
    gateway = FakeGateway({b"k": b"v"})
    hostile = ClusterStatus(raw, 1, 2, raw, 3, 4, 5, 6, raw, 0.1, (raw,))

    async def status() -> ClusterStatus:
        return hostile

    gateway.status = status  # type: ignore[method-assign]
    async with explorer(gateway, WIDE) as shown:
        await shown.see("\\x1b]2;PWNED\\x07[/nonsense]")
        assert controls(shown) == []


@pytest.mark.parametrize(
    "value",
    [
        b"x" * 1_572_864,
        "漢\n".encode() * 393_216,
        b'{"a": "' + b"\x01" * 1_500_000,
        bytes(range(256)) * 6_000,
        b"\n" * 1_500_000,
    ],
    ids=["one line", "wide lines", "false json", "binary", "empty lines"],
)
async def test_a_value_of_a_megabyte_and_a_half(value: bytes) -> None:
    async with explorer(FakeGateway({b"k": value})) as shown:
        await shown.go_to(b"k")
        await shown.see("1.5 MiB" if len(value) > 1_520_000 else "1.4 MiB", "mod 1,234")
        await shown.press("tab", "G", "pageup", "g")
        assert controls(shown) == []


async def test_names_and_status_are_not_what_the_theme_depends_on() -> None:
    async with explorer(FakeGateway({b"k": b"v"}), theme="textual-light") as shown:
        await shown.see(STATUS.leader_name.decode())
