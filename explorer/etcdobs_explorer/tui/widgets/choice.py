"""Decides how one of a few things is chosen in a dialog: all on one line, the chosen one marked."""

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from .palette import Painted
from .strips import Span, Spans, cells_of, line


class Choice(Painted, can_focus=True):
    """One of some words of the explorer's own; arrows and the space bar go round, a click chooses."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space,l", "go(1)", show=False),
        Binding("left,h", "go(-1)", show=False),
    ]

    class Changed(Message):
        """Another one is chosen."""

    def __init__(self, options: Sequence[str], chosen: int = 0, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._options = options
        self.chosen = chosen

    def action_go(self, step: int) -> None:
        """Choose the next one, or the one before."""
        self._choose((self.chosen + step) % len(self._options))

    def _choose(self, index: int) -> None:
        self.chosen = index
        self.refresh()
        self.post_message(self.Changed())

    def render_line(self, y: int) -> Strip:
        """The only line."""
        spans = [span for option in self._spans() for span in option]
        return line(spans, self.size.width, self.role, self.rich_style)

    def _spans(self) -> Sequence[Spans]:
        return [self._option(index, text) for index, text in enumerate(self._options)]

    def _option(self, index: int, text: str) -> Spans:
        if index != self.chosen:
            return [("○ ", "muted"), (f"{text}   ", "muted")]
        mark: Span = ("● ", "key" if self.has_focus else "text")
        return [mark, (text, "strong" if self.has_focus else "text"), ("   ", "text")]

    def on_focus(self) -> None:
        """The chosen one stands out with the focus."""
        self.refresh()

    def on_blur(self) -> None:
        """And less without it."""
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Choose what was clicked."""
        end = 0
        for index, option in enumerate(self._spans()):
            end += cells_of(option)
            if event.x < end:
                self._choose(index)
                return
