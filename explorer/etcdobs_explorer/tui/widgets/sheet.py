"""Decides how a page of the explorer's own words is shown: fixed lines that scroll."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.strip import Strip

from .palette import PaintedScroll
from .strips import Spans, line


class Sheet(PaintedScroll, can_focus=True):
    """Lines of spans."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup,ctrl+b", "page(-1)", show=False),
        Binding("pagedown,ctrl+f,space", "page(1)", show=False),
        Binding("home,g", "jump(0)", show=False),
        Binding("end,G", "jump(-1)", show=False),
    ]

    def __init__(self, lines: Sequence[Spans]) -> None:
        super().__init__()
        self._lines = lines
        self.virtual_size = Size(0, len(lines))

    def action_move(self, step: int) -> None:
        """Scroll by lines."""
        self.scroll_relative(y=step, animate=False)

    def action_page(self, step: int) -> None:
        """Scroll by screens."""
        self.scroll_relative(y=step * max(1, self.size.height - 1), animate=False)

    def action_jump(self, index: int) -> None:
        """Scroll to the first line, or to the last for -1."""
        self.scroll_to(y=self.virtual_size.height if index < 0 else 0, animate=False)

    def render_line(self, y: int) -> Strip:
        """One visible line."""
        index = y + self.scroll_offset.y
        spans = self._lines[index] if index < len(self._lines) else ()
        return line(spans, self.line_width, self.role, self.rich_style)
