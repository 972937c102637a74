"""Decides how tests look at the explorer's screen: as text, and only once it shows what they wait for."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from textual.pilot import Pilot

from etcdobs_explorer.model.gateway import Gateway
from etcdobs_explorer.model.state import State
from etcdobs_explorer.tui.app import ExplorerApp

NARROW = (80, 24)
WIDE = (160, 48)


class Shown:
    """A running explorer, its screen readable."""

    def __init__(self, app: ExplorerApp, pilot: Pilot[str]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def lines(self) -> list[str]:
        """The screen, line by line."""
        return [strip.text for strip in self.app.screen._compositor.render_strips()]

    @property
    def text(self) -> str:
        """The whole screen."""
        return "\n".join(self.lines)

    def line(self, part: str) -> str:
        """The first line that contains a text."""
        return next(line for line in self.lines if part in line)

    async def until(self, condition: Callable[[], object], what: str = "") -> None:
        """Let the app run until a condition holds; fails after five seconds, showing the screen."""
        for _ in range(500):
            await self.pilot.pause()
            if condition():
                return
            await self.pilot.pause(0.01)
        raise AssertionError(f"never: {what or condition}\n{self.text}")

    async def see(self, *parts: str) -> None:
        """Wait until the screen shows all these texts."""
        await self.until(lambda: all(part in self.text for part in parts), f"seen: {parts}")

    async def lose(self, part: str) -> None:
        """Wait until the screen shows a text no more."""
        await self.until(lambda: part not in self.text, f"gone: {part}")

    async def press(self, *keys: str) -> None:
        """Press keys."""
        await self.pilot.press(*keys)

    def has_row(self, name: bytes) -> bool:
        """Whether the key tree has a row of a name."""
        return any(row.name == name for row in self.app.state.tree.rows)

    async def go_to(self, name: bytes) -> None:
        """Put the cursor of the key tree on the row of a name."""
        tree = self.app.state.tree
        await self.until(lambda: self.has_row(name), f"a row {name!r}")
        keys = self.app.screen.query_one("#keys")
        index = next(index for index, row in enumerate(tree.rows) if row.name == name)
        keys.cursor = index  # type: ignore[attr-defined]
        await self.pilot.pause()


@asynccontextmanager
async def explorer(
    gateway: Gateway,
    size: tuple[int, int] = NARROW,
    *,
    theme: str = "dark",
    read_only: bool = False,
    separator: bytes = b"/",
    metrics_url: str = "",
) -> AsyncIterator[Shown]:
    """An explorer of a cluster on a screen of that size."""
    state = State("test-cluster", read_only, separator, metrics_url)
    app = ExplorerApp(gateway, state, theme=theme)
    async with app.run_test(size=size, notifications=True) as pilot:
        yield Shown(app, pilot)
        assert app.failures.held == []
