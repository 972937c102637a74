"""Decides how a long list is shown: only visible lines are drawn, and the reader's place survives every change."""

from collections.abc import Hashable
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from etcdobs_explorer.tui.moves import rows_of, up_and_down

from .palette import PaintedScroll
from .strips import Spans, line


class VirtualList(PaintedScroll, can_focus=True):
    """A list of any length with a cursor, which is seen where the list can have the focus. Subclasses say how many
    rows there are, what each is, and how it looks."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *up_and_down(),
        Binding("enter", "activate", "open", show=False),
    ]

    cursor: reactive[int] = reactive(0, repaint=False)

    class Moved(Message):
        """The cursor stands on another row, or on the same one after the rows changed."""

    class Activated(Message):
        """Enter or a second click on a row."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._place: Hashable | None = None
        self._count = 0
        # Reckoned once for all lines of a drawing: each takes a walk through the widgets around this one.
        self._base = Style.null()
        self._width = 0

    # -- for subclasses ------------------------------------------------------------------------------------

    def row_count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def identity(self, index: int) -> Hashable:
        """What a row is, wherever it stands."""
        raise NotImplementedError

    def find(self, identity: Hashable) -> int | None:
        """Where a row stands now, None where it is gone."""
        raise NotImplementedError

    def row_spans(self, index: int) -> Spans:
        """How a row looks."""
        raise NotImplementedError

    def empty_spans(self) -> Spans:
        """What is shown where there are no rows."""
        return ()

    # -- drawing -------------------------------------------------------------------------------------------

    def rows_changed(self) -> None:
        """Draw anew after the rows changed: the cursor stays on its row, and the row on its line."""
        before, count = self._count, self.row_count()
        if count != before:
            self._count = count
            self.virtual_size = Size(0, count)
        self._keep_place()
        self.redraw(max(before, count))

    def redraw(self, rows: int | None = None) -> None:
        """Draw the lines that rows stand on, up to row number `rows`: over ssh every line that is sent counts."""
        end = (self._count if rows is None else rows) - self.scroll_offset.y
        self.refresh(Region(0, 0, self.size.width, min(self.size.height, max(1, end))))

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of a region."""
        self._base, self._width = self.rich_style, self.line_width
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """One visible line."""
        index = y + self.scroll_offset.y
        count = self.row_count()
        if count == 0 and y == 0:
            return line(self.empty_spans(), self._width, self.role, self._base)
        if index >= count:
            return Strip.blank(self._width, self._base)
        if index != self.cursor or not self.can_focus:
            return self.row_strip(index, self._base)
        return self.row_strip(index, self._base + self.role("cursor" if self.has_focus else "idle"))

    def row_strip(self, index: int, base: Style) -> Strip:
        """A row as a line of the widget's width."""
        return line(self.row_spans(index), self._width, self.role, base)

    def visible_range(self) -> range:
        """The indexes of the rows in sight."""
        top = self.scroll_offset.y
        return range(top, min(self.row_count(), top + max(1, self.size.height)))

    # -- the cursor ----------------------------------------------------------------------------------------

    def validate_cursor(self, cursor: int) -> int:
        """The cursor stays within the rows."""
        return max(0, min(cursor, self.row_count() - 1))

    def watch_cursor(self, old: int, new: int) -> None:
        """Draw the two lines that changed, and scroll."""
        self._remember()
        for index in (old, new):
            self.refresh(Region(0, index - self.scroll_offset.y, self.size.width, 1))
        self.scroll_to_region(Region(0, new, 1, 1), animate=False, force=True)
        self.post_message(self.Moved())

    def _remember(self) -> None:
        self._place = self.identity(self.cursor) if self.cursor < self.row_count() else None

    def _keep_place(self) -> None:
        if self.row_count() == 0:
            return
        at = self.find(self._place) if self._place is not None else None
        line_on_screen = self.cursor - self.scroll_offset.y
        target = self.cursor if at is None else at
        if target != self.cursor and at is not None:
            self.set_reactive(VirtualList.cursor, target)
            self.scroll_to(y=max(0, target - line_on_screen), animate=False, force=True, immediate=True)
            return
        if at is None:
            self.set_reactive(VirtualList.cursor, self.validate_cursor(self.cursor))
            self._remember()
            self.post_message(self.Moved())

    def action_move(self, step: int) -> None:
        """Move the cursor by rows."""
        self.cursor += step

    def action_page(self, step: float) -> None:
        """Move the cursor by screens."""
        self.cursor += rows_of(step, self.size.height)

    def action_jump(self, index: int) -> None:
        """Move to the first row, or to the last for -1."""
        self.cursor = self.row_count() - 1 if index < 0 else index

    def action_activate(self) -> None:
        """Open the row under the cursor."""
        if self.row_count():
            self.post_message(self.Activated())

    def on_focus(self) -> None:
        """The cursor line looks different with the focus."""
        self.refresh()

    def on_blur(self) -> None:
        """The cursor line looks different without the focus."""
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Select a row; a click on the selected one opens it."""
        index = event.y + self.scroll_offset.y
        if index >= self.row_count():
            return
        if index == self.cursor:
            self.post_message(self.Activated())
        self.cursor = index
