"""Decides how the log of a watch is walked: its end stays in sight until the reader moves away from it."""

from textual import events

from .table import Table
from .virtual_list import VirtualList


class EventTable(Table):
    """The events of a watch. `following`: the newest one is kept in sight."""

    following = True

    def follow(self) -> None:
        """Go to the newest event and stay there."""
        self.following = True
        self.rows_changed()

    def _keep_place(self) -> None:
        if not self.following or not self.row_count():
            super()._keep_place()
            return
        self.set_reactive(VirtualList.cursor, self.row_count() - 1)
        self._remember()
        self.scroll_to(y=self.row_count(), animate=False, force=True, immediate=True)

    def _moved(self) -> None:
        """Moving up stops following, moving to the end starts it."""
        self.following = self.cursor >= self._count - 1

    def action_move(self, step: int) -> None:
        """Move the cursor by rows."""
        super().action_move(step)
        self._moved()

    def action_page(self, step: float) -> None:
        """Move the cursor by screens."""
        super().action_page(step)
        self._moved()

    def action_jump(self, index: int) -> None:
        """Move to the first row, or to the last for -1."""
        super().action_jump(index)
        self._moved()

    def on_click(self, event: events.Click) -> None:
        """Select a row, or open the selected one: the list does that after this."""
        self.call_later(self._moved)
