"""Decides how a line is asked for at the bottom: a command after `:`, with completion, or a filter after `/`."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.strip import Strip
from textual.suggester import SuggestFromList
from textual.widgets import Input

from etcdobs_explorer.tui.messages import PromptAnswered, PromptLeft
from etcdobs_explorer.tui.verbs import completions

from .line_input import LineInput
from .palette import Painted
from .strips import line


class _Mark(Painted):
    text = ":"

    def render_line(self, y: int) -> Strip:
        return line([(f" {self.text}", "key")], self.size.width, self.role, self.rich_style)


class _Line(LineInput):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "cursor_right_or_accept", show=False)]

    def action_cursor_right_or_accept(self) -> None:
        """Tab: take the completion."""
        self.action_end()
        self.action_cursor_right()


class Prompt(Horizontal):
    """A prompt, hidden until it is needed."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False)]

    def __init__(self, view: str) -> None:
        super().__init__()
        self._view = view
        self._kind = ":"
        self._mark = _Mark()
        self._input = _Line(compact=True, select_on_focus=False)

    def compose(self) -> ComposeResult:
        """The mark and the line."""
        yield self._mark
        yield self._input

    def ask(self, kind: str, text: str = "") -> None:
        """Show the prompt: ":" for a command, "/" for a filter that starts as `text`."""
        self._kind = self._mark.text = kind
        suggester = SuggestFromList(completions(self._view)) if kind == ":" else None
        self._input.suggester = suggester
        with self._input.prevent(Input.Changed):
            self._input.value = text
        self._input.cursor_position = len(text)
        self._mark.refresh()
        self.add_class("shown")
        self._input.focus()

    @property
    def is_shown(self) -> bool:
        """Whether the prompt waits for a line."""
        return self.has_class("shown")

    def hide(self) -> None:
        """Put the prompt away."""
        self.remove_class("shown")

    def on_input_changed(self, event: Input.Changed) -> None:
        """A filter takes effect while it is typed."""
        event.stop()
        if self._kind == "/" and self.is_shown:
            self.post_message(PromptAnswered(self._kind, event.value, final=False))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter: the line is done."""
        event.stop()
        self.post_message(PromptAnswered(self._kind, event.value, final=True))

    def action_leave(self) -> None:
        """Escape: no line after all."""
        self.post_message(PromptLeft())
