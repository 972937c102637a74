"""Decides how a name is asked for in a dialog: of a new key, of a target, of a file."""

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from etcdobs_explorer.model.text import inert
from etcdobs_explorer.model.writes.draft import DraftError, draft
from etcdobs_explorer.tui.widgets.line_input import LineInput
from etcdobs_explorer.tui.widgets.sheet import Sheet
from etcdobs_explorer.tui.widgets.strips import Spans, caption

from .dialog import Dialog
from .write import Page


class TargetScreen(Dialog[bytes]):
    """A line to be typed, which begins as `name`: bytes that are no text are escapes. It ends with what was typed, or
    with None where the reader left it. `check` says what is wrong with it, "" for nothing; `note` is said below it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False)]

    def __init__(
        self, title: str, of: bytes, name: bytes, check: Callable[[bytes], str] = lambda name: "", note: str = ""
    ) -> None:
        super().__init__()
        self._note = note
        self._title = title
        self._of = of
        self._draft = draft(name)
        self._check = check
        self._said: Sheet = Page(())
        self._line = LineInput(self._draft.text, compact=True, select_on_focus=False)

    def compose(self) -> ComposeResult:
        """What it is for, the line, and what is wrong with it."""
        with Vertical(id="target") as frame:
            frame.border_title = caption(self._title)
            frame.border_subtitle = "Enter goes on · Esc cancels"
            if self._of:
                of: list[Spans] = [[("of ", "muted"), (inert(self._of, 1000), "strong")]]
                sheet = Page(())
                sheet.can_focus = False
                sheet.show(of)
                yield sheet
            yield self._line
            self._said.can_focus = False
            yield self._said

    def on_mount(self) -> None:
        """Begin to type, at the end."""
        self._line.focus()
        self._line.cursor_position = len(self._line.value)
        escapes = "bytes: \\xNN stands for one, \\\\ for a backslash"
        self._say(escapes if self._draft.is_escaped else self._note, "muted")

    def _say(self, text: str, role: str) -> None:
        assert isinstance(self._said, Page)
        self._said.show([[(text, role)]])

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter: take it, if it will do."""
        event.stop()
        try:
            name = self._draft.read(event.value)
            wrong = "a name is wanted" if not name else self._check(name)
        except DraftError as error:
            name, wrong = b"", str(error)
        if wrong:
            self._say(f"✗ {wrong}", "bad")
        else:
            self.dismiss(name)

    def action_leave(self) -> None:
        """No name after all."""
        self.dismiss(None)
