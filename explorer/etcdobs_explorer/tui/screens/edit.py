"""Decides how a value is edited on the screen: text as it is, bytes as escapes, JSON only as JSON."""

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import TextArea

from etcdobs_explorer.model import units
from etcdobs_explorer.model.json_layout import pretty
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.model.writes.draft import Draft, DraftError, check_json, draft, typed
from etcdobs_explorer.tui.widgets.bar import Bar
from etcdobs_explorer.tui.widgets.strips import Spans

from .dialog import Dialog

_HZ = 4


class EditArea(TextArea):
    """A text area whose text is inert: what is pasted into it becomes so."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+home", "document(0)", show=False),
        Binding("ctrl+end", "document(1)", show=False),
    ]

    def __init__(self, text: str) -> None:
        super().__init__(text, soft_wrap=True, show_line_numbers=True, tab_behavior="indent", compact=True, theme="css")

    def action_document(self, end: int) -> None:
        """Go to the start of the text, or to its end."""
        self.move_cursor(self.document.end if end else (0, 0))

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "escape":  # a text area would go to the next widget
            event.prevent_default()
            event.stop()
            await self.run_action("screen.leave")

    async def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        self.replace(typed(event.text), *self.selection, maintain_selection_offset=False)


class _Line(Bar):
    """What is said below the text."""

    def __init__(self) -> None:
        super().__init__()
        self.left: Spans = ()
        self.right: Spans = ()

    def spans(self) -> tuple[Spans, Spans]:
        return self.left, self.right


class EditScreen(Dialog[bytes]):
    """An editor of one value. It ends with the new value; with None where the reader left it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # None has priority: it would overtake what was typed just before.
        Binding("ctrl+s", "done", show=False),
        Binding("ctrl+l", "lay_out", show=False),
    ]

    def __init__(
        self, state: State, key: bytes, before: bytes, mod_revision: int, text: bytes | None = None, reason: str = ""
    ) -> None:
        super().__init__()
        self._state = state
        self._key = key
        self._before = before
        self._mod_revision = mod_revision
        self._draft: Draft = draft(before if text is None else text)
        self._area = EditArea(self._draft.text)
        self._line = _Line()
        self._head = _Line()
        self._reason = reason
        self._is_leaving = False

    def compose(self) -> ComposeResult:
        """The key, the text, and what is to be said of it."""
        with Vertical(id="edit") as frame:
            frame.border_title = "edit" if self._mod_revision else "new key"
            frame.border_subtitle = "Ctrl+S shows the plan · Ctrl+L lays out JSON · Esc cancels"
            yield self._head
            yield self._area
            yield self._line

    def on_mount(self) -> None:
        """Begin to type."""
        self._area.focus()
        self._renew()
        self.set_interval(1 / _HZ, self._renew)

    def _renew(self) -> None:
        kind = "bytes: \\xNN stands for one, \\\\ for a backslash" if self._draft.is_escaped else "text"
        entry = self._state.selection.entry
        self._head.left = [(" ", "text"), (inert(self._key, 1000), "strong")]
        self._head.right = [(kind + " ", "muted")]
        self._line.left = [(" ✗ " if self._reason else " ", "bad"), (self._reason, "bad")]
        if self._reason:
            self._line.right = []
        elif entry is not None and entry.key == self._key and self._mod_revision < entry.mod_revision:
            moved = f"they wrote it meanwhile: revision {units.count(entry.mod_revision)} "
            self._line.right = [(moved, "warn")]
        else:
            self._line.right = [(self._at(), "muted")]
        self._head.renew()
        self._line.renew()

    def _at(self) -> str:
        row, column = self._area.cursor_location
        seen = f"revision {units.count(self._mod_revision)} · " if self._mod_revision else ""
        return f"{seen}{row + 1}:{column + 1} "

    def on_text_area_changed(self) -> None:
        """What was wrong is perhaps mended."""
        self._reason, self._is_leaving = "", False
        self._renew()

    def action_done(self) -> None:
        """Take the text, if it may be written."""
        try:
            value = self._draft.read(self._area.text)
            check_json(self._before, value)
        except DraftError as error:
            self._reason = str(error)
            if error.line:
                self._area.move_cursor((error.line - 1, max(0, error.column - 1)))
            self._renew()
            return
        self.dismiss(value)

    def action_lay_out(self) -> None:
        """JSON over several lines; its tokens stay as they are."""
        try:
            laid_out = pretty(self._draft.read(self._area.text))
        except DraftError:
            laid_out = None
        if laid_out is None:
            self._reason = "no JSON to lay out"
            self._renew()
        else:
            self._draft = draft(laid_out)
            self._area.text = self._draft.text

    def action_leave(self) -> None:
        """Leave; what was typed is dropped only when asked twice."""
        if self._area.text == self._draft.text or self._is_leaving:
            self.dismiss(None)
            return
        self._is_leaving, self._reason = True, "Esc again drops what was typed"
        self._renew()
