"""A difference on the screen: of large values it is found beside the screen, and only the last one asked for shows."""

import threading

import pytest

from etcdobs_explorer.feeds import difference
from etcdobs_explorer.model.diff import Diff, diff
from etcdobs_explorer.tui.screens.diff import DiffScreen
from tests.explorer.fake import FakeGateway
from tests.explorer.screens import WIDE, explorer

LARGE = b"\n".join(b"line %d" % number for number in range(10_000))


async def test_large_values_are_compared_while_the_screen_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    go, places = threading.Event(), list[threading.Thread]()

    def slow(before: bytes | None, after: bytes | None) -> Diff:
        places.append(threading.current_thread())
        assert go.wait(20)
        return diff(before, after)

    monkeypatch.setattr(difference, "diff", slow)
    async with explorer(FakeGateway(), WIDE) as shown:
        try:
            shown.app.push_screen(DiffScreen((b"one", LARGE), (b"two", LARGE + b"\nthe last")))
            await shown.see("one → two", "comparing…")
        finally:
            go.set()
        await shown.see("+ the last", "+1 -0")
        assert "comparing…" not in shown.text
    assert threading.main_thread() not in places


async def test_small_values_are_compared_at_once() -> None:
    async with explorer(FakeGateway(), WIDE) as shown:
        shown.app.push_screen(DiffScreen((b"one", b"a"), (b"two", b"b")))
        await shown.see("- a", "+ b", "+1 -1")
