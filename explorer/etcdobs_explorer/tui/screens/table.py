"""Decides how a resource with columns fills a view."""

import time
from collections.abc import Iterable, Sequence
from typing import Any

from textual.widget import Widget

from etcdobs_explorer.model.changes import Topic
from etcdobs_explorer.model.state import State
from etcdobs_explorer.tui.resources import Resource
from etcdobs_explorer.tui.widgets.detail import Detail
from etcdobs_explorer.tui.widgets.table import Table, TableHead
from etcdobs_explorer.tui.widgets.title import TableTitle

from .view import ViewScreen


class TableScreen(ViewScreen):
    """A view that is one table."""

    def __init__(self, resource: Resource[Any], state: State) -> None:
        super().__init__(resource, state)
        self._title = TableTitle(resource, state)
        self._table = Table(resource, state, id="table")
        self._detail = Detail(self._table)
        self._ticked = 0

    def body(self) -> Iterable[Widget]:
        return self._title, TableHead(self.resource), self._table, self._detail

    def main(self) -> Widget:
        return self._table

    def current(self) -> Any:
        return self._table.current

    def visible_rows(self, name: str) -> Sequence[Any]:
        return self._table.visible_rows() if name == self.resource.name else ()

    def show(self, topics: frozenset[Topic]) -> None:
        super().show(topics)
        if self.resource.topic in topics:
            self._table.rows_changed()
            self._title.renew()
            self._detail.refresh()

    def on_virtual_list_moved(self) -> None:
        """Another row is under the cursor."""
        self._detail.refresh()

    def tick(self) -> None:
        super().tick()
        self._title.renew()
        second = int(time.monotonic())
        if self.resource.topic is Topic.LEASES and second != self._ticked:
            self._ticked = second
            self._table.redraw()
