"""Decides how the traffic fills a view: the pulse of all calls above a table that opens into its parts."""

from collections.abc import Iterable
from typing import Any

from textual.widget import Widget

from etcdobs_explorer.model.changes import Topic
from etcdobs_explorer.model.state import State
from etcdobs_explorer.tui.messages import Tell
from etcdobs_explorer.tui.resources import Resource
from etcdobs_explorer.tui.widgets.distribution import Distribution
from etcdobs_explorer.tui.widgets.pulse import Pulse
from etcdobs_explorer.tui.widgets.table import TableHead

from .table import TableScreen


class TrafficScreen(TableScreen):
    """The client's own traffic."""

    def __init__(self, resource: Resource[Any], state: State) -> None:
        super().__init__(resource, state)
        self._pulse = Pulse(state)
        self._distribution = Distribution(state, self._table)

    def body(self) -> Iterable[Widget]:
        return self._title, self._pulse, TableHead(self.resource), self._table, self._distribution, self._detail

    def show(self, topics: frozenset[Topic]) -> None:
        super().show(topics)
        if Topic.TRAFFIC in topics:
            self._pulse.refresh()
            self._distribution.refresh()

    def on_virtual_list_moved(self) -> None:
        """Another row is under the cursor."""
        super().on_virtual_list_moved()
        self._distribution.refresh()

    def on_virtual_list_activated(self) -> None:
        """Enter on a member or a method: of what it is made."""
        row = self.current()
        if row is not None and not row.has_parts and not row.depth:
            self.post_message(Tell("there is nothing that tells its parts apart yet"))
        elif row is not None:
            self.state.traffic.toggle(row)
            self._again()

    def toggle_all(self) -> None:
        """Open everything, or close it."""
        self.state.traffic.toggle_all()
        self._again()

    def next_window(self) -> None:
        """Look further back, or nearest again."""
        self.post_message(Tell(f"the last {self.state.traffic.next_window():.0f} seconds"))
        self._again()

    def _again(self) -> None:
        self.show(frozenset((Topic.TRAFFIC,)))
