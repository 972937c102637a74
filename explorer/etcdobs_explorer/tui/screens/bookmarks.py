"""Decides how a bookmark is chosen, or thrown away."""

from collections.abc import Hashable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from etcdobs_explorer.model.text import inert
from etcdobs_explorer.tui.widgets.strips import Spans
from etcdobs_explorer.tui.widgets.virtual_list import VirtualList

from .dialog import Dialog

_LINES = 15


class BookmarkList(VirtualList):
    """The bookmarks, a row each."""

    def __init__(self, bookmarks: list[bytes]) -> None:
        super().__init__(id="bookmarks")
        self.bookmarks = bookmarks

    def on_mount(self) -> None:
        """Show them."""
        self.rows_changed()

    def row_count(self) -> int:
        return len(self.bookmarks)

    def identity(self, index: int) -> Hashable:
        return self.bookmarks[index]

    def find(self, identity: Hashable) -> int | None:
        return next((n for n, key in enumerate(self.bookmarks) if key == identity), None)

    def row_spans(self, index: int) -> Spans:
        return [("★ ", "key"), (inert(self.bookmarks[index], self.size.width), "text")]


class BookmarksScreen(Dialog[bytes]):
    """The bookmarks, which `d` takes out of. It ends with the one to go to, or with None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,B", "leave", "close", show=False),
        Binding("d,delete", "remove", "remove", show=False),
    ]

    def __init__(self, bookmarks: list[bytes]) -> None:
        super().__init__()
        self._list = BookmarkList(bookmarks)

    def compose(self) -> ComposeResult:
        """The list in a frame."""
        self._list.styles.height = min(_LINES, self._list.row_count())
        frame = Vertical(self._list, classes="dialog wide")
        frame.border_title = "bookmarks"
        frame.border_subtitle = "Enter goes there · d removes · Esc closes"
        yield frame

    def on_virtual_list_activated(self) -> None:
        """Enter: go there."""
        self.dismiss(self._list.bookmarks[self._list.cursor])

    def action_remove(self) -> None:
        """Take the one under the cursor out; the last one closes the list."""
        del self._list.bookmarks[self._list.cursor]
        self._list.rows_changed()
        if not self._list.bookmarks:
            self.dismiss(None)

    def action_leave(self) -> None:
        """Nowhere."""
        self.dismiss(None)
