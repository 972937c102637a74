"""Decides how a page of the explorer's own words is shown: fixed lines that scroll."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.geometry import Size
from textual.strip import Strip

from etcdobs_explorer.tui.moves import rows_of, up_and_down

from .palette import PaintedScroll
from .strips import Spans, line


class Sheet(PaintedScroll, can_focus=True):
    """Lines of spans."""

    BINDINGS: ClassVar[list[BindingType]] = up_and_down()

    def __init__(self, lines: Sequence[Spans]) -> None:
        super().__init__()
        self._lines = lines
        self.virtual_size = Size(0, len(lines))

    def action_move(self, step: int) -> None:
        """Scroll by lines."""
        self.scroll_relative(y=step, animate=False)

    def action_page(self, step: float) -> None:
        """Scroll by screens."""
        self.scroll_relative(y=rows_of(step, self.size.height), animate=False)

    def action_jump(self, index: int) -> None:
        """Scroll to the first line, or to the last for -1."""
        self.scroll_to(y=self.virtual_size.height if index < 0 else 0, animate=False)

    def render_line(self, y: int) -> Strip:
        """One visible line."""
        index = y + self.scroll_offset.y
        spans = self._lines[index] if index < len(self._lines) else ()
        return line(spans, self.line_width, self.role, self.rich_style)
