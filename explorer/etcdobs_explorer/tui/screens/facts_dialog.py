"""Decides how everything that is known of one row is shown: a page of named facts over the view."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from etcdobs_explorer.tui.messages import Copied
from etcdobs_explorer.tui.widgets.sheet import Sheet
from etcdobs_explorer.tui.widgets.strips import Spans, caption

from .dialog import Dialog

_WIDEST = 120


class FactsDialog(Dialog[None]):
    """Named facts, a line each; `y` copies `copied`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "dismiss", "close", show=False),
        Binding("y", "copy", "copy", show=False),
    ]

    def __init__(self, title: str, subtitle: str, copied: bytes) -> None:
        super().__init__()
        self._title = title
        self._subtitle = subtitle
        self._copied = copied

    def lines(self, width: int) -> Sequence[Spans]:
        """The page, for that many cells."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """One sheet in a frame, as wide as it needs."""
        width = min(_WIDEST, self.app.size.width - 4)
        lines = self.lines(width - 4)
        sheet = Sheet(lines)
        sheet.styles.height = len(lines)
        frame = Vertical(sheet, id="facts")
        frame.styles.width = width
        frame.border_title = caption(self._title)
        frame.border_subtitle = caption(self._subtitle)
        yield frame

    def action_copy(self) -> None:
        """Copy, and stay."""
        self.app.post_message(Copied(self._copied))
