"""Decides how a password is asked for: hidden, with the reason why the last one would not do."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from etcdobs_explorer.model.contexts import Context
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.tui.widgets.sheet import Sheet
from etcdobs_explorer.tui.widgets.strips import Spans

from .dialog import Dialog


class PasswordScreen(Dialog[str | None]):
    """Asks for the password of a context's user; None where they would not say."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "leave", show=False)]

    def __init__(self, context: Context, why: bytes = b"") -> None:
        super().__init__()
        self._wanted = context
        self._why = why

    def compose(self) -> ComposeResult:
        """Who is asked for what, and a line to type it in."""
        sheet = Sheet(self._lines())
        sheet.can_focus = False
        sheet.styles.height = len(self._lines())
        frame = Vertical(sheet, Input(password=True, compact=True, id="password"), classes="dialog")
        frame.border_title = "password"
        frame.border_subtitle = "Enter uses it, Esc leaves"
        yield frame

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one(Input).focus()

    def _lines(self) -> list[Spans]:
        user: Spans = [("user ", "muted"), (inert(self._wanted.user or ""), "strong")]
        where: Spans = [(" at ", "muted"), (inert(", ".join(self._wanted.endpoints), 60), "text")]
        why: list[Spans] = [[("✗ ", "bad"), (inert(self._why, 200), "bad")]] if self._why else []
        return [[*user, *where], *why, ()]

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter: it is typed."""
        event.stop()
        self.dismiss(event.value)
