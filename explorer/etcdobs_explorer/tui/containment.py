"""Decides what a failure within a panel does: it is shown there and told, and all the rest goes on."""

import asyncio
import logging
import time
import traceback
from pathlib import Path

from rich.style import Style
from textual.geometry import Region
from textual.message import Message
from textual.message_pump import MessagePump
from textual.strip import Strip

from etcdobs_explorer.model.text import inert

from .messages import Failed
from .widgets.strips import Palette, Spans, line

_LOG = logging.getLogger("etcdobs_explorer")
_LONG = 0.002  # seconds


class Contained(MessagePump):
    """A widget, screen or app that goes on after one of its handlers failed. What waits for it meanwhile it takes up
    together, unless a handler took long: then others have a turn first, and a key that was pressed."""

    async def _dispatch_message(self, message: Message) -> None:
        began = time.monotonic()
        await self._contain(message)
        if time.monotonic() - began >= _LONG:
            await asyncio.sleep(0)

    async def _contain(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except Exception as error:  # noqa: BLE001 - whatever it is, the others are not to blame
            self.app.post_message(Failed(type(self).__name__, error))


class ContainedPanel(Contained):
    """A widget that goes on after a failure to draw itself, and shows it until it can be drawn again."""

    def role(self, name: str) -> Style:
        """The style of a role."""
        raise NotImplementedError

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of a region; the failure, where they cannot be had."""
        try:
            return super().render_lines(crop)  # type: ignore[misc,no-any-return]
        except Exception as error:  # noqa: BLE001 - likewise
            self.app.post_message(Failed(type(self).__name__, error))
            return _failure(error, crop, self.role)


class Failures:
    """The failures of this run. Each is logged once: a panel that cannot be drawn fails many times a second."""

    def __init__(self, log: Path | None) -> None:
        self.held: list[BaseException] = []
        self.told: list[str] = []
        self._log = log
        self._known: set[tuple[str, str]] = set()

    def take(self, place: str, error: BaseException) -> str:
        """Log it; answers the line for the reader, "" where they were told before."""
        self.held.append(error)
        kind = (place, "".join(traceback.format_exception_only(error)))
        if kind in self._known:
            return ""
        self._known.add(kind)
        _LOG.error("%s failed", place, exc_info=error)
        where = f"; see {self._log}" if self._log else ""
        self.told.append(f"{place} failed: {error!r}{where}")
        return self.told[-1]


def _failure(error: Exception, crop: Region, role: Palette) -> list[Strip]:
    spans: Spans = [(" ✗ this panel failed: ", "bad"), (inert(repr(error), 300), "text")]
    lines = [spans if y == 0 else () for y in range(crop.y, crop.bottom)]
    return [line(each, crop.right, role, Style.null()).crop(crop.x, crop.right) for each in lines]
