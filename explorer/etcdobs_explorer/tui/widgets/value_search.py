"""Decides how a text to search for within the value is asked for, and how many times it was found."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.strip import Strip
from textual.widgets import Input

from .bar import Bar
from .line_input import LineInput
from .palette import Painted
from .strips import Spans, line


class _Mark(Painted):
    def render_line(self, y: int) -> Strip:
        return line([(" /", "key")], self.size.width, self.role, self.rich_style)


class _Count(Bar):
    told = ""

    def spans(self) -> tuple[Spans, Spans]:
        return [], [(f"{self.told} ", "warn" if self.told == "no match" else "muted")]


class ValueSearch(Horizontal):
    """The line below the value, hidden until it is needed."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False)]

    class Typed(Message):
        """A text to search for, so far or, if it is `final`, as it stands."""

        def __init__(self, text: str, *, final: bool) -> None:
            super().__init__()
            self.text = text
            self.final = final

    class Left(Message):
        """No search after all."""

    def __init__(self) -> None:
        super().__init__()
        self._input = LineInput(compact=True, select_on_focus=True)
        self._count = _Count()

    def compose(self) -> ComposeResult:
        """A mark, the line, and the count."""
        yield _Mark()
        yield self._input
        yield self._count

    def ask(self) -> None:
        """Show the line, with what was searched for last."""
        self.add_class("shown")
        self._input.focus()

    def show(self, text: str, told: str) -> None:
        """Show what is searched for, and how often it was found; "" puts the line away."""
        self._count.told = told
        self._count.renew()
        with self._input.prevent(Input.Changed):
            if text:
                self._input.value = text
        if not self._input.has_focus:
            self.set_class(bool(text), "shown")

    def on_input_changed(self, event: Input.Changed) -> None:
        """The search follows what is typed."""
        event.stop()
        self.post_message(self.Typed(event.value, final=False))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter: back to the value, the matches stay marked."""
        event.stop()
        self.post_message(self.Typed(event.value, final=True))

    def action_leave(self) -> None:
        """Escape: no search."""
        self.post_message(self.Left())
