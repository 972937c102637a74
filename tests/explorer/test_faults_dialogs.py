"""Dialogs in terminals that are too small, and confirmed, stopped or told more than once."""

import asyncio
import threading
from typing import Any

import pytest

from etcdobs_explorer.feeds import difference
from etcdobs_explorer.model.diff import diff
from etcdobs_explorer.model.writes import Committed, Conflict
from etcdobs_explorer.model.writes.operations import Chunk
from etcdobs_explorer.tui import notices
from tests.explorer.fake import FakeGateway
from tests.explorer.screens import Shown, explorer

TINY = (20, 5)


class Written(FakeGateway):
    """One that can be written: held until `go`."""

    def __init__(self, *keys: bytes, value: bytes = b"v") -> None:
        super().__init__(dict.fromkeys(keys, value))
        self.go = asyncio.Event()
        self.go.set()

    async def commit(self, chunk: Chunk) -> Committed | Conflict:
        await self.go.wait()
        for operation in chunk.operations:
            self.delete(operation.key)
        return Committed(chunk, self.revision, (), chunk.keys)


PAIRS = {b"dir/a": b"1", b"dir/b": b"2", b"k": b'{"a": 1}', b"l": b"text " * 500}

# What opens it, and what it shows on a terminal of the usual size.
DIALOGS = {
    "help": (("question_mark",), "In keys"),
    "edit": (("e",), "Ctrl+S shows the plan"),
    "new key": (("n",), "new key"),
    "deletion": (("d",), "Enter applies"),
    "rename": (("R",), "rename to"),
    "search": (("S", *"k", "enter"), "search on the server"),
    "go to": (("f",), "go to key"),
    "palette": (("ctrl+p", *"lease"), "leases"),
    "prompt": (("colon", *"lea"), "lea"),
    "new watch": (("4", "n"), "watch"),
    "new lease": (("2", "n"), "lease"),
    "lease": (("2", "enter"), "api"),
    "member": (("3", "enter"), "m1"),
    "traffic": (("5",), "calls/s"),
    "calls": (("6",), "no calls yet"),
    "journal": (("8",), "nothing was written"),
}


async def resize(shown: Shown, size: tuple[int, int]) -> None:
    await shown.pilot.resize_terminal(*size)
    await shown.until(lambda: (shown.app.size.width, shown.app.size.height) == size)


@pytest.mark.parametrize("name", DIALOGS)
async def test_a_terminal_made_tiny_and_usual_again(name: str) -> None:
    keys, part = DIALOGS[name]
    async with explorer(FakeGateway(PAIRS)) as shown:
        await shown.go_to(b"k")
        await shown.until(lambda: shown.app.state.selection.entry is not None)
        await shown.press(*keys)
        await shown.see(part)
        depth = len(shown.app.screen_stack)
        for size in (TINY, (1, 1)):
            await resize(shown, size)
            await shown.press("down", "up")
        assert len(shown.app.screen_stack) == depth
        await resize(shown, (80, 24))
        await shown.see(part)


async def test_it_starts_on_a_tiny_terminal() -> None:
    async with explorer(FakeGateway(PAIRS), TINY) as shown:
        await shown.until(lambda: shown.app.state.watching)
        for key in "23456781":
            await shown.press(key)
        await resize(shown, (80, 24))
        await shown.see("dir/", "5 names")


class TestConfirmation:
    async def test_nothing_is_applied_before_its_difference_is_seen(self, monkeypatch: pytest.MonkeyPatch) -> None:
        go = threading.Event()

        def slow(before: bytes | None, after: bytes | None) -> Any:
            go.wait(10)
            return diff(before, after)

        monkeypatch.setattr(difference, "diff", slow)
        gateway = Written(b"k", value=b"x" * 100_000)
        async with explorer(gateway) as shown:
            await shown.go_to(b"k")
            await shown.until(lambda: shown.app.state.selection.entry is not None)
            await shown.press("d")
            await shown.see("comparing…")
            assert "Enter applies" not in shown.text
            await shown.press("enter")
            await shown.pilot.pause(0.1)
            assert b"k" in gateway.pairs
            go.set()
            await shown.see("Enter applies")
            await shown.press("enter")
            await shown.see("✓ done")
        assert b"k" not in gateway.pairs

    async def test_a_difference_that_cannot_be_found_is_told_and_the_write_can_be_applied(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(before: bytes | None, after: bytes | None) -> Any:
            return 1 / 0

        monkeypatch.setattr(difference, "diff", broken)
        gateway = Written(b"k", value=b"x" * 100_000)
        async with explorer(gateway, (110, 30)) as shown:
            await shown.go_to(b"k")
            await shown.until(lambda: shown.app.state.selection.entry is not None)
            await shown.press("d")
            await shown.see("not compared: ZeroDivisionError")
            await shown.until(lambda: shown.app.failures.told, "it was told")
            await shown.see("Enter applies")
            await shown.press("enter")
            await shown.see("✓ done")
            assert {type(error) for error in shown.app.failures.held} == {ZeroDivisionError}
            shown.app.failures.held.clear()

    async def test_ctrl_c_asks_again_at_each_write(self) -> None:
        gateway = Written(b"k", b"l")
        async with explorer(gateway) as shown:
            for name in (b"k", b"l"):
                gateway.go.clear()
                await shown.go_to(name)
                await shown.until(lambda: shown.app.state.selection.entry is not None)
                await shown.press("d")
                await shown.see("Enter applies")
                await shown.press("enter")
                await shown.see("Esc stops")
                await shown.press("ctrl+c")
                await shown.see("Ctrl-C again leaves")
                assert shown.app.is_running
                assert shown.app.return_code is None
                gateway.go.set()
                await shown.see("✓ done")
                await shown.press("enter")


class TestNotices:
    async def test_the_same_one_is_shown_once_with_a_count(self) -> None:
        async with explorer(FakeGateway()) as shown:
            await shown.see("no keys")
            for _ in range(3):
                shown.app.tell("the cluster is [red]away", "warning")
            shown.app.tell("something else")
            await shown.see("the cluster is [red]away (3 times)", "something else")
            assert shown.text.count("is [red]away") == 1

    async def test_one_that_went_is_counted_anew(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(notices, "_USUAL", 0.5)
        async with explorer(FakeGateway()) as shown:
            await shown.see("no keys")
            for _ in range(2):
                shown.app.tell("told again")
            await shown.see("told again (2 times)")
            await shown.lose("told again")
            shown.app.tell("told again")
            await shown.see("told again")
            assert "times" not in shown.text

    async def test_none_hides_what_answers_a_dialog(self) -> None:
        gateway = Written(*(b"k%02d" % number for number in range(9)), value=b"1\n" * 50)
        async with explorer(gateway) as shown:
            await shown.go_to(b"k00")
            await shown.until(lambda: shown.app.state.selection.entry is not None)
            await shown.press("d")
            await shown.see("Enter applies")
            shown.app.tell("one thing", "warning")
            shown.app.tell(f"and another: {'x' * 60}", "error")
            await shown.see("one thing", "and another", "Enter applies · y copies · Esc cancels")

    async def test_so_many_that_they_can_be_read(self) -> None:
        async with explorer(FakeGateway()) as shown:
            await shown.see("no keys")
            for number in range(20):
                shown.app.tell(f"notice {number}.")
            await shown.see("notice 19.", "notice 15.")
            assert "notice 14." not in shown.text
