"""Decides how the watch log fills a view: a table that follows its end."""

from typing import Any

from etcdobs_explorer.model.changes import Topic
from etcdobs_explorer.model.state import State
from etcdobs_explorer.tui.resources import Resource

from .table import TableScreen


class WatchScreen(TableScreen):
    """The watch log: the newest event stays in sight until the reader moves away from it."""

    def __init__(self, resource: Resource[Any], state: State) -> None:
        super().__init__(resource, state)
        self.following = True

    def follow(self) -> None:
        """Go to the newest event and stay there."""
        self.following = True
        self._table.action_jump(-1)

    def show(self, topics: frozenset[Topic]) -> None:
        super().show(topics)
        if self.following and self.resource.topic in topics:
            self._table.action_jump(-1)

    def on_virtual_list_moved(self) -> None:
        """Moving up stops following, moving to the end starts it."""
        super().on_virtual_list_moved()
        count = self._table.row_count()
        self.following = count == 0 or self._table.cursor >= count - 1

    def pause(self) -> None:
        """Hold the log still, or let it run."""
        self.state.log.pause(not self.state.log.paused)
        self.show(frozenset((Topic.LOG,)))

    def clear(self) -> None:
        """Forget the events seen so far."""
        self.state.log.clear()
        self.show(frozenset((Topic.LOG,)))
