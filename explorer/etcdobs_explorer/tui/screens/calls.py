"""Decides how the log of calls fills a view: it follows its end, and a call opens in full."""

import time
from typing import Any

from etcdobs_explorer.model.changes import Topic
from etcdobs_explorer.model.state import State
from etcdobs_explorer.tui.resources import Resource

from .call import CallScreen
from .table import TableScreen


class CallsScreen(TableScreen):
    """The newest call stays in sight until the reader moves away from it."""

    def __init__(self, resource: Resource[Any], state: State) -> None:
        super().__init__(resource, state)
        self.following = True
        self._second = 0

    def show(self, topics: frozenset[Topic]) -> None:
        super().show(topics)
        if self.following and self.resource.topic in topics:
            self._table.action_jump(-1)

    def tick(self) -> None:
        super().tick()
        second = int(time.monotonic())
        if second != self._second:  # streams that are open grow older
            self._second = second
            self._table.redraw()

    def on_virtual_list_moved(self) -> None:
        """Moving up stops following, moving to the end starts it."""
        super().on_virtual_list_moved()
        count = self._table.row_count()
        self.following = count == 0 or self._table.cursor >= count - 1

    def on_virtual_list_activated(self) -> None:
        """Enter: all that is known of the call."""
        if (row := self.current()) is not None:
            self.app.push_screen(CallScreen(row))

    def follow(self) -> None:
        """Go to the newest call and stay there."""
        self.following = True
        self._table.action_jump(-1)

    def pause(self) -> None:
        """Hold the log still, or let it run."""
        self.state.calls.pause(not self.state.calls.paused)
        self._again()

    def clear(self) -> None:
        """Forget the calls seen so far."""
        self.state.calls.clear()
        self._again()

    def toggle_word(self, word: str) -> None:
        """Put a word into the filter, or take it out."""
        words = self.state.calls.filter.text.split()
        self.filter(" ".join([w for w in words if w != word] if word in words else [*words, word]))

    def _again(self) -> None:
        self.show(frozenset((Topic.CALLS,)))
